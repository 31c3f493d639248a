package ranking

import (
	"math/big"
	"slices"
)

// spread is the moments of a set of scores, exact.
type spread struct {
	n         int64
	sum, sum2 number
}

func (s *spread) add(v number) {
	s.n++
	s.sum = s.sum.add(v)
	s.sum2 = s.sum2.add(v.mul(v))
}

func (s *spread) mean() number { return s.sum.div(whole(s.n)) }

// variance is the population's: the mean of the squares less the square of the
// mean.
func (s *spread) variance() number {
	m := s.mean()
	return s.sum2.div(whole(s.n)).sub(m.mul(m))
}

// standardize makes strict and lenient jurors weigh the same: each juror's
// scores become z = (x − m) / s with the juror's own mean and population
// deviation, then M + S·z with the panel's, over all its scores. A juror whose
// scores are all equal has z = 0. Computed as M + (x − m)·√(S²/s²), so that one
// square root is taken a juror.
func standardize(votes [][]vote) {
	var all spread
	jurors := make(map[int32]*spread)
	for _, vs := range votes {
		for _, v := range vs {
			s, ok := jurors[v.juror]
			if !ok {
				s = new(spread)
				jurors[v.juror] = s
			}
			s.add(v.value)
			all.add(v.value)
		}
	}
	if all.n == 0 {
		return
	}
	center, total := all.mean(), all.variance()
	type scale struct{ mean, factor number }
	scales := make(map[int32]scale, len(jurors))
	for j, s := range jurors {
		factor := number{}
		if own := s.variance(); own.sign() != 0 {
			factor = fraction(root(new(big.Rat).Quo(total.rat(), own.rat())))
		}
		scales[j] = scale{s.mean(), factor}
	}
	for c := range votes {
		votes[c] = slices.Clone(votes[c])
		for i, v := range votes[c] {
			votes[c][i].value = center.add(v.value.sub(scales[v.juror].mean).mul(scales[v.juror].factor))
		}
	}
}
