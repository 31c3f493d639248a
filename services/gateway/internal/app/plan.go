package app

import (
	"context"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/review"
	"github.com/laurel-awards/laurel/services/selection"
	"github.com/laurel-awards/laurel/services/voting"
)

// Plan tells of each change of a phase who ordered it, or what stands in its
// way: selection.Service.GetPlan.
func (a *App) Plan(ctx context.Context, slug string) (selection.Plan, error) {
	return do(ctx, a, ReadPhases, slug, a.selection.GetPlan, selection.Of{Slug: slug})
}

// Turnout tells when ballots became public: voting.Service.GetTurnout.
func (a *App) Turnout(ctx context.Context, slug string) (voting.Turnout, error) {
	return do(ctx, a, ReadTurnout, slug, a.voting.GetTurnout, voting.Of{Slug: slug})
}

// Gaps tells what the scores lack, by juror: review.Service.FindGaps.
func (a *App) Gaps(ctx context.Context, slug string) ([]review.Gap, error) {
	return do(ctx, a, ReadGaps, slug, a.review.FindGaps, review.Of{Slug: slug})
}

// Standing is what stands in the way of a change of a phase: what the phases
// before do, and what somebody has yet to do.
type Standing struct {
	Plan selection.Plan
	Step selection.Step

	Due        map[string]int // entries without an opinion, by department
	Gaps       []review.Gap
	Unapproved bool // no result has been approved

	Unmet []fault.Field // what closing vetting leaves impossible: it is to be acknowledged
}

// Clear tells whether nothing does.
func (s Standing) Clear() bool {
	return s.Step.Ready() && len(s.Due) == 0 && len(s.Gaps) == 0 && !s.Unapproved
}

// Standing tells what stands in the way of a change. It is what ChangePhase would
// be refused for. Fault: selection.ErrNoPhase.
func (a *App) Standing(ctx context.Context, slug, phase, action string) (out Standing, err error) {
	if out.Plan, err = a.Plan(ctx, slug); err != nil {
		return out, err
	}
	if out.Step = out.Plan.Step(phase, action); out.Step.Phase == "" {
		return out, selection.ErrNoPhase
	}
	if action != event.Close || out.Plan.Selection.Phase(phase).State != selection.Opened {
		return out, nil
	}
	switch phase {
	case rulebook.PhaseVetting:
		progress, err := do(ctx, a, ReadVetting, slug, a.nomination.GetProgress, nomination.Of{Slug: slug})
		if err != nil {
			return out, err
		}
		out.Due = map[string]int{}
		for department, n := range progress.Due {
			if n > 0 {
				out.Due[department] = n
			}
		}
		out.Unmet, err = a.unfilled(ctx, slug)
		return out, err
	case rulebook.PhaseReview:
		out.Gaps, err = a.Gaps(ctx, slug)
	case rulebook.PhaseDecision:
		decision, failed := a.Decision(ctx, slug)
		out.Unapproved, err = decision.Outcome != review.Approved, failed
	}
	return out, err
}
