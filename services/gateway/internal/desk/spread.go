package desk

import (
	"fmt"
	"math/big"

	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/review"
)

const (
	// shortScale is the most values that stand side by side, a touch each.
	shortScale = 11
	bins       = 10 // of a long scale
)

// points are those of a scale in order, where it is short; nil where it is not.
func points(s rulebook.Scale) (out []string) {
	if !s.Min.IsSet() || !s.Max.IsSet() || s.Step.Sign() <= 0 {
		return nil
	}
	for v := new(big.Rat).Set(s.Min.Rat()); v.Cmp(s.Max.Rat()) <= 0; v.Add(v, s.Step.Rat()) {
		if len(out) == shortScale {
			return nil
		}
		out = append(out, decimal(v))
	}
	return out
}

// scaleText says what a scale takes.
func scaleText(at *place, s rulebook.Scale) string {
	switch {
	case s.Min.IsSet() && s.Max.IsSet() && s.Step.Sign() > 0:
		return at.T("desk.sheet.scale.step", "min", s.Min.String(), "max", s.Max.String(), "step", s.Step.String())
	case s.Min.IsSet() && s.Max.IsSet():
		return at.T("desk.sheet.scale", "min", s.Min.String(), "max", s.Max.String())
	}
	return ""
}

// spread is how a juror's own scores lie on the scale.
type spread struct {
	Bars []bar
	Mean string // of the scores
	At   string // where it stands, in a hundredth of the width
	Here string // where this sheet's score stands; empty: there is none
	N    int
}

// bar counts the scores from one value to the next.
type bar struct {
	X, Y, Width, Height string // in a hundredth of the width, and of 40
	From, To            string // of the scale; the same where it is one value
	N                   int
}

const spreadHeight = 40

// spread is that of a criterion; nil where there are no scores.
func (s scored) spread(criterion int, one review.Assignment) *spread {
	id := s.panel.Criteria[criterion].ID
	return s.spreadOf(one, func(sheet *review.Sheet) *big.Rat {
		n, err := rulebook.ParseNumber(sheet.Scores[id])
		if err != nil || sheet.Abstained {
			return nil
		}
		return n.Rat()
	}, big.NewRat(1, 1))
}

// totals is that of the sheets' totals.
func (s scored) totals(one review.Assignment) *spread {
	weights := new(big.Rat)
	for _, c := range s.panel.Criteria {
		weights.Add(weights, c.Weight.Rat())
	}
	return s.spreadOf(one, s.total, weights)
}

// spreadOf lays what sheets give out on the scale, each end of which is
// multiplied by a factor.
func (s scored) spreadOf(one review.Assignment, of func(*review.Sheet) *big.Rat, factor *big.Rat) *spread {
	var all []*big.Rat
	var here *big.Rat
	sum := new(big.Rat)
	for _, a := range s.List {
		if a.Sheet == nil {
			continue
		}
		n := of(a.Sheet)
		if n == nil {
			continue
		}
		all, sum = append(all, n), sum.Add(sum, n)
		if a.Candidate == one.Candidate {
			here = n
		}
	}
	if len(all) == 0 {
		return nil
	}
	low, high := ends(s.panel.Scale, factor, all)
	width := new(big.Rat).Sub(high, low)
	if width.Sign() <= 0 {
		return nil
	}
	place := func(n *big.Rat) *big.Rat { return new(big.Rat).Quo(new(big.Rat).Sub(n, low), width) }
	count, each := bins, points(s.panel.Scale)
	if factor.Cmp(big.NewRat(1, 1)) != 0 {
		each = nil // totals lie between
	}
	if each != nil {
		count = len(each)
	}
	mean := new(big.Rat).Quo(sum, big.NewRat(int64(len(all)), 1))
	out := &spread{Mean: mean.FloatString(2), At: percent(place(mean)), N: len(all)}
	if here != nil {
		out.Here = percent(place(here))
	}
	counts, most := make([]int, count), 0
	for _, n := range all {
		i := new(big.Rat).Mul(place(n), big.NewRat(int64(count), 1))
		k := min(count-1, int(new(big.Int).Quo(i.Num(), i.Denom()).Int64()))
		counts[k]++
		most = max(most, counts[k])
	}
	for i, n := range counts {
		from, to := decimal(edge(low, width, i, count)), decimal(edge(low, width, i+1, count))
		if each != nil {
			from, to = each[i], each[i]
		}
		height := float64(n) * spreadHeight / float64(most)
		out.Bars = append(out.Bars, bar{
			X: percent(big.NewRat(int64(i), int64(count))), Width: percent(big.NewRat(9, int64(10*count))),
			Y: fmt.Sprintf("%.1f", spreadHeight-height), Height: fmt.Sprintf("%.1f", height), From: from, To: to, N: n,
		})
	}
	return out
}

// ends are those of a scale; where it has none, of the scores.
func ends(s rulebook.Scale, factor *big.Rat, all []*big.Rat) (low, high *big.Rat) {
	low, high = all[0], all[0]
	for _, n := range all {
		if n.Cmp(low) < 0 {
			low = n
		}
		if n.Cmp(high) > 0 {
			high = n
		}
	}
	if s.Min.IsSet() {
		low = new(big.Rat).Mul(s.Min.Rat(), factor)
	}
	if s.Max.IsSet() {
		high = new(big.Rat).Mul(s.Max.Rat(), factor)
	}
	return low, high
}

func edge(low, width *big.Rat, i, of int) *big.Rat {
	return new(big.Rat).Add(low, new(big.Rat).Mul(width, big.NewRat(int64(i), int64(of))))
}

func percent(share *big.Rat) string {
	return new(big.Rat).Mul(share, big.NewRat(100, 1)).FloatString(1)
}
