package ranking_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/ranking"
	"github.com/laurel-awards/laurel/pkg/rulebook"
)

func parse(t rapid.TB, text string) *rulebook.Rulebook {
	t.Helper()
	rb, err := rulebook.Parse([]byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return rb
}

// sheets puts scores into the only panel, "p". A line is a candidate; a field
// is a juror's, scores by criterion apart by /; "-" is missing, "x" excused.
func sheets(t testing.TB, in *ranking.Input, lines ...string) {
	t.Helper()
	for i, line := range lines {
		candidate := string(rune('A' + i))
		if err := in.Candidate(candidate, nil); err != nil {
			t.Fatal(err)
		}
		for j, field := range strings.Fields(line) {
			juror := fmt.Sprintf("J%d", j+1)
			if field == "x" {
				if err := in.Excuse("p", juror, candidate); err != nil {
					t.Fatal(err)
				}
				continue
			}
			for k, score := range strings.Split(field, "/") {
				err := in.Assign("p", juror, candidate)
				if score != "-" {
					err = in.Score("p", juror, candidate, fmt.Sprintf("c%d", k+1), score)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

func totals(r *ranking.Result) map[string]string {
	out := make(map[string]string)
	for _, c := range r.Ranking {
		out[c.Candidate] = c.Total
	}
	return out
}

func TestInput_Rank_aggregate(t *testing.T) {
	const one = "criteria: [{id: c1}]"
	for name, c := range map[string]struct {
		panel  string
		sheets []string
		want   map[string]string
	}{
		"mean":        {one + ", aggregate: {method: mean}", []string{"1 2 4", "3 3 3"}, map[string]string{"A": "2.333333333333333333333333333333333", "B": "3"}},
		"rounded":     {one + ", aggregate: {method: mean, round: {digits: 1, mode: half_up}}", []string{"1 2 3 3"}, map[string]string{"A": "2.3"}},
		"trimmed":     {one + ", aggregate: {method: trimmed_mean, drop_high: 2, drop_low: 1}", []string{"9 1 5 6 8"}, map[string]string{"A": "5.5"}},
		"trim ties":   {one + ", aggregate: {method: trimmed_mean, drop_high: 1, drop_low: 1}", []string{"5 5 5"}, map[string]string{"A": "5"}},
		"median odd":  {one + ", aggregate: {method: median}", []string{"9 1 5"}, map[string]string{"A": "5"}},
		"median even": {one + ", aggregate: {method: median}", []string{"9 1 5 6"}, map[string]string{"A": "5.5"}},
		"weights":     {"criteria: [{id: c1, weight: 50%}, {id: c2, weight: 1.5}]", []string{"10/2 20/4"}, map[string]string{"A": "12"}},
		"thirds":      {"criteria: [{id: c1, weight: 1/3}, {id: c2, weight: 2/3}]", []string{"1/1"}, map[string]string{"A": "1"}},
		"by criterion": {
			"criteria: [{id: c1, weight: 0.8}, {id: c2, weight: 0.8}], aggregate: {method: mean, over: criterion, round: {digits: 2, mode: half_up}}",
			[]string{"1/7 1/7 2/7"},
			map[string]string{"A": "6.66"},
		},
		"excused":     {one + ", aggregate: {method: mean}", []string{"x 2 4"}, map[string]string{"A": "3"}},
		"all excused": {one, []string{"x x", "1 2"}, map[string]string{"A": "0", "B": "1.5"}},
		"skip":        {one + ", missing: skip", []string{"- 2 4"}, map[string]string{"A": "3"}},
		"skip sheet":  {"criteria: [{id: c1}, {id: c2}], missing: skip", []string{"9/- 2/2 4/4"}, map[string]string{"A": "6"}},
		"skip cell": {
			"criteria: [{id: c1}, {id: c2}], missing: skip, aggregate: {method: mean, over: criterion}",
			[]string{"9/- 2/2 4/4"},
			map[string]string{"A": "8"},
		},
		"zero":       {one + ", missing: zero", []string{"- 2 4"}, map[string]string{"A": "2"}},
		"zero cell":  {"criteria: [{id: c1}, {id: c2}], missing: zero", []string{"9/- 3/3"}, map[string]string{"A": "7.5"}},
		"zero juror": {one + ", missing: zero, jurors: 4", []string{"6 6"}, map[string]string{"A": "3"}},
		"zero row":   {one + ", missing: zero", []string{"6 6", "6"}, map[string]string{"A": "6", "B": "3"}},
		// z: J1 (1, 3): −1, 1; J2 (6, 10): −1, 1. All (1, 3, 6, 10): M 5, S² 11.5.
		"standardized": {
			one + ", aggregate: {method: standardized, round: {digits: 6, mode: half_up}}",
			[]string{"1 6", "3 10"},
			map[string]string{"A": "1.608835", "B": "8.391165"},
		},
		"z of equals": {
			one + ", aggregate: {method: standardized}",
			[]string{"5 1", "5 3"},
			map[string]string{"A": "2.670843802411150037721266815832328", "B": "4.329156197588849962278733184167672"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			in := ranking.New(parse(t, "review: {panels: [{id: p, "+c.panel+"}]}\ncomposite: {components: [{source: 'panel:p'}]}"))
			sheets(t, in, c.sheets...)
			r, err := in.Rank(ranking.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, totals(r)); diff != "" {
				t.Errorf("totals (-want +got):\n%s", diff)
			}
		})
	}
}

func TestInput_Rank_missing(t *testing.T) {
	for name, c := range map[string]struct {
		panel  string
		sheets []string
		want   []string
	}{
		"cell":  {"criteria: [{id: c1}, {id: c2}]", []string{"1/1 1/-", "1/1 1/1"}, []string{"p / A: juror J2's score by c2 is missing"}},
		"sheet": {"criteria: [{id: c1}]", []string{"1 1", "1"}, []string{"p / B: juror J2's scores are missing"}},
		"every gap": {
			"criteria: [{id: c1}]",
			[]string{"1 -", "- 1"},
			[]string{"p / A: juror J2's score by c1 is missing", "p / B: juror J1's score by c1 is missing"},
		},
		"juror":       {"criteria: [{id: c1}], jurors: 3", []string{"1 1"}, []string{"p / A: jurors' scores are missing: 2 of the panel's 3 jurors are known"}},
		"panel":       {"criteria: [{id: c1}]", []string{""}, []string{"p / A: no juror has scored"}},
		"unassigned":  {"criteria: [{id: c1}], assign: hand", []string{"1", ""}, []string{"p / B: no juror has scored"}},
		"min_scores":  {"criteria: [{id: c1}], min_scores: 2, missing: skip", []string{"1 1", "1 -"}, []string{"p / B: 1 scores count, at least 2 are needed"}},
		"min excused": {"criteria: [{id: c1}], min_scores: 2", []string{"1 1", "x 1"}, []string{"p / B: 1 scores count, at least 2 are needed"}},
		"over-trimmed": {
			"criteria: [{id: c1}], aggregate: {method: trimmed_mean, drop_high: 1, drop_low: 1}",
			[]string{"1 1 1", "x 1 1"},
			[]string{"p / B: 2 scores count, and leaving out the 1 highest and 1 lowest leaves none"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			in := ranking.New(parse(t, "review: {panels: [{id: p, "+c.panel+"}]}\ncomposite: {components: [{source: 'panel:p'}]}"))
			sheets(t, in, c.sheets...)
			_, err := in.Rank(ranking.Options{})
			if !fault.HasCode(err, ranking.CodeMissing) {
				t.Fatalf("err = %v, want %s", err, ranking.CodeMissing)
			}
			var got []string
			for _, f := range fault.From(err).Fields {
				got = append(got, f.Name+": "+f.Message)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("gaps (-want +got):\n%s", diff)
			}
		})
	}
}

func TestInput_refuses(t *testing.T) {
	rb := parse(t, "review: {panels: [{id: p, scale: {min: 0, max: 10, step: 0.5}, criteria: [{id: c1}]}]}\ncomposite: {components: [{source: votes}]}")
	in := ranking.New(rb)
	if err := in.Candidate("A", nil); err != nil {
		t.Fatal(err)
	}
	if err := in.Votes("A", "", 3); err != nil {
		t.Fatal(err)
	}
	if err := in.Score("p", "J1", "A", "c1", "2.5"); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		err   error
		field string
	}{
		"no id":              {in.Candidate("", nil), "candidate"},
		"candidate twice":    {in.Candidate("A", nil), "candidate"},
		"votes of nobody":    {in.Votes("B", "", 1), "candidate"},
		"votes twice":        {in.Votes("A", "", 1), "candidate"},
		"negative votes":     {in.Votes("A", "x", -1), "votes"},
		"score of nobody":    {in.Score("p", "J1", "B", "c1", "1"), "candidate"},
		"no panel":           {in.Score("q", "J1", "A", "c1", "1"), "panel"},
		"no criterion":       {in.Score("p", "J1", "A", "c2", "1"), "criterion"},
		"no juror":           {in.Score("p", "", "A", "c1", "1"), "juror"},
		"score twice":        {in.Score("p", "J1", "A", "c1", "1"), "criterion"},
		"off the scale":      {in.Score("p", "J2", "A", "c1", "10.5"), "score"},
		"below the scale":    {in.Score("p", "J2", "A", "c1", "-0.5"), "score"},
		"between steps":      {in.Score("p", "J2", "A", "c1", "2.25"), "score"},
		"text":               {in.Score("p", "J2", "A", "c1", "good"), "score"},
		"exponent":           {in.Score("p", "J2", "A", "c1", "1e0"), "score"},
		"dot":                {in.Score("p", "J2", "A", "c1", "1."), "score"},
		"too many digits":    {in.Score("p", "J2", "A", "c1", "9.9999999999999999999"), "score"},
		"far too large":      {in.Score("p", "J2", "A", "c1", "99999999999999999999999"), "score"},
		"a rank of 0":        {in.Ballot(map[string]int{"A": 0}), "rank"},
		"a ballot of nobody": {in.Ballot(map[string]int{"B": 1}), "candidate"},
	} {
		var f *ranking.Flaw
		if !errors.As(c.err, &f) || f.Field != c.field {
			t.Errorf("%s: err = %v, want a flaw of %s", name, c.err, c.field)
		}
	}
}

func TestInput_Rank_convert(t *testing.T) {
	votes := []int64{100, 50, 50, 10, 0}
	for name, c := range map[string]struct {
		convert string
		want    map[string]string
	}{
		"none":         {"{method: none}", map[string]string{"A": "100", "B": "50", "C": "50", "D": "10", "E": "0"}},
		"proportional": {"{method: proportional, top: 80}", map[string]string{"A": "80", "B": "40", "C": "40", "D": "8", "E": "0"}},
		"capped":       {"{method: capped, factor: 0.5, cap: 30}", map[string]string{"A": "30", "B": "25", "C": "25", "D": "5", "E": "0"}},
		"banded": {
			"{method: banded, bands: [{from: 10, score: 35}, {from: 50, score: 60}]}",
			map[string]string{"A": "60", "B": "60", "C": "60", "D": "35", "E": "0"},
		},
		"rank":        {"{method: rank, top: 100}", map[string]string{"A": "100", "B": "70", "C": "70", "D": "40", "E": "20"}},
		"rank same":   {"{method: rank, top: 100, ties: same}", map[string]string{"A": "100", "B": "80", "C": "80", "D": "40", "E": "20"}},
		"points":      {"{method: points, points: [12, 10, 8, 7, 6]}", map[string]string{"A": "12", "B": "9", "C": "9", "D": "7", "E": "0"}},
		"points same": {"{method: points, points: [12, 10, 8], ties: same}", map[string]string{"A": "12", "B": "10", "C": "10", "D": "0", "E": "0"}},
		"table's end": {"{method: points, points: [12, 10]}", map[string]string{"A": "12", "B": "5", "C": "5", "D": "0", "E": "0"}},
	} {
		t.Run(name, func(t *testing.T) {
			in := ranking.New(parse(t, "composite: {components: [{source: votes, convert: "+c.convert+"}]}"))
			for i, n := range votes {
				id := string(rune('A' + i))
				if err := in.Candidate(id, nil); err != nil {
					t.Fatal(err)
				}
				if err := in.Votes(id, "", n); err != nil {
					t.Fatal(err)
				}
			}
			r, err := in.Rank(ranking.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, totals(r)); diff != "" {
				t.Errorf("totals (-want +got):\n%s", diff)
			}
		})
	}
}

// Nobody voted: a proportion of nothing is nothing.
func TestInput_Rank_noVotes(t *testing.T) {
	in := ranking.New(parse(t, "composite: {components: [{source: votes, convert: {method: proportional}}]}"))
	for _, id := range []string{"2", "10", "1"} {
		if err := in.Candidate(id, nil); err != nil {
			t.Fatal(err)
		}
	}
	r, err := in.Rank(ranking.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var order []string
	for _, c := range r.Ranking {
		if c.Rank != 1 || c.Total != "0" {
			t.Errorf("%s: rank %d, total %s", c.Candidate, c.Rank, c.Total)
		}
		order = append(order, c.Candidate)
	}
	if diff := cmp.Diff([]string{"1", "2", "10"}, order); diff != "" {
		t.Error(diff)
	}
}

func TestInput_Rank_groups(t *testing.T) {
	in := ranking.New(parse(t, `
review: {panels: [{id: p, criteria: [{id: c}]}, {id: q, criteria: [{id: c}]}]}
composite:
  round: {digits: 1, mode: half_even}
  components:
    - {source: votes, weight: 40%, per: constituency, convert: {method: proportional, top: 10}}
    - {source: panels, weight: 0.5, per: panel, convert: {method: points, points: [3, 1]}}
  tie_break: [votes]`))
	for _, id := range []string{"A", "B"} {
		if err := in.Candidate(id, nil); err != nil {
			t.Fatal(err)
		}
	}
	for _, v := range []struct {
		candidate, constituency string
		votes                   int64
	}{{"A", "north", 100}, {"B", "north", 50}, {"A", "south", 1}, {"B", "south", 4}} {
		if err := in.Votes(v.candidate, v.constituency, v.votes); err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range []struct{ panel, candidate, score string }{{"p", "A", "9"}, {"p", "B", "5"}, {"q", "A", "1"}, {"q", "B", "2"}} {
		if err := in.Score(s.panel, "J", s.candidate, "c", s.score); err != nil {
			t.Fatal(err)
		}
	}
	r, err := in.Rank(ranking.Options{})
	if err != nil {
		t.Fatal(err)
	}
	// A: 0.4 × (10 + 2.5) + 0.5 × (3 + 1); B: 0.4 × (5 + 10) + 0.5 × (1 + 3).
	type line struct{ id, total, votes, panels string }
	var got []line
	for _, c := range r.Ranking {
		got = append(got, line{c.Candidate, c.Total, c.Components["votes"], c.Components["panels"]})
	}
	if diff := cmp.Diff([]line{{"B", "8", "6", "2"}, {"A", "7", "5", "2"}}, got, cmp.AllowUnexported(line{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
