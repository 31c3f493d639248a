package ranking

import (
	"iter"
	"slices"

	"github.com/laurel-awards/laurel/pkg/reason"
	"github.com/laurel-awards/laurel/pkg/rulebook"
)

// ties finds the candidates of one group of places whose order, which the rules leave
// open, decides an award. It fills the awards again with the equals in other
// orders: all of them for up to five, each one first and each one last for up
// to fifty; of more, all count as open. Whoever's award differs is open, with
// the reason given by candidate.
func (rk *ranking) ties(s *seating, filled *seated) ([]Tie, map[int]reason.Reason, error) {
	open := make(map[int]reason.Reason)
	var ties []Tie
	for _, g := range rk.groups {
		group := rk.order[g.first:g.past]
		if !mixed(group, filled.award) {
			continue
		}
		at, err := rk.atStake(s, filled, g)
		if err != nil {
			return nil, nil, err
		}
		if len(at) > 0 {
			if rk.beats != nil { // others of the group are parted by path
				group = at
			}
			ties = append(ties, rk.tie(group, filled, at, open))
		}
	}
	return ties, open, nil
}

func mixed(group, award []int) bool {
	return slices.ContainsFunc(group, func(c int) bool { return award[c] != award[group[0]] })
}

// tie writes one tie down and marks whom it leaves open.
func (rk *ranking) tie(group []int, filled *seated, open []int, reasons map[int]reason.Reason) Tie {
	t := Tie{Rank: rk.ranks[group[0]]}
	for _, c := range group {
		t.Candidates = append(t.Candidates, rk.in.ids[c])
	}
	for a, rules := range rk.in.rb.Awards {
		if slices.ContainsFunc(open, func(c int) bool { return filled.award[c] == a }) {
			t.Awards = append(t.Awards, rules.ID)
		}
	}
	code, lot := "tie", reason.Because("lot")
	if rk.beats != nil {
		code = "tie_by_paths"
	}
	if slices.Contains(rk.rules.TieBreak, rulebook.SourceLot) {
		lot = reason.Because("lot", reason.New("lot_unread"))
	}
	t.Reason = reason.New(code, rk.names(group).but("candidates", noCandidate, rk.in.ids), reason.Of("awards", reason.Award, t.Awards...), lot)
	for _, c := range open {
		reasons[c] = reason.New("award_open", reason.Number("place", reason.Place, t.Rank))
	}
	return t
}

// maxPermuted and maxRotated bound how many equals are tried in other orders.
const (
	maxPermuted = 5
	maxRotated  = 50
)

// atStake gives the candidates whose award depends on the order of the group.
func (rk *ranking) atStake(s *seating, filled *seated, g span) ([]int, error) {
	group := rk.order[g.first:g.past]
	switch {
	case len(s.qs.counters) == 0 && rk.beats != nil:
		at := func(place int) int { return filled.award[rk.order[place-1]] }
		return slices.DeleteFunc(slices.Clone(group), func(c int) bool { return at(rk.ranks[c]) == at(rk.latest[c]) }), nil
	case len(s.qs.counters) == 0 || len(group) > maxRotated:
		return slices.Clone(group), nil
	}
	differs := make(map[int]bool)
	for arrangement := range rk.arrangements(g) {
		order := slices.Clone(rk.order)
		copy(order[g.first:], arrangement)
		other, err := s.fill(order)
		if err != nil {
			return nil, err
		}
		for c := range other.award {
			if other.award[c] != filled.award[c] {
				differs[c] = true
			}
		}
	}
	var out []int
	for _, c := range rk.order {
		if differs[c] {
			out = append(out, c)
		}
	}
	return out, nil
}

// arrangements gives other orders of a group.
func (rk *ranking) arrangements(g span) iter.Seq[[]int] {
	group := rk.order[g.first:g.past]
	if rk.beats != nil {
		return rk.extensions(g)
	}
	if len(group) <= maxPermuted {
		return func(yield func([]int) bool) { permute(slices.Clone(group), 0, yield) }
	}
	return func(yield func([]int) bool) {
		for i := range group {
			rest := slices.Delete(slices.Clone(group), i, i+1)
			if !yield(slices.Insert(slices.Clone(rest), 0, group[i])) || !yield(append(rest, group[i])) {
				return
			}
		}
	}
}

func permute(group []int, fixed int, yield func([]int) bool) bool {
	if fixed == len(group) {
		return yield(group)
	}
	for i := fixed; i < len(group); i++ {
		group[fixed], group[i] = group[i], group[fixed]
		if !permute(group, fixed+1, yield) {
			return false
		}
		group[fixed], group[i] = group[i], group[fixed]
	}
	return true
}
