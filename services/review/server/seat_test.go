package server_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/review"
)

// told is what the room told others of its jurors, with each one's versions.
func (r *room) told() (events []string) {
	r.t.Helper()
	if err := r.DB.Select(&events, `
		SELECT aggregate || ' ' || version || ' ' || name || ' ' || (data->>'panel') || ' ' || (data->>'account')
		FROM outbox WHERE name LIKE 'juror%' ORDER BY seq`); err != nil {
		r.t.Fatal(err)
	}
	return events
}

// TestSeat_events tells of who comes to a panel and who leaves it, in the
// transaction of the act: what is refused tells nothing.
func TestSeat_events(t *testing.T) {
	r := frozen(t, with(isAll, "spread_limit: 10,"), make([]event.CandidateAdmitted, 2)...)
	r.seat(people...)
	r.seat(review.Person{ID: "b"}, review.Person{ID: "d"}, review.Person{ID: "e"}) // a and c leave
	r.seat(people...)                                                              // a and c are back, d and e leave
	r.Open(rulebook.PhaseReview)
	for juror, x := range map[string]string{"a": "60", "b": "60", "c": "90"} {
		if err := r.score(juror, 1, x, x); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.CallFurther(r.as("organizer"), review.CallFurther{
		Slug: slug, Panel: "experts", Candidate: 1, Juror: review.Person{ID: "f"}, Reason: "far apart",
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.SeatPanel(r.as("organizer"), review.SeatPanel{Slug: slug, Panel: "experts", Jurors: people}); !errors.Is(err, review.ErrSeated) {
		t.Errorf("seated anew after a sheet was submitted: %v", err)
	}
	unseat := review.UnseatJuror{Slug: slug, Panel: "experts", Juror: "a", Sheets: review.KeepSheets, Successor: &review.Person{ID: "g"}}
	if _, err := r.UnseatJuror(r.as("organizer"), unseat); !errors.Is(err, review.ErrInvalid) {
		t.Errorf("without a reason: %v", err)
	}
	unseat.Reason = "ill"
	if _, err := r.UnseatJuror(r.as("organizer"), unseat); err != nil {
		t.Fatal(err)
	}
	want := []string{}
	versions := map[string]int{}
	for _, e := range []string{
		"seated a", "seated b", "seated c",
		"left a", "left c", "seated b", "seated d", "seated e",
		"left d", "left e", "seated a", "seated b", "seated c",
		"seated f", "left a", "seated g",
	} {
		var act, who string
		if _, err := fmt.Sscan(e, &act, &who); err != nil {
			t.Fatal(err)
		}
		versions[who]++
		want = append(want, fmt.Sprintf("juror/experts/%s %d juror_%s experts %s", who, versions[who], act, who))
	}
	if diff := cmp.Diff(want, r.told()); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}

// juror is all that a juror can do, by name.
func (r *room) juror(account string) map[string]func() error {
	ctx, of := r.as(account), review.OfSheet{Slug: slug, Panel: "experts", Candidate: "1"}
	return map[string]func() error{
		"assignments": func() error { _, err := r.ListAssignments(ctx, experts); return err },
		"revisions":   func() error { _, err := r.ListRevisions(ctx, of); return err },
		"peers":       func() error { _, err := r.ListPeers(ctx, of); return err },
		"sheet":       func() error { return r.score(account, 1, "90", "80") },
		"conflict": func() error {
			_, err := r.DeclareConflict(ctx, review.DeclareConflict{Slug: slug, Panel: "experts", Candidate: "2", Reason: "my cousin"})
			return err
		},
	}
}

// TestSeat_none refuses who has no seat, or has one no more, whatever they come
// with.
func TestSeat_none(t *testing.T) {
	r := frozen(t, with(isAll, "sees_others: after_own,"), make([]event.CandidateAdmitted, 2)...)
	r.seat(people...)
	r.Open(rulebook.PhaseReview)
	if err := errors.Join(r.score("a", 1, "90", "80"), r.score("b", 1, "90", "80")); err != nil {
		t.Fatal(err)
	}
	for name, act := range r.juror("b") {
		if err := act(); err != nil {
			t.Errorf("%s of a juror: %v", name, err)
		}
	}
	unseat := review.UnseatJuror{Slug: slug, Panel: "experts", Juror: "a", Sheets: review.KeepSheets, Reason: "ill"}
	if _, err := r.UnseatJuror(r.as("organizer"), unseat); err != nil {
		t.Fatal(err)
	}
	before := r.dump("sheet")
	for _, account := range []string{"a", "stranger", ""} {
		for name, act := range r.juror(account) {
			if err := act(); !errors.Is(err, review.ErrNotJuror) {
				t.Errorf("%s of %q: %v", name, account, err)
			}
		}
	}
	if diff := cmp.Diff(before, r.dump("sheet")); diff != "" {
		t.Errorf("sheets (-before +after):\n%s", diff)
	}
}

// TestSeat_leaving has a juror act while their departure is under way: the act
// waits for it, and is refused.
func TestSeat_leaving(t *testing.T) {
	for _, name := range []string{"assignments", "revisions", "peers", "sheet", "conflict"} {
		t.Run(name, func(t *testing.T) {
			r := frozen(t, with(isAll, "sees_others: after_own,"), make([]event.CandidateAdmitted, 2)...)
			r.seat(people...)
			r.Open(rulebook.PhaseReview)
			if err := r.score("a", 1, "90", "80"); err != nil {
				t.Fatal(err)
			}
			tx, err := r.DB.Beginx()
			if err != nil {
				t.Fatal(err)
			}
			defer tx.Rollback()
			var xid string
			if err := tx.Get(&xid, `UPDATE juror SET left_at = now() WHERE account = 'a' RETURNING pg_current_xact_id()`); err != nil {
				t.Fatal(err)
			}
			done := make(chan error, 1)
			go func() { done <- r.juror("a")[name]() }()
			testkit.Eventually(t, testkit.Patience, func() error {
				if r.Count(`SELECT count(*) FROM pg_locks WHERE transactionid::text = '`+xid+`' AND NOT granted`) == 0 {
					return errors.New("the act does not wait")
				}
				return nil
			})
			if err := tx.Commit(); err != nil {
				t.Fatal(err)
			}
			if err := <-done; !errors.Is(err, review.ErrNotJuror) {
				t.Errorf("who has left: %v", err)
			}
			if n := r.Count(`SELECT (SELECT count(*) FROM sheet) + (SELECT count(*) FROM declared_conflict)`); n != 1 {
				t.Errorf("%d rows were written", n-1)
			}
		})
	}
}
