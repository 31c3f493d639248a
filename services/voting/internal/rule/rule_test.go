package rule_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/voting"
	"github.com/laurel-awards/laurel/services/voting/internal/rule"
)

func rules(t *testing.T, text string) rule.Rules {
	t.Helper()
	rb, err := rulebook.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return rule.New(rb)
}

func TestPeriod(t *testing.T) {
	daily := rules(t, "timezone: Asia/Shanghai\nvoting: {frequency: daily}")
	for at, want := range map[string]string{
		"2026-05-01T15:59:59.999999Z": "2026-05-01",
		"2026-05-01T16:00:00Z":        "2026-05-02", // midnight in Lanzhou
		"1970-01-02T00:00:00Z":        "1970-01-02",
	} {
		now, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if got := rule.PeriodName(daily.Period(now)); got != want {
			t.Errorf("period at %s is %s, want %s", at, got, want)
		}
		once := rules(t, "timezone: Asia/Shanghai\nvoting: {frequency: once}")
		if got := rule.PeriodName(once.Period(now)); got != "once" {
			t.Errorf("period of a vote once: %s", got)
		}
	}
	// A day of 25 hours is one period.
	berlin := rules(t, "timezone: Europe/Berlin\nvoting: {frequency: daily}")
	a, b := time.Date(2026, 10, 24, 22, 0, 0, 0, time.UTC), time.Date(2026, 10, 25, 22, 59, 59, 0, time.UTC)
	if p, q := berlin.Period(a), berlin.Period(b); p != q || berlin.Period(b.Add(time.Second)) != p+1 {
		t.Errorf("periods %d and %d", p, q)
	}
}

func TestHours(t *testing.T) {
	r := rules(t, "timezone: Asia/Shanghai\nvoting: {hours: \"09:00-22:00\"}")
	for at, open := range map[string]bool{
		"2026-05-01T00:59:59Z": false, "2026-05-01T01:00:00Z": true,
		"2026-05-01T13:59:59Z": true, "2026-05-01T14:00:00Z": false,
	} {
		now, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		f := r.Hours(now)
		if (f == nil) != open || f != nil && (!errors.Is(f, voting.ErrHours) || f.Params["hours"] != "09:00-22:00") {
			t.Errorf("at %s: %v", at, f)
		}
	}
	if f := rules(t, "timezone: Asia/Shanghai").Hours(time.Now()); f != nil {
		t.Errorf("without hours: %v", f)
	}
}

// TestHours_clockChanges: hours are what clocks show, in the hour that comes twice
// and around the one that does not come.
func TestHours_clockChanges(t *testing.T) {
	for hours, open := range map[string][]string{ // in UTC: from, to
		"02:00-03:00": {"2026-10-25T00:00:00Z", "2026-10-25T02:00:00Z"}, // twice
		"02:30-03:00": {"2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z", "2026-10-25T01:30:00Z", "2026-10-25T02:00:00Z"},
		"01:00-02:30": {"2026-03-29T00:00:00Z", "2026-03-29T01:00:00Z", // it ends where clocks jump
			"2026-10-24T23:00:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z", "2026-10-25T01:30:00Z"},
		"00:00-24:00": {"2026-03-28T22:00:00Z", "2026-03-29T22:00:00Z", "2026-10-24T21:00:00Z", "2026-10-26T00:00:00Z"},
	} {
		r := rules(t, "timezone: Europe/Berlin\nvoting: {frequency: daily, hours: \""+hours+"\"}")
		for _, night := range []string{"2026-03-28T22:00:00Z", "2026-10-24T21:00:00Z"} {
			begin, err := time.Parse(time.RFC3339, night)
			if err != nil {
				t.Fatal(err)
			}
			for at := begin; at.Before(begin.Add(8 * time.Hour)); at = at.Add(time.Minute) {
				want := false
				for i := 0; i < len(open); i += 2 {
					now := at.Format(time.RFC3339)
					want = want || open[i] <= now && now < open[i+1]
				}
				if f := r.Hours(at); (f == nil) != want {
					t.Fatalf("%s at %s: %v, want %t", hours, at, f, want)
				}
			}
		}
	}
}

func TestWay(t *testing.T) {
	r := rules(t, "voting: {voters: [device, roster]}")
	for way, ok := range map[string]bool{"device": true, "roster": true, "otp": false, "": false} {
		if f := r.Way(way); (f == nil) != ok || f != nil && !errors.Is(f, voting.ErrWay) {
			t.Errorf("%q: %v", way, f)
		}
	}
}

func TestJudge(t *testing.T) {
	r := rules(t, `
categories: [{id: city}, {id: village}]
voting:
  picks: {min: 2, max: 4}
  limits: [{category: city, max: 2}, {category: village, min: 1, max: 3}]`)
	candidates := map[int]rule.Candidate{}
	for n := 1; n <= 6; n++ {
		candidates[n] = rule.Candidate{Category: []string{"village", "city"}[n%2]}
	}
	candidates[7] = rule.Candidate{Category: "city", Struck: true}
	for name, c := range map[string]struct {
		picks, earlier []int
		want           []string // field, code and params
	}{
		"good":                {picks: []int{1, 2}},
		"the most":            {picks: []int{1, 3, 2, 4}},
		"none":                {want: []string{"picks picks_too_few chosen=0 min=2", "picks category_too_few category=village chosen=0 min=1"}},
		"too few":             {picks: []int{2}, want: []string{"picks picks_too_few chosen=1 min=2"}},
		"too many":            {picks: []int{1, 2, 3, 4, 6}, want: []string{"picks picks_too_many chosen=5 max=4 over=1"}},
		"of a category":       {picks: []int{1, 3, 5, 2}, want: []string{"picks category_too_many category=city chosen=3 max=2"}},
		"none of a category":  {picks: []int{1, 3}, want: []string{"picks category_too_few category=village chosen=0 min=1"}},
		"repeated":            {picks: []int{2, 1, 2}, want: []string{"picks[2] pick_twice number=2"}},
		"unknown":             {picks: []int{2, 0, 99}, want: []string{"picks[1] pick_unknown number=0", "picks[2] pick_unknown number=99"}},
		"struck":              {picks: []int{2, 7}, want: []string{"picks[1] pick_struck number=7"}},
		"added":               {picks: []int{3}, earlier: []int{1, 2}},
		"added to the most":   {picks: []int{3, 4}, earlier: []int{1, 2}},
		"added above":         {picks: []int{3, 4, 6}, earlier: []int{1, 2}, want: []string{"picks picks_too_many_added chosen=3 earlier=2 max=4"}},
		"added of a category": {picks: []int{3, 5}, earlier: []int{1, 2}, want: []string{"picks category_too_many category=city chosen=3 max=2"}},
		"added again":         {picks: []int{1}, earlier: []int{1, 2}, want: []string{"picks[0] pick_again number=1"}},
		"none added":          {earlier: []int{1, 2}, want: []string{"picks picks_too_few chosen=0 min=1"}},
		"all at once": {
			picks: []int{7, 7, 99, 1, 3, 2},
			want: []string{
				"picks picks_too_many chosen=6 max=4 over=2", "picks[0] pick_struck number=7", "picks[1] pick_twice number=7",
				"picks[2] pick_unknown number=99", "picks category_too_many category=city chosen=3 max=2",
			},
		},
	} {
		var got []string
		for _, f := range r.Judge(c.picks, c.earlier, candidates) {
			text := f.Name + " " + f.Code
			for _, word := range slices.Sorted(maps.Keys(f.Params)) {
				text += " " + word + "=" + f.Params[word]
			}
			got = append(got, text)
			if strings.ContainsAny(f.Message, "{}") {
				t.Errorf("%s: the message lacks a param: %s", name, f.Message)
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// BenchmarkJudge judges a good ballot, as nearly all are.
func BenchmarkJudge(b *testing.B) {
	r := rule.New(&rulebook.Rulebook{Voting: rulebook.Voting{Picks: rulebook.Picks{Min: 1, Max: 5}}})
	candidates := map[int]rule.Candidate{}
	for n := range 60 {
		candidates[n] = rule.Candidate{}
	}
	b.ReportAllocs()
	for b.Loop() {
		if r.Judge([]int{1, 2, 3, 4, 5}, nil, candidates) != nil {
			b.Fatal("refused")
		}
	}
}
