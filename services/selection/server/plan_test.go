package server_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/selection"
)

func (h *installation) plan() selection.Plan {
	h.t.Helper()
	p, err := h.GetPlan(h.ctx, selection.Of{Slug: slug})
	if err != nil {
		h.t.Fatal(err)
	}
	return p
}

// TestPlan says of each change, at each point of a selection's life, exactly what
// the order would be refused for, and who ordered it.
func TestPlan(t *testing.T) {
	h := open(t)
	h.create(rules)
	for _, done := range []string{"", "open nomination", "open vetting", "close nomination", "close vetting", "open voting", "close voting", "open review"} {
		if done != "" {
			h.change(done)
		}
		before := len(h.acts())
		plan := h.plan()
		if len(plan.Steps) != 2*len(rulebook.PhaseNames()) {
			t.Fatalf("%d steps", len(plan.Steps))
		}
		for _, step := range plan.Steps {
			if step.Ordered != nil {
				if step.Ordered.By != "王芳" || step.Ordered.Reason != "as announced" || step.Ordered.At.IsZero() || step.Refused != nil {
					t.Errorf("after %q, %s %s: %+v", done, step.Action, step.Phase, step.Ordered)
				}
				continue
			}
			if step.Ready() {
				continue // that it may be ordered is seen when it is the next
			}
			_, err := h.order(step.Phase, step.Action)
			if diff := cmp.Diff(fault.From(err).Fields, step.Refused.Fields); diff != "" || !errors.Is(err, step.Refused) {
				t.Errorf("after %q, %s %s is refused with %v, and the plan says %v", done, step.Action, step.Phase, err, step.Refused)
			}
		}
		if after := len(h.acts()); after != before {
			t.Errorf("after %q a plan changed something", done)
		}
	}
	if !h.plan().Step("review", event.Close).Ready() || h.plan().Step("voting", event.Open).Ready() || (selection.Step{}).Ready() {
		t.Error("what is ready is not said")
	}
	_, err := h.GetPlan(h.ctx, selection.Of{Slug: "nobody-made-this"})
	if !errors.Is(err, selection.ErrUnknown) {
		t.Errorf("a selection that is not: %v", err)
	}
}

// TestChangePhase_seen has two organizers close the same phase, each having seen
// it open: one does, and the other is told.
func TestChangePhase_seen(t *testing.T) {
	h := open(t)
	h.create(rules)
	h.change("open nomination", "open vetting")
	var ends [2]error
	var both sync.WaitGroup
	for i, name := range []string{"王芳", "李娜"} {
		ctx := testkit.Staff(t, name, name)
		both.Go(func() {
			_, ends[i] = h.ChangePhase(ctx, selection.ChangePhase{
				Slug: slug, Phase: "nomination", Action: event.Close, Reason: "by " + name, Seen: selection.Opened,
			})
		})
	}
	both.Wait()
	if (ends[0] == nil) == (ends[1] == nil) || !errors.Is(errors.Join(ends[:]...), selection.ErrChanged) {
		t.Fatalf("two closed it: %v and %v", ends[0], ends[1])
	}
	if o := h.plan().Step("nomination", event.Close).Ordered; o == nil || o.Reason != "by "+o.By {
		t.Errorf("the plan says %+v", o)
	}
	n := 0
	for _, a := range h.acts() {
		if strings.HasPrefix(a.Act, "close_") {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d acts", n)
	}
}
