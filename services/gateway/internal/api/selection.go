package api

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/review"
	"github.com/laurel-awards/laurel/services/selection"
)

type createInput struct {
	Body struct {
		Slug     string `json:"slug" doc:"[a-z0-9-]{3,64}" example:"most-beautiful-courier-2"`
		Rulebook string `json:"rulebook" doc:"YAML or JSON text"`
	}
}

type phaseInput struct {
	InSelection
	Phase string `path:"phase" doc:"nomination, vetting, voting, review, decision or notice"`
	Body  reasoned
}

type phaseOutput struct {
	Status int
	Body   selection.Selection
}

// document is a body that goes out byte for byte.
type document struct {
	ContentType string `header:"Content-Type"`
	Body        []byte
}

// phasePoll is how often a change of phase is looked at while it is waited for.
const phasePoll = 50 * time.Millisecond

func (a *API) selectionRoutes() {
	register(a, route{method: http.MethodPost, path: "/selections", summary: "Create a selection from a rulebook", status: http.StatusCreated, body: maxRules, staff: true},
		func(ctx context.Context, in *createInput) (*body[selection.Selection], error) {
			ctx, err := a.may(ctx, identity.AnySelection, identity.Organizer)
			if err != nil {
				return nil, err
			}
			return answer(a.selection.CreateSelection(ctx, selection.CreateSelection{Slug: in.Body.Slug, Rulebook: in.Body.Rulebook}))
		})
	register(a, route{method: http.MethodGet, path: "/selections", summary: "All selections, newest first"},
		func(ctx context.Context, _ *struct{}) (*body[[]selection.Selection], error) {
			return answer(a.selection.ListSelections(ctx, struct{}{}))
		})
	register(a, route{method: http.MethodGet, path: "/selections/{slug}", summary: "A selection with its phases"},
		func(ctx context.Context, in *InSelection) (*body[selection.Selection], error) {
			return answer(a.selections.Get(ctx, in.Slug))
		})
	register(a, route{method: http.MethodGet, path: "/selections/{slug}/rulebook", summary: "The rulebook; its SHA-256 is the selection's rulebook_hash", media: "application/json"},
		func(ctx context.Context, in *InSelection) (*document, error) {
			s, err := a.selections.Get(ctx, in.Slug)
			if err != nil {
				return nil, err
			}
			rb, err := rulebook.Parse(s.Rulebook)
			if err != nil {
				return nil, fmt.Errorf("rulebook of %s: %w", in.Slug, err)
			}
			canonical, err := rb.Canonical()
			return &document{"application/json", canonical}, err
		})
	for _, action := range []string{event.Open, event.Close} {
		register(a, route{
			method: http.MethodPost, path: "/selections/{slug}/phases/{phase}/" + action,
			summary: strings.ToUpper(action[:1]) + action[1:] + " a phase now; 202 while a service has not yet applied it", staff: true, later: true,
		},
			func(ctx context.Context, in *phaseInput) (*phaseOutput, error) {
				ctx, err := a.may(ctx, in.Slug, identity.Organizer)
				if err != nil {
					return nil, err
				}
				return a.changePhase(ctx, selection.ChangePhase{Slug: in.Slug, Phase: in.Phase, Action: action, Reason: in.Body.Reason})
			})
	}
}

func (a *API) changePhase(ctx context.Context, in selection.ChangePhase) (*phaseOutput, error) {
	if err := a.complete(ctx, in); err != nil {
		return nil, err
	}
	s, err := a.selection.ChangePhase(ctx, in)
	if err != nil {
		return nil, err
	}
	defer a.selections.Drop(in.Slug)
	deadline := time.NewTimer(a.cfg.PhaseWait)
	defer deadline.Stop()
	tick := time.NewTicker(phasePoll)
	defer tick.Stop()
	for {
		switch s.Phase(in.Phase).State {
		case selection.Opening, selection.Closing:
		default:
			return &phaseOutput{http.StatusOK, s}, nil
		}
		select {
		case <-deadline.C:
			return &phaseOutput{http.StatusAccepted, s}, nil
		case <-ctx.Done(): // the client has gone; the change goes on
			return &phaseOutput{http.StatusAccepted, s}, nil
		case <-tick.C:
		}
		if fresh, err := a.selection.GetSelection(ctx, selection.Of{Slug: in.Slug}); err == nil {
			s = fresh
		}
	}
}

// complete refuses to close by hand what somebody has yet to do. A room could
// not refuse: others would have applied the change.
func (a *API) complete(ctx context.Context, in selection.ChangePhase) error {
	if in.Action != event.Close {
		return nil
	}
	f := *fault.New(fault.Conflict, "phase_incomplete", "the phase cannot be closed yet")
	switch in.Phase {
	case rulebook.PhaseVetting:
		progress, err := a.nomination.GetProgress(ctx, nomination.Of{Slug: in.Slug})
		if err != nil {
			return ignoreNotYet(err)
		}
		for _, d := range slices.Sorted(maps.Keys(progress.Due)) {
			if n := progress.Due[d]; n > 0 {
				f.Fields = append(f.Fields, fault.Field{Name: "vetting." + d, Message: fmt.Sprintf("%d entries have no opinion", n)})
			}
		}
	case rulebook.PhaseReview:
		gaps, err := a.review.ListGaps(ctx, review.Of{Slug: in.Slug})
		if err != nil {
			return ignoreNotYet(err)
		}
		for _, g := range gaps {
			f.Fields = append(f.Fields, fault.Field{Name: "review", Message: "score missing: " + g})
		}
	case rulebook.PhaseDecision:
		decision, err := a.review.GetDecision(ctx, review.Of{Slug: in.Slug})
		if err != nil {
			return ignoreNotYet(err)
		}
		if decision.Outcome != review.Approved {
			f.Fields = append(f.Fields, fault.Field{Name: "decision", Message: "no result has been approved"})
		}
	}
	if len(f.Fields) > 0 {
		return &f
	}
	return nil
}

// ignoreNotYet leaves it to the selection service to say what is wrong with a
// phase of a selection that no room has heard of.
func ignoreNotYet(err error) error {
	if fault.HasCode(err, nomination.ErrNotYet.Code) {
		return nil
	}
	return err
}
