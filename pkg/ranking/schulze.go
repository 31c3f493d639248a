package ranking

import (
	"cmp"
	"fmt"
	"iter"
	"slices"

	"github.com/laurel-awards/laurel/pkg/reason"
)

// schulze compares by beatpaths: a candidate beats another when the strongest
// path of pairwise wins to the other is stronger than any back. A path is as
// strong as its weakest link, a link as the ballots that prefer its winner.
// This is a partial order, from which extend makes the ranking. The total is
// how many others a candidate beats.
// Source: Markus Schulze, A new monotonic, clone-independent, reversal
// symmetric, and Condorcet-consistent single-winner election method (2011).
func (rk *ranking) schulze() {
	n := len(rk.in.ids)
	prefer := rk.preferences()
	path := strongest(prefer)
	rk.totals = make([]number, n)
	rk.beats = make([][]bool, n)
	for i := range n {
		rk.beats[i] = make([]bool, n)
		before := 0
		for j := range n {
			if path[i][j] > path[j][i] {
				rk.beats[i][j] = true
				before++
			}
		}
		rk.totals[i] = whole(int64(before))
		rk.explain[i] = append(rk.explain[i], reason.New("paths",
			reason.Number("before", reason.Count, before), reason.Number("others", reason.Count, n-1)))
	}
	rk.exact = rk.totals
	if n > 30 {
		return
	}
	for i := range n {
		for _, j := range rk.byID() {
			if i != j {
				rk.explain[i] = append(rk.explain[i], reason.New("against", reason.Of("candidate", reason.Candidate, rk.in.ids[j]),
					reason.Number("prefer", reason.Ballots, prefer[i][j]), reason.Number("against", reason.Ballots, prefer[j][i]),
					reason.Number("path", reason.Ballots, path[i][j]), reason.Number("back", reason.Ballots, path[j][i])))
			}
		}
	}
}

// strongest gives the strength of the strongest path between each two; 0: none.
func strongest(prefer [][]int) [][]int {
	n := len(prefer)
	path := make([][]int, n)
	for i := range path {
		path[i] = make([]int, n)
		for j := range path[i] {
			if prefer[i][j] > prefer[j][i] {
				path[i][j] = prefer[i][j]
			}
		}
	}
	for k := range n {
		for i := range n {
			if i == k {
				continue
			}
			for j := range n {
				if j != i && j != k {
					path[i][j] = max(path[i][j], min(path[i][k], path[k][j]))
				}
			}
		}
	}
	return path
}

// extend makes a ranking of a partial order. Again and again it takes, from
// those whom none of the rest beats, the best by the tie-breaks; the paths stay
// those over all candidates. Where the tie-breaks leave several, because a lot is
// yet to be drawn or there is none, the places until all orders agree again are
// open: rank is then the first place that a candidate can get, latest the last.
func (rk *ranking) extend() {
	n := len(rk.in.ids)
	rk.order, rk.ranks, rk.latest = nil, make([]int, n), make([]int, n)
	left := rk.byID()
	lots := rk.lots(left)
	for len(left) > 0 {
		first := len(rk.order)
		unbeaten := rk.unbeaten(left)
		if best := rk.best(unbeaten, lots); len(best) == 1 {
			c := best[0]
			rk.ranks[c], rk.latest[c] = first+1, first+1
			rk.order = append(rk.order, c)
			rk.tellTaken(c, unbeaten, lots)
		} else {
			group := rk.undecided(left, lots)
			for _, c := range group {
				rk.explain[c] = append(rk.explain[c], reason.New("places_open",
					reason.Number("first", reason.Place, rk.ranks[c]), reason.Number("last", reason.Place, rk.latest[c])))
			}
			rk.order = append(rk.order, group...)
		}
		taken := rk.order[first:]
		rk.groups = append(rk.groups, span{first, len(rk.order)})
		left = slices.DeleteFunc(left, func(c int) bool { return slices.Contains(taken, c) })
	}
}

// tellTaken explains why a candidate got the next place.
func (rk *ranking) tellTaken(c int, unbeaten []int, lots map[int]string) {
	further := reason.Because("further")
	if len(unbeaten) > 1 {
		var used []reason.Reason
		for _, other := range unbeaten {
			if by, criterion := rk.breakTie(c, other, lots); by != 0 {
				if how := rk.decided(c, criterion, lots); !slices.ContainsFunc(used, how.Equal) {
					used = append(used, how)
				}
			}
		}
		further = reason.Because("further", reason.New("unbeaten_others", rk.names(unbeaten).but("others", c, rk.in.ids), reason.Because("by", used...)))
	}
	rk.explain[c] = append(rk.explain[c], reason.New("unbeaten", reason.Number("place", reason.Place, rk.ranks[c]),
		reason.Of("candidate", reason.Candidate, rk.in.ids[c]), further))
}

// unbeaten gives those whom none of them beats, in the order given.
func (rk *ranking) unbeaten(left []int) []int {
	var out []int
	for _, c := range left {
		if !slices.ContainsFunc(left, func(other int) bool { return rk.beats[other][c] }) {
			out = append(out, c)
		}
	}
	return out
}

// best gives those whom the tie-breaks put first and leave equal.
func (rk *ranking) best(of []int, lots map[int]string) []int {
	var out []int
	for _, c := range of {
		by := 0
		if len(out) > 0 {
			by, _ = rk.breakTie(c, out[0], lots)
		}
		switch {
		case by < 0:
			out = append(out[:0], c)
		case by == 0:
			out = append(out, c)
		}
	}
	return out
}

// undecided gives the next candidates of an open order, until all orders that
// the tie-breaks allow have the same candidates before the next place. It sets
// their ranks and latest places. The order that it gives them is one of those.
func (rk *ranking) undecided(left []int, lots map[int]string) []int {
	equal := len(rk.best(left, lots)) == len(left)
	if !equal {
		if group := rk.explore(left, lots); group != nil {
			return group
		}
	}
	return rk.bound(left)
}

// bound is undecided where no two are parted by a tie-break, so that every order
// that the paths allow is possible: a candidate comes after those who beat them
// and before those whom they beat. Where tie-breaks part some, these places are
// bounds.
func (rk *ranking) bound(left []int) []int {
	first, m := len(rk.order), len(left)
	over, under := make(map[int]int, m), make(map[int]int, m)
	for _, a := range left {
		for _, b := range left {
			if rk.beats[a][b] {
				under[a]++
				over[b]++
			}
		}
	}
	group := slices.Clone(left) // by id
	slices.SortStableFunc(group, func(a, b int) int { return cmp.Compare(over[a], over[b]) })
	// The group ends where each before is over each behind.
	end := 0
	for i := 0; i <= end; i++ {
		for j := m - 1; j > end; j-- {
			if !rk.beats[group[i]][group[j]] {
				end = j
			}
		}
	}
	group = group[:end+1]
	for _, c := range group {
		rk.ranks[c], rk.latest[c] = first+over[c]+1, first+m-under[c]
	}
	return group
}

// maxStates bounds how many sets of taken candidates explore looks at.
const maxStates = 2000

// explore is undecided where tie-breaks part some: it follows every choice, place
// by place. nil where that are too many.
func (rk *ranking) explore(left []int, lots map[int]string) []int {
	first := len(rk.order)
	level := map[string][]int{"": left} // those left, by who they are
	for place, states := first+1, 0; place == first+1 || len(level) > 1; place++ {
		next := make(map[string][]int)
		for _, rest := range level {
			for _, c := range rk.best(rk.unbeaten(rest), lots) {
				if rk.ranks[c] == 0 {
					rk.ranks[c] = place
				}
				rk.latest[c] = place
				without := slices.DeleteFunc(slices.Clone(rest), func(other int) bool { return other == c })
				next[fmt.Sprint(without)] = without
			}
		}
		if states += len(next); states > maxStates {
			for _, c := range left {
				rk.ranks[c], rk.latest[c] = 0, 0
			}
			return nil
		}
		level = next
	}
	var group []int
	rest := slices.Clone(left)
	for past := rk.lastOf(left); len(group) < past-first; {
		c := slices.MinFunc(rk.best(rk.unbeaten(rest), lots), func(a, b int) int { return cmp.Compare(rk.ranks[a], rk.ranks[b]) })
		group = append(group, c)
		rest = slices.DeleteFunc(rest, func(other int) bool { return other == c })
	}
	return group
}

// lastOf gives the last place that any of them can get.
func (rk *ranking) lastOf(of []int) int {
	last := 0
	for _, c := range of {
		last = max(last, rk.latest[c])
	}
	return last
}

// extensions gives other orders of an open group: all that are possible of up to
// five, otherwise each one as early and as late as the paths allow.
func (rk *ranking) extensions(g span) iter.Seq[[]int] {
	group := rk.order[g.first:g.past]
	lots := rk.lots(group)
	return func(yield func([]int) bool) {
		if len(group) <= maxPermuted {
			permute(slices.Clone(group), 0, func(order []int) bool { return !rk.possible(order, lots) || yield(order) })
			return
		}
		for _, c := range group {
			over := func(other int) bool { return rk.beats[other][c] }
			under := func(other int) bool { return other == c || rk.beats[c][other] }
			early := append(only(group, over), c)
			late := only(group, func(other int) bool { return !under(other) })
			if !yield(followed(early, group)) || !yield(followed(append(late, c), group)) {
				return
			}
		}
	}
}

// possible tells whether an order of a group takes the best of the unbeaten each time.
func (rk *ranking) possible(order []int, lots map[int]string) bool {
	for i, c := range order {
		if !slices.Contains(rk.best(rk.unbeaten(order[i:]), lots), c) {
			return false
		}
	}
	return true
}

func only(of []int, wanted func(int) bool) []int {
	return slices.DeleteFunc(slices.Clone(of), func(c int) bool { return !wanted(c) })
}

// followed gives the first, then those of the rest who are not among them.
func followed(first, rest []int) []int {
	return append(first, only(rest, func(c int) bool { return !slices.Contains(first, c) })...)
}
