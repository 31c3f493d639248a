package app

import (
	"context"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/review"
	"github.com/laurel-awards/laurel/services/selection"
	"github.com/laurel-awards/laurel/services/voting"
)

// Overview is how far a selection is, as far as the caller may know. What they may
// not, or what has not begun, is nil.
type Overview struct {
	Plan     *selection.Plan
	Vetting  *nomination.Progress
	Turnout  *voting.Turnout
	Panels   []SeenPanel
	Own      []OwnPanel // on which the caller is to score
	Decision *review.Decision
	Signing  *review.Signing // of whoever signs for a host
	Roster   *identity.Roster
	Mail     *identity.MailPage // its figures

	Waits   []Wait
	Missing bool // something cannot be read at this moment
}

// SeenPanel is a panel as somebody may see it.
type SeenPanel struct {
	ID    string
	Panel review.Panel
	Fault *fault.Error // why not
}

// OwnPanel is what the caller has yet to score on a panel.
type OwnPanel struct {
	Panel string
	Due   int
	Looks int // sheets that were sent back
}

// asking asks rooms for several things at a time, for one caller.
type asking struct {
	errgroup.Group
	a   *App
	ctx context.Context //nolint:containedctx // the request's
	at  string          // slug

	mu      sync.Mutex
	missing bool
}

// part asks for a part that the caller may have by an act.
func part[In, Out any](q *asking, act Act, scope string, service func(context.Context, In) (Out, error), in In, take func(Out)) {
	ctx, ok := q.a.acting(q.ctx, act, q.at, scope)
	if !ok {
		return
	}
	q.Go(func() error {
		out, err := service(ctx, in)
		q.mu.Lock()
		defer q.mu.Unlock()
		if err == nil {
			take(out)
			return nil
		}
		// A fault that says why there is nothing to see is not one of the page.
		switch fault.From(err).Kind {
		case fault.Forbidden, fault.NotFound, fault.Conflict:
		default:
			q.missing = true
		}
		return nil
	})
}

// acting has whoever acts in ctx do another act of the same request, if they may.
func (a *App) acting(ctx context.Context, act Act, slug, scope string) (context.Context, bool) {
	role, ok := a.rules[act].allows(accountOf(ctx), slug, scope)
	if !ok {
		return ctx, false
	}
	return as(ctx, role), true
}

// Overview asks all rooms at a time, once each but for panels.
func (a *App) Overview(ctx context.Context, slug string) (out Overview, err error) {
	if ctx, err = a.may(ctx, ReadDesk, slug, ""); err != nil {
		return out, err
	}
	s, err := a.selections.Get(ctx, slug)
	if err != nil {
		return out, err
	}
	rules, err := a.RulebookOf(s)
	if err != nil {
		return out, err
	}
	q := &asking{a: a, ctx: ctx, at: slug}
	part(q, ReadPhases, "", a.selection.GetPlan, selection.Of{Slug: slug}, func(p selection.Plan) { out.Plan = &p })
	part(q, ReadMail, "", a.identity.ListMail, identity.ListMail{Slug: slug}, func(m identity.MailPage) { out.Mail = &m })
	if rules.Voting.Admits(rulebook.WayRoster) {
		part(q, ReadRoster, "", a.identity.GetRoster, identity.OfRoster{Slug: slug}, func(r identity.Roster) { out.Roster = &r })
	}
	if s.FrozenAt != nil { // before, the other rooms have not heard of it
		part(q, ReadVetting, "", a.nomination.GetProgress, nomination.Of{Slug: slug}, func(p nomination.Progress) { out.Vetting = &p })
		part(q, ReadDecision, "", a.review.GetDecision, review.Of{Slug: slug}, func(d review.Decision) { out.Decision = &d })
		part(q, ReadSigning, "", a.review.GetSigning, review.Of{Slug: slug}, func(s review.Signing) { out.Signing = &s })
		if s.Phase(rulebook.PhaseVoting).OpenedAt != nil {
			part(q, ReadTurnout, "", a.voting.GetTurnout, voting.Of{Slug: slug}, func(t voting.Turnout) { out.Turnout = &t })
		}
		out.Panels = q.panels(rules)
		if s.Phase(rulebook.PhaseReview).State == selection.Opened {
			q.own(rules, &out.Own)
		}
	}
	_ = q.Wait()
	out.Missing = q.missing
	out.waits(accountOf(ctx), s, rules)
	return out, nil
}

// panels asks how far each panel is; it is filled in when the asking ends.
func (q *asking) panels(rules *rulebook.Rulebook) []SeenPanel {
	ctx, ok := q.a.acting(q.ctx, ReadPanel, q.at, "")
	if !ok {
		return nil
	}
	seen := make([]SeenPanel, len(rules.Review.Panels))
	for i, p := range rules.Review.Panels {
		q.Go(func() error {
			panel, err := q.a.review.GetPanel(ctx, review.OfPanel{Slug: q.at, Panel: p.ID})
			seen[i] = SeenPanel{ID: p.ID, Panel: panel}
			if err != nil {
				seen[i].Fault = fault.From(err)
			}
			return nil
		})
	}
	return seen
}

// own asks what the caller has yet to score.
func (q *asking) own(rules *rulebook.Rulebook, out *[]OwnPanel) {
	for _, p := range rules.Review.Panels {
		part(q, ReadSheets, p.ID, q.a.review.GetSheets, review.OfSheet{Slug: q.at, Panel: p.ID}, func(all review.OwnSheets) {
			mine := OwnPanel{Panel: p.ID}
			for _, one := range all.List {
				if one.Sheet == nil || !one.Sheet.Submitted {
					mine.Due++
				}
				if one.SecondLook != "" {
					mine.Looks++
				}
			}
			*out = append(*out, mine)
		})
	}
}

// Panels tells how far all panels of a selection are, and who decides.
func (a *App) Panels(ctx context.Context, slug string) (panels []SeenPanel, decision *review.Decision, err error) {
	if ctx, err = a.may(ctx, ReadPanel, slug, ""); err != nil {
		return nil, nil, err
	}
	rules, err := a.rulebook(ctx, slug)
	if err != nil {
		return nil, nil, err
	}
	q := &asking{a: a, ctx: ctx, at: slug}
	panels = q.panels(rules)
	part(q, ReadDecision, "", a.review.GetDecision, review.Of{Slug: slug}, func(d review.Decision) { decision = &d })
	_ = q.Wait()
	return panels, decision, nil
}

// PanelWhole is all that who runs or watches a panel looks at.
type PanelWhole struct {
	Panel      review.Panel
	Oversight  review.Oversight
	Conflicts  []review.Conflict
	Staff      []identity.Account // of the selection, by whom seats are taken
	Candidates []nomination.Candidate
}

// PanelWhole asks for it, all at a time. Faults: those of
// review.Service.GetPanel.
func (a *App) PanelWhole(ctx context.Context, of review.OfPanel) (out PanelWhole, err error) {
	if ctx, err = a.may(ctx, ReadPanel, of.Slug, ""); err != nil {
		return out, err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) { out.Panel, err = a.review.GetPanel(ctx, of); return err })
	g.Go(func() (err error) { out.Oversight, err = a.review.GetOversight(ctx, of); return err })
	g.Go(func() (err error) { out.Conflicts, err = a.review.ListConflicts(ctx, of); return err })
	g.Go(func() (err error) { out.Staff, err = a.staffOf(ctx, of.Slug); return err })
	g.Go(func() (err error) { out.Candidates, err = a.Candidates(ctx, of.Slug); return err })
	return out, g.Wait()
}
