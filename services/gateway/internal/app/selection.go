package app

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/review"
	"github.com/laurel-awards/laurel/services/selection"
)

// phasePoll is how often what was ordered is looked at while it is waited for.
const phasePoll = 50 * time.Millisecond

// CreateSelection makes a selection: selection.Service.CreateSelection.
func (a *App) CreateSelection(ctx context.Context, in selection.CreateSelection) (selection.Selection, error) {
	return do(ctx, a, CreateSelection, "", a.selection.CreateSelection, in)
}

// Rulebook gives a selection's rulebook in its canonical form, whose SHA-256 is
// the rulebook's hash.
func (a *App) Rulebook(ctx context.Context, slug string) ([]byte, error) {
	ctx, err := a.may(ctx, ReadRulebook, slug, "")
	if err != nil {
		return nil, err
	}
	rules, err := a.rulebook(ctx, slug)
	if err != nil {
		return nil, err
	}
	return rules.Canonical()
}

// rulebook gives the rules of a selection; nobody changes them.
func (a *App) rulebook(ctx context.Context, slug string) (*rulebook.Rulebook, error) {
	s, err := a.selections.Get(ctx, slug)
	if err != nil {
		return nil, err
	}
	return a.RulebookOf(s)
}

// RulebookOf gives the parsed rulebook of a selection; nobody changes it.
func (a *App) RulebookOf(s selection.Selection) (*rulebook.Rulebook, error) {
	rules, err := a.rulebooks.Parse(s.RulebookHash, func() ([]byte, error) { return s.Rulebook, nil })
	if err != nil {
		return nil, fmt.Errorf("rulebook of %s: %w", s.Slug, err)
	}
	return rules, nil
}

// ChangePhase opens or closes a phase, and waits a while until every service has
// applied it: applied tells whether all have. Faults: phase_incomplete with what
// is still to be done; seats_unmet with what the candidates cannot meet; those of selection.Service.ChangePhase.
func (a *App) ChangePhase(ctx context.Context, in selection.ChangePhase) (s selection.Selection, applied bool, err error) {
	ctx, err = a.may(ctx, ChangePhase, in.Slug, "")
	if err != nil {
		return s, false, err
	}
	if err := a.complete(ctx, in); err != nil {
		return s, false, err
	}
	if in.Unmet, err = a.unmet(ctx, in); err != nil {
		return s, false, err
	}
	if s, err = a.selection.ChangePhase(ctx, in); err != nil {
		return s, false, err
	}
	defer a.selections.Drop(in.Slug)
	applied = a.wait(ctx, func() bool {
		switch s.Phase(in.Phase).State {
		case selection.Opening, selection.Closing:
		default:
			return true
		}
		if fresh, err := a.selection.GetSelection(ctx, selection.Of{Slug: in.Slug}); err == nil {
			s = fresh
		}
		return false
	})
	return s, applied, nil
}

// wait asks again and again whether something is done, for as long as the
// configuration says and the client stays. What was ordered goes on all the
// same.
func (a *App) wait(ctx context.Context, done func() bool) bool {
	deadline := time.NewTimer(a.cfg.PhaseWait)
	defer deadline.Stop()
	tick := time.NewTicker(phasePoll)
	defer tick.Stop()
	for !done() {
		select {
		case <-deadline.C:
			return false
		case <-ctx.Done():
			return false
		case <-tick.C:
		}
	}
	return true
}

// complete refuses to close by hand what somebody has yet to do. A room could
// not refuse: others would have applied the change.
func (a *App) complete(ctx context.Context, in selection.ChangePhase) error {
	if in.Action != event.Close {
		return nil
	}
	missing, err := a.missing(ctx, in.Slug, in.Phase)
	if fault.HasCode(err, nomination.ErrNotYet.Code) {
		// Of a selection that no room has heard of, the selection service says what
		// is wrong.
		return nil
	}
	if err != nil || len(missing) == 0 {
		return err
	}
	return fault.New(fault.Conflict, "phase_incomplete", "the phase cannot be closed yet", missing...)
}

// unmet is what closing vetting leaves impossible, acknowledged by the caller.
// Fault: seats_unmet, where it is not.
func (a *App) unmet(ctx context.Context, in selection.ChangePhase) (text string, err error) {
	if in.Phase != rulebook.PhaseVetting || in.Action != event.Close {
		return "", nil
	}
	fields, err := a.unfilled(ctx, in.Slug)
	if err != nil || len(fields) == 0 {
		return "", err
	}
	var texts []string
	for _, f := range fields {
		texts = append(texts, f.Name+": "+f.Message)
	}
	if !in.Acknowledge {
		return "", fault.New(fault.Conflict, "seats_unmet",
			"the awards cannot be filled with these candidates: acknowledge it to close vetting all the same", fields...)
	}
	return strings.Join(texts, "; "), nil
}

// unfilled is why the awards cannot be filled with the candidates that there are.
func (a *App) unfilled(ctx context.Context, slug string) (fields []fault.Field, err error) {
	seats, err := a.nomination.CheckSeats(ctx, nomination.Of{Slug: slug})
	if fault.HasCode(err, nomination.ErrNotYet.Code) {
		return nil, nil
	}
	for _, u := range seats.Unmet {
		fields = append(fields, fault.Field{Name: u.Field, Code: u.Code, Params: u.Params, Message: u.Message})
	}
	return fields, err
}

// missing is what is still to be done in a phase.
func (a *App) missing(ctx context.Context, slug, phase string) (missing []fault.Field, err error) {
	switch phase {
	case rulebook.PhaseVetting:
		progress, err := a.nomination.GetProgress(ctx, nomination.Of{Slug: slug})
		if err != nil {
			return nil, err
		}
		for _, d := range slices.Sorted(maps.Keys(progress.Due)) {
			if n := progress.Due[d]; n > 0 {
				missing = append(missing, fault.Wrong("vetting."+d, "opinions_due", "{count} entries have no opinion", "count", n))
			}
		}
	case rulebook.PhaseReview:
		gaps, err := a.review.ListGaps(ctx, review.Of{Slug: slug})
		if err != nil {
			return nil, err
		}
		for _, g := range gaps {
			missing = append(missing, fault.Wrong("review", "score_due", "score missing: {score}", "score", g))
		}
	case rulebook.PhaseDecision:
		decision, err := a.review.GetDecision(ctx, review.Of{Slug: slug})
		if err != nil {
			return nil, err
		}
		if decision.Outcome != review.Approved {
			missing = append(missing, fault.Wrong("decision", "result_not_approved", "no result has been approved"))
		}
	}
	return missing, nil
}
