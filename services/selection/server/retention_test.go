package server_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/retention"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/selection"
)

// TestRetention keeps of a candidate that was struck number, name and reason, half
// a year after the publication, and all of the others; the published result stays,
// and is taken over from where it lay before bodies had owners.
func TestRetention(t *testing.T) {
	const day = 24 * time.Hour
	h := keepsFor(t, retention.Periods{Struck: 180 * day})
	h.admit(3, 1, 4, 2)
	h.rooms["nomination"].say("candidate/4", event.CandidateStruck{Number: 4, Reason: "withdrew"})
	h.decided(strings.Replace(rules, notice, "notice: {working_days: 5, calendar: CN, shortened_to: 3s}", 1))
	h.rooms["voting"].say("seal", event.TallySealed{Ballots: 1, Votes: map[int]int64{3: 1}})
	h.until(func(s selection.Selection) bool { return s.Ballots == 1 && s.Candidates == 3 })
	h.change("open notice")
	h.Clock.Advance(3 * time.Second)
	h.change("close notice")
	want, err := h.publish()
	if err != nil {
		t.Fatal(err)
	}
	published := h.Clock.Now()
	for _, step := range []struct {
		after time.Duration
		told  []string
	}{{179 * day, []string{"1 ", "2 ", "3 ", "4 withdrew"}}, {180 * day, []string{"1 ", "2 ", "3 "}}} {
		h.Clock.Set(published.Add(step.after))
		testkit.Erased(t, h.Deps, h.Clock.Now())
		var told []string
		if err := h.DB.SelectContext(t.Context(), &told, `SELECT number || ' ' || reason FROM candidate WHERE attributes->>'employer' <> ''`); err != nil {
			t.Fatal(err)
		}
		slices.Sort(told)
		if diff := cmp.Diff(step.told, told); diff != "" {
			t.Errorf("after %s employers are told of (-want +got):\n%s", step.after, diff)
		}
	}
	if n := h.Count(`SELECT count(*) FROM candidate WHERE number = 4 AND name <> '' AND reason = 'withdrew'`); n != 1 {
		t.Error("name and reason are gone")
	}
	report, err := bus.Call[[]retention.Erased](h.ctx, h.Caller, selection.Name, run.ListErasures, run.Of{Slug: slug})
	if diff := cmp.Diff([]retention.Erased{{Kind: "struck_candidates", Count: 1, At: h.Clock.Now()}}, report); err != nil || diff != "" {
		t.Errorf("report (-want +got):\n%s%v", diff, err)
	}
	hash := only[event.ResultPublished](h).ResultHash
	testkit.Adopts(t, h.Deps, h.Clock, hash)
	if diff := cmp.Diff(want, h.read(hash)); diff != "" {
		t.Errorf("the published result (-want +got):\n%s", diff)
	}
}
