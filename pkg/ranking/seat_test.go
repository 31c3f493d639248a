package ranking

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
)

// instance is a small problem of seats: candidates in rank order.
type instance struct {
	rb     *rulebook.Rulebook
	values [][]string // by candidate, of attributes a, b, c
}

func (i instance) input() *Input {
	in := New(i.rb)
	for c, values := range i.values {
		attributes := map[string]string{"a": values[0], "b": values[1], "c": values[2]}
		if err := in.Candidate(fmt.Sprint(c), attributes); err != nil {
			panic(err)
		}
	}
	return in
}

func drawInstance(t *rapid.T) instance {
	rb := new(rulebook.Rulebook)
	for i := range rapid.IntRange(1, 2).Draw(t, "awards") {
		rb.Awards = append(rb.Awards, rulebook.Award{ID: fmt.Sprintf("award%d", i), Seats: rapid.IntRange(1, 3).Draw(t, "seats")})
	}
	attribute := rapid.SampledFrom([]string{"a", "b", "c"})
	value := rapid.SampledFrom([]string{"x", "y", "z"})
	limit := rapid.SampledFrom([]string{"0", "1", "2", "3", "30%", "50%", "2/3"})
	for range rapid.IntRange(0, 4).Draw(t, "quotas") {
		q := rulebook.Quota{Attribute: attribute.Draw(t, "attribute")}
		number := func() rulebook.Number {
			n, err := rulebook.ParseNumber(limit.Draw(t, "limit"))
			if err != nil {
				panic(err)
			}
			return n
		}
		switch rapid.IntRange(0, 2).Draw(t, "kind") {
		case 0:
			q.Max = number()
		case 1:
			q.Value, q.Max = value.Draw(t, "value"), number()
		default:
			q.Value, q.Min = value.Draw(t, "value"), number()
		}
		if rapid.Bool().Draw(t, "of one award") {
			q.Of = rapid.SampledFrom(rb.Awards).Draw(t, "of").ID
		}
		rb.Quotas = append(rb.Quotas, q)
	}
	i := instance{rb: rb}
	own := rapid.SampledFrom([]string{"x", "y", "z", ""})
	for range rapid.IntRange(1, 7).Draw(t, "candidates") {
		i.values = append(i.values, []string{own.Draw(t, "a"), own.Draw(t, "b"), own.Draw(t, "c")})
	}
	return i
}

// meets tells whether awards by candidate meet the quotas, spelled out from
// their definition.
func (i instance) meets(award []int, ignore int) bool {
	for n, q := range i.rb.Quotas {
		if n == ignore {
			continue
		}
		seats, counts := 0, make(map[string]int)
		for a, rules := range i.rb.Awards {
			if q.Of != "" && q.Of != rules.ID {
				continue
			}
			seats += rules.Seats
			for c, got := range award {
				if got == a {
					counts[i.values[c][strings.Index("abc", q.Attribute)]]++
				}
			}
		}
		most, capped := q.Cap(seats)
		least, floored := q.Floor(seats)
		for value, count := range counts {
			if capped && value != "" && (q.Value == "" || q.Value == value) && count > most {
				return false
			}
		}
		if floored && counts[q.Value] < least {
			return false
		}
	}
	return true
}

// best finds, by trying every assignment, the best filling: of the sets of the
// first award that belong to a complete filling the lexicographically best, and
// so on. Nil: there is none.
func (i instance) best(ignore int) []int {
	need := demand(i.rb.Awards, len(i.values))
	var best []int
	award := make([]int, len(i.values))
	var try func(c int)
	try = func(c int) {
		if c == len(award) {
			if slices.Max(need) == 0 && slices.Min(need) == 0 && i.meets(award, ignore) && (best == nil || better(award, best, len(need))) {
				best = slices.Clone(award)
			}
			return
		}
		award[c] = noAward
		try(c + 1)
		for a := range need {
			if need[a] > 0 {
				award[c], need[a] = a, need[a]-1
				try(c + 1)
				award[c], need[a] = noAward, need[a]+1
			}
		}
	}
	try(0)
	return best
}

// better compares the first award's set, best member first, then the next's.
func better(x, y []int, awards int) bool {
	for a := range awards {
		for c := range x {
			if (x[c] == a) != (y[c] == a) {
				return x[c] == a
			}
		}
	}
	return false
}

// The seats go to the very candidates that trying every assignment finds:
// quotas are never violated and never displace needlessly. Where nothing fits,
// the quotas named conflict, and none of them can be spared.
func TestSeating_bruteForce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		i := drawInstance(t)
		in := i.input()
		order := make([]int, len(i.values))
		for c := range order {
			order[c] = c
		}
		want := i.best(-1)
		s, err := newSeating(in, in.order(), Options{}.effort())
		if want == nil {
			if !fault.HasCode(err, CodeInfeasible) {
				t.Fatalf("err = %v, want %s", err, CodeInfeasible)
			}
			i.conflict(t, fault.From(err).Fields)
			return
		}
		if err != nil {
			t.Fatalf("err = %v, but %v fits", err, want)
		}
		s.reasons = true
		got, err := s.fill(order)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got.award); diff != "" {
			t.Fatalf("awards by candidate (-tried +filled):\n%s", diff)
		}
		i.explained(t, got)
	})
}

// conflict checks that the named quotas alone cannot be met, and can without
// any one of them.
func (i instance) conflict(t *rapid.T, fields []fault.Field) {
	var named []rulebook.Quota
	for _, f := range fields {
		var at int
		if _, err := fmt.Sscanf(f.Name, "quotas[%d]", &at); err != nil {
			t.Fatalf("field %q: %v", f.Name, err)
		}
		named = append(named, i.rb.Quotas[at])
	}
	rb := *i.rb
	rb.Quotas = named
	alone := instance{&rb, i.values}
	if alone.best(-1) != nil {
		t.Fatalf("the quotas named, %v, are no conflict", fields)
	}
	for n := range named {
		if alone.best(n) == nil {
			t.Fatalf("the quota %d of %v could be spared", n, fields)
		}
	}
}

// explained checks that who is passed over for a lower ranked candidate has a
// reason that names a quota and that candidate, and nobody else has.
func (i instance) explained(t *rapid.T, got *seated) {
	for c := range i.values {
		for a := range i.rb.Awards {
			favoured := -1
			for other := c + 1; other < len(i.values) && favoured < 0; other++ {
				if got.award[other] == a && (got.award[c] == noAward || got.award[c] > a) {
					favoured = other
				}
			}
			at := slices.IndexFunc(got.displaced[c], func(d displaced) bool { return d.award == a })
			if (at >= 0) != (favoured >= 0) {
				t.Fatalf("candidate %d, award %d: in favour of %d, reason %d", c, a, favoured, at)
			}
			if at < 0 {
				continue
			}
			if d := got.displaced[c][at]; d.favoured != favoured || len(d.counters)+len(d.quotas) == 0 {
				t.Fatalf("candidate %d, award %d: %+v, want in favour of %d by some quota", c, a, d, favoured)
			}
		}
	}
}

// What cannot be met by any candidates is known before there are candidates.
func TestCheckQuotas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		i := drawInstance(t)
		if CheckQuotas(i.rb) != nil && i.best(-1) != nil && len(i.values) >= seats(i.rb) {
			full := false
			for _, values := range i.values {
				full = full || slices.Contains(values, "")
			}
			if !full {
				t.Fatalf("refused, but %v fits", i.best(-1))
			}
		}
	})
}

func seats(rb *rulebook.Rulebook) int {
	n := 0
	for _, a := range rb.Awards {
		n += a.Seats
	}
	return n
}

// A selection of real size, with three interlocking attributes, is filled
// within the bound, and no pair of a winner and a loser could be exchanged for
// the better.
func TestSeating_large(t *testing.T) {
	quotas := []rulebook.Quota{}
	for _, q := range []struct{ attribute, value, most, least, of string }{
		{"a", "", "2", "", ""}, {"b", "", "20%", "", ""}, {"c", "f", "", "50%", "winner"}, {"c", "f", "", "45%", ""}, {"b", "r0", "", "10%", "winner"},
	} {
		quota := rulebook.Quota{Attribute: q.attribute, Value: q.value, Of: q.of}
		for text, n := range map[string]*rulebook.Number{q.most: &quota.Max, q.least: &quota.Min} {
			if text == "" {
				continue
			}
			parsed, err := rulebook.ParseNumber(text)
			if err != nil {
				t.Fatal(err)
			}
			*n = parsed
		}
		quotas = append(quotas, quota)
	}
	i := instance{rb: &rulebook.Rulebook{
		Awards: []rulebook.Award{{ID: "winner", Seats: 20}, {ID: "nominated", Seats: 60}}, Quotas: quotas,
	}}
	for c := range 1000 {
		gender := "m"
		if c*7919%10 < 2 {
			gender = "f"
		}
		i.values = append(i.values, []string{fmt.Sprintf("e%d", c*104729%700), fmt.Sprintf("r%d", c*1299709%13), gender})
	}
	in := i.input()
	order := make([]int, len(i.values))
	for c := range order {
		order[c] = c
	}
	s, err := newSeating(in, in.order(), Options{}.effort())
	if err != nil {
		t.Fatal(err)
	}
	s.reasons = true
	got, err := s.fill(order)
	if err != nil {
		t.Fatal(err)
	}
	if !i.meets(got.award, -1) {
		t.Fatal("the filling violates a quota")
	}
	// Exchanging a winner for anybody ranked before and without an award, or
	// with the lesser one, must violate some quota.
	for w := range 400 {
		if got.award[w] != 0 {
			continue
		}
		for c := range w {
			if got.award[c] == 0 {
				continue
			}
			award := slices.Clone(got.award)
			award[w], award[c] = award[c], 0
			if i.meets(award, -1) {
				t.Fatalf("candidate %d could have the award of %d", c, w)
			}
		}
	}
}
