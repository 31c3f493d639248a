package ranking

import (
	"cmp"
	"slices"

	"github.com/laurel-awards/laurel/pkg/reason"
	"github.com/laurel-awards/laurel/pkg/rulebook"
)

// amount is a candidate's number of a source before conversion.
type amount struct {
	value number
	given bool // a vote or a score stands behind it
	vote  bool // of votes, where having none is a place too
}

// conversion turns the amounts of one group of candidates into points.
type conversion struct {
	rules  rulebook.Convert
	points []number
	bands  []band
	top    number
	factor number
	cap    number
}

type band struct{ from, score number }

func newConversion(rules rulebook.Convert) conversion {
	c := conversion{rules: rules, top: orDefault(rules.Top, 100), factor: orDefault(rules.Factor, 1), cap: fraction(rules.Cap.Rat())}
	for _, p := range rules.Points {
		c.points = append(c.points, fraction(p.Rat()))
	}
	for _, b := range rules.Bands {
		c.bands = append(c.bands, band{fraction(b.From.Rat()), fraction(b.Score.Rat())})
	}
	return c
}

func orDefault(n rulebook.Number, otherwise int64) number {
	if n.IsSet() {
		return fraction(n.Rat())
	}
	return whole(otherwise)
}

// method is the conversion's name.
func (c conversion) method() string { return cmp.Or(c.rules.Method, rulebook.ConvertNone) }

// apply gives the points of each candidate of the group.
func (c conversion) apply(group []amount) []number {
	out := make([]number, len(group))
	switch c.method() {
	case rulebook.ConvertProportional:
		most := highest(group)
		if most.sign() <= 0 {
			return out
		}
		for i, a := range group {
			out[i] = c.top.mul(a.value).div(most)
		}
	case rulebook.ConvertCapped:
		for i, a := range group {
			out[i] = a.value.mul(c.factor)
			if c.rules.Cap.IsSet() && out[i].cmp(c.cap) > 0 {
				out[i] = c.cap
			}
		}
	case rulebook.ConvertBanded:
		for i, a := range group {
			for _, b := range c.bands {
				if a.value.cmp(b.from) >= 0 {
					out[i] = b.score
				}
			}
		}
	case rulebook.ConvertRank, rulebook.ConvertPoints:
		c.byRank(group, out)
	default:
		for i, a := range group {
			out[i] = a.value
		}
	}
	return out
}

func highest(group []amount) number {
	var most number
	for i, a := range group {
		if i == 0 || a.value.cmp(most) > 0 {
			most = a.value
		}
	}
	return most
}

// byRank gives points for a place. Equal amounts share the places that they
// take together: each gets the mean of what those places give, or with
// `ties: same` what the best of them gives. Who has no score takes no place and
// gets 0; who has no vote takes no place in a points table, and the last in
// `rank`.
func (c conversion) byRank(group []amount, out []number) {
	order := make([]int, 0, len(group))
	for i, a := range group {
		if a.given || a.vote && c.rules.Method == rulebook.ConvertRank {
			order = append(order, i)
		}
	}
	slices.SortFunc(order, func(i, j int) int { return group[j].value.cmp(group[i].value) })
	for first := 0; first < len(order); {
		past := first + 1
		for past < len(order) && group[order[past]].value.cmp(group[order[first]].value) == 0 {
			past++
		}
		share := c.place(first, len(order))
		if c.rules.Ties != rulebook.TiesSame {
			share = c.shared(first, past, len(order))
		}
		for _, i := range order[first:past] {
			out[i] = share
		}
		first = past
	}
}

// place is what a place gives among n, counted from 0.
func (c conversion) place(at, n int) number {
	if c.rules.Method == rulebook.ConvertRank {
		return c.top.mul(whole(int64(n - at))).div(whole(int64(n)))
	}
	if at < len(c.points) {
		return c.points[at]
	}
	return number{}
}

// shared is the mean of what the places from first to before past give.
func (c conversion) shared(first, past, n int) number {
	if c.rules.Method == rulebook.ConvertRank {
		return c.place(first, n).add(c.place(past-1, n)).div(whole(2))
	}
	var sum number
	for at := first; at < min(past, len(c.points)); at++ {
		sum = sum.add(c.points[at])
	}
	return sum.div(whole(int64(past - first)))
}

// tell tells what the conversion does, and which points it gave.
func (c conversion) tell(points reason.Param) reason.Param {
	code, more := "", []reason.Param{}
	switch c.method() {
	case rulebook.ConvertProportional:
		code, more = "proportional", append(more, reason.Of("top", reason.Points, c.top.String()))
	case rulebook.ConvertCapped:
		code, more = "capped", append(more, reason.Of("factor", reason.Factor, c.factor.String()), reason.Of("cap", reason.Points, c.cap.String()))
	case rulebook.ConvertBanded:
		code = "banded"
	case rulebook.ConvertRank:
		code, more = "by_rank", append(more, reason.Of("top", reason.Points, c.top.String()))
	case rulebook.ConvertPoints:
		code = "by_points"
	default:
		return reason.Because("converted")
	}
	return reason.Because("converted", reason.New(code, append(more, points)...))
}
