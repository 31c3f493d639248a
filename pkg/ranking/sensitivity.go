package ranking

import (
	"cmp"
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
// scenario. It looks at exact totals, before their rounding, and just past each weight at which two
// candidates with different awards change places.
func (in *Input) Sensitivities(o Options, scenario Scenario) ([]Sensitivity, error) {
	if err := scenario.check(in); err != nil {
		return nil, err
	}
	st, err := in.stand(o, scenario)
	if err != nil {
		return nil, err
	}
	s, err := newSeating(in, st.order, st.effort)
	if err != nil {
		return nil, err
	}
	st.totals = slices.Clone(st.exact)
	st.arrange()
	base, err := s.fill(st.order)
	if err != nil {
		return nil, err
	}
	var out []Sensitivity
	for _, k := range st.components {
		if k.source() == rulebook.SourceRanked {
			continue
		}
		row := Sensitivity{Source: k.source(), Weight: k.weight.String()}
		if row.Lower, err = st.change(s, base.award, k, -1); err != nil {
			return nil, err
		}
		if row.Upper, err = st.change(s, base.award, k, 1); err != nil {
			return nil, err
		}
		out = append(out, row)
	}
	return out, nil
}

// change finds the nearest weight in a direction past which an award changes.
func (st *standing) change(s *seating, base []int, k component, direction int) (*Change, error) {
	// Equals whom a tie-break parts may change places with any movement, so the
	// weight as it is comes first.
	at := k.weight
	for range maxBreaks {
		filled, err := s.fill(st.past(k, at, direction))
		if err != nil {
			return nil, err
		}
		c := Change{Weight: at.String()}
		if c.Gain, c.Lose = st.changed(base, filled.award); len(c.Gain)+len(c.Lose) > 0 {
			return &c, nil
		}
		beyond, ok := st.next(base, k, at, direction)
		if !ok {
			break
		}
		at = beyond
	}
	return nil, nil // no such weight, or none within the bound, is an answer
}

// changed gives who gets a better award than before, and who a worse one.
func (st *standing) changed(before, after []int) (gain, lose []string) {
	gain, lose = []string{}, []string{}
	for _, i := range st.byID() {
		switch {
		case before[i] == after[i]:
		case after[i] != noAward && (before[i] == noAward || after[i] < before[i]):
			gain = append(gain, st.in.ids[i])
		default:
			lose = append(lose, st.in.ids[i])
		}
	}
	return gain, lose
}

// next gives the nearest weight beyond from at which two candidates with
// different awards have equal totals; down to 0.
func (st *standing) next(base []int, k component, from number, direction int) (number, bool) {
	var best number
	found := false
	for a := range base {
		if base[a] == noAward {
			continue
		}
		for b := range base {
			if base[b] == base[a] || base[b] != noAward && b < a {
				continue
			}
			slope := k.points[a].sub(k.points[b])
			if slope.sign() == 0 {
				continue
			}
			// exact = rest + weight × points; equal where the rests' difference
			// over the slope is the weight.
			at := k.weight.sub(st.exact[a].sub(st.exact[b]).div(slope))
			if at.sign() < 0 || at.cmp(from) != direction {
				continue
			}
			if !found || at.cmp(best) == -direction {
				best, found = at, true
			}
		}
	}
	return best, found
}

// past gives the order just beyond a weight: by the totals there, equals by
// which grows more in the direction, then as they were.
func (st *standing) past(k component, at number, direction int) []int {
	step := at.sub(k.weight)
	order := slices.Clone(st.order)
	totals := make([]number, len(st.exact))
	for c, v := range st.exact {
		totals[c] = v.add(k.points[c].mul(step))
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(totals[b].cmp(totals[a]), direction*k.points[b].cmp(k.points[a]))
	})
	return order
}
