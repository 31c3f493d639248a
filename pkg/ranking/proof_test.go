package ranking

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/reason"
	"github.com/laurel-awards/laurel/pkg/rulebook"
)

// Of larger small cases, too, the seats go to the very candidates that trying
// finds; each displacement that no reached cap explains comes with a proof that
// holds, and so does each refusal.
func TestSeating_proofs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		i := drawLarger(t)
		in := i.input()
		o, err := ranked(in).outcome()
		if want := i.best(-1); want == nil || err != nil {
			if want != nil || !fault.HasCode(err, CodeInfeasible) {
				t.Fatalf("err = %v, but %v fits", err, want)
			}
			i.conflict(t, fault.From(err).Fields)
			return
		}
		r := o.whole()
		award := make([]int, len(i.values))
		for c, row := range r.Ranking {
			award[c] = slices.IndexFunc(i.rb.Awards, func(a rulebook.Award) bool { return a.ID == row.Award })
		}
		if diff := cmp.Diff(i.best(-1), award); diff != "" {
			t.Fatalf("awards by candidate (-tried +filled):\n%s", diff)
		}
		proved(t, in, r)
	})
}

// ranked is a ranking in the order of the candidates.
func ranked(in *Input) *ranking {
	rk := &ranking{in: in, order: in.order(), explain: make([][]reason.Reason, len(in.ids)), totals: make([]number, len(in.ids)), effort: Options{}.effort()}
	for c := range in.ids {
		rk.ranks = append(rk.ranks, c+1)
	}
	return rk
}

// claim is that there is no complete filling at all.
func (in *Input) claim() Claim {
	c := Claim{
		Rulebook: in.rb, IDs: in.ids, Need: demand(in.rb.Awards, len(in.ids)),
		Given: make([]int, len(in.ids)), Barred: make([][]bool, len(in.ids)),
	}
	for i := range in.ids {
		c.Given[i] = noAward
		attributes := make(map[string]string, len(in.attributes))
		for a, name := range in.attributes {
			attributes[name] = in.values[a][i]
		}
		c.Attributes = append(c.Attributes, attributes)
	}
	return c
}

// proved checks the proofs of a result, and that each is worth something: it
// does not show as much about the candidate who got the seat.
func proved(t rapid.TB, in *Input, r *Result) (checked int) {
	t.Helper()
	whole := in.claim()
	attributes := make(map[string]map[string]string)
	for c, id := range in.ids {
		attributes[id] = whole.Attributes[c]
	}
	for _, row := range r.Ranking {
		for _, d := range row.Displaced {
			if d.Proof == 0 {
				if len(d.Quotas) == 0 || d.Quotas[0].Max == nil {
					t.Fatalf("candidate %s: neither a proof nor a cap: %+v", row.Candidate, d)
				}
				continue
			}
			claim, err := r.Claim(in.rb, attributes, row.Candidate, d.Award)
			if err == nil {
				err = claim.Check(r.Proofs[d.Proof-1])
			}
			if err != nil {
				t.Fatalf("candidate %s, award %s: %v", row.Candidate, d.Award, err)
			}
			if claim, err = r.Claim(in.rb, attributes, d.InFavour, d.Award); err != nil || claim.Check(r.Proofs[d.Proof-1]) == nil {
				t.Fatalf("the proof about candidate %s shows the same of %s, who got the seat (%v)", row.Candidate, d.InFavour, err)
			}
			checked++
		}
	}
	return checked
}

// drawLarger draws up to twelve candidates, five seats, three awards, four quotas.
func drawLarger(t *rapid.T) instance {
	rb := new(rulebook.Rulebook)
	left := rapid.IntRange(1, 5).Draw(t, "seats")
	for i := 0; i < 3 && left > 0; i++ {
		n := rapid.IntRange(1, left).Draw(t, "of them")
		rb.Awards = append(rb.Awards, rulebook.Award{ID: fmt.Sprintf("award%d", i), Seats: n})
		left -= n
	}
	limit := rapid.SampledFrom([]string{"1", "2", "20%", "40%", "60%", "2/3"})
	for range rapid.IntRange(1, 4).Draw(t, "quotas") {
		n, err := rulebook.ParseNumber(limit.Draw(t, "limit"))
		if err != nil {
			t.Fatal(err)
		}
		q := rulebook.Quota{Attribute: rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "attribute"), Max: n}
		if rapid.Bool().Draw(t, "one value") {
			q.Value = rapid.SampledFrom([]string{"x", "y", "z"}).Draw(t, "value")
			if rapid.Bool().Draw(t, "min") {
				q.Min, q.Max = n, rulebook.Number{}
			}
		}
		if rapid.IntRange(0, 2).Draw(t, "of") == 0 {
			q.Of = rapid.SampledFrom(rb.Awards).Draw(t, "of award").ID
		}
		rb.Quotas = append(rb.Quotas, q)
	}
	i := instance{rb: rb}
	own := rapid.SampledFrom([]string{"x", "y", "z", ""})
	for range rapid.IntRange(1, 12).Draw(t, "candidates") {
		i.values = append(i.values, []string{own.Draw(t, "a"), own.Draw(t, "b"), own.Draw(t, "c")})
	}
	return i
}
