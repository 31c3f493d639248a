package ranking

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/reason"
	"github.com/laurel-awards/laurel/pkg/rulebook"
)

// lotValue gives the value that lots are drawn from; "" where it is yet to be
// read.
func lotValue(rb *rulebook.Rulebook, given string) (string, error) {
	if own := rb.Composite.Lot.Value; own != "" && given != "" && own != given {
		return "", fault.NewInvalid("lot_fixed", "the rulebook fixes the value that lots are drawn from",
			fault.Wrong("lot", "lot_fixed", `the rulebook says "{value}"`, "value", own))
	}
	if given != "" {
		return given, nil
	}
	own, _ := rb.LotValue()
	return own, nil
}

// Lot is the lot that a candidate draws: the SHA-256, in hexadecimal, of the
// value published beforehand, a line feed, and the candidate's id, all in
// UTF-8. Among equals the lowest lot is the best. Anybody can repeat it:
//
//	printf '%s\n%s' VALUE CANDIDATE | sha256sum
func Lot(value, candidate string) string {
	sum := sha256.Sum256([]byte(value + "\n" + candidate))
	return hex.EncodeToString(sum[:])
}

// arrange puts the candidates in order: by total, then by the tie-breaks, then,
// among those who share a rank, by id. Where some beat others by path, that
// partial order stands for the totals.
func (rk *ranking) arrange() {
	n := len(rk.in.ids)
	rk.groups = nil
	if rk.beats != nil {
		rk.extend()
		return
	}
	rk.order = make([]int, n)
	for i := range rk.order {
		rk.order[i] = i
	}
	slices.SortFunc(rk.order, func(a, b int) int {
		return cmp.Or(rk.totals[b].cmp(rk.totals[a]), compareIDs(rk.in.ids[a], rk.in.ids[b]))
	})
	rk.ranks = make([]int, n)
	for first := 0; first < n; {
		past := first + 1
		for past < n && rk.totals[rk.order[past]].cmp(rk.totals[rk.order[first]]) == 0 {
			past++
		}
		rk.settle(first, past)
		first = past
	}
	for first := 0; first < n; {
		past := first + 1
		for past < n && rk.ranks[rk.order[past]] == rk.ranks[rk.order[first]] {
			past++
		}
		rk.groups = append(rk.groups, span{first, past})
		first = past
	}
}

// span is the places from first to before past, counted from 0.
type span struct{ first, past int }

// settle breaks the tie of the candidates from first to before past.
func (rk *ranking) settle(first, past int) {
	group := rk.order[first:past]
	if len(group) == 1 {
		rk.ranks[group[0]] = first + 1
		return
	}
	lots := rk.lots(group)
	names := rk.names(group)
	slices.SortStableFunc(group, func(a, b int) int {
		by, _ := rk.breakTie(a, b, lots)
		return by
	})
	for i, c := range group {
		rk.ranks[c] = first + i + 1
		var used []reason.Reason
		for _, neighbour := range []int{i - 1, i + 1} {
			if neighbour < 0 || neighbour == len(group) {
				continue
			}
			by, criterion := rk.breakTie(c, group[neighbour], lots)
			switch {
			case by != 0:
				used = append(used, rk.decided(c, criterion, lots))
			case neighbour < i:
				rk.ranks[c] = rk.ranks[group[neighbour]]
				fallthrough
			default:
				used = append(used, reason.New("by_nothing", reason.Of("candidate", reason.Candidate, rk.in.ids[group[neighbour]])))
			}
		}
		rk.explain[c] = append(rk.explain[c], reason.New("tied", reason.Of("total", reason.Points, rk.totals[c].String()),
			names.but("others", c, rk.in.ids), reason.Because("by", slices.CompactFunc(used, reason.Reason.Equal)...)))
	}
}

// lots gives the lots that the candidates draw; none where the rules or the
// value are wanting.
func (rk *ranking) lots(of []int) map[int]string {
	lots := make(map[int]string)
	if slices.Contains(rk.rules.TieBreak, rulebook.SourceLot) && rk.lot != "" {
		for _, c := range of {
			lots[c] = Lot(rk.lot, rk.in.ids[c])
		}
	}
	return lots
}

// decided tells what a candidate has by the criterion that parted them from another.
func (rk *ranking) decided(c int, criterion string, lots map[int]string) reason.Reason {
	if criterion == rulebook.SourceLot {
		rk.drawn = true
		return reason.New("by_lot", reason.Of("lot", reason.Lot, lots[c][:12]))
	}
	unit := reason.Points
	if criterion == rulebook.SourceVotes {
		unit = reason.Votes
	}
	return reason.New("by_source", reason.Of("source", reason.Source, criterion), reason.Of("amount", unit, rk.raw(criterion, c).String()))
}

// breakTie compares two of equal totals; criterion is what tells them apart.
func (rk *ranking) breakTie(a, b int, lots map[int]string) (by int, criterion string) {
	for _, source := range rk.rules.TieBreak {
		if source == rulebook.SourceLot {
			by = strings.Compare(lots[a], lots[b])
		} else {
			by = rk.raw(source, b).cmp(rk.raw(source, a))
		}
		if by != 0 {
			return by, source
		}
	}
	return 0, ""
}

// few is the first members of a tie, enough to name three others of any.
type few struct {
	members []int
	all     int
}

func (rk *ranking) names(group []int) few {
	return few{slices.Clone(group[:min(4, len(group))]), len(group)}
}

// noCandidate is nobody.
const noCandidate = -1

// but names the members beside c, who may be noCandidate.
func (f few) but(name string, c int, ids []string) reason.Param {
	out := reason.Of(name, reason.Candidate)
	others := f.all
	if c != noCandidate {
		others--
	}
	for _, m := range f.members {
		if m != c && len(out.Values) < 3 {
			out.Values = append(out.Values, ids[m])
		}
	}
	out.More = others - len(out.Values)
	return out
}

// compareIDs orders numbers by value and before any other text.
func compareIDs(a, b string) int {
	x, y := isNumber(a), isNumber(b)
	switch {
	case x && y:
		s, t := strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
		return cmp.Or(cmp.Compare(len(s), len(t)), cmp.Compare(s, t), cmp.Compare(a, b))
	case x:
		return -1
	case y:
		return 1
	}
	return cmp.Compare(a, b)
}

func isNumber(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
