package ranking_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/ranking"
)

// vote puts in n ballots that rank the candidates in the order of the letters;
// a space puts the following at the next rank, otherwise they share it.
func vote(t *testing.T, in *ranking.Input, n int, ranks ...string) {
	t.Helper()
	ballot := make(map[string]int)
	for i, group := range ranks {
		for _, c := range group {
			ballot[string(c)] = i + 1
		}
	}
	for range n {
		if err := in.Ballot(ballot); err != nil {
			t.Fatal(err)
		}
	}
}

func ranked(t *testing.T, rules, candidates string) *ranking.Input {
	t.Helper()
	in := ranking.New(parse(t, rules))
	for _, c := range candidates {
		if err := in.Candidate(string(c), nil); err != nil {
			t.Fatal(err)
		}
	}
	return in
}

// The example of Schulze's paper, section 3.1.1 in later numbering: 45 voters,
// five candidates, E before A before C before B before D.
func TestInput_Rank_schulze(t *testing.T) {
	in := ranked(t, "composite: {components: [{source: ranked, method: schulze}]}", "ABCDE")
	vote(t, in, 5, "A", "C", "B", "E", "D")
	vote(t, in, 5, "A", "D", "E", "C", "B")
	vote(t, in, 8, "B", "E", "D", "A", "C")
	vote(t, in, 3, "C", "A", "B", "E", "D")
	vote(t, in, 7, "C", "A", "E", "B", "D")
	vote(t, in, 2, "C", "B", "A", "D", "E")
	vote(t, in, 7, "D", "C", "E", "B", "A")
	vote(t, in, 8, "E", "B", "A", "D", "C")
	r, err := in.Rank(ranking.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := order(r); got != "1:E: 2:A: 3:C: 4:B: 5:D:" {
		t.Error(got)
	}
}

// The unranked are behind the ranked and equal among themselves.
func TestInput_Rank_schulzeUnranked(t *testing.T) {
	in := ranked(t, "composite: {components: [{source: ranked, method: schulze}]}", "ABCD")
	vote(t, in, 3, "A")
	vote(t, in, 1, "B", "A")
	vote(t, in, 1, "", "", "CB")
	r, err := in.Rank(ranking.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := order(r); got != "1:A: 2:B: 3:C: 4:D:" {
		t.Error(got)
	}
}

// The capital of Tennessee, the usual example: Knoxville wins by the run-off.
func TestInput_Rank_irv(t *testing.T) {
	in := ranked(t, "composite: {components: [{source: ranked, method: irv}]}", "MNCK")
	vote(t, in, 42, "M", "N", "C", "K")
	vote(t, in, 26, "N", "C", "K", "M")
	vote(t, in, 15, "C", "K", "N", "M")
	vote(t, in, 17, "K", "C", "N", "M")
	r, err := in.Rank(ranking.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := order(r); got != "1:K: 2:M: 3:N: 4:C:" {
		t.Error(got)
	}
	if diff := cmp.Diff(map[string]string{"M": "42", "N": "26", "K": "32"}, r.Rounds[1].Votes); diff != "" {
		t.Errorf("second round (-want +got):\n%s", diff)
	}
}

func TestInput_Rank_irvShares(t *testing.T) {
	in := ranked(t, "composite: {components: [{source: ranked, method: irv}]}", "ABCD")
	vote(t, in, 1, "ABC")
	vote(t, in, 1, "A")
	vote(t, in, 1, "D", "B")
	r, err := in.Rank(ranking.Options{})
	if err != nil {
		t.Fatal(err)
	}
	// B and C have a third each and leave together; then A has 2 and D 1.
	if got := order(r); got != "1:A: 2:D: 3:B: 3:C:" {
		t.Error(got)
	}
	if v := r.Rounds[0].Votes; v["B"] != "0.3333333333333333333333333333333333" || r.Rounds[1].Exhausted != "0" {
		t.Errorf("rounds %+v", r.Rounds)
	}
}
