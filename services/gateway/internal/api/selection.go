package api

import (
	"context"
	"net/http"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/selection"
	"github.com/laurel-awards/laurel/services/voting"
)

type closeInput struct {
	InSelection
	Phase string `path:"phase" doc:"{phases}"`
	Body  gateway.ClosePhase
}

type openInput struct {
	InSelection
	Phase string `path:"phase" doc:"{phases}"`
	Body  gateway.Reason
}

type phaseOutput struct {
	Status int
	Body   selection.Selection
}

func (a *API) selectionRoutes() {
	const one = "/selections/{slug}"
	serve(a, route{
		act: app.CreateSelection, at: "POST /selections", summary: "Create a selection from a rulebook",
		status: http.StatusCreated, body: maxRules,
	},
		func(ctx context.Context, in *body[gateway.CreateSelection]) (out gateway.CreatedSelection, err error) {
			out.Selection, err = a.app.CreateSelection(ctx, selection.CreateSelection{Slug: in.Body.Slug, Rulebook: in.Body.Rulebook})
			if rules, wrong := rulebook.Parse([]byte(in.Body.Rulebook)); err == nil && wrong == nil {
				out.Warnings = doubts(rules)
			}
			return out, err
		})
	serve(a, route{act: app.ListSelections, at: "GET /selections", summary: "All selections, newest first"},
		func(ctx context.Context, _ *struct{}) ([]selection.Selection, error) { return a.app.Selections(ctx) })
	serve(a, route{act: app.ReadSelection, at: "GET " + one, summary: "A selection with its phases"},
		func(ctx context.Context, in *InSelection) (selection.Selection, error) {
			return a.app.Selection(ctx, in.Slug)
		})
	register(a, route{
		act: app.ReadRulebook, at: "GET " + one + "/rulebook", summary: "The rulebook; its SHA-256 is the selection's rulebook_hash",
		media: "application/json",
	},
		func(ctx context.Context, in *InSelection) (*document, error) {
			canonical, err := a.app.Rulebook(ctx, in.Slug)
			return &document{"application/json", canonical}, err
		})
	serve(a, route{
		act: app.ReadPhases, at: "GET " + one + "/phases",
		summary: "Each change of a phase: who ordered it and why, or what it would be refused for now",
	},
		func(ctx context.Context, in *InSelection) ([]gateway.PhaseStep, error) {
			plan, err := a.app.Plan(ctx, in.Slug)
			return gateway.PhaseSteps(plan), err
		})
	serve(a, route{
		act: app.ReadTurnout, at: "GET " + one + "/turnout",
		summary: "How many ballots became public in each hour, and by which way they came where that is known",
	},
		func(ctx context.Context, in *InSelection) (voting.Turnout, error) { return a.app.Turnout(ctx, in.Slug) })
	change := func(ctx context.Context, order selection.ChangePhase) (*phaseOutput, error) {
		s, applied, err := a.app.ChangePhase(ctx, order)
		if !applied {
			return &phaseOutput{http.StatusAccepted, s}, err
		}
		return &phaseOutput{http.StatusOK, s}, err
	}
	register(a, route{
		act: app.ChangePhase, at: "POST " + one + "/phases/{phase}/" + event.Open, later: true,
		summary: "Open a phase now; 202 while a service has not yet applied it",
	},
		func(ctx context.Context, in *openInput) (*phaseOutput, error) {
			return change(ctx, selection.ChangePhase{Slug: in.Slug, Phase: in.Phase, Action: event.Open, Reason: in.Body.Reason})
		})
	register(a, route{
		act: app.ChangePhase, at: "POST " + one + "/phases/{phase}/" + event.Close, later: true,
		summary: "Close a phase now; 202 while a service has not yet applied it",
	},
		func(ctx context.Context, in *closeInput) (*phaseOutput, error) {
			return change(ctx, selection.ChangePhase{
				Slug: in.Slug, Phase: in.Phase, Action: event.Close, Reason: in.Body.Reason, Acknowledge: in.Body.Acknowledge,
			})
		})
}
