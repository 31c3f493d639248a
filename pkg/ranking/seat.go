package ranking

import (
	"fmt"
	"slices"
	"strings"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/reason"
)

// seating fills the awards from a ranking.
type seating struct {
	m       *model
	qs      *quotas
	classOf []int // by candidate
	need    []int // by award
	lp      *simplex
	start   []int64 // a complete filling
	known   []*tree // certificates of candidates passed over, the last used first
	walks   uint64  // how many there were: each takes other turns
	walk    int64   // how much work the next one may do: a part of what the relaxation took last
	*effort
	reasons bool // whether displacements are to be explained
}

// maxKnown bounds how many certificates are kept.
const maxKnown = 64

// seated is a filling, by candidate.
type seated struct {
	award     []int // noAward for none
	displaced map[int][]displaced
	passed    map[int]*displaced // by column: why no more of it got a seat
}

// displaced is why a candidate was passed over for an award.
type displaced struct {
	award    int
	counters []int // at their cap
	quotas   []int // whose other demands the candidate would break
	proof    *tree // of that; nil for a cap that is reached
	numbers  reason.Reason
	favoured int // who took the seat
}

// newSeating finds a first filling, near the given order, or the quotas in
// conflict.
func newSeating(in *Input, order []int, e *effort) (*seating, error) {
	qs, classOf := newQuotas(in.rb, in.people())
	return qs.seating(classOf, order, demand(in.rb.Awards, len(in.ids)), e)
}

func (qs *quotas) seating(classOf, order, need []int, e *effort) (*seating, error) {
	s := qs.unfilled(classOf, order, need, false, e)
	ok, err := s.complete()
	if err == nil && !ok {
		err = s.infeasible(s.conflict())
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// complete makes the start a complete filling that keeps the quotas; false: there
// is none. Fault: quotas_undecided.
func (s *seating) complete() (bool, error) {
	a, x, _ := s.find(s.m.bounds(), s.start)
	switch a {
	case undecided:
		return false, s.undecided()
	case impossible:
		return false, nil
	}
	s.start = x
	return true, nil
}

// unfilled is a seating whose start need not keep the quotas.
func (qs *quotas) unfilled(classOf, order, need []int, relaxed bool, e *effort) *seating {
	s := &seating{m: qs.model(need, relaxed), qs: qs, classOf: classOf, need: need, effort: e}
	s.lp = newSimplex(s.m.program, make([]float64, 2*len(s.m.lower)), e)
	s.price(order)
	s.start = s.m.guess(order, classOf, need)
	return s
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

// search branches, and for as much work guesses what is likely and walks from
// there, in turn: that finds what is hard to find sooner. It may begin at a later
// round.
func (s *seating) search(b bounds, start []int64, from *passed) (answer, []int64, *tree) {
	x, nodes, rate := start, 1, firstRate
	if from != nil {
		if noted, ok := s.resume(from); ok {
			x, nodes, rate = noted, from.Nodes, max(lastRate, min(from.Rate, firstRate))
			for j := range x {
				x[j] = max(b.lower[j], min(x[j], b.upper[j]))
			}
		}
	} else if x, ok := s.jump(&b, start, s.walk); ok {
		return possible, x, nil
	}
	h := &hunt{p: s.m.program, lp: s.lp, b: b}
	own := slices.Clone(s.lp.cost)
	defer func() { copy(s.lp.cost, own) }()
	for ; ; nodes = max(firstNodes, 2*nodes) {
		if nodes > 1 {
			for i := range s.lp.cost {
				s.lp.cost[i] = 1 + 4*noise(i+nodes*len(own))
			}
			if s.kept != nil {
				s.kept.Round = s.passed(s.asked-1, x)
				s.kept.Round.Nodes, s.kept.Round.Rate, s.kept.Work = nodes, rate, s.Work
			}
		}
		s.lp.begin(x, s.m.activity(x), b)
		before := s.Work
		a, proof, _ := h.within(nodes)
		if nodes == 1 {
			s.walk = (s.Work - before) / 2
		}
		if a != undecided || s.spent() {
			return a, h.found, proof
		}
		for end := 2*s.Work - before; s.Work < end && !s.spent(); rate = max(rate/2, lastRate) {
			from := s.Work
			likely, ok := s.believe(&b, rate)
			if !ok && s.spent() {
				return undecided, nil, nil // what was cut short is not gone on from: the round is begun again
			}
			if !ok {
				likely, ok = s.jump(&b, likely, s.Work-from)
			}
			if ok {
				return possible, likely, nil
			}
			x = likely
		}
	}
}

const (
	// firstNodes is how many nodes a search looks at before it starts again from
	// what it has found likely, with other costs and twice the nodes: most fillings
	// are found soon or, from there, not for very long.
	firstNodes = 24
	// What is likely is believed the slower the longer the search takes.
	firstRate, lastRate = 0.02, 0.0005
)

// conflict gives, where no filling exists, quotas none of which can be spared:
// dropping any one of them would make it possible. The others are ignored.
func (s *seating) conflict() (ignored []bool) {
	ignored = make([]bool, len(s.qs.rb.Quotas))
	for i := range ignored {
		ignored[i] = true
		if a, _, _ := s.find(s.m.without(ignored), s.start); a != impossible {
			ignored[i] = false
		}
	}
	return ignored
}

// infeasible names the quotas that are in conflict.
func (s *seating) infeasible(ignored []bool) error {
	var fields []fault.Field
	var names []string
	for i, spared := range ignored {
		if !spared {
			fields = append(fields, fault.Wrong(fmt.Sprintf("quotas[%d]", i), "quota_unmet", "cannot be met: {quota}", "quota", s.qs.words(i)))
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
func (s *seating) fill(order []int) (*seated, error) { return s.fillWithin(s.m.bounds(), order) }

// fillWithin fills the awards within bounds that the start keeps.
func (s *seating) fillWithin(b bounds, order []int) (*seated, error) {
	s.price(order)
	f := s.empty(b)
	out := &seated{award: make([]int, len(order)), displaced: make(map[int][]displaced), passed: f.passed}
	for c := range out.award {
		out.award[c] = noAward
	}
	for award := range s.need {
		if err := f.award(award, order, out); err != nil {
			return nil, err
		}
	}
	s.start = f.ahead
	return out, nil
}

func (s *seating) empty(b bounds) *filling {
	for _, t := range s.known {
		t.leaf.settle(&b)
	}
	return &filling{seating: s, b: b, ahead: s.start, counts: make([]int64, len(s.m.least)), passed: make(map[int]*displaced)}
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
	f.seat(j)
	for _, e := range f.m.byColumn[j] {
		if f.counts[e.at] < f.b.most[e.at] {
			continue
		}
		for _, other := range f.m.byRow[e.at] { // whom a full cap lets in no more
			if k := other.at; f.b.lower[k] < f.b.upper[k] {
				f.change(k, f.b.lower[k], f.b.lower[k])
			}
		}
	}
	return true, nil
}

// seat gives one more of the column a seat.
func (f *filling) seat(j int) {
	f.change(j, f.b.lower[j]+1, f.b.upper[j])
	for _, e := range f.m.byColumn[j] {
		f.counts[e.at] += e.by
	}
}

// find changes the filling ahead to one with one more of the column, or tells
// why there is none.
func (f *filling) find(j int) (*displaced, error) {
	var counters []int
	for _, e := range f.m.byColumn[j] {
		if i := e.at - f.m.first; i >= 0 && i < len(f.qs.counters) && f.counts[e.at]+e.by > f.b.most[e.at] {
			counters = append(counters, i)
		}
	}
	if len(counters) > 0 {
		return &displaced{counters: counters}, nil
	}
	for i, t := range f.known {
		if c := t.leaf; c.least+max(c.cost[j], 0) > c.most {
			copy(f.known[1:i+1], f.known[:i])
			f.known[0] = t
			return f.proved(j, t), nil
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
		return nil, f.undecided()
	}
	if proof.leaf != nil {
		proof.leaf.settle(&f.b)
		f.known = slices.Insert(f.known[:min(len(f.known), maxKnown-1)], 0, proof)
	}
	return f.proved(j, proof), nil
}

// proved is a displacement by a proof.
func (f *filling) proved(j int, proof *tree) *displaced {
	d := &displaced{proof: proof}
	if f.reasons {
		rows := proof.rows()
		d.quotas, d.numbers = f.m.cited(rows), f.tell(j, rows)
	}
	return d
}

// change sets a column's bounds, of the certificates, too.
func (f *filling) change(j int, lower, upper int64) {
	for _, t := range f.known {
		c := t.leaf
		by := c.cost[j]
		c.least += min(by*lower, by*upper) - min(by*f.b.lower[j], by*f.b.upper[j])
	}
	f.b.lower[j], f.b.upper[j] = lower, upper
}
