package rule_test

import (
	"errors"
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
		want           []string
	}{
		"good":                {picks: []int{1, 2}},
		"the most":            {picks: []int{1, 3, 2, 4}},
		"none":                {want: []string{"picks", "picks"}},
		"too few":             {picks: []int{2}, want: []string{"picks"}},
		"too many":            {picks: []int{1, 2, 3, 4, 6}, want: []string{"picks"}},
		"of a category":       {picks: []int{1, 3, 5, 2}, want: []string{"picks"}},
		"none of a category":  {picks: []int{1, 3}, want: []string{"picks"}},
		"repeated":            {picks: []int{2, 1, 2}, want: []string{"picks[2]"}},
		"unknown":             {picks: []int{2, 0, 99}, want: []string{"picks[1]", "picks[2]"}},
		"struck":              {picks: []int{2, 7}, want: []string{"picks[1]"}},
		"added":               {picks: []int{3}, earlier: []int{1, 2}},
		"added to the most":   {picks: []int{3, 4}, earlier: []int{1, 2}},
		"added above":         {picks: []int{3, 4, 6}, earlier: []int{1, 2}, want: []string{"picks"}},
		"added of a category": {picks: []int{3, 5}, earlier: []int{1, 2}, want: []string{"picks"}},
		"added again":         {picks: []int{1}, earlier: []int{1, 2}, want: []string{"picks[0]"}},
	} {
		var got []string
		for _, f := range r.Judge(c.picks, c.earlier, candidates) {
			got = append(got, f.Name)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
