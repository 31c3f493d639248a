package server_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/nomination"
)

func TestSubmit(t *testing.T) {
	r := opened(t)
	in := nominee(0)
	in.Name, in.Employer, in.Category, in.Deeds = " 王　强 ", "陇运速递　", " Courier", "\u3000\u3000十年如一日。\r\n "
	e, err := r.SubmitEntry(staff(t), nomination.SubmitEntry{Slug: slug, Nominee: in})
	if err != nil {
		t.Fatal(err)
	}
	years := 8
	want := nomination.Entry{
		ID: e.ID, Slug: slug, State: nomination.Submitted, Opinions: []nomination.Opinion{}, CreatedAt: r.Clock.Now(), Version: 1,
		Nominee: nomination.Nominee{
			Name: "王强", Gender: "male", Category: "courier", Employer: "陇运速递", Region: "兰州市", Years: &years,
			Deeds: "十年如一日。", RecommendedBy: "总工会", Attributes: map[string]string{"party": "党员"},
		},
	}
	if diff := cmp.Diff(want, e); diff != "" {
		t.Error(diff)
	}
	got, err := r.GetEntry(testkit.Context(t), nomination.OfEntry{Slug: slug, Entry: e.ID})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if n := r.Count(`SELECT count(*) FROM audit WHERE act = 'submit_entry' AND slug = $1 AND name = '李审核' AND request = 'req-1'`, slug); n != 1 {
		t.Errorf("%d audit rows", n)
	}

	t.Run("again", func(t *testing.T) {
		_, err := r.SubmitEntry(testkit.Context(t), nomination.SubmitEntry{Slug: slug, Nominee: in})
		if !errors.Is(err, nomination.ErrDuplicate) || !strings.Contains(errText(err), e.ID) {
			t.Errorf("error %v", err)
		}
	})
	t.Run("resembling", func(t *testing.T) {
		in.Employer, in.Deeds = "陇运速递有限公司", "又写了一遍。"
		twin, err := r.SubmitEntry(testkit.Context(t), nomination.SubmitEntry{Slug: slug, Nominee: in})
		if err != nil {
			t.Fatal(err)
		}
		if len(twin.Warnings) != 2 || twin.Warnings[1].Code != "spelled_alike" || !strings.Contains(twin.Warnings[0].Message, "王强") {
			t.Errorf("warnings %v", twin.Warnings)
		}
	})
	if n := r.Count(`SELECT count(*) FROM entry`); n != 2 {
		t.Errorf("%d entries", n)
	}
}

// TestSubmit_full refuses entries beyond those that ballots can name.
func TestSubmit_full(t *testing.T) {
	r := opened(t)
	if _, err := r.DB.Exec(`
		INSERT INTO entry (slug, created_at, state, id, name, gender, category, employer, region, years, deeds, recommended_by,
		       attributes, photo, warnings, name_key, fingerprint)
		SELECT $1, now(), 'submitted', gen_random_uuid(), n, '', '', '', '', NULL, '', '', '{}', '', '[]', n, n
		FROM (SELECT i::text AS n FROM generate_series(2, $2) i) AS entries`, slug, nomination.MaxEntries); err != nil {
		t.Fatal(err)
	}
	if _, err := r.SubmitEntry(staff(t), nomination.SubmitEntry{Slug: slug, Nominee: nominee(0)}); err != nil {
		t.Fatalf("the last entry: %v", err)
	}
	if _, err := r.SubmitEntry(staff(t), nomination.SubmitEntry{Slug: slug, Nominee: nominee(1)}); !errors.Is(err, nomination.ErrFull) {
		t.Errorf("one entry more: %v", err)
	}
	if n := r.Count(`SELECT count(*) FROM entry`); n != nomination.MaxEntries {
		t.Errorf("%d entries", n)
	}
}

func TestSubmit_badInput(t *testing.T) {
	r := opened(t)
	years := 200
	under := func(fields ...string) (names []string) {
		for _, f := range fields {
			names = append(names, "nominee."+f)
		}
		return names
	}
	for name, c := range map[string]struct {
		spoil func(*nomination.Nominee)
		want  []string
	}{
		"nothing":    {func(n *nomination.Nominee) { *n = nomination.Nominee{} }, under("name", "employer", "region", "deeds", "category", "gender")},
		"blank name": {func(n *nomination.Nominee) { n.Name = " \u3000\u200b" }, under("name")},
		"number":     {func(n *nomination.Nominee) { n.Name = "12" }, under("name")},
		"formula":    {func(n *nomination.Nominee) { n.Name = `=HYPERLINK("x")`; n.Employer = "=1+1" }, under("employer", "name")},
		"gender":     {func(n *nomination.Nominee) { n.Gender = "先生" }, under("gender")},
		"category":   {func(n *nomination.Nominee) { n.Category = "飞行员" }, under("category")},
		"years":      {func(n *nomination.Nominee) { n.Years = &years }, under("years")},
		"long": {func(n *nomination.Nominee) {
			n.Name, n.Deeds, n.Region = strings.Repeat("王", 101), strings.Repeat("事", 5001), strings.Repeat("州", 201)
		}, under("name", "region", "deeds")},
		"attributes": {func(n *nomination.Nominee) { n.Attributes = map[string]string{"zeal": "1", "age": "2"} }, under("attributes.age", "attributes.zeal")},
		"photo":      {func(n *nomination.Nominee) { n.Photo = strings.Repeat("a", 64) }, under("photo")},
	} {
		t.Run(name, func(t *testing.T) {
			n := nominee(1)
			c.spoil(&n)
			_, err := r.SubmitEntry(testkit.Context(t), nomination.SubmitEntry{Slug: slug, Nominee: n})
			if diff := cmp.Diff(c.want, fields(t, err, nomination.ErrInvalid)); diff != "" {
				t.Errorf("%v\n%s", err, diff)
			}
		})
	}
	if n := r.Count(`SELECT count(*) FROM entry`); n != 0 {
		t.Errorf("%d entries", n)
	}
}

func TestSubmit_phases(t *testing.T) {
	r := setup(t)
	submit := func() error {
		_, err := r.SubmitEntry(testkit.Context(t), nomination.SubmitEntry{Slug: slug, Nominee: nominee(1)})
		return err
	}
	if err := submit(); !errors.Is(err, nomination.ErrNotYet) {
		t.Errorf("unknown: %v", err)
	}
	r.selection.Freeze(rules)
	if err := submit(); !errors.Is(err, nomination.ErrPhase) {
		t.Errorf("pending: %v", err)
	}
	closes := r.Clock.Now().Add(time.Hour)
	r.selection.Change(event.PhaseChanged{Phase: rulebook.PhaseNomination, Action: event.Open, ClosesAt: &closes})
	if err := submit(); err != nil {
		t.Errorf("open: %v", err)
	}
	r.Clock.Set(closes)
	if err := submit(); !errors.Is(err, nomination.ErrPhase) {
		t.Errorf("past the deadline: %v", err)
	}
	applied := testkit.Published[event.PhaseApplied](t, r.DB)
	want := []event.PhaseApplied{{Phase: rulebook.PhaseNomination, Action: event.Open, Change: 2}}
	if diff := cmp.Diff(want, applied); diff != "" {
		t.Error(diff)
	}
}

func TestListEntries(t *testing.T) {
	r := opened(t)
	var want []string
	for i := range 5 {
		want = append(want, r.submit(t, i).ID)
	}
	if _, err := r.WithdrawEntry(staff(t), nomination.WithdrawEntry{Slug: slug, Entry: want[1], Reason: "本人放弃"}); err != nil {
		t.Fatal(err)
	}
	var got []string
	after := ""
	for {
		page, err := r.ListEntries(testkit.Context(t), nomination.ListEntries{Slug: slug, After: after, Limit: 2})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range page {
			got = append(got, e.ID)
		}
		if len(page) < 2 {
			break
		}
		after = page[1].ID
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	withdrawn, err := r.ListEntries(testkit.Context(t), nomination.ListEntries{Slug: slug, State: nomination.Withdrawn})
	if err != nil || len(withdrawn) != 1 || withdrawn[0].ID != want[1] {
		t.Errorf("withdrawn %v, %v", withdrawn, err)
	}
	if _, err := r.ListEntries(testkit.Context(t), nomination.ListEntries{Slug: slug, After: "x"}); !errors.Is(err, nomination.ErrNoEntry) {
		t.Errorf("no id: %v", err)
	}
}

func TestWithdraw(t *testing.T) {
	r := opened(t)
	e := r.submit(t, 0)
	for range 2 { // the second time it is done
		got, err := r.WithdrawEntry(staff(t), nomination.WithdrawEntry{Slug: slug, Entry: e.ID, Reason: "本人放弃"})
		if err != nil || got.State != nomination.Withdrawn {
			t.Fatalf("%s, %v", got.State, err)
		}
	}
	if n := r.Count(`SELECT count(*) FROM audit WHERE act = 'withdraw_entry' AND reason = '本人放弃'`); n != 1 {
		t.Errorf("%d audit rows", n)
	}
	if again := r.submit(t, 0); again.ID == e.ID { // what was taken back may come again
		t.Error("the same entry")
	}
	if _, err := r.say(t, e.ID, "hr", nomination.Pass); !errors.Is(err, nomination.ErrDecided) {
		t.Errorf("opinion on it: %v", err)
	}
	for name, reason := range map[string]string{"long": strings.Repeat("因", 1001), "NUL": "a\x00"} {
		_, err := r.WithdrawEntry(staff(t), nomination.WithdrawEntry{Slug: slug, Entry: e.ID, Reason: reason})
		if diff := cmp.Diff([]string{"reason"}, fields(t, err, nomination.ErrInvalid)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	admitted := r.admit(t, 1)
	for entry, want := range map[string]error{
		admitted.ID: nomination.ErrDecided, "0198c0de-0000-7000-8000-000000000007": nomination.ErrNoEntry, "7": nomination.ErrNoEntry,
	} {
		if _, err := r.WithdrawEntry(testkit.Context(t), nomination.WithdrawEntry{Slug: slug, Entry: entry}); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", entry, err, want)
		}
	}
	if _, err := r.WithdrawEntry(testkit.Context(t), nomination.WithdrawEntry{Slug: "another", Entry: e.ID}); !errors.Is(err, nomination.ErrNotYet) {
		t.Errorf("another selection: %v", err)
	}
}

// The contract names every state that an entry may have, and no other.
func TestStates(t *testing.T) {
	var rule string
	if err := setup(t).DB.Get(&rule, `SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'entry_state_check'`); err != nil {
		t.Fatal(err)
	}
	var states []nomination.State
	for i, part := range strings.Split(rule, "'") {
		if i%2 == 1 {
			states = append(states, nomination.State(part))
		}
	}
	if diff := cmp.Diff(nomination.States(), states); diff != "" {
		t.Errorf("the table's states (-contract +table):\n%s", diff)
	}
}

// Events that come again, late and in another order change nothing.
func TestRedelivery(t *testing.T) {
	r := opened(t)
	r.admit(t, 0)
	r.selection.Close(rulebook.PhaseNomination, rulebook.PhaseVetting)
	before := testkit.Published[event.PhaseApplied](t, r.DB)
	again := slices.Clone(r.selection.Sent)
	slices.Reverse(again)
	bus := testkit.Publisher(r.Caller)
	for _, env := range append(again, r.selection.Sent...) {
		for range 2 {
			if err := bus(t.Context(), env); err != nil {
				t.Fatal(err)
			}
		}
	}
	testkit.NewSelection(t, "another", r.Clock.Now, bus).Freeze(rules) // comes behind them all
	r.reaches(t, "another", 1)
	if diff := cmp.Diff(before, testkit.Published[event.PhaseApplied](t, r.DB)); diff != "" {
		t.Error(diff)
	}
	if _, err := r.SubmitEntry(testkit.Context(t), nomination.SubmitEntry{Slug: slug, Nominee: nominee(3)}); !errors.Is(err, nomination.ErrPhase) {
		t.Errorf("submit after the close: %v", err)
	}
	if got := testkit.Published[event.CandidateAdmitted](t, r.DB); len(got) != 1 {
		t.Errorf("admitted %v", got)
	}
}

// An order that overtakes the rulebook waits for it.
func TestReordered(t *testing.T) {
	r := setup(t)
	var held []event.Envelope
	late := testkit.NewSelection(t, slug, r.Clock.Now, func(_ context.Context, env event.Envelope) error {
		held = append(held, env)
		return nil
	})
	late.Freeze(rules)
	late.Open(rulebook.PhaseNomination)
	for _, env := range slices.Backward(held) {
		if err := testkit.Publisher(r.Caller)(t.Context(), env); err != nil {
			t.Fatal(err)
		}
	}
	r.reaches(t, slug, 2)
	if _, err := r.SubmitEntry(testkit.Context(t), nomination.SubmitEntry{Slug: slug, Nominee: nominee(3)}); err != nil {
		t.Errorf("submit: %v", err)
	}
}

// reaches waits until the room knows a version of a selection's phases.
func (r *room) reaches(t *testing.T, slug string, version int) {
	t.Helper()
	testkit.Eventually(t, testkit.Patience, func() error {
		if got := r.Count(`SELECT coalesce(max(version), 0) FROM projection WHERE slug = $1`, slug); got != version {
			return fmt.Errorf("the phases of %s are at version %d, want %d", slug, got, version)
		}
		return nil
	})
}
