package ranking

import (
	"fmt"
	"maps"
	"slices"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/reason"
	"github.com/laurel-awards/laurel/pkg/rulebook"
)

// maxRanked bounds the candidates of ranked ballots: every pair is compared.
const maxRanked = 1000

// fromBallots ranks from ranked ballots, which stand alone.
func (rk *ranking) fromBallots(rules rulebook.Component) error {
	if n := len(rk.in.ids); n > maxRanked {
		return fault.NewInvalid("ranked_too_many", fmt.Sprintf("ranked ballots take at most %d candidates", maxRanked),
			fault.Wrong("candidates", "too_many", "{count} are too many", "count", n, "max", maxRanked))
	}
	if rules.Method == rulebook.MethodIRV {
		rk.runOff()
	} else {
		rk.schulze()
	}
	points := slices.Clone(rk.totals)
	rk.components = append(rk.components, component{rules: rules, weight: whole(1), points: points})
	return nil
}

func (rk *ranking) byID() []int {
	out := make([]int, len(rk.in.ids))
	for i := range out {
		out[i] = i
	}
	slices.SortFunc(out, func(a, b int) int { return compareIDs(rk.in.ids[a], rk.in.ids[b]) })
	return out
}

// preferences counts, for each pair, the ballots that rank the one before the
// other; the unranked stand behind all ranks, equal among themselves.
func (rk *ranking) preferences() [][]int {
	n := len(rk.in.ids)
	prefer := make([][]int, n)
	for i := range prefer {
		prefer[i] = make([]int, n)
	}
	for _, b := range rk.in.ballots {
		for i := range n {
			own := b.rank(i)
			if own == 0 {
				continue
			}
			for j := range n {
				if other := b.rank(j); other == 0 || own < other {
					prefer[i][j]++
				}
			}
		}
	}
	for i := range n {
		prefer[i][i] = 0
	}
	return prefer
}

// runOff ranks by instant run-off: in each round a ballot counts for the best
// ranked of those left, shared equally where several have that rank, and the
// last is eliminated, until all are. The total is the round in which a
// candidate leaves. Equal lasts are told apart by the latest earlier round in
// which they differed, then by the tie-breaks; those still equal leave
// together and share a rank.
func (rk *ranking) runOff() {
	n := len(rk.in.ids)
	rk.totals = make([]number, n)
	left := rk.byID()
	var history [][]number
	for round := int64(1); len(left) > 0; round++ {
		votes, exhausted := rk.firsts(left)
		lasts, why := rk.lasts(left, votes, history)
		history = append(history, votes)
		r := Round{Votes: make(map[string]string, len(left)), Exhausted: exhausted.String(), Reason: why}
		for _, c := range left {
			r.Votes[rk.in.ids[c]] = votes[c].String()
		}
		for _, c := range lasts {
			r.Eliminated = append(r.Eliminated, rk.in.ids[c])
			rk.totals[c] = whole(round)
			in, with := reason.Number("round", reason.Round, round), reason.Of("votes", reason.Votes, votes[c].String())
			how := reason.New("left", in, with, reason.Because("why", why))
			if len(left) == len(lasts) {
				how = reason.New("remained", in, with)
			}
			rk.explain[c] = append(rk.explain[c], how)
		}
		rk.rounds = append(rk.rounds, r)
		left = slices.DeleteFunc(left, func(c int) bool { return slices.Contains(lasts, c) })
	}
	rk.exact = rk.totals
}

// firsts counts each ballot for its best ranked candidates among those left.
func (rk *ranking) firsts(left []int) (votes []number, exhausted number) {
	votes = make([]number, len(rk.in.ids))
	var best []int
	for _, b := range rk.in.ballots {
		best = best[:0]
		var top int32
		for _, c := range left {
			switch rank := b.rank(c); {
			case rank == 0:
			case top == 0 || rank < top:
				top, best = rank, append(best[:0], c)
			case rank == top:
				best = append(best, c)
			}
		}
		if len(best) == 0 {
			exhausted = exhausted.add(whole(1))
		}
		for _, c := range best {
			votes[c] = votes[c].add(whole(1).div(whole(int64(len(best)))))
		}
	}
	return votes, exhausted
}

// lasts finds who leaves.
func (rk *ranking) lasts(left []int, votes []number, history [][]number) ([]int, reason.Reason) {
	lasts := fewest(left, votes)
	if len(lasts) == 1 {
		return lasts, reason.New("fewest")
	}
	for i := len(history) - 1; i >= 0; i-- {
		if lasts = fewest(lasts, history[i]); len(lasts) == 1 {
			return lasts, reason.New("fewest_earlier", reason.Number("round", reason.Round, i+1))
		}
	}
	for _, source := range rk.rules.TieBreak {
		if source != rulebook.SourceLot {
			raw := make([]number, len(votes))
			for _, c := range lasts {
				raw[c] = rk.raw(source, c)
			}
			lasts = fewest(lasts, raw)
		} else if rk.lot != "" {
			lots := make(map[int]string)
			for _, c := range lasts {
				lots[c] = Lot(rk.lot, rk.in.ids[c])
			}
			rk.drawn = true
			worst := slices.Max(slices.Collect(maps.Values(lots)))
			lasts = slices.DeleteFunc(lasts, func(c int) bool { return lots[c] != worst })
		}
		if len(lasts) == 1 {
			return lasts, reason.New("fewest_by", reason.Of("source", reason.Source, source))
		}
	}
	names := make([]string, len(lasts))
	for i, c := range lasts {
		names[i] = rk.in.ids[c]
	}
	return lasts, reason.New("fewest_tied", reason.Of("candidates", reason.Candidate, names...))
}

// fewest gives those with the least of the numbers, in the order given.
func fewest(of []int, numbers []number) []int {
	var out []int
	for _, c := range of {
		if len(out) > 0 {
			switch numbers[c].cmp(numbers[out[0]]) {
			case -1:
				out = out[:0]
			case 1:
				continue
			}
		}
		out = append(out, c)
	}
	return out
}
