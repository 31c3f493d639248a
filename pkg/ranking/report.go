package ranking

import (
	"slices"

	"github.com/laurel-awards/laurel/pkg/norm"
	"github.com/laurel-awards/laurel/pkg/rulebook"
)

// QuotaReport tells whether the quotas can be met, and how much hangs on each.
type QuotaReport struct {
	Possible bool `json:"possible"`
	// Awards is a filling that keeps the quotas: by Quotas the result's, by
	// Feasible any.
	Awards []AwardList `json:"awards,omitempty"`
	Moves  []QuotaMove `json:"moves,omitempty"` // how far each limit could move
	// Conflict is quotas that cannot be met together; dropping any one of them
	// would make it possible. Proof shows so, by these quotas alone.
	Conflict []QuotaHit `json:"conflict,omitempty"`
	Proof    *Proof     `json:"proof,omitempty"`
	// Alone is each limit that would make a filling possible if it alone were
	// relaxed, by as little as that takes; Together is the least change in all.
	Alone    []Relaxation `json:"alone,omitempty"`
	Together []Relaxation `json:"together,omitempty"`
	// Open tells that a least change is not known: to find it is harder than to tell
	// that there is no filling, and takes a part of the budget at most.
	Open bool `json:"open,omitempty"`
}

// The limits of a quota.
const (
	LimitMax = "max"
	LimitMin = "min"
)

// QuotaMove is how far a limit could move, in seats, before another candidate
// gets an award.
type QuotaMove struct {
	Quota    int         `json:"quota"` // its place in the rulebook, from 1
	Limit    string      `json:"limit"`
	Seats    int         `json:"seats"`              // as it is
	Stricter *QuotaShift `json:"stricter,omitempty"` // absent: however strict nothing changes
	Looser   *QuotaShift `json:"looser,omitempty"`   // absent: even without the limit nothing changes
}

// QuotaShift is a limit at which an award changes hands.
type QuotaShift struct {
	Seats      int      `json:"seats"`
	Gain       []string `json:"gain,omitempty"`       // who then gets another award, or one at all
	Lose       []string `json:"lose,omitempty"`       // who then loses the award they had
	Impossible bool     `json:"impossible,omitempty"` // the awards could not be filled
}

// Relaxation is a limit moved so that the quotas can be met.
type Relaxation struct {
	Quota int    `json:"quota"` // its place in the rulebook, from 1
	Limit string `json:"limit"`
	From  int    `json:"from"` // seats
	To    int    `json:"to"`
}

// Feasible tells whether the awards can be filled under the quotas with the
// candidates put in so far; nothing else need be known of them.
func (in *Input) Feasible(o Options) (*QuotaReport, error) {
	order := in.order()
	qs, classOf := newQuotas(in.rb, in.people())
	s := qs.unfilled(classOf, order, demand(in.rb.Awards, len(in.ids)), false, o.effort())
	ok, err := s.complete()
	switch {
	case err != nil:
		return nil, err
	case !ok:
		return in.impossible(s, order)
	}
	return &QuotaReport{Possible: true, Awards: in.anyone(s)}, nil
}

// anyone spells a filling by classes out.
func (in *Input) anyone(s *seating) []AwardList {
	left := slices.Clone(s.start)
	need := slices.Clone(s.need)
	out := make([]AwardList, len(need))
	for a, rules := range in.rb.Awards {
		out[a] = AwardList{Award: rules.ID, Seats: rules.Seats, Candidates: []string{}}
	}
	for c, id := range in.ids {
		for a := range need {
			if j := s.m.column(s.m.group[a], s.classOf[c]); need[a] > 0 && left[j] > 0 {
				need[a]--
				left[j]--
				out[a].Candidates = append(out[a].Candidates, id)
				break
			}
		}
	}
	return out
}

func (in *Input) impossible(s *seating, order []int) (*QuotaReport, error) {
	r := &QuotaReport{}
	ignored := s.conflict()
	_, _, proof := s.find(s.m.without(ignored), s.start)
	if proof == nil {
		return nil, s.undecided()
	}
	r.Proof = s.m.proof(proof, s.classOf, in.ids)
	loose := s.qs.unfilled(s.classOf, order, s.need, true, nil)
	for q, spared := range ignored {
		if spared {
			continue
		}
		for i, k := range s.qs.counters {
			if k.quota == q {
				r.Conflict = append(r.Conflict, s.qs.hit(i))
				break
			}
		}
		for _, l := range [2]side{{q, false}, {q, true}} {
			if column, ok := loose.m.relax[l]; ok {
				r.Alone = append(r.Alone, s.relaxed(loose, column, r)...)
			}
		}
	}
	r.Together = s.relaxed(loose, -1, r)
	return r, nil
}

// relaxedShare is the part of the budget that each least change may take.
const relaxedShare = 50

// relaxed gives the least change, by one column or in all; none where there is
// none, or where it takes too much to find.
func (s *seating) relaxed(loose *seating, column int, r *QuotaReport) []Relaxation {
	loose.effort = s.part(relaxedShare)
	loose.lp.effort = loose.effort
	x, err := loose.least(column)
	s.Work += loose.Work
	switch {
	case err != nil:
		r.Open = true
		return nil
	case x == nil:
		return nil
	}
	return loose.relaxations(x)
}

// least finds a filling that relaxes the limits by as little in all as may be;
// by one column alone, where it is not -1. Nil: there is none.
func (s *seating) least(alone int) ([]int64, error) {
	var found []int64
	low, high := int64(0), s.m.high[s.m.total]+1 // not enough; enough
	for step := int64(1); low+1 < high; step *= 2 {
		at := low + step
		if found != nil || at >= high {
			at = low + (high-low)/2
		}
		b := s.m.bounds()
		b.most[s.m.total] = at
		for _, column := range s.m.relax {
			if alone >= 0 && column != alone {
				b.upper[column] = 0
			}
		}
		a, x, _ := s.find(b, s.start)
		switch a {
		case undecided:
			return nil, s.undecided()
		case possible:
			found, high = x, at
		case impossible:
			low = at
		}
	}
	return found, nil
}

func (s *seating) relaxations(x []int64) []Relaxation {
	var out []Relaxation
	for q := range s.qs.rb.Quotas {
		for _, l := range [2]side{{q, false}, {q, true}} {
			if column, ok := s.m.relax[l]; ok && x[column] > 0 {
				r := Relaxation{q + 1, LimitMin, s.qs.limit(l), 0}
				if r.To = r.From - int(x[column]); l.max {
					r.Limit, r.To = LimitMax, r.From+int(x[column])
				}
				out = append(out, r)
			}
		}
	}
	return out
}

// limit is a quota's limit in seats.
func (qs *quotas) limit(l side) int {
	q := qs.rb.Quotas[l.quota]
	n, _ := q.Floor(qs.rb.Seats(q.Of))
	if l.max {
		n, _ = q.Cap(qs.rb.Seats(q.Of))
	}
	return n
}

// Quotas is Feasible for a ranked selection: it also tells how far each limit
// could move before an award changes hands. Candidates of a tie count in the
// order of their ids.
func (in *Input) Quotas(o Options, scenario Scenario) (*QuotaReport, error) {
	r, err := in.Feasible(o)
	if err != nil || !r.Possible {
		return r, err
	}
	rk, err := in.ranking(o, scenario)
	if err != nil {
		return nil, err
	}
	return r, rk.moves(r)
}

// moves adds to a report how far each limit could move.
func (rk *ranking) moves(r *QuotaReport) error {
	in := rk.in
	s, err := newSeating(in, rk.order, rk.effort)
	if err != nil {
		return err
	}
	s.reasons = true
	base, err := s.fill(rk.order)
	if err != nil {
		return err
	}
	for a := range r.Awards {
		r.Awards[a].Candidates = []string{}
	}
	for _, c := range rk.order {
		if a := base.award[c]; a != noAward {
			r.Awards[a].Candidates = append(r.Awards[a].Candidates, in.ids[c])
		}
	}
	for q, rules := range in.rb.Quotas {
		for _, l := range [2]side{{q, false}, {q, true}} {
			if l.max && !rules.Max.IsSet() || !l.max && !rules.Min.IsSet() {
				continue
			}
			m := QuotaMove{Quota: q + 1, Limit: LimitMin, Seats: s.qs.limit(l)}
			if l.max {
				m.Limit = LimitMax
			}
			if m.Stricter, err = rk.stricter(base, l); err != nil {
				return err
			}
			if m.Looser, err = rk.looser(s, base, l); err != nil {
				return err
			}
			r.Moves = append(r.Moves, m)
		}
	}
	return nil
}

// stricter gives the first limit that the winners do not keep: until there the
// best filling stays the best.
func (rk *ranking) stricter(base *seated, l side) (*QuotaShift, error) {
	in, q := rk.in, rk.in.rb.Quotas[l.quota]
	counts := make(map[string]int)
	for c, a := range base.award {
		if a != noAward && (q.Of == "" || q.Of == in.rb.Awards[a].ID) {
			counts[in.values[in.attribute(q.Attribute)][c]]++
		}
	}
	delete(counts, "") // who has no value counts for no quota
	at := counts[norm.Key(q.Value)] + 1
	if l.max {
		at = counts[norm.Key(q.Value)] - 1
		for _, n := range counts {
			if q.Value == "" {
				at = max(at, n-1)
			}
		}
	}
	if at < 0 || at > in.rb.Seats(q.Of) {
		return nil, nil // however strict
	}
	rb := *in.rb
	rb.Quotas = slices.Clone(rb.Quotas)
	if l.max {
		rb.Quotas[l.quota].Max = rulebook.Whole(at)
	} else {
		rb.Quotas[l.quota].Min = rulebook.Whole(at)
	}
	qs, classOf := newQuotas(&rb, in.people())
	s := qs.unfilled(classOf, rk.order, demand(rb.Awards, len(in.ids)), false, rk.effort)
	ok, err := s.complete()
	switch {
	case err != nil:
		return nil, err
	case !ok:
		return &QuotaShift{Seats: at, Impossible: true}, nil
	}
	filled, err := s.fill(rk.order)
	if err != nil {
		return nil, err
	}
	return rk.shift(at, base, filled), nil
}

func (rk *ranking) shift(at int, base, filled *seated) *QuotaShift {
	gain, lose := rk.changed(base.award, filled.award)
	return &QuotaShift{Seats: at, Gain: gain, Lose: lose}
}

// looser gives the first limit at which somebody passed over could be seated:
// the filling is gone through again, and whoever was passed over because of
// the quota tried with a looser limit than any that is known to change it.
func (rk *ranking) looser(s *seating, base *seated, l side) (*QuotaShift, error) {
	now := int64(s.qs.limit(l))
	most := now // how far it could be relaxed
	if l.max {
		most = int64(rk.in.rb.Seats(rk.in.rb.Quotas[l.quota].Of)) - now
	}
	f := s.empty(s.m.bounds())
	best := most + 1
	for award := range s.need {
		left := s.need[award]
		for _, c := range rk.order {
			if left == 0 || best == 1 {
				break
			}
			j := s.m.column(s.m.group[award], s.classOf[c])
			got := base.award[c]
			switch {
			case got == award:
				left--
				f.seat(j)
			case got != noAward && got < award || f.passed[j] != nil:
			default:
				d := base.passed[j]
				f.passed[j] = d
				if s.rests(d, l.quota) {
					var err error
					if best, err = f.loosened(j, l, d.proof, best); err != nil {
						return nil, err
					}
				}
				f.change(j, f.b.lower[j], f.b.lower[j])
			}
		}
	}
	if best > most {
		return nil, nil
	}
	b := s.m.bounds()
	s.relax(&b, l, best)
	filled, err := s.fillWithin(b, rk.order)
	if err != nil {
		return nil, err
	}
	s.start = f.ahead
	at := now - best
	if l.max {
		at = now + best
	}
	return rk.shift(int(at), base, filled), nil
}

// rests tells whether a displacement rests on the quota.
func (s *seating) rests(d *displaced, quota int) bool {
	return slices.Contains(d.quotas, quota) || slices.ContainsFunc(d.counters, func(i int) bool { return s.qs.counters[i].quota == quota })
}

// relax moves a limit in bounds by so many seats.
func (s *seating) relax(b *bounds, l side, by int64) {
	for i, k := range s.qs.counters {
		if row := s.m.first + i; k.quota != l.quota {
			continue
		} else if l.max {
			b.most[row] = min(s.m.most[row]+by, s.m.high[row])
		} else {
			b.least[row] = max(s.m.least[row]-by, s.m.low[row])
		}
	}
}

// loosened gives the least that the limit is to be relaxed by for one more of the
// column to get a seat, if that is below best; else best.
func (f *filling) loosened(j int, l side, proof *tree, best int64) (int64, error) {
	b := bounds{slices.Clone(f.b.lower), f.b.upper, slices.Clone(f.b.least), slices.Clone(f.b.most)}
	b.lower[j]++
	low, at := int64(0), best-1 // not enough; to be tried
	for at > low {
		f.relax(&b, l, at)
		a := impossible
		if proof == nil || proof.leaf == nil || !f.still(proof.leaf, &b) {
			a, _, _ = f.seating.find(b, f.ahead)
		}
		switch a {
		case undecided:
			return 0, f.undecided()
		case possible:
			best = at
		case impossible:
			if low = at; best-1 == at {
				return best, nil
			}
		}
		at = low + (best-low)/2
	}
	return best, nil
}

// still tells whether a certificate holds within other bounds.
func (f *filling) still(c *certificate, b *bounds) bool {
	_, ok := f.m.certify(b, c.terms)
	return ok
}
