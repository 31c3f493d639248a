package server_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/review"
)

// winners are those that get an award, by the trial and by the rulebook.
func winners(trial review.Trial) (tried, own []int) {
	for _, c := range trial.Ranked {
		if c.Award != "" {
			tried = append(tried, c.Number)
		}
		if c.Own.Award != "" {
			own = append(own, c.Number)
		}
	}
	return tried, own
}

// computable is a room with a result: the vote is for candidate 1, the panel for
// candidate 3.
func computable(t *testing.T) *room {
	t.Helper()
	r := scoring(t)
	r.scoreAll()
	r.Close(rulebook.PhaseReview)
	r.Tell("voting", "seal", event.TallySealed{Ballots: 10, Votes: map[int]int64{1: 10, 2: 5, 3: 0}})
	return r
}

// TestTryResult tries other rules, and keeps nothing of it.
func TestTryResult(t *testing.T) {
	r := computable(t)
	organizer := r.as("organizer")
	kept := func() (n []int) {
		for _, table := range []string{"result", "audit", "outbox"} {
			n = append(n, r.Count(`SELECT count(*) FROM `+table))
		}
		return n
	}
	before := kept()
	for name, c := range map[string]struct {
		in   review.TryResult
		want []int
	}{
		"nothing":          {review.TryResult{}, []int{1}},
		"the panel alone":  {review.TryResult{Weights: map[string]string{"votes": "0"}}, []int{3}},
		"the vote more":    {review.TryResult{Weights: map[string]string{"votes": "4/5", "panel:experts": "20%"}}, []int{1}},
		"by rank":          {review.TryResult{Converts: map[string]string{"panel:experts": "{method: rank, top: 1000}"}}, []int{3}},
		"without a juror":  {review.TryResult{Without: []review.Seat{{Panel: "experts", Juror: "J2"}}}, []int{1}},
		"without the vote": {review.TryResult{Weights: map[string]string{"votes": "0"}, Without: []review.Seat{{Panel: "experts", Juror: "J1"}}}, []int{3}},
	} {
		c.in.Slug = slug
		got, err := r.TryResult(organizer, c.in)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		tried, own := winners(got)
		if diff := cmp.Diff(c.want, tried); diff != "" || !slices.Equal(own, []int{1}) || len(got.Ranked) != 3 {
			t.Errorf("%s: %v, by the rulebook %v of %d\n%s", name, tried, own, len(got.Ranked), diff)
		}
		if first := got.Ranked[0]; name == "nothing" && (first.Total != "84.88" || first.Own != review.Placed{Rank: 1, Total: "84.88", Award: "winner"}) {
			t.Errorf("nothing tried: %+v", first)
		}
		want := []review.TrialSeat{
			{Seat: review.Seat{Panel: "experts", Juror: "J1"}, Name: "Ann"},
			{Seat: review.Seat{Panel: "experts", Juror: "J2"}, Name: "Bo"},
			{Seat: review.Seat{Panel: "experts", Juror: "J3"}, Name: "Cai"},
		}
		if diff := cmp.Diff(want, got.Seats); diff != "" {
			t.Errorf("%s, seats (-want +got):\n%s", name, diff)
		}
	}
	if diff := cmp.Diff(before, kept()); diff != "" {
		t.Errorf("results, audit log and events after trials (-before +after):\n%s", diff)
	}
}

// TestTryResult_wrong names every mistake of a trial.
func TestTryResult_wrong(t *testing.T) {
	r := computable(t)
	_, err := r.TryResult(r.as("organizer"), review.TryResult{
		Slug:     slug,
		Weights:  map[string]string{"votes": "much", "panel:experts": "-1", "panel:public": "1"},
		Converts: map[string]string{"votes": "{method: guess}", "luck": "{method: rank}"},
		Without:  []review.Seat{{Panel: "experts", Juror: "J1"}, {Panel: "experts", Juror: "J9"}, {Panel: "experts", Juror: "J1"}},
	})
	want := []string{"converts.luck", "converts.votes", "weights.panel:experts", "weights.panel:public", "weights.votes", "without[1]", "without[2]"}
	if diff := cmp.Diff(want, testkit.Fields(err)); diff != "" || !errors.Is(err, review.ErrInvalid) {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

// TestSensitivity tells the weight at which the award changes hands: a trial just
// past it gives it to the one who is named, a trial just before it does not.
func TestSensitivity(t *testing.T) {
	r := scoring(t)
	for name, ask := range map[string]func() error{
		"trial":       func() error { _, err := r.TryResult(r.as("organizer"), review.TryResult{Slug: slug}); return err },
		"sensitivity": func() error { _, err := r.GetSensitivity(r.as("organizer"), review.Of{Slug: slug}); return err },
	} {
		if err := ask(); !errors.Is(err, review.ErrUncomputed) {
			t.Errorf("%s before there is a result: %v", name, err)
		}
	}
	r = computable(t)
	got, err := r.GetSensitivity(r.as("auditor"), review.Of{Slug: slug})
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Weights) != 2 || got.Weights[0].Source != "votes" || got.Weights[0].Lower == nil || got.Weights[0].Lower.Weight != "0.072" ||
		got.Weights[0].Upper != nil || len(got.Quotas) != 0 {
		t.Fatalf("%+v", got)
	}
	if change := got.Weights[0].Lower; !slices.Equal(change.Gain, []string{"3"}) || !slices.Equal(change.Lose, []string{"1"}) {
		t.Errorf("below: %+v", change)
	}
	for weight, want := range map[string]int{"0.07": 3, "0.08": 1} {
		trial, err := r.TryResult(r.as("auditor"), review.TryResult{Slug: slug, Weights: map[string]string{"votes": weight}})
		if err != nil {
			t.Fatal(err)
		}
		if tried, _ := winners(trial); !slices.Equal(tried, []int{want}) {
			t.Errorf("the vote weighs %s: %v", weight, tried)
		}
	}
}
