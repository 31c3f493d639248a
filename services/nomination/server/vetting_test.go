package server_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/nomination"
)

func errText(err error) string {
	f := fault.From(err)
	return fmt.Sprint(f.Message, f.Fields, f.Params)
}

func TestGiveOpinion(t *testing.T) {
	r := opened(t)
	state := func(t *testing.T, id, department, verdict string, want nomination.State) nomination.Entry {
		t.Helper()
		e, err := r.say(t, id, department, verdict)
		if err != nil {
			t.Fatal(err)
		}
		if e.State != want {
			t.Errorf("%s after %s of %s, want %s", e.State, verdict, department, want)
		}
		return e
	}

	t.Run("admitted by all", func(t *testing.T) {
		id := r.submit(t, 0).ID
		state(t, id, "union", nomination.Pass, nomination.Submitted)
		state(t, id, "hr", nomination.Pass, nomination.Submitted)
		e := state(t, id, "postal", nomination.Pass, nomination.Admitted)
		if e.Number != 1 || len(e.Opinions) != 3 || e.Opinions[0].By != "李审核" {
			t.Errorf("entry %+v", e)
		}
		events := testkit.Published[event.CandidateAdmitted](t, r.DB)
		want := []event.CandidateAdmitted{{
			Number: 1, EntryID: id, Name: "王强一", Category: "courier", Attributes: map[string]string{
				"employer": "陇运速递", "region": "兰州市", "gender": "male", "category": "courier", "recommended_by": "总工会", "years": "8", "party": "党员",
			}, Deeds: "十年如一日。",
		}}
		if diff := cmp.Diff(want, events); diff != "" {
			t.Error(diff)
		}
		state(t, id, "postal", nomination.Pass, nomination.Admitted) // the same word again
		if _, err := r.say(t, id, "postal", nomination.Fail); !errors.Is(err, nomination.ErrDecided) {
			t.Errorf("another word on a candidate: %v", err)
		}
	})
	t.Run("vetoed", func(t *testing.T) {
		id := r.submit(t, 1).ID
		state(t, id, "hr", nomination.Fail, nomination.Vetoed)
		for _, department := range []string{"hr", "postal"} {
			if _, err := r.say(t, id, department, nomination.Pass); !errors.Is(err, nomination.ErrDecided) {
				t.Errorf("%s: %v", department, err)
			}
		}
	})
	t.Run("a veto comes last", func(t *testing.T) {
		id := r.submit(t, 2).ID
		state(t, id, "union", nomination.Fail, nomination.Submitted)
		state(t, id, "postal", nomination.Pass, nomination.Submitted)
		state(t, id, "hr", nomination.Fail, nomination.Vetoed)
	})
	t.Run("held back without a veto", func(t *testing.T) {
		id := r.submit(t, 3).ID
		state(t, id, "hr", nomination.Pass, nomination.Submitted)
		state(t, id, "postal", nomination.Pass, nomination.Submitted)
		state(t, id, "union", nomination.Fail, nomination.Submitted)
		e := state(t, id, "union", nomination.Pass, nomination.Admitted) // thinks otherwise
		if e.Number != 2 || len(e.Opinions) != 3 {
			t.Errorf("entry %+v", e)
		}
	})
	if n := r.Count(`SELECT count(*) FROM audit WHERE act = 'give_opinion' AND detail ->> 'department' = 'union'`); n != 4 {
		t.Errorf("%d audit rows", n)
	}
}

func TestGiveOpinion_badInput(t *testing.T) {
	r := opened(t)
	id := r.submit(t, 0).ID
	for name, c := range map[string]struct {
		in   nomination.GiveOpinion
		want []string
	}{
		"department": {nomination.GiveOpinion{Entry: id, Department: "tax", Verdict: nomination.Pass}, []string{"department"}},
		"verdict":    {nomination.GiveOpinion{Entry: id, Department: "hr", Verdict: "maybe"}, []string{"verdict"}},
		"no reason":  {nomination.GiveOpinion{Entry: id, Department: "hr", Verdict: nomination.Fail, Reason: " "}, []string{"reason"}},
		"long":       {nomination.GiveOpinion{Entry: id, Department: "hr", Verdict: nomination.Fail, Reason: strings.Repeat("因", 1001)}, []string{"reason"}},
		"all":        {nomination.GiveOpinion{Entry: id, Reason: "\x00"}, []string{"department", "verdict", "reason"}},
	} {
		t.Run(name, func(t *testing.T) {
			c.in.Slug = slug
			_, err := r.GiveOpinion(staff(t), c.in)
			if diff := cmp.Diff(c.want, fields(t, err, nomination.ErrInvalid)); diff != "" {
				t.Error(diff)
			}
		})
	}
	for _, entry := range []string{"0198c0de-0000-7000-8000-000000000007", "x", ""} {
		if _, err := r.say(t, entry, "hr", nomination.Pass); !errors.Is(err, nomination.ErrNoEntry) {
			t.Errorf("entry %q: %v", entry, err)
		}
	}
	if n := r.Count(`SELECT count(*) FROM opinion`); n != 0 {
		t.Errorf("%d opinions", n)
	}
}

func TestVetting_closes(t *testing.T) {
	r := opened(t)
	r.admit(t, 0)
	r.admit(t, 1)
	left := r.submit(t, 2)
	if _, err := r.say(t, left.ID, "hr", nomination.Pass); err != nil {
		t.Fatal(err)
	}
	if _, err := r.StrikeCandidate(staff(t), nomination.StrikeCandidate{Slug: slug, Number: 2, Reason: "弃权"}); err != nil {
		t.Fatal(err)
	}
	progress, err := r.GetProgress(testkit.Context(t), nomination.Of{Slug: slug})
	if err != nil {
		t.Fatal(err)
	}
	want := nomination.Progress{
		Entries: map[nomination.State]int{nomination.Admitted: 1, nomination.Struck: 1, nomination.Submitted: 1},
		Due:     map[string]int{"hr": 0, "postal": 1, "union": 1},
	}
	if diff := cmp.Diff(want, progress); diff != "" {
		t.Error(diff)
	}
	r.selection.Close(rulebook.PhaseNomination)
	r.selection.Close(rulebook.PhaseVetting)
	applied := testkit.Published[event.PhaseApplied](t, r.DB)
	last := event.PhaseApplied{Phase: rulebook.PhaseVetting, Action: event.Close, Change: 5, Candidates: 2}
	if diff := cmp.Diff(last, applied[len(applied)-1]); diff != "" {
		t.Error(diff)
	}
	if _, err := r.say(t, left.ID, "postal", nomination.Pass); !errors.Is(err, nomination.ErrPhase) {
		t.Errorf("opinion after the close: %v", err)
	}
	if e, err := r.GetEntry(testkit.Context(t), nomination.OfEntry{Slug: slug, Entry: left.ID}); err != nil || e.State != nomination.Lapsed {
		t.Errorf("%s, %v", e.State, err)
	}
}

// Without departments all entries that are left become candidates at the close.
func TestVetting_noDepartments(t *testing.T) {
	r := setup(t)
	r.selection.Freeze(strings.Replace(rules, "vetting: {departments: [{id: hr, veto: true}, {id: postal, veto: true}, {id: union}]}\n", "", 1))
	r.selection.Open(rulebook.PhaseNomination)
	for i := range 3 {
		r.submit(t, i)
	}
	r.selection.Close(rulebook.PhaseNomination)
	r.selection.Open(rulebook.PhaseVetting)
	r.selection.Close(rulebook.PhaseVetting)
	found, err := r.ListCandidates(testkit.Context(t), nomination.ListCandidates{Slug: slug})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range found {
		names = append(names, fmt.Sprint(c.Number, c.Name))
	}
	if diff := cmp.Diff([]string{"1王强一", "2王强丁", "3王强丂"}, names); diff != "" {
		t.Error(diff)
	}
}

// Departments answer at once, on many entries: each entry is admitted once, and
// the numbers have no gap.
func TestGiveOpinion_atOnce(t *testing.T) {
	r := opened(t)
	const entries = 12
	ids := make([]string, entries)
	for i := range ids {
		ids[i] = r.submit(t, i).ID
	}
	var group errgroup.Group
	for _, id := range ids {
		for _, department := range []string{"hr", "postal", "union", "union"} {
			group.Go(func() error {
				_, err := r.say(t, id, department, nomination.Pass)
				return err
			})
		}
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	found, err := r.ListCandidates(testkit.Context(t), nomination.ListCandidates{Slug: slug})
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]bool)
	for i, c := range found {
		seen[c.Name] = true
		if c.Number != i+1 {
			t.Errorf("number %d at %d", c.Number, i+1)
		}
	}
	if len(seen) != entries || len(testkit.Published[event.CandidateAdmitted](t, r.DB)) != entries {
		t.Errorf("%d candidates, %d events", len(seen), len(testkit.Published[event.CandidateAdmitted](t, r.DB)))
	}
}
