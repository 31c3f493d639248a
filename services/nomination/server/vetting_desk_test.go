package server_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/nomination"
)

func (r *room) withdraw(t *testing.T, department string, entries ...string) (nomination.Vetted, error) {
	t.Helper()
	return r.WithdrawOpinions(staff(t), nomination.WithdrawOpinions{Slug: slug, Entries: entries, Department: department})
}

// TestWithdrawOpinions takes a word back, whatever it had made of the entry: it is
// then as if it had not been said.
func TestWithdrawOpinions(t *testing.T) {
	r := opened(t)
	state := func(id string, want nomination.State, number, opinions int) {
		t.Helper()
		e, err := r.GetEntry(testkit.Context(t), nomination.OfEntry{Slug: slug, Entry: id})
		if err != nil || e.State != want || e.Number != number || len(e.Opinions) != opinions {
			t.Errorf("%s %d with %d opinions, %v", e.State, e.Number, len(e.Opinions), err)
		}
	}
	first, second := r.admit(t, 0), r.admit(t, 1)
	out, err := r.withdraw(t, "hr", first.ID)
	if err != nil || out.Entries[0].State != nomination.Submitted || out.Entries[0].Number != 0 {
		t.Fatalf("%+v, %v", out, err)
	}
	state(first.ID, nomination.Submitted, 0, 2)
	list, err := r.ListCandidates(testkit.Context(t), nomination.ListCandidates{Slug: slug})
	if err != nil || len(list) != 1 || list[0].Number != second.Number {
		t.Errorf("candidates %+v, %v", list, err)
	}
	if _, err := r.GetCandidate(testkit.Context(t), nomination.OfCandidate{Slug: slug, Number: 1}); !errors.Is(err, nomination.ErrNoCandidate) {
		t.Errorf("who is no candidate any more: %v", err)
	}
	if _, err := r.StrikeCandidate(staff(t), nomination.StrikeCandidate{Slug: slug, Number: 1, Reason: "弃权"}); !errors.Is(err, nomination.ErrNoCandidate) {
		t.Errorf("struck: %v", err)
	}
	if _, err := r.withdraw(t, "hr", first.ID); err != nil { // again
		t.Error(err)
	}
	if e, err := r.say(t, first.ID, "hr", nomination.Pass); err != nil || e.State != nomination.Admitted || e.Number != 3 {
		t.Errorf("passed after all: %+v, %v", e, err)
	}
	struck := testkit.Published[event.CandidateStruck](t, r.DB)
	if len(struck) != 1 || struck[0].Number != 1 {
		t.Errorf("the other rooms hear %+v", struck)
	}

	vetoed := r.submit(t, 2)
	for _, w := range []struct{ department, verdict string }{{"union", nomination.Pass}, {"hr", nomination.Fail}} {
		if _, err := r.say(t, vetoed.ID, w.department, w.verdict); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.withdraw(t, "union", vetoed.ID); err != nil {
		t.Error(err)
	}
	state(vetoed.ID, nomination.Vetoed, 0, 1)
	if _, err := r.withdraw(t, "hr", vetoed.ID); err != nil {
		t.Error(err)
	}
	state(vetoed.ID, nomination.Submitted, 0, 0)
	if n := r.Count(`SELECT count(*) FROM audit WHERE act = 'withdraw_opinion'`); n != 3 {
		t.Errorf("%d in the audit log", n)
	}

	// All or none, and not of what is withdrawn, nor after the close.
	gone := r.submit(t, 3)
	if _, err := r.say(t, gone.ID, "hr", nomination.Pass); err != nil {
		t.Fatal(err)
	}
	if _, err := r.WithdrawEntry(staff(t), nomination.WithdrawEntry{Slug: slug, Entry: gone.ID, Reason: "本人撤回"}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.withdraw(t, "hr", second.ID, gone.ID); !errors.Is(err, nomination.ErrDecided) {
		t.Errorf("a withdrawn entry: %v", err)
	} else if diff := cmp.Diff([]string{"entries[1]"}, testkit.Fields(err)); diff != "" {
		t.Error(diff)
	}
	state(second.ID, nomination.Admitted, 2, 3)
	for _, wrong := range [][]string{nil, {first.ID, first.ID}} {
		if _, err := r.withdraw(t, "hr", wrong...); !errors.Is(err, nomination.ErrInvalid) {
			t.Errorf("%v: %v", wrong, err)
		}
	}
	if _, err := r.withdraw(t, "hr", "x"); !errors.Is(err, nomination.ErrNoEntry) {
		t.Errorf("no entry: %v", err)
	}
	r.selection.Close(rulebook.PhaseNomination)
	r.selection.Close(rulebook.PhaseVetting)
	if _, err := r.withdraw(t, "hr", second.ID); !errors.Is(err, nomination.ErrPhase) {
		t.Errorf("after the close: %v", err)
	}
	applied := testkit.Published[event.PhaseApplied](t, r.DB)
	if n := applied[len(applied)-1].Candidates; n != 3 { // as many as other rooms have heard of
		t.Errorf("%d candidates at the close", n)
	}
}

// TestGiveOpinions gives a word on many, all or none.
func TestGiveOpinions(t *testing.T) {
	r := opened(t)
	var ids []string
	for i := range 6 {
		ids = append(ids, r.submit(t, i).ID)
	}
	give := func(department, verdict, reason string, entries ...string) (nomination.Vetted, error) {
		return r.GiveOpinions(staff(t), nomination.GiveOpinions{Slug: slug, Entries: entries, Department: department, Verdict: verdict, Reason: reason})
	}
	out, err := give("hr", nomination.Pass, "", ids[0], ids[1], ids[2])
	if err != nil || len(out.Entries) != 3 || out.Entries[2].Name != "王强丂" || out.Entries[2].State != nomination.Submitted {
		t.Fatalf("%+v, %v", out, err)
	}
	if _, err := give("hr", nomination.Fail, "社保不足两年", ids[3]); err != nil {
		t.Fatal(err)
	}
	_, err = give("postal", nomination.Pass, "", ids[2], ids[3], ids[4])
	if diff := cmp.Diff([]string{"entries[1]"}, testkit.Fields(err)); !errors.Is(err, nomination.ErrDecided) || diff != "" {
		t.Errorf("one is vetoed: %v\n%s", err, diff)
	}
	if n := r.Count(`SELECT count(*) FROM opinion WHERE department = 'postal'`); n != 0 {
		t.Errorf("%d opinions were given all the same", n)
	}
	if _, err := give("postal", nomination.Fail, " ", ids[4]); !errors.Is(err, nomination.ErrInvalid) {
		t.Errorf("without a reason: %v", err)
	}
	if _, err := give("postal", nomination.Pass, "", make([]string, nomination.MaxOpinions+1)...); !errors.Is(err, nomination.ErrInvalid) {
		t.Errorf("too many: %v", err)
	}
	// Two departments at once, in opposite orders: neither waits for the other for
	// ever, and each entry is admitted once.
	var group errgroup.Group
	for _, in := range []struct {
		department string
		entries    []string
	}{{"postal", []string{ids[0], ids[1], ids[2]}}, {"union", []string{ids[2], ids[1], ids[0]}}} {
		group.Go(func() error {
			_, err := give(in.department, nomination.Pass, "", in.entries...)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	if n := r.Count(`SELECT count(*) FROM candidate`); n != 3 {
		t.Errorf("%d candidates", n)
	}
	if n := r.Count(`SELECT count(*) FROM audit WHERE act = 'give_opinion'`); n != 10 {
		t.Errorf("%d in the audit log", n)
	}
}

// TestListVetting lists what a department has to do, and leads from one to the
// next, also from one that the list does not have any more.
func TestListVetting(t *testing.T) {
	r := opened(t)
	var ids []string
	for i := range 5 {
		n := nominee(i)
		n.Employer, n.Deeds = fmt.Sprintf("单位%d", 9-i), fmt.Sprintf("第%d个故事：100%%_满意", i)
		e, err := r.SubmitEntry(staff(t), nomination.SubmitEntry{Slug: slug, Nominee: n})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, e.ID)
	}
	if _, err := r.say(t, ids[1], "hr", nomination.Pass); err != nil {
		t.Fatal(err)
	}
	if _, err := r.say(t, ids[2], "hr", nomination.Fail); err != nil {
		t.Fatal(err)
	}
	if _, err := r.say(t, ids[4], "postal", nomination.Fail); err != nil { // vetoed, and no work for hr
		t.Fatal(err)
	}
	place := func(id string) string {
		for i := range ids {
			if ids[i] == id {
				return fmt.Sprint(i)
			}
		}
		return "-"
	}
	list := func(q nomination.VettingQuery, offset, limit int) (string, nomination.VettingList) {
		t.Helper()
		q.Slug, q.Department = slug, "hr"
		l, err := r.ListVetting(staff(t), nomination.ListVetting{VettingQuery: q, Offset: offset, Limit: limit})
		if err != nil {
			t.Fatal(err)
		}
		var found []string
		for _, e := range l.Entries {
			found = append(found, place(e.ID))
		}
		return strings.Join(found, " "), l
	}
	for name, c := range map[string]struct {
		q    nomination.VettingQuery
		want string
	}{
		"due":       {nomination.VettingQuery{}, "0 3"},
		"given":     {nomination.VettingQuery{Show: nomination.ShowGiven}, "1 2"},
		"failed":    {nomination.VettingQuery{Show: nomination.ShowFailed}, "2"},
		"all":       {nomination.VettingQuery{Show: nomination.ShowAll, Order: nomination.InEmployers}, "4 3 2 1 0"},
		"search":    {nomination.VettingQuery{Show: nomination.ShowAll, Search: " 第3个 "}, "3"},
		"as it is":  {nomination.VettingQuery{Show: nomination.ShowAll, Search: "100%_"}, "0 1 2 3 4"},
		"not found": {nomination.VettingQuery{Show: nomination.ShowAll, Search: "1000"}, ""},
	} {
		if found, l := list(c.q, 0, 0); found != c.want || l.Found != len(l.Entries) {
			t.Errorf("%s: %s of %d, want %s", name, found, l.Found, c.want)
		}
	}
	found, l := list(nomination.VettingQuery{Show: nomination.ShowAll}, 2, 2)
	counts := map[nomination.Show]int{nomination.ShowDue: 2, nomination.ShowGiven: 2, nomination.ShowFailed: 1, nomination.ShowAll: 5}
	if diff := cmp.Diff(counts, l.Counts); found != "2 3" || l.Found != 5 || diff != "" {
		t.Errorf("a page: %s of %d\n%s", found, l.Found, diff)
	}
	if diff := cmp.Diff([]string{"社保不足两年"}, l.Reasons); diff != "" {
		t.Error(diff)
	}
	if o := l.Entries[0].Opinion; o == nil || o.Verdict != nomination.Fail || o.By != "李审核" {
		t.Errorf("opinion %+v", o)
	}
	for i, want := range []string{"1/2 - 3", "2/3 0 3", "2/3 0 3", "2/2 0 -", "3/3 3 -"} {
		s, err := r.GetVetting(staff(t), nomination.GetVetting{
			VettingQuery: nomination.VettingQuery{Slug: slug, Department: "hr", Show: nomination.ShowDue}, Entry: ids[i],
		})
		if got := fmt.Sprintf("%d/%d %s %s", s.Place, s.Found, place(s.Previous), place(s.Next)); err != nil || got != want || s.Entry.ID != ids[i] {
			t.Errorf("%d: %s, want %s, %v", i, got, want, err)
		}
	}
	_, err := r.ListVetting(staff(t), nomination.ListVetting{VettingQuery: nomination.VettingQuery{
		Slug: slug, Department: "tax", Show: "x", Order: "y", Search: strings.Repeat("找", 101),
	}})
	if diff := cmp.Diff([]string{"department", "search", "show", "order"}, fields(t, err, nomination.ErrInvalid)); diff != "" {
		t.Error(diff)
	}
	_, err = r.GetVetting(staff(t), nomination.GetVetting{VettingQuery: nomination.VettingQuery{Slug: slug, Department: "hr"}, Entry: "x"})
	if !errors.Is(err, nomination.ErrNoEntry) {
		t.Errorf("no entry: %v", err)
	}
}
