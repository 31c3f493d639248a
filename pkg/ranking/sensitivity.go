package ranking

import (
	"cmp"
	"math"
	"slices"

	"github.com/laurel-awards/laurel/pkg/rulebook"
)

// Sensitivity tells how far one component's weight can move, all else staying,
// before an award changes hands.
type Sensitivity struct {
	Source string  `json:"source"`
	Weight string  `json:"weight"`          // as it is
	Lower  *Change `json:"lower,omitempty"` // absent: down to 0 nothing changes
	Upper  *Change `json:"upper,omitempty"` // absent: however high nothing changes
}

// Change is a weight past which an award changes hands.
type Change struct {
	Weight string   `json:"weight"`
	Gain   []string `json:"gain"` // who then gets another award, or one at all
	Lose   []string `json:"lose"` // who then loses the award they had
}

// maxBreaks bounds how many crossings are looked at each way. Without quotas
// the first one is already the answer; with them a crossing may change nothing.
const maxBreaks = 1000

// Sensitivities computes the table, a row a component, around the result of the
// scenario. It looks at exact totals, before their rounding, just past each
// weight at which two candidates with different awards change places.
func (in *Input) Sensitivities(o Options, scenario Scenario) ([]Sensitivity, error) {
	if err := scenario.check(in); err != nil {
		return nil, err
	}
	rk, err := in.ranking(o, scenario)
	if err != nil {
		return nil, err
	}
	s, err := newSeating(in, rk.order, rk.effort)
	if err != nil {
		return nil, err
	}
	rk.totals = slices.Clone(rk.exact)
	rk.arrange()
	base, err := s.fill(rk.order)
	if err != nil {
		return nil, err
	}
	var out []Sensitivity
	for _, k := range rk.components {
		if k.source() == rulebook.SourceRanked {
			continue
		}
		row := Sensitivity{Source: k.source(), Weight: k.weight.String()}
		if row.Lower, err = rk.change(s, base.award, k, -1); err != nil {
			return nil, err
		}
		if row.Upper, err = rk.change(s, base.award, k, 1); err != nil {
			return nil, err
		}
		out = append(out, row)
	}
	return out, nil
}

// change finds the nearest weight in a direction past which an award changes.
func (rk *ranking) change(s *seating, base []int, k component, direction int) (*Change, error) {
	// Equals whom a tie-break parts may change places with any movement, so the
	// weight as it is comes first.
	at := k.weight
	w := &walk{rk: rk, base: base, k: k, direction: direction, exact: floats(rk.exact), points: floats(k.points), more: true, size: 1000}
	for range maxBreaks {
		filled, err := s.fill(rk.past(k, at, direction))
		if err != nil {
			return nil, err
		}
		c := Change{Weight: at.String()}
		if c.Gain, c.Lose = rk.changed(base, filled.award); len(c.Gain)+len(c.Lose) > 0 {
			return &c, nil
		}
		beyond, ok := w.next(at)
		if !ok {
			break
		}
		at = beyond
	}
	return nil, nil // no such weight, or none within the bound, is an answer
}

// changed gives who gets a better award than before, and who a worse one.
func (rk *ranking) changed(before, after []int) (gain, lose []string) {
	gain, lose = []string{}, []string{}
	for _, i := range rk.byID() {
		switch {
		case before[i] == after[i]:
		case after[i] != noAward && (before[i] == noAward || after[i] < before[i]):
			gain = append(gain, rk.in.ids[i])
		default:
			lose = append(lose, rk.in.ids[i])
		}
	}
	return gain, lose
}

// walk goes through the weights at which two candidates with different awards
// have equal totals, from the weight as it is down to 0 or up without end.
// Floating point tells, with room for its errors, which pairs are near; these
// are compared exactly.
type walk struct {
	rk            *ranking
	base          []int
	k             component
	direction     int
	exact, points []float64
	near          []pair  // the nearest not passed yet, nearest first
	off           float64 // how far off their guesses may be
	more          bool    // whether there are others, farther away
	size          int     // how many are collected at first
}

// pair is two candidates, and how far their crossing is from the weight, guessed.
type pair struct {
	away float64
	a, b int
}

// next gives the nearest crossing beyond a weight that is the last one's.
func (w *walk) next(from number) (best number, found bool) {
	for size := w.size; ; size *= 8 {
		for _, p := range w.near {
			away := 0.0
			if found {
				away = float64(w.direction) * (best.float() - w.k.weight.float())
			}
			if found && p.away > away+2*w.off {
				break
			}
			if at, ok := w.at(p); ok && at.cmp(from) == w.direction && (!found || at.cmp(best) == -w.direction) {
				best, found = at, true
			}
		}
		if !w.more || found && float64(w.direction)*(best.float()-w.k.weight.float())+2*w.off < w.near[len(w.near)-1].away {
			return best, found
		}
		w.collect(from, size)
		best, found = number{}, false
	}
}

// at is a pair's crossing: exact = rest + weight × points, so it is where the
// rests' difference over the slope is the weight.
func (w *walk) at(p pair) (number, bool) {
	slope := w.k.points[p.a].sub(w.k.points[p.b])
	if slope.sign() == 0 {
		return number{}, false
	}
	at := w.k.weight.sub(w.rk.exact[p.a].sub(w.rk.exact[p.b]).div(slope))
	return at, at.sign() >= 0
}

// collect finds the nearest pairs beyond a weight, so many or a few more.
func (w *walk) collect(from number, size int) {
	weight := w.k.weight.float()
	passed := float64(w.direction) * (from.float() - weight)
	w.near, w.off, w.more = w.near[:0], 0, false
	most := math.Inf(1)
	for a := range w.base {
		if w.base[a] == noAward {
			continue
		}
		for b := range w.base {
			if w.base[b] == w.base[a] || w.base[b] != noAward && b < a {
				continue
			}
			at, off := crossing(weight, w.exact[a], w.exact[b], w.points[a], w.points[b])
			p := pair{float64(w.direction) * (at - weight), a, b}
			if math.IsInf(off, 1) { // too near to parallel to guess
				exact, ok := w.at(p)
				if !ok {
					continue
				}
				p.away, off = float64(w.direction)*(exact.float()-weight), 0
			}
			if p.away < passed-2*off || at < -off {
				continue
			}
			w.off = max(w.off, off)
			if p.away > most {
				w.more = true
				continue
			}
			if w.near = append(w.near, p); len(w.near) >= 2*size {
				w.trim(size)
				most, w.more = w.near[size-1].away, true
			}
		}
	}
	w.trim(len(w.near))
}

// trim keeps the nearest pairs.
func (w *walk) trim(size int) {
	slices.SortFunc(w.near, func(p, q pair) int { return cmp.Or(cmp.Compare(p.away, q.away), p.a-q.a, p.b-q.b) })
	w.near = w.near[:size]
}

// crossing guesses the weight at which two totals are equal, and how far off the
// guess may be: every number is rounded to 53 bits, each step once more.
func crossing(weight, totalA, totalB, pointsA, pointsB float64) (at, off float64) {
	const bit = 1.0 / (1 << 50)
	slope := pointsA - pointsB
	rough := bit * (math.Abs(pointsA) + math.Abs(pointsB))
	if math.Abs(slope) <= 4*rough {
		return 0, math.Inf(1)
	}
	by := (totalA - totalB) / slope
	off = 2 * (bit*(math.Abs(totalA)+math.Abs(totalB)) + math.Abs(by)*rough) / math.Abs(slope)
	return weight - by, off + bit*(math.Abs(weight)+math.Abs(by)+1)*4
}

func floats(numbers []number) []float64 {
	out := make([]float64, len(numbers))
	for i, n := range numbers {
		out[i] = n.float()
	}
	return out
}

// past gives the order just beyond a weight: by the totals there, equals by
// which grows more in the direction, then as they were.
func (rk *ranking) past(k component, at number, direction int) []int {
	step := at.sub(k.weight)
	order := slices.Clone(rk.order)
	totals := make([]number, len(rk.exact))
	for c, v := range rk.exact {
		totals[c] = v.add(k.points[c].mul(step))
	}
	guess := floats(totals)
	slices.SortStableFunc(order, func(a, b int) int {
		if d := guess[b] - guess[a]; math.Abs(d) > (math.Abs(guess[a])+math.Abs(guess[b]))/(1<<50) {
			return cmp.Compare(d, 0)
		}
		return cmp.Or(totals[b].cmp(totals[a]), direction*k.points[b].cmp(k.points[a]))
	})
	return order
}
