package ranking

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/laurel-awards/laurel/pkg/rulebook"
)

// with gives the instance with one limit changed.
func (i instance) with(quota int, limit string, seats int) instance {
	rb := *i.rb
	rb.Quotas = slices.Clone(rb.Quotas)
	if limit == LimitMax {
		rb.Quotas[quota].Max = rulebook.Whole(seats)
	} else {
		rb.Quotas[quota].Min = rulebook.Whole(seats)
	}
	return instance{&rb, i.values}
}

// limit is a quota's limit in seats.
func (i instance) limit(quota int, limit string) (n, seats int, ok bool) {
	q := i.rb.Quotas[quota]
	seats = i.rb.Seats(q.Of)
	if n, ok = q.Cap(seats); limit == LimitMin {
		n, ok = q.Floor(seats)
	}
	return n, seats, ok
}

// first walks a limit from where it is, and gives the first place where the
// winners, as trying every assignment finds them, are others; -1: none.
func (i instance) first(quota int, limit string, step int) (at int, possible bool) {
	n, seats, _ := i.limit(quota, limit)
	own := i.best(-1)
	for n += step; n >= 0 && (step < 0 || n <= seats); n += step {
		if other := i.with(quota, limit, n).best(-1); !slices.Equal(own, other) {
			return n, other != nil
		}
	}
	return -1, true
}

// fits tells whether any filling keeps the quotas.
func (i instance) fits() bool {
	need := demand(i.rb.Awards, len(i.values))
	award := make([]int, len(i.values))
	var try func(c, left int) bool
	try = func(c, left int) bool {
		if left == 0 || c == len(award) {
			for rest := c; rest < len(award); rest++ {
				award[rest] = noAward
			}
			return left == 0 && i.meets(award, -1)
		}
		for a := range need {
			if need[a] > 0 {
				award[c] = a
				need[a]--
				found := try(c+1, left-1)
				need[a]++
				if found {
					return true
				}
			}
		}
		award[c] = noAward
		return try(c+1, left)
	}
	left := 0
	for _, n := range need {
		left += n
	}
	return try(0, left)
}

// A report says how far each limit can move, or what would make the quotas
// possible: just what trying every limit finds.
func TestInput_Quotas_bruteForce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		i := drawInstance(t)
		in := i.input()
		r, err := in.Feasible(Options{})
		if err != nil {
			t.Fatal(err)
		}
		if own := i.best(-1); r.Possible != (own != nil) {
			t.Fatalf("possible %v, but %v fits", r.Possible, own)
		}
		if !r.Possible {
			if err := in.claim().Check(r.Proof); err != nil {
				t.Fatalf("the proof does not hold: %v", err)
			}
			i.relaxed(t, r)
			return
		}
		for a, list := range r.Awards {
			if len(list.Candidates) != demand(i.rb.Awards, len(i.values))[a] {
				t.Fatalf("award %d of the filling: %v", a, list.Candidates)
			}
		}
		if err := ranked(in).moves(r); err != nil {
			t.Fatal(err)
		}
		for _, m := range r.Moves {
			inward := -1
			if m.Limit == LimitMin {
				inward = 1
			}
			for step, shift := range map[int]*QuotaShift{inward: m.Stricter, -inward: m.Looser} {
				want, possible := i.first(m.Quota-1, m.Limit, step)
				got := -1
				if shift != nil {
					got = shift.Seats
				}
				if got != want || shift != nil && (shift.Impossible == possible || possible && len(shift.Gain)+len(shift.Lose) == 0) {
					t.Fatalf("quota %d, %s %d by %d: changes at %d (%+v), want %d, possible %v", m.Quota, m.Limit, m.Seats, step, got, shift, want, possible)
				}
			}
		}
	})
}

// relaxed checks what would make impossible quotas possible.
func (i instance) relaxed(t *rapid.T, r *QuotaReport) {
	alone := make(map[string]int)
	type limit struct {
		quota, from int
		name        string
		step        int
	}
	var limits []limit
	for q := range i.rb.Quotas {
		for name, step := range map[string]int{LimitMax: 1, LimitMin: -1} {
			n, seats, ok := i.limit(q, name)
			if !ok {
				continue
			}
			limits = append(limits, limit{q, n, name, step})
			for to := n + step; to >= 0 && (step < 0 || to <= seats); to += step {
				if i.with(q, name, to).fits() {
					alone[fmt.Sprint(q+1, name)] = to
					break
				}
			}
		}
	}
	got := make(map[string]int)
	for _, a := range r.Alone {
		got[fmt.Sprint(a.Quota, a.Limit)] = a.To
	}
	if diff := cmp.Diff(alone, got); diff != "" {
		t.Fatalf("alone (-tried +found):\n%s", diff)
	}
	total, own := 0, i
	for _, m := range r.Together {
		total += max(m.To-m.From, m.From-m.To)
		own = own.with(m.Quota-1, m.Limit, m.To)
	}
	var some func(j instance, from, left int) bool
	some = func(j instance, from, left int) bool {
		if from == len(limits) || left == 0 {
			return j.fits()
		}
		l := limits[from]
		for by := 0; by <= left; by++ {
			to := l.from + l.step*by
			if to < 0 {
				break
			}
			next := j
			if by > 0 {
				next = j.with(l.quota, l.name, to)
			}
			if some(next, from+1, left-by) {
				return true
			}
		}
		return false
	}
	switch {
	case total == 0:
		if some(i, 0, 20) {
			t.Fatal("some change would make it possible")
		}
	case !own.fits():
		t.Fatalf("%v does not make it possible", r.Together)
	case some(i, 0, total-1):
		t.Fatalf("%v is not the least change", r.Together)
	}
}
