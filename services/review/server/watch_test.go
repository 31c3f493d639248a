package server_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/services/review"
)

// second is a further panel of the rules.
const second = `missing: refuse}
    - {id: second, jurors: 2, scale: {min: 0, max: 100}, criteria: [{id: deeds}], missing: skip}`

// views are what organizers, auditors and the committee read of the panel
// experts, and organizers' acts on it, which must not pass for one whom the
// panel is closed to.
func (r *room) views(ctx context.Context) map[string]func() error {
	const panel = "experts"
	return map[string]func() error{
		"panel":     func() error { _, err := r.GetPanel(ctx, experts); return err },
		"conflicts": func() error { _, err := r.ListConflicts(ctx, experts); return err },
		"oversight": func() error { _, err := r.GetOversight(ctx, experts); return err },
		"history": func() error {
			_, err := r.GetHistory(ctx, review.OfCandidate{Slug: slug, Panel: panel, Candidate: 1})
			return err
		},
		"second look": func() error {
			_, err := r.SendBack(ctx, review.SendBack{Slug: slug, Panel: panel, Juror: "a", Candidate: 1, Reason: "?"})
			return err
		},
		"further": func() error {
			_, err := r.CallFurther(ctx, review.CallFurther{Slug: slug, Panel: panel, Candidate: 1, Juror: review.Person{ID: "f"}, Reason: "?"})
			return err
		},
		"pin": func() error {
			_, err := r.PinConflict(ctx, review.PinConflict{Slug: slug, Panel: panel, Juror: "c", Candidate: 1, Reason: "?"})
			return err
		},
		"recuse": func() error {
			_, err := r.RecuseJuror(ctx, review.RecuseJuror{Slug: slug, Panel: panel, Juror: "a", Candidate: 1, Reason: "?"})
			return err
		},
		"unseat": func() error {
			_, err := r.UnseatJuror(ctx, review.UnseatJuror{Slug: slug, Panel: panel, Juror: "a", Sheets: review.KeepSheets, Reason: "?"})
			return err
		},
		"by hand": func() error {
			_, err := r.AssignByHand(ctx, review.AssignByHand{Slug: slug, Panel: panel, Juror: "a"})
			return err
		},
	}
}

// refuses sees that every view and act is refused.
func (r *room) refuses(who string, want error) {
	r.t.Helper()
	for name, view := range r.views(r.as(who)) {
		if err := view(); !errors.Is(err, want) {
			r.t.Errorf("%s to %s: %v, want %v", name, who, err, want)
		}
	}
}

func (r *room) gaps(who string) string {
	r.t.Helper()
	gaps, err := r.ListGaps(r.as(who), review.Of{Slug: slug})
	if err != nil {
		r.t.Fatal(err)
	}
	return strings.Join(gaps, "; ")
}

// acts are what the audit log has of panels, to a reader.
func (r *room) acts(who string) (acts, log string) {
	r.t.Helper()
	page, err := bus.Call[[]audit.Entry](r.as(who), r.Caller, review.Name, run.ListAudit, audit.Page{Slug: slug})
	if err != nil {
		r.t.Fatal(err)
	}
	for _, e := range page {
		acts += e.Act + " "
		log += e.Reason + string(e.Detail)
	}
	return acts, log
}

// TestWatch closes every view of a panel to those who sit on it, and every view
// of scores to jurors who are recused, whatever further role they have, until
// the result is public.
func TestWatch(t *testing.T) {
	r := frozen(t, with(isAll, "blind: true, spread_limit: 10,", "missing: refuse}", second),
		event.CandidateAdmitted{Attributes: map[string]string{"employer": "Longyun"}}, event.CandidateAdmitted{})
	r.seat(people[0], people[1], review.Person{ID: "c", Name: "Cai", Employer: "Longyun"})
	if _, err := r.SeatPanel(r.as("organizer"), review.SeatPanel{Slug: slug, Panel: "second", Jurors: []review.Person{
		{ID: "d", Name: "Dai", Employer: "Longyun"}, {ID: "e", Name: "En"},
	}}); err != nil {
		t.Fatal(err)
	}
	r.Open(rulebook.PhaseReview)
	for juror, x := range map[string]string{"a": "60", "b": "90"} {
		if err := errors.Join(r.score(juror, 1, x, x), r.score(juror, 2, "80", "80")); err != nil {
			t.Fatal(err)
		}
	}

	r.refuses("a", review.ErrOwnPanel) // scores here
	r.refuses("c", review.ErrOwnPanel) // and is recused
	r.refuses("d", review.ErrRecused)  // elsewhere
	for _, who := range []string{"e", "organizer"} {
		for _, name := range []string{"panel", "conflicts", "oversight", "history"} {
			if err := r.views(r.as(who))[name](); err != nil {
				t.Errorf("%s to %s: %v", name, who, err)
			}
		}
	}
	if got := r.gaps("organizer"); got != "experts: Cai: 2" {
		t.Errorf("gaps %q", got)
	}
	for _, who := range []string{"a", "c", "d"} {
		if got := r.gaps(who); got != "experts: 1 gaps" {
			t.Errorf("gaps to %s: %q", who, got)
		}
	}
	if _, err := r.SendBack(r.as("organizer"), review.SendBack{Slug: slug, Panel: "experts", Juror: "b", Candidate: 1, Reason: "is 90 meant?"}); err != nil {
		t.Fatal(err)
	}
	if acts, _ := r.acts("organizer"); strings.Count(acts, "submit_sheet") != 4 || !strings.Contains(acts, "send_back_sheet") {
		t.Errorf("the audit log has %s", acts)
	}
	if err := r.score("c", 2, "80", "80"); err != nil {
		t.Fatal(err)
	}

	r.Close(rulebook.PhaseReview)
	of := review.Of{Slug: slug}
	closed := func(who string, want error) {
		t.Helper()
		if _, err := r.GetResult(r.as(who), of); !errors.Is(err, want) {
			t.Errorf("the result to %s: %v, want %v", who, err, want)
		}
		if _, err := r.TryResult(r.as(who), review.TryResult{Slug: slug}); !errors.Is(err, want) {
			t.Errorf("a trial to %s: %v, want %v", who, err, want)
		}
		if _, err := r.GetSensitivity(r.as(who), of); !errors.Is(err, want) {
			t.Errorf("the sensitivity to %s: %v, want %v", who, err, want)
		}
	}
	closed("d", review.ErrRecused) // nor why there is none
	closed("a", review.ErrUncomputed)
	r.Tell("voting", "seal", event.TallySealed{Ballots: 1, Votes: map[int]int64{1: 1}})
	if _, err := r.SeatCommittee(r.as("organizer"), review.SeatCommittee{Slug: slug, Members: people}); err != nil {
		t.Fatal(err)
	}
	for who, want := range map[string]error{"a": nil, "c": review.ErrRecused, "d": review.ErrRecused, "e": nil, "organizer": nil} {
		closed(who, want)
		if _, err := r.ExportScores(r.as(who), of); !errors.Is(err, want) {
			t.Errorf("the scores to %s: %v, want %v", who, err, want)
		}
	}
	if trial, err := r.TryResult(r.as("a"), review.TryResult{Slug: slug}); err != nil || trial.Seats[0].Name != "" {
		t.Errorf("who sits where on their own panel: %+v, %v", trial.Seats, err)
	}
	for _, who := range []string{"a", "c", "d", "e"} {
		if acts, log := r.acts(who); acts != "seat_committee " || strings.Contains(log, "is 90 meant?") {
			t.Errorf("the audit log to %s has %s", who, acts)
		}
	}

	r.Tell("selection", "notice", event.NoticePosted{})
	closed("d", review.ErrRecused)
	r.Tell("selection", "notice", event.ResultPublished{})
	for _, who := range []string{"a", "c", "d"} {
		for _, name := range []string{"panel", "conflicts", "oversight", "history"} {
			if err := r.views(r.as(who))[name](); err != nil {
				t.Errorf("once the result is public, %s to %s: %v", name, who, err)
			}
		}
		closed(who, nil)
		if _, err := r.ExportScores(r.as(who), of); err != nil {
			t.Errorf("once the result is public, the scores to %s: %v", who, err)
		}
		if acts, _ := r.acts(who); !strings.Contains(acts, "submit_sheet") {
			t.Errorf("once the result is public, the audit log to %s has %s", who, acts)
		}
	}
}

// TestWatch_self seats organizers themselves: they read nothing of the
// candidates in the answer.
func TestWatch_self(t *testing.T) {
	r := frozen(t, with(isAll, isRandom), make([]event.CandidateAdmitted, 3)...)
	r.Open(rulebook.PhaseReview)
	got, err := r.SeatPanel(r.as("a"), review.SeatPanel{Slug: slug, Panel: "experts", Jurors: people})
	if err != nil || got.Seed != "" || len(got.Jurors) != 3 || got.Jurors[0].Assigned != 2 || len(got.Jurors[0].Candidates) != 0 {
		t.Errorf("%+v, %v", got, err)
	}
	got, err = r.UnseatJuror(r.as("organizer"), review.UnseatJuror{
		Slug: slug, Panel: "experts", Juror: "b", Sheets: review.KeepSheets, Reason: "ill", Successor: &review.Person{ID: "organizer"},
	})
	if err != nil || got.Seed != "" || len(got.Jurors) != 4 || len(got.Jurors[3].Candidates) != 0 {
		t.Errorf("%+v, %v", got, err)
	}
}
