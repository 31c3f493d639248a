package server_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/selection"
)

func TestPhase_life(t *testing.T) {
	h := open(t)
	h.rooms["nomination"].admitted = 52
	h.create(rules)
	h.change("open nomination", "open vetting", "close nomination", "close vetting", "open review", "open voting",
		"close review", "close voting", "open decision", "close decision")
	if s := h.get(); s.FrozenAt == nil || !s.FrozenAt.Equal(spring()) {
		t.Errorf("frozen at %v", s.FrozenAt)
	}
	nomination := h.rooms["nomination"]
	frozen, err := event.Decode[event.RulebookFrozen](nomination.heard()[0])
	if err != nil {
		t.Fatal(err)
	}
	if frozen.Hash != h.get().RulebookHash {
		t.Errorf("frozen %s, have %s", frozen.Hash, h.get().RulebookHash)
	}
	for i, env := range nomination.heard() {
		if env.Version != int64(i+1) || env.Aggregate != "phases" {
			t.Errorf("event %d is version %d of %s", i, env.Version, env.Aggregate)
		}
	}
	var got []string
	for _, c := range nomination.changes() {
		got = append(got, c.Action+" "+c.Phase)
		want := 0
		if c.Action == event.Open && (c.Phase == rulebook.PhaseVoting || c.Phase == rulebook.PhaseReview) {
			want = 52
		}
		if c.Candidates != want || c.Reason != "as announced" || c.ClosesAt != nil {
			t.Errorf("%s %s: %+v", c.Action, c.Phase, c)
		}
	}
	want := "open nomination, open vetting, close nomination, close vetting, open review, open voting, close review, close voting, open decision, close decision"
	if strings.Join(got, ", ") != want {
		t.Errorf("changes: %v", got)
	}
	acts := h.acts()
	last := acts[len(acts)-1]
	if len(acts) != 11 || last.Act != "close_phase" || last.Actor != "a-1" || last.Reason != "as announced" ||
		!strings.Contains(string(last.Detail), `"decision"`) {
		t.Errorf("%d acts, the last %+v", len(acts), last)
	}
}

// TestPhase_outOfOrder tries, at each point of a selection's life, every order
// that is not yet or no longer allowed.
func TestPhase_outOfOrder(t *testing.T) {
	h := open(t)
	h.create(rules)
	all := []string{}
	for _, p := range []string{"nomination", "vetting", "voting", "review", "decision", "notice"} {
		all = append(all, "open "+p, "close "+p)
	}
	done := []string{}
	for _, step := range []struct {
		do      string
		allowed []string // beside what has been done
	}{
		{"", []string{"open nomination"}},
		{"open nomination", []string{"open vetting", "close nomination"}},
		{"open vetting", []string{"close nomination"}},
		{"close nomination", []string{"close vetting"}},
		{"close vetting", []string{"open voting", "open review"}},
		{"open voting", []string{"close voting", "open review"}},
		{"open review", []string{"close voting", "close review"}},
		{"close voting", []string{"close review"}},
		{"close review", []string{"open decision"}},
		{"open decision", []string{"close decision"}},
		{"close decision", nil}, // nothing has been approved
	} {
		if step.do != "" {
			h.change(step.do)
			done = append(done, step.do)
		}
		before := len(h.acts())
		for _, c := range all {
			action, phase, _ := strings.Cut(c, " ")
			again := slices.Contains(done, c) && (action == event.Close || !slices.Contains(done, "close "+phase))
			if slices.Contains(step.allowed, c) {
				continue
			}
			_, err := h.order(phase, action)
			if again {
				if err != nil {
					t.Errorf("after %q, %s again: %v", step.do, c, err)
				}
				continue
			}
			f := refused(t, err, selection.ErrOutOfOrder)
			if len(f.Fields) == 0 || f.Fields[0].Name != "phase" || f.Params["phase"] != phase || f.Params["blocked_by"] == "" {
				t.Errorf("after %q, %s: %+v", step.do, c, f)
			}
		}
		if after := len(h.acts()); after != before {
			t.Errorf("after %q: %d acts were recorded of refused or repeated orders", step.do, after-before)
		}
	}
	_, err := h.order("notice", event.Open)
	if f := refused(t, err, selection.ErrOutOfOrder); !strings.Contains(f.Fields[0].Message, "not approved") {
		t.Errorf("notice: %v", f)
	}
}

func TestPhase_everythingInTheWay(t *testing.T) {
	h := open(t)
	h.create(rules)
	h.change("open nomination", "open vetting")
	_, err := h.order("voting", event.Open)
	f := refused(t, err, selection.ErrOutOfOrder)
	order := func(before string) map[string]string {
		return map[string]string{"phase": "voting", "before": before, "state": "open"}
	}
	want := []fault.Field{
		{Name: "phase", Code: "opens_after_close", Message: "voting opens after nomination is closed; nomination is open", Params: order("nomination")},
		{Name: "phase", Code: "opens_after_close", Message: "voting opens after vetting is closed; vetting is open", Params: order("vetting")},
	}
	if !cmp.Equal(f.Fields, want) || f.Params["blocked_by"] != "nomination,vetting" {
		t.Errorf("got %+v", f)
	}
}

func TestPhase_badInput(t *testing.T) {
	h := open(t)
	h.create(rules)
	nomination := func(action, reason string) selection.ChangePhase {
		return selection.ChangePhase{Slug: slug, Phase: rulebook.PhaseNomination, Action: action, Reason: reason}
	}
	for name, c := range map[string]struct {
		in    selection.ChangePhase
		want  *fault.Error
		field string
	}{
		"no reason":       {nomination(event.Open, " "), selection.ErrInvalid, "reason"},
		"long reason":     {nomination(event.Open, strings.Repeat("因", 1001)), selection.ErrInvalid, "reason"},
		"NUL in reason":   {nomination(event.Open, "a\x00"), selection.ErrInvalid, "reason"},
		"unknown action":  {nomination("reopen", "x"), selection.ErrInvalid, "action"},
		"unknown phase":   {selection.ChangePhase{Slug: slug, Phase: "ceremony", Action: event.Open, Reason: "x"}, selection.ErrNoPhase, ""},
		"unknown slug":    {selection.ChangePhase{Slug: "another", Phase: "nomination", Action: event.Open, Reason: "x"}, selection.ErrUnknown, ""},
		"impossible slug": {selection.ChangePhase{Slug: "\x00", Phase: "nomination", Action: event.Open, Reason: "x"}, selection.ErrUnknown, ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := h.ChangePhase(h.ctx, c.in)
			f := refused(t, err, c.want)
			if c.field != "" && (len(f.Fields) != 1 || f.Fields[0].Name != c.field) {
				t.Errorf("fields %+v", f.Fields)
			}
		})
	}
	if p := h.get().Phase("nomination"); p.State != selection.Pending {
		t.Errorf("nomination is %s", p.State)
	}
}

// TestPhase_late has a room that does not answer: the change does not count,
// and nothing that follows from it is possible, until it does.
func TestPhase_late(t *testing.T) {
	h := open(t)
	h.create(rules)
	voting := h.rooms["voting"]
	voting.hold(true)
	s, err := h.order("nomination", event.Open)
	if err != nil || s.Phase("nomination").State != selection.Opening {
		t.Fatalf("%v, %v", s.Phase("nomination"), err)
	}
	onlyVoting := func(s selection.Selection) bool {
		p := s.Phase("nomination")
		return p.State == selection.Opening && slices.Equal(p.WaitingFor, []string{"voting"})
	}
	h.until(onlyVoting)
	for _, c := range []string{"close nomination", "open vetting"} {
		action, phase, _ := strings.Cut(c, " ")
		_, err := h.order(phase, action)
		f := refused(t, err, selection.ErrOutOfOrder)
		if f.Params["waiting_for"] != "voting" || !strings.Contains(f.Fields[0].Message, "nomination is opening, waiting for voting") {
			t.Errorf("%s: %+v", c, f)
		}
	}
	if s, err := h.order("nomination", event.Open); err != nil || !onlyVoting(s) {
		t.Errorf("again: %+v, %v", s.Phase("nomination"), err)
	}
	voting.hold(false)
	h.await("nomination", selection.Opened)
	if p := h.get().Phase("nomination"); len(p.WaitingFor) != 0 || p.OpenedAt == nil || !p.OpenedAt.Equal(spring()) {
		t.Errorf("got %+v", p)
	}
	h.change("open vetting")
}

// TestPhase_redelivery sends every answer again, late and backwards, and two
// decisions in the wrong order.
func TestPhase_redelivery(t *testing.T) {
	h := open(t)
	h.create(rules)
	h.change("open nomination", "open vetting", "close nomination")
	before := h.get()
	for _, e := range h.rooms {
		e.again()
	}
	review := h.rooms["review"]
	review.mu.Lock()
	rejected := review.next("decision", event.DecisionMade{ResultHash: "a", Members: 3, Against: 3})
	approved := review.next("decision", event.DecisionMade{ResultHash: "b", Approved: true, Members: 3, For: 3})
	review.send(approved) // waits for the first
	review.send(rejected)
	review.mu.Unlock()
	h.until(func(s selection.Selection) bool { return s.Decided })
	testkit.Eventually(t, testkit.Patience, func() error { return h.consumed(rejected.ID) })
	after := h.get()
	if !slices.EqualFunc(before.Phases, after.Phases, func(a, b selection.Phase) bool {
		return a.Name == b.Name && a.State == b.State && len(b.WaitingFor) == 0
	}) {
		t.Errorf("before %+v, after %+v", before.Phases, after.Phases)
	}
}

// TestPhase_atOnce has many give the same order: it is one change.
func TestPhase_atOnce(t *testing.T) {
	h := open(t)
	h.create(rules)
	var wg sync.WaitGroup
	var errs [8]error
	for i := range errs {
		wg.Go(func() { _, errs[i] = h.order("nomination", event.Open) })
	}
	wg.Wait()
	if err := errors.Join(errs[:]...); err != nil {
		t.Fatal(err)
	}
	h.await("nomination", selection.Opened)
	if changes, acts := h.rooms["review"].changes(), h.acts(); len(changes) != 1 || len(acts) != 2 {
		t.Errorf("%d changes, %d acts", len(changes), len(acts))
	}
}

func TestPhase_deadline(t *testing.T) {
	h := open(t)
	h.create(strings.Replace(rules, notice, notice+`
  nomination: {closes: "2026-04-25 18:00"}
  vetting: {closes: "2026-04-26 18:00"}`, 1))
	h.change("open nomination")
	want := time.Date(2026, 4, 25, 10, 0, 0, 0, time.UTC)
	if c := h.rooms["voting"].changes()[0]; c.ClosesAt == nil || !c.ClosesAt.Equal(want) {
		t.Errorf("the rooms hold to %v", c.ClosesAt)
	}
	h.Clock.Set(time.Date(2026, 4, 27, 0, 0, 0, 0, time.UTC))
	h.await("nomination", selection.Closed) // by the clock
	// Vetting opens after its time has passed: only people can close it.
	h.change("open vetting")
	if p := h.get().Phase("vetting"); p.ClosesAt != nil {
		t.Errorf("vetting closes at %v", p.ClosesAt)
	}
	h.change("close vetting")
}
