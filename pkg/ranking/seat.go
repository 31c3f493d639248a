package ranking

import (
	"slices"
)

// seating fills the awards from a ranking.
type seating struct {
	qs      *quotas
	classOf []int // by candidate
	need    []int // by award
	start   plan
	reasons bool // whether displacements are to be explained
}

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

// newSeating finds a first filling, or the quotas in conflict.
func newSeating(in *Input) (*seating, error) {
	qs, classOf := newQuotas(in.rb, in.people())
	s := &seating{qs: qs, classOf: classOf, need: demand(in.rb.Awards, len(in.ids))}
	var err error
	s.start, err = qs.first(s.need)
	return s, err
}

// fill gives each award, in order, the best of the sets that leave the rest
// feasible: the ranking is walked once an award, and whoever can be part of a
// complete filling is taken. A class once passed over stays so for the award,
// because what is taken only grows.
func (s *seating) fill(order []int) (*seated, error) {
	f := s.qs.filling(s.need)
	ahead := make(plan, len(s.start)) // a complete filling of what is empty
	for a := range ahead {
		ahead[a] = slices.Clone(s.start[a])
	}
	out := &seated{award: make([]int, len(order)), displaced: make(map[int][]displaced)}
	for c := range out.award {
		out.award[c] = noAward
	}
	for award := range s.need {
		if err := s.fillOne(f, ahead, award, order, out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (s *seating) fillOne(f *filling, ahead plan, award int, order []int, out *seated) error {
	passed := make([]*displaced, len(s.qs.classes)) // by class, why it is shut
	var waiting []int                               // passed over, until the next who is taken
	for _, c := range order {
		if f.need[award] == 0 {
			break
		}
		if out.award[c] != noAward {
			continue
		}
		class := s.classOf[c]
		if !f.shut[award][class] {
			took, err := s.take(f, ahead, award, class)
			if err != nil {
				return err
			}
			if took {
				out.award[c] = award
				for _, w := range waiting {
					d := *passed[s.classOf[w]]
					d.favoured = c
					out.displaced[w] = append(out.displaced[w], d)
				}
				waiting = waiting[:0]
				continue
			}
			f.shut[award][class] = true
			passed[class] = &displaced{award: award}
			if s.reasons {
				passed[class].counters, passed[class].quotas = f.blame(ahead, award, class)
			}
		}
		if s.reasons {
			waiting = append(waiting, c)
		}
	}
	return nil
}

// take puts one of the class into the award if the rest can still be filled.
func (s *seating) take(f *filling, ahead plan, award, class int) (bool, error) {
	if f.room(award, class) <= 0 {
		return false, nil
	}
	if ahead[award][class] == 0 && !f.swap(ahead, award, class) {
		f.put(award, class, 1)
		p, a := f.solve()
		f.put(award, class, -1)
		if a == undecided {
			return false, errUndecided()
		}
		if a == impossible {
			return false, nil
		}
		copy(ahead, p)
		ahead[award][class]++
	}
	ahead[award][class]--
	f.put(award, class, 1)
	return true, nil
}

// swap changes the complete filling ahead so that the award has one more of
// the class for one less of another, in one of three ways: that one leaves, or
// takes the place in a later award from which the class's member comes, or
// takes a later award's place of a third, who leaves. False: none of these
// keeps the quotas.
func (f *filling) swap(ahead plan, award, class int) bool {
	w := f.swapping(ahead, class)
	for other, n := range ahead[award] {
		if n == 0 || other == class {
			continue
		}
		w.move(award, other, -1)
		w.move(award, class, 1)
		if w.spare > 0 && w.holds() {
			return true
		}
		for later := award + 1; later < len(ahead); later++ {
			if f.shut[later][other] {
				continue
			}
			w.move(later, other, 1)
			for third, n := range ahead[later] {
				if n == 0 || third == other || third != class && w.spare <= 0 {
					continue
				}
				w.move(later, third, -1)
				if w.holds() {
					return true
				}
				w.move(later, third, 1)
			}
			w.move(later, other, -1)
		}
		w.move(award, other, 1)
		w.move(award, class, -1)
	}
	return false
}

// swapping is a complete filling being changed.
type swapping struct {
	f      *filling
	ahead  plan
	counts []int // by counter
	broken int   // counters off their limits
	spare  int   // of the class wanted, members in no award
}

func (f *filling) swapping(ahead plan, class int) *swapping {
	w := &swapping{f: f, ahead: ahead, counts: slices.Clone(f.counts), spare: f.supply[class]}
	for a := range ahead {
		w.spare -= ahead[a][class]
		for c, n := range ahead[a] {
			if n > 0 {
				for _, i := range f.qs.classes[c].hits[a] {
					w.counts[i] += n
				}
			}
		}
	}
	for i := range w.counts {
		if w.off(i) {
			w.broken++
		}
	}
	return w
}

func (w *swapping) off(i int) bool {
	k := w.f.qs.counters[i]
	return !w.f.ignore[k.quota] && (w.counts[i] < k.min || k.max != noCap && w.counts[i] > k.max)
}

func (w *swapping) move(award, class, n int) {
	w.ahead[award][class] += n
	for _, i := range w.f.qs.classes[class].hits[award] {
		before := w.off(i)
		w.counts[i] += n
		switch after := w.off(i); {
		case after && !before:
			w.broken++
		case before && !after:
			w.broken--
		}
	}
}

func (w *swapping) holds() bool { return w.broken == 0 }

// blame tells why no complete filling has one more of the class in the award:
// the counters at their cap, else the quotas without any of which there would
// be one, else a set of quotas that conflict with it together.
func (f *filling) blame(ahead plan, award, class int) (counters, quotas []int) {
	for _, i := range f.qs.classes[class].hits[award] {
		if k := f.qs.counters[i]; k.max != noCap && f.counts[i] >= k.max {
			counters = append(counters, i)
		}
	}
	if len(counters) > 0 {
		return counters, nil
	}
	g := f.clone()
	g.shut[award][class] = false
	for i := range g.ignore {
		g.ignore[i] = true
		if g.could(ahead, award, class) {
			quotas = append(quotas, i)
		}
		g.ignore[i] = false
	}
	if len(quotas) == 0 {
		g.put(award, class, 1)
		for i, conflicting := range g.conflict() {
			if conflicting {
				quotas = append(quotas, i)
			}
		}
	}
	return nil, quotas
}

// could tells whether a complete filling has one more of the class.
func (f *filling) could(ahead plan, award, class int) bool {
	if f.room(award, class) <= 0 {
		return false
	}
	scratch := make(plan, len(ahead))
	for a := range scratch {
		scratch[a] = slices.Clone(ahead[a])
	}
	if f.swap(scratch, award, class) {
		return true
	}
	f.put(award, class, 1)
	_, a := f.solve()
	f.put(award, class, -1)
	return a == possible
}
