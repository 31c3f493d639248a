package ranking

import (
	"fmt"
	"slices"
	"strings"

	"github.com/laurel-awards/laurel/pkg/fault"
)

// seating fills the awards from a ranking.
type seating struct {
	m       *model
	qs      *quotas
	classOf []int // by candidate
	need    []int // by award
	lp      *simplex
	start   []int64        // a complete filling
	known   []*certificate // of candidates passed over, the last used first
	work    int64
	budget  int64
	reasons bool // whether displacements are to be explained
}

// maxKnown bounds how many certificates are kept.
const maxKnown = 64

// seated is a filling, by candidate.
type seated struct {
	award     []int // noAward for none
	displaced map[int][]displaced
}

// displaced is why a candidate was passed over for an award.
type displaced struct {
	award    int
	counters []int // at their cap
	quotas   []int // whose other demands the candidate would break
	favoured int   // who took the seat
}

// maxWork bounds the search, in numbers looked at: some minutes.
const maxWork = 100_000_000_000

// newSeating finds a first filling, near the given order, or the quotas in
// conflict.
func newSeating(in *Input, order []int) (*seating, error) {
	qs, classOf := newQuotas(in.rb, in.people())
	return qs.seating(classOf, order, demand(in.rb.Awards, len(in.ids)))
}

func (qs *quotas) seating(classOf, order, need []int) (*seating, error) {
	s := &seating{m: qs.model(need), qs: qs, classOf: classOf, need: need, budget: maxWork}
	s.lp = newSimplex(s.m.program, make([]float64, 2*len(s.m.lower)), &s.work)
	s.price(order)
	s.start = s.m.guess(order, classOf, need)
	a, x, _ := s.find(s.m.bounds(), s.start)
	switch a {
	case possible:
		s.start = x
		return s, nil
	case undecided:
		return nil, errUndecided()
	}
	return nil, s.conflict()
}

// price makes it dear to give a seat to who is far down the order, and to take
// one from who is far up: then a filling needs few changes as seats are taken.
func (s *seating) price(order []int) {
	n := float64(len(order) + 1)
	for i := range s.lp.cost {
		s.lp.cost[i] = 1 + noise(i)
	}
	for place := len(order) - 1; place >= 0; place-- {
		at := float64(place) / n
		for g := range s.m.groups {
			j := s.m.column(g, s.classOf[order[place]])
			s.lp.cost[rise(j)] = 1 + at + noise(2*j)
			s.lp.cost[fall(j)] = 2 - at + noise(2*j+1)
		}
	}
}

// noise keeps costs apart, so that the simplex does not turn in circles.
func noise(n int) float64 {
	x := uint64(n)*0x9E3779B97F4A7C15 + 0x7F4A7C15
	x ^= x >> 29
	x *= 0xBF58476D1CE4E5B9
	x ^= x >> 32
	return float64(x>>44) / (1 << 24)
}

// find looks for a complete filling within the bounds, from a start; an
// impossible one comes with its proof.
func (s *seating) find(b bounds, start []int64) (answer, []int64, *tree) {
	h := &hunt{p: s.m.program, lp: s.lp, b: b, budget: s.budget}
	own := slices.Clone(s.lp.cost)
	defer func() { copy(s.lp.cost, own) }()
	for limit := firstNodes; ; limit *= 2 {
		s.lp.begin(start, s.m.activity(start), b)
		a, proof, _ := h.within(limit)
		if a != undecided || s.work > s.budget {
			return a, h.found, proof
		}
		start = h.near
		for i := range s.lp.cost {
			s.lp.cost[i] = 1 + 4*noise(i+limit*len(own))
		}
	}
}

// firstNodes is how many nodes a search looks at before it starts again from the
// most nearly whole x that it has met, with other costs and twice the nodes:
// most fillings are found soon or, from there, not for very long.
const firstNodes = 64

func errUndecided() error {
	return fault.NewInvalid(CodeUndecided, "whether the quotas can be met could not be decided within the search's bound")
}

// conflict names, where no filling exists, quotas none of which can be spared:
// dropping any one of them would make it possible.
func (s *seating) conflict() error {
	ignored := make([]bool, len(s.qs.rb.Quotas))
	for i := range ignored {
		ignored[i] = true
		if a, _, _ := s.find(s.m.without(ignored), s.start); a != impossible {
			ignored[i] = false
		}
	}
	var fields []fault.Field
	var names []string
	for i, spared := range ignored {
		if !spared {
			fields = append(fields, fault.Wrong(fmt.Sprintf("quotas[%d]", i), "quota_conflict", "cannot be met: {quota}", "quota", s.qs.words(i)))
			names = append(names, s.qs.words(i))
		}
	}
	message := "the quotas cannot be met together: " + strings.Join(names, "; ")
	return fault.NewInvalid(CodeInfeasible, message, fields...)
}

// fill gives each award, in order, the best of the sets that leave the rest
// feasible: the ranking is walked once an award, and whoever can be part of a
// complete filling is taken. A class once passed over stays so for the award,
// and for those that no quota tells from it, because what is taken only grows.
func (s *seating) fill(order []int) (*seated, error) {
	s.price(order)
	out := &seated{award: make([]int, len(order)), displaced: make(map[int][]displaced)}
	for c := range out.award {
		out.award[c] = noAward
	}
	f := &filling{seating: s, b: s.m.bounds(), ahead: s.start, counts: make([]int64, len(s.m.least)), passed: make(map[int]*displaced)}
	for _, c := range s.known {
		c.settle(&f.b)
	}
	for award := range s.need {
		if err := f.award(award, order, out); err != nil {
			return nil, err
		}
	}
	s.start = f.ahead
	return out, nil
}

// filling is a partly filled list of awards: what is taken are lower bounds,
// and who is passed over upper ones.
type filling struct {
	*seating
	b      bounds
	ahead  []int64            // a complete filling within the bounds
	counts []int64            // by row: what is taken
	passed map[int]*displaced // by column: why no more of it are taken
}

func (f *filling) award(award int, order []int, out *seated) error {
	var waiting []int // passed over, until the next who is taken
	left := f.need[award]
	for _, c := range order {
		if left == 0 {
			break
		}
		if out.award[c] != noAward {
			continue
		}
		j := f.m.column(f.m.group[award], f.classOf[c])
		if f.passed[j] == nil {
			took, err := f.take(j)
			if err != nil {
				return err
			}
			if took {
				left--
				out.award[c] = award
				for _, w := range waiting {
					d := *f.passed[f.m.column(f.m.group[award], f.classOf[w])]
					d.award, d.favoured = award, c
					out.displaced[w] = append(out.displaced[w], d)
				}
				waiting = waiting[:0]
				continue
			}
		}
		if f.reasons {
			waiting = append(waiting, c)
		}
	}
	return nil
}

// take gives one more of the column a seat if the rest can still be filled, or
// notes why not.
func (f *filling) take(j int) (bool, error) {
	if f.ahead[j] == f.b.lower[j] {
		d, err := f.find(j)
		if err != nil {
			return false, err
		}
		if d != nil {
			f.passed[j] = d
			f.change(j, f.b.lower[j], f.b.lower[j])
			return false, nil
		}
	}
	f.change(j, f.b.lower[j]+1, f.b.upper[j])
	for _, e := range f.m.byColumn[j] {
		f.counts[e.at] += e.by
	}
	return true, nil
}

// find changes the filling ahead to one with one more of the column, or tells
// why there is none.
func (f *filling) find(j int) (*displaced, error) {
	var counters []int
	for _, e := range f.m.byColumn[j] {
		if i := e.at - f.m.first; i >= 0 && i < len(f.qs.counters) && f.counts[e.at]+e.by > f.m.most[e.at] {
			counters = append(counters, i)
		}
	}
	if len(counters) > 0 {
		return &displaced{counters: counters}, nil
	}
	for i, c := range f.known {
		if c.least+max(c.cost[j], 0) > c.most {
			copy(f.known[1:i+1], f.known[:i])
			f.known[0] = c
			return &displaced{quotas: f.cited(c)}, nil
		}
	}
	f.b.lower[j]++
	a, x, proof := f.seating.find(f.b, f.ahead)
	f.b.lower[j]--
	switch a {
	case possible:
		f.ahead = x
		return nil, nil
	case undecided:
		return nil, errUndecided()
	}
	if c := proof.leaf; c != nil {
		c.settle(&f.b)
		f.known = slices.Insert(f.known[:min(len(f.known), maxKnown-1)], 0, c)
	}
	return &displaced{quotas: f.cited(proof.leaves()...)}, nil
}

// change sets a column's bounds, of the certificates, too.
func (f *filling) change(j int, lower, upper int64) {
	for _, c := range f.known {
		by := c.cost[j]
		c.least += min(by*lower, by*upper) - min(by*f.b.lower[j], by*f.b.upper[j])
	}
	f.b.lower[j], f.b.upper[j] = lower, upper
}

// cited gives the quotas that certificates rest on.
func (f *filling) cited(leaves ...*certificate) []int {
	var out []int
	for _, c := range leaves {
		for _, t := range c.terms {
			if i := t.row - f.m.first; i >= 0 && i < len(f.qs.counters) && !slices.Contains(out, f.qs.counters[i].quota) {
				out = append(out, f.qs.counters[i].quota)
			}
		}
	}
	slices.Sort(out)
	return out
}

// settle computes the certificate's sums for bounds.
func (c *certificate) settle(b *bounds) {
	c.least, c.most = 0, 0
	for j, by := range c.cost {
		c.least += min(by*b.lower[j], by*b.upper[j])
	}
	for _, t := range c.terms {
		if t.by > 0 {
			c.most += t.by * b.most[t.row]
		} else {
			c.most += t.by * b.least[t.row]
		}
	}
}

// leaves gives the certificates of a proof.
func (t *tree) leaves() []*certificate {
	if t.leaf != nil {
		return []*certificate{t.leaf}
	}
	return append(t.low.leaves(), t.high.leaves()...)
}
