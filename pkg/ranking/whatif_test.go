package ranking_test

import (
	"math/big"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/ranking"
	"github.com/laurel-awards/laurel/pkg/rulebook"
)

const weighed = `
awards: [{id: winner, seats: 2}]
review: {panels: [{id: p, criteria: [{id: c}]}]}
composite: {components: [{source: votes, weight: 0.5}, {source: "panel:p", weight: 2}], tie_break: [votes, lot], lot: {value: v}}
quotas: [{attribute: employer, max: 1}]`

func weighedInput(t rapid.TB, employers []string, votes []int64, scores [][2]string) *ranking.Input {
	rb, err := rulebook.Parse([]byte(weighed))
	if err != nil {
		t.Fatal(err)
	}
	in := ranking.New(rb)
	for i, n := range votes {
		id := string(rune('A' + i))
		if err := in.Candidate(id, map[string]string{"employer": employers[i]}); err != nil {
			t.Fatal(err)
		}
		if err := in.Votes(id, "", n); err != nil {
			t.Fatal(err)
		}
		for j, score := range scores[i] {
			if err := in.Score("p", string(rune('1'+j)), id, "c", score); err != nil {
				t.Fatal(err)
			}
		}
	}
	return in
}

func TestInput_WhatIf(t *testing.T) {
	in := weighedInput(t, []string{"", "", ""}, []int64{10, 20, 30}, [][2]string{{"9", "1"}, {"6", "2"}, {"1", "1"}})
	rank := func(s ranking.Scenario) map[string]string {
		t.Helper()
		r, err := in.WhatIf(ranking.Options{}, s)
		if err != nil {
			t.Fatal(err)
		}
		return totals(r)
	}
	for name, c := range map[string]struct {
		scenario ranking.Scenario
		want     map[string]string
	}{
		"none":          {ranking.Scenario{}, map[string]string{"A": "15", "B": "18", "C": "17"}},
		"weight":        {ranking.Scenario{Weights: map[string]rulebook.Number{"votes": rulebook.Whole(0)}}, map[string]string{"A": "10", "B": "8", "C": "2"}},
		"without juror": {ranking.Scenario{Without: []ranking.Juror{{Panel: "p", Juror: "1"}}}, map[string]string{"A": "7", "B": "14", "C": "17"}},
		"conversion": {
			ranking.Scenario{Converts: map[string]rulebook.Convert{"votes": {Method: rulebook.ConvertProportional, Top: rulebook.Whole(6)}}},
			map[string]string{"A": "11", "B": "10", "C": "5"},
		},
	} {
		if diff := cmp.Diff(c.want, rank(c.scenario)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	for name, s := range map[string]ranking.Scenario{
		"weight":  {Weights: map[string]rulebook.Number{"panels": rulebook.Whole(1)}},
		"convert": {Converts: map[string]rulebook.Convert{"panel:q": {}}},
		"juror":   {Without: []ranking.Juror{{Panel: "p", Juror: "3"}}},
		"panel":   {Without: []ranking.Juror{{Panel: "q", Juror: "1"}}},
	} {
		if _, err := in.WhatIf(ranking.Options{}, s); !fault.HasCode(err, "scenario_invalid") {
			t.Errorf("%s: err = %v", name, err)
		}
	}
}

// Between the weights of the sensitivity table the awards stay as they are, and
// just past each they change.
func TestInput_Sensitivities(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 6).Draw(t, "candidates")
		score := rapid.SampledFrom([]string{"1", "2", "3", "4.5"})
		employer := rapid.SampledFrom([]string{"x", "y", "z", ""})
		var employers []string
		var votes []int64
		var scores [][2]string
		for range n {
			employers = append(employers, employer.Draw(t, "employer"))
			votes = append(votes, rapid.Int64Range(0, 9).Draw(t, "votes"))
			scores = append(scores, [2]string{score.Draw(t, "score"), score.Draw(t, "score")})
		}
		in := weighedInput(t, employers, votes, scores)
		table, err := in.Sensitivities(ranking.Options{}, ranking.Scenario{})
		if fault.HasCode(err, ranking.CodeInfeasible) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		base, err := in.Rank(ranking.Options{})
		if err != nil {
			t.Fatal(err)
		}
		same := func(source string, weight *big.Rat) bool {
			number, err := rulebook.ParseNumber(weight.FloatString(12))
			if err != nil {
				t.Fatal(err)
			}
			r, err := in.WhatIf(ranking.Options{}, ranking.Scenario{Weights: map[string]rulebook.Number{source: number}})
			if err != nil {
				t.Fatal(err)
			}
			return cmp.Equal(awarded(base), awarded(r))
		}
		// Weights at which totals cross are multiples of 1/630 or more apart
		// here: votes differ by up to 9, scores by up to 3.5 in quarters.
		near := big.NewRat(1, 100_000)
		for _, row := range table {
			at, _ := new(big.Rat).SetString(row.Weight)
			for direction, c := range map[int64]*ranking.Change{-1: row.Lower, 1: row.Upper} {
				far := big.NewRat(100, 1)
				if direction < 0 {
					far = near
				}
				if c == nil {
					if !same(row.Source, far) {
						t.Fatalf("%s at %s: no change is told", row.Source, far.RatString())
					}
					continue
				}
				edge, _ := new(big.Rat).SetString(c.Weight)
				past := new(big.Rat).Add(edge, new(big.Rat).Mul(near, big.NewRat(direction, 1)))
				before := new(big.Rat).Sub(edge, new(big.Rat).Mul(near, big.NewRat(direction, 1)))
				if past.Sign() >= 0 && same(row.Source, past) {
					t.Fatalf("%s just past %s: nothing changes", row.Source, c.Weight)
				}
				if before.Cmp(at)*int(direction) > 0 && !same(row.Source, before) {
					t.Fatalf("%s just before %s: changed already", row.Source, c.Weight)
				}
			}
		}
	})
}

func awarded(r *ranking.Result) map[string]string {
	out := make(map[string]string)
	for _, c := range r.Ranking {
		out[c.Candidate] = c.Award
	}
	return out
}
