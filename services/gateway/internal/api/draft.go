package api

import (
	"context"
	"net/http"
	"slices"

	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/selection"
)

// OfDraft is the draft in a path; the router sees what is exported.
type OfDraft struct {
	Draft string `path:"draft" maxLength:"64" doc:"Id of the draft"`
}

type saveDraft struct {
	OfDraft
	Body gateway.SaveDraft
}

type draftVersion struct {
	OfDraft
	Body gateway.DraftVersion
}

// draftRoutes are about rulebooks at work.
func (a *API) draftRoutes() {
	const drafts, one = "/drafts", "/drafts/{draft}"
	serve(a, route{act: app.DraftRulebook, at: "GET " + drafts, summary: "Rulebooks at work, without their texts"},
		func(ctx context.Context, _ *struct{}) ([]selection.Draft, error) { return a.app.Drafts(ctx) })
	serve(a, route{act: app.DraftRulebook, at: "POST " + drafts, summary: "Begin a rulebook", status: http.StatusCreated, body: maxRules},
		func(ctx context.Context, in *body[gateway.SaveDraft]) (selection.Draft, error) {
			return a.app.StartDraft(ctx, selection.StartDraft{Slug: in.Body.Slug, Rulebook: in.Body.Rulebook})
		})
	serve(a, route{act: app.DraftRulebook, at: "GET " + one, summary: "A rulebook at work"},
		func(ctx context.Context, in *OfDraft) (selection.Draft, error) { return a.app.Draft(ctx, in.Draft) })
	serve(a, route{act: app.DraftRulebook, at: "PUT " + one, summary: "Save a rulebook at work; 409 where somebody else has", body: maxRules},
		func(ctx context.Context, in *saveDraft) (selection.Draft, error) {
			return a.app.SaveDraft(ctx, selection.SaveDraft{
				ID: in.Draft, Version: in.Body.Version, Slug: in.Body.Slug, Rulebook: in.Body.Rulebook,
			})
		})
	serve(a, route{act: app.DraftRulebook, at: "DELETE " + one, summary: "Throw a rulebook at work away"},
		func(ctx context.Context, in *draftVersion) (selection.Draft, error) {
			return a.app.DiscardDraft(ctx, selection.OfVersion{ID: in.Draft, Version: in.Body.Version})
		})
	serve(a, route{
		act: app.CreateSelection, at: "POST " + one + "/selection", summary: "Create a selection from a rulebook at work",
		status: http.StatusCreated,
	},
		func(ctx context.Context, in *draftVersion) (selection.Selection, error) {
			return a.app.FinishDraft(ctx, selection.OfVersion{ID: in.Draft, Version: in.Body.Version})
		})
	serve(a, route{act: app.DraftRulebook, at: "POST /rulebooks/check", summary: "Change a rulebook's text, and say what is wrong with it", body: maxRules},
		func(ctx context.Context, in *body[gateway.CheckRulebook]) (gateway.RulebookChecked, error) {
			return a.checkRulebook(ctx, in.Body)
		})
	register(a, route{
		act: app.ReadGiven, at: "GET /selections/{slug}/rulebook/given", summary: "The rulebook as it was handed in, with its comments", media: "text/plain",
	},
		func(ctx context.Context, in *InSelection) (*document, error) {
			given, err := a.app.Given(ctx, in.Slug)
			return &document{plainText, []byte(given.Rulebook)}, err
		})
}

func doubts(rules *rulebook.Rulebook) (all []gateway.Mistake) {
	for _, f := range rules.Doubts() {
		all = append(all, gateway.Mistake(f))
	}
	return all
}

func (a *API) checkRulebook(ctx context.Context, in gateway.CheckRulebook) (gateway.RulebookChecked, error) {
	checked, err := a.app.CheckRulebook(ctx, in.Rulebook, in.Changes)
	out := gateway.RulebookChecked{Rulebook: checked.Text, Mistakes: []gateway.Mistake{}}
	if checked.Rules != nil {
		out.Hash, out.Warnings = checked.Rules.Hash(), doubts(checked.Rules)
	}
	for _, f := range slices.Concat(checked.Refused, checked.Wrong) {
		out.Mistakes = append(out.Mistakes, gateway.Mistake(f))
	}
	return out, err
}
