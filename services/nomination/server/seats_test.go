package server_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/nomination"
)

// TestCheckSeats tells at any time what the candidates, and those who may become
// so, cannot meet: failed, vetoed, withdrawn and struck ones are none. A strike
// says so by itself, and stands.
func TestCheckSeats(t *testing.T) {
	r := setup(t)
	r.selection.Freeze(strings.NewReplacer("seats: 1}", "seats: 2}", "value: female, max: 1", "value: male, min: 2").Replace(rules))
	r.selection.Open(rulebook.PhaseNomination, rulebook.PhaseVetting)
	check := func(candidates int, want ...string) {
		t.Helper()
		got, err := r.CheckSeats(staff(t), nomination.Of{Slug: slug})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, told(got.Unmet)); diff != "" || got.Candidates != candidates || got.Seats != 2 {
			t.Errorf("%d of %d (-want +got):\n%s", got.Candidates, got.Seats, diff)
		}
		var idle []string
		if candidates > 0 {
			idle = []string{"quotas[1]: no candidate has region 蘭州"}
		}
		if diff := cmp.Diff(idle, told(got.Idle)); diff != "" {
			t.Errorf("of no effect (-want +got):\n%s", diff)
		}
	}
	none := []string{"awards: 2 seats, 0 candidates", "quotas[0]: gender male, min 2: 2 needed, and 0 candidates count for it"}
	one := []string{"awards: 2 seats, 1 candidates", "quotas[0]: gender male, min 2: 2 needed, and 1 candidates count for it"}
	check(0, none...)
	r.admit(t, 0)
	check(1, one...)
	undecided := r.submit(t, 1)
	check(2)
	if _, err := r.say(t, undecided.ID, "union", nomination.Fail); err != nil { // without a veto
		t.Fatal(err)
	}
	check(1, one...)
	if _, err := r.say(t, undecided.ID, "union", nomination.Pass); err != nil {
		t.Fatal(err)
	}
	check(2)
	if _, err := r.say(t, undecided.ID, "hr", nomination.Fail); err != nil { // with one
		t.Fatal(err)
	}
	check(1, one...)
	r.admit(t, 2)
	check(2)
	r.selection.Close(rulebook.PhaseVetting)
	strike := nomination.StrikeCandidate{Slug: slug, Number: 2, Reason: "社保造假"}
	for range 2 {
		c, err := r.StrikeCandidate(staff(t), strike)
		if err != nil || !c.Struck {
			t.Fatalf("%+v, %v", c, err)
		}
		if diff := cmp.Diff(one, told(c.Unmet)); diff != "" {
			t.Errorf("after the strike (-want +got):\n%s", diff)
		}
		one = nil // again says nothing anew
	}
	if c, err := r.GetCandidate(staff(t), nomination.OfCandidate{Slug: slug, Number: 2}); err != nil || c.Unmet != nil {
		t.Errorf("%+v, %v", c, err)
	}
}

func told(unmet []nomination.Warning) (texts []string) {
	for _, u := range unmet {
		texts = append(texts, u.Field+": "+u.Message)
	}
	return texts
}
