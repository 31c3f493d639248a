package ranking_test

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/laurel-awards/laurel/pkg/ranking"
)

// shape is how many there are of everything that scores are kept by.
type shape struct{ panels, criteria, jurors, candidates int }

// rulebook has panels that skip missing sheets and weigh criterion k with k + 1.
func (s shape) rulebook() string {
	var b strings.Builder
	b.WriteString("review:\n  panels:\n")
	for p := range s.panels {
		fmt.Fprintf(&b, "    - {id: p%d, missing: skip, criteria: [", p)
		for k := range s.criteria {
			fmt.Fprintf(&b, "{id: c%d, weight: %d},", k, k+1)
		}
		b.WriteString("]}\n")
	}
	b.WriteString("composite:\n  components:\n")
	for p := range s.panels {
		fmt.Fprintf(&b, "    - {source: 'panel:p%d', weight: %d}\n", p, p+1)
	}
	return b.String()
}

// cellKey names a score of the plain reference.
type cellKey struct{ panel, juror, candidate, criterion int }

// scored puts in whole sheets in any order, every fifth missing, and keeps what
// was put in as a map of single scores.
func (s shape) scored(t *testing.T, chance *rand.Rand) (*ranking.Input, map[cellKey]int64) {
	in := ranking.New(parse(t, s.rulebook()))
	for c := range s.candidates {
		if err := in.Candidate(fmt.Sprint(c), nil); err != nil {
			t.Fatal(err)
		}
	}
	type row struct{ panel, juror, candidate int }
	var rows []row
	for p := range s.panels {
		for j := range s.jurors {
			for c := range s.candidates {
				if chance.IntN(5) > 0 {
					rows = append(rows, row{p, j, c})
				}
			}
		}
	}
	if chance.IntN(2) == 0 { // else as a spreadsheet has them, juror by juror
		chance.Shuffle(len(rows), func(a, b int) { rows[a], rows[b] = rows[b], rows[a] })
	}
	kept := make(map[cellKey]int64, len(rows)*s.criteria)
	for _, r := range rows {
		for k := range s.criteria {
			score := chance.Int64N(101)
			kept[cellKey{r.panel, r.juror, r.candidate, k}] = score
			err := in.Score(fmt.Sprintf("p%d", r.panel), fmt.Sprintf("J%d", r.juror), fmt.Sprint(r.candidate), fmt.Sprintf("c%d", k), fmt.Sprint(score))
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	return in, kept
}

// total is a candidate's total spelled out from its definition: the sum of
// weight × the mean of the jurors' weighted sheets.
func (s shape) total(kept map[cellKey]int64, candidate int) *big.Rat {
	total := new(big.Rat)
	for p := range s.panels {
		sum, sheets := int64(0), int64(0)
		for j := range s.jurors {
			if _, ok := kept[cellKey{p, j, candidate, 0}]; !ok {
				continue
			}
			sheets++
			for k := range s.criteria {
				sum += int64(k+1) * kept[cellKey{p, j, candidate, k}]
			}
		}
		if sheets > 0 {
			total.Add(total, new(big.Rat).Mul(big.NewRat(int64(p+1), 1), big.NewRat(sum, sheets)))
		}
	}
	return total
}

// tiny is what 34 significant digits may be off by.
var tiny = big.NewRat(1, 1_000_000_000_000_000_000)

// However many panels, criteria, jurors and candidates there are, the scores
// kept are those put in. Cells lie in blocks of 16,384: what fills one to the
// last cell, or passes it by one, is among the shapes.
func TestInput_Rank_shapes(t *testing.T) {
	shapes := []shape{{1, 4, 9, 456}, {1, 8, 9, 228}, {1, 1, 4, 5000}, {3, 2, 3, 5000}, {1, 16, 31, 40}}
	for criteria := 1; criteria <= 17; criteria++ {
		jurors := (criteria*13)%31 + 1
		shapes = append(shapes, shape{1 + criteria%2, criteria, jurors, 5*16384/4/criteria/jurors + 2})
	}
	for jurors := 1; jurors <= 31; jurors++ {
		shapes = append(shapes, shape{1 + jurors%3, 1 << (jurors % 5), jurors, 1 + jurors*7%20})
	}
	for i, s := range shapes {
		if ranking.Raced && i%4 > 0 {
			continue
		}
		t.Run(fmt.Sprintf("%d panels, %d criteria, %d jurors, %d candidates", s.panels, s.criteria, s.jurors, s.candidates), func(t *testing.T) {
			t.Parallel()
			in, kept := s.scored(t, rand.New(rand.NewPCG(uint64(i), 7)))
			r, err := in.Rank(ranking.Options{})
			if err != nil {
				t.Fatal(err)
			}
			got := totals(r)
			for c := range s.candidates {
				want := s.total(kept, c)
				total, ok := new(big.Rat).SetString(got[fmt.Sprint(c)])
				if !ok || total.Abs(total.Sub(total, want)).Cmp(tiny) > 0 {
					t.Fatalf("candidate %d: total %s, want %s", c, got[fmt.Sprint(c)], want.FloatString(30))
				}
			}
			if !slices.IsSortedFunc(r.Ranking, func(a, b ranking.Ranked) int { return a.Rank - b.Rank }) {
				t.Error("the ranking is not in the order of ranks")
			}
		})
	}
}

// A block that is full to its last cell is followed by a new one, at whatever
// candidate it happens.
func TestInput_Score_fullBlock(t *testing.T) {
	for _, criteria := range []int{1, 2, 4, 8, 16} {
		s := shape{1, criteria, 1, 16384/criteria + 1}
		in := ranking.New(parse(t, s.rulebook()))
		for c := range s.candidates {
			id := fmt.Sprint(c)
			if err := in.Candidate(id, nil); err != nil {
				t.Fatal(err)
			}
			for k := range criteria {
				if err := in.Score("p0", "J", id, fmt.Sprintf("c%d", k), fmt.Sprint(c)); err != nil {
					t.Fatal(err)
				}
			}
		}
		r, err := in.Rank(ranking.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for place, got := range r.Ranking {
			c := s.candidates - 1 - place
			if want := fmt.Sprint(c * criteria * (criteria + 1) / 2); got.Candidate != fmt.Sprint(c) || got.Total != want {
				t.Fatalf("%d criteria: place %d has candidate %s with %s, want %d with %s", criteria, place, got.Candidate, got.Total, c, want)
			}
		}
	}
}
