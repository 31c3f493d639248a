package ranking

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// scored is a medal whose candidates have votes and the scores of nine jurors by
// three criteria.
func scored(t testing.TB, candidates int, awards []int) *Input {
	p := medal(t, 1, candidates, awards)
	rb := parsed(t, `
awards: [{id: x, seats: 1}]
review: {panels: [{id: p, criteria: [{id: c0}, {id: c1, weight: 50%}, {id: c2}], aggregate: {method: trimmed_mean, drop_high: 1, drop_low: 1}}]}
composite: {components: [{source: votes, weight: 40%, convert: {method: proportional}}, {source: "panel:p", weight: 60%}],
  tie_break: [votes, lot], lot: {value: v}}
`)
	rb.Awards, rb.Quotas = p.rb.Awards, p.rb.Quotas
	p.rb = rb
	in := p.input(t)
	chance := rand.New(rand.NewPCG(1, 1))
	for c, id := range in.ids {
		merit := 100 * float64(candidates-c) / float64(candidates)
		if err := in.Votes(id, "", int64(100*merit)+chance.Int64N(3000)); err != nil {
			t.Fatal(err)
		}
		for j := range 9 {
			for k := range 3 {
				score := min(100, int(merit*0.8)+chance.IntN(21))
				if err := in.Score("p", fmt.Sprint("J", j), id, fmt.Sprint("c", k), fmt.Sprint(score)); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	return in
}

// However few crossings are collected at once, the walk meets each in turn.
func TestWalk(t *testing.T) {
	chance := rand.New(rand.NewPCG(3, 3))
	for range 300 {
		n := 2 + chance.IntN(7)
		rk, k := &ranking{}, component{weight: number{n: 2, d: 5}}
		var base []int
		for range n {
			rk.exact = append(rk.exact, number{n: chance.Int64N(40), d: 7})
			k.points = append(k.points, number{n: chance.Int64N(9), d: 3})
			base = append(base, chance.IntN(3)-1)
		}
		for _, direction := range []int{-1, 1} {
			w := &walk{rk: rk, base: base, k: k, direction: direction, exact: floats(rk.exact), points: floats(k.points), more: true, size: 1}
			var want []number
			for a := range n {
				for b := range a {
					if at, ok := w.at(pair{a: a, b: b}); ok && base[a] != base[b] && at.cmp(k.weight) == direction {
						want = append(want, at)
					}
				}
			}
			slices.SortFunc(want, func(a, b number) int { return direction * a.cmp(b) })
			want = slices.CompactFunc(want, func(a, b number) bool { return a.cmp(b) == 0 })
			at := k.weight
			for _, next := range want {
				got, ok := w.next(at)
				if !ok || got.cmp(next) != 0 {
					t.Fatalf("after %s comes %s (%v), want %s", at, got, ok, next)
				}
				at = got
			}
			if got, ok := w.next(at); ok {
				t.Fatalf("after the last, %s, comes %s", at, got)
			}
		}
	}
}

// How far weights can move is wanted in 2 s for 3,000 candidates.
func BenchmarkInput_Sensitivities(b *testing.B) {
	in := scored(b, 3000, []int{100, 200, 200})
	for b.Loop() {
		if _, err := in.Sensitivities(Options{}, Scenario{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkInput_Rank(b *testing.B) {
	in := scored(b, 3000, []int{100, 200, 200})
	for b.Loop() {
		if _, err := in.Rank(Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
