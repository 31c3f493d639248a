package server_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/review"
)

// draft saves a sheet of candidate n on a base.
func (r *room) draft(juror string, n int, base *int, deeds, skill string) (review.Sheet, error) {
	scores := map[string]string{}
	for c, text := range map[string]string{"deeds": deeds, "skill": skill} {
		if text != "" {
			scores[c] = text
		}
	}
	return r.SaveSheet(r.as(juror), review.SaveSheet{
		Slug: slug, Panel: "experts", Candidate: r.called(juror, n), Scores: scores, Base: base,
	})
}

// TestSaveSheet_base saves on the revision that was read, and on no other: of two
// devices one is told of the other.
func TestSaveSheet_base(t *testing.T) {
	r := scoring(t)
	if s, err := r.draft("a", 1, new(int), "70", ""); err != nil || s.Revision != 1 {
		t.Fatalf("first %+v, %v", s, err)
	}
	one := 1
	if s, err := r.draft("a", 1, new(int), "70", ""); err != nil || s.Revision != 1 {
		t.Errorf("the answer was lost, the same again: %+v, %v", s, err)
	}
	if _, err := r.draft("a", 1, new(int), "71", ""); !errors.Is(err, review.ErrChanged) || fault.From(err).Params["revision"] != "1" {
		t.Errorf("another device: %v", err)
	}
	if s, err := r.draft("a", 1, &one, "72", "80"); err != nil || s.Revision != 2 {
		t.Errorf("on what was read: %+v, %v", s, err)
	}
	if s, err := r.draft("a", 1, nil, "73", "80"); err != nil || s.Revision != 3 {
		t.Errorf("whatever was there: %+v, %v", s, err)
	}
	if n := r.Count(`SELECT count(*) FROM audit WHERE act = 'save_draft'`); n != 3 {
		t.Errorf("%d drafts in the audit log", n)
	}
}

// TestGetSheets gives a juror's list without stories, and one whole; who is
// another's candidate is not given.
func TestGetSheets(t *testing.T) {
	r := frozen(t, rules,
		event.CandidateAdmitted{Number: 1, Name: "马建国", Deeds: "马建国的故事", Attributes: map[string]string{"employer": "陇运", "region": "兰州"}},
		event.CandidateAdmitted{Number: 2, Name: "王强", Deeds: "王强的故事"})
	r.seat(people...)
	r.Open(rulebook.PhaseReview)
	code := r.called("a", 1)
	own, err := r.GetSheets(r.as("a"), review.OfSheet{Slug: slug, Panel: "experts", Candidate: code})
	if err != nil || !own.Open || len(own.List) != 2 || own.One == nil || own.One.Candidate != code || own.One.Deeds != "■■的故事" ||
		own.One.Attributes["region"] != "兰州" || own.One.Attributes["employer"] != "" || own.One.Name != "" {
		t.Fatalf("own = %+v, %v", own, err)
	}
	order, err := r.ListAssignments(r.as("a"), review.OfPanel{Slug: slug, Panel: "experts"})
	if err != nil || !slices.EqualFunc(order, own.List, func(a, b review.Assignment) bool { return a.Candidate == b.Candidate }) {
		t.Errorf("the order is another: %v", err)
	}
	for _, a := range own.List {
		if a.Deeds != "" || a.Attributes != nil {
			t.Errorf("the list has %+v", a)
		}
	}
	if own, err := r.GetSheets(r.as("a"), review.OfSheet{Slug: slug, Panel: "experts"}); err != nil || own.One != nil || len(own.List) != 2 {
		t.Errorf("the list alone: %+v, %v", own, err)
	}
	for _, called := range []string{"1", r.called("b", 1), "*"} {
		if called == code {
			continue
		}
		if _, err := r.GetSheets(r.as("a"), review.OfSheet{Slug: slug, Panel: "experts", Candidate: called}); !errors.Is(err, review.ErrUnassigned) {
			t.Errorf("%s: %v", called, err)
		}
	}
	if _, err := r.GetSheets(r.as("stranger"), review.OfSheet{Slug: slug, Panel: "experts"}); !errors.Is(err, review.ErrNotJuror) {
		t.Errorf("a stranger: %v", err)
	}
	r.Close(rulebook.PhaseReview)
	if own, err := r.GetSheets(r.as("a"), review.OfSheet{Slug: slug, Panel: "experts"}); err != nil || own.Open {
		t.Errorf("after the close: %+v, %v", own, err)
	}
}

// TestSubmitSheets submits what was read, all or none.
func TestSubmitSheets(t *testing.T) {
	r := scoring(t)
	for n := 1; n <= 3; n++ {
		if _, err := r.draft("a", n, new(int), fmt.Sprint(70+n), "80"); err != nil {
			t.Fatal(err)
		}
	}
	all := func(revisions ...int) review.SubmitSheets {
		in := review.SubmitSheets{Slug: slug, Panel: "experts"}
		for i, revision := range revisions {
			in.Sheets = append(in.Sheets, review.SheetAsWas{Candidate: r.called("a", i+1), Revision: revision})
		}
		return in
	}
	one := 1
	if _, err := r.draft("a", 2, &one, "", "80"); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		in   review.SubmitSheets
		want *fault.Error
		at   []string
	}{
		"nothing":        {all(), review.ErrInvalid, []string{"sheets"}},
		"changed":        {all(1, 1, 1), review.ErrChanged, []string{"sheets[1]"}},
		"without scores": {all(1, 2, 1), review.ErrInvalid, []string{"sheets[1].scores.deeds"}},
		"twice": {review.SubmitSheets{Slug: slug, Panel: "experts", Sheets: append(all(1).Sheets, all(1).Sheets...)},
			review.ErrInvalid, []string{"sheets[1]"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := r.SubmitSheets(r.as("a"), c.in)
			if diff := cmp.Diff(c.at, testkit.Fields(err)); !errors.Is(err, c.want) || diff != "" {
				t.Errorf("%v\n%s", err, diff)
			}
		})
	}
	if n := r.Count(`SELECT count(*) FROM sheet WHERE submitted`); n != 0 {
		t.Errorf("%d were submitted", n)
	}
	own, err := r.SubmitSheets(r.as("a"), all(1))
	if err != nil || r.Count(`SELECT count(*) FROM last_sheet WHERE submitted`) != 1 {
		t.Fatalf("one of three: %+v, %v", own, err)
	}
	if _, err := r.draft("a", 2, nil, "72", "80"); err != nil {
		t.Fatal(err)
	}
	own, err = r.SubmitSheets(r.as("a"), all(2, 3, 1))
	if err != nil || slices.ContainsFunc(own.List, func(a review.Assignment) bool { return a.Sheet == nil || !a.Sheet.Submitted }) {
		t.Errorf("all: %+v, %v", own, err)
	}
	if n := r.Count(`SELECT count(*) FROM audit WHERE act = 'submit_sheet'`); n != 3 {
		t.Errorf("%d in the audit log", n)
	}
	r.Close(rulebook.PhaseReview)
	if _, err := r.SubmitSheets(r.as("a"), all(2, 3, 1)); !errors.Is(err, review.ErrPhase) {
		t.Errorf("after the close: %v", err)
	}
}
