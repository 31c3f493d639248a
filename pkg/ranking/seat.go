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
				passed[class].counters, passed[class].quotas = f.blame(award, class)
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
// the class, by putting out one of another class; false where no single swap
// keeps the quotas.
func (f *filling) swap(ahead plan, award, class int) bool {
	total := slices.Clone(f.counts)
	used := 0
	for a := range ahead {
		for c, n := range ahead[a] {
			if n > 0 {
				f.count(total, a, c, n)
			}
		}
		used += ahead[a][class]
	}
	for other, n := range ahead[award] {
		if n == 0 || other == class {
			continue
		}
		from := noAward // where the class's member comes from
		if used >= f.supply[class] {
			for a := award + 1; a < len(ahead); a++ {
				if ahead[a][class] > 0 {
					from = a
				}
			}
			if from == noAward {
				return false
			}
		}
		f.count(total, award, other, -1)
		f.count(total, award, class, 1)
		if from != noAward {
			f.count(total, from, class, -1)
			f.count(total, from, other, 1)
		}
		if f.holds(total) && (from == noAward || !f.shut[from][other]) {
			ahead[award][other]--
			ahead[award][class]++
			if from != noAward {
				ahead[from][class]--
				ahead[from][other]++
			}
			return true
		}
		f.count(total, award, other, 1)
		f.count(total, award, class, -1)
		if from != noAward {
			f.count(total, from, class, 1)
			f.count(total, from, other, -1)
		}
	}
	return false
}

func (f *filling) count(counts []int, award, class, n int) {
	for _, i := range f.qs.classes[class].hits[award] {
		counts[i] += n
	}
}

// holds tells whether the counts of a complete filling meet every quota.
func (f *filling) holds(counts []int) bool {
	for i, k := range f.qs.counters {
		if !f.ignore[k.quota] && (counts[i] < k.min || k.max != noCap && counts[i] > k.max) {
			return false
		}
	}
	return true
}

// blame tells why no complete filling has one more of the class in the award:
// the counters at their cap, else the quotas without any of which there would
// be one, else a set of quotas that conflict with it together.
func (f *filling) blame(award, class int) (counters, quotas []int) {
	for _, i := range f.qs.classes[class].hits[award] {
		if k := f.qs.counters[i]; k.max != noCap && f.counts[i] >= k.max {
			counters = append(counters, i)
		}
	}
	if len(counters) > 0 {
		return counters, nil
	}
	g := f.clone()
	g.put(award, class, 1)
	for i := range g.ignore {
		g.ignore[i] = true
		if _, a := g.solve(); a == possible {
			quotas = append(quotas, i)
		}
		g.ignore[i] = false
	}
	if len(quotas) == 0 {
		for i, conflicting := range g.conflict() {
			if conflicting {
				quotas = append(quotas, i)
			}
		}
	}
	return nil, quotas
}
