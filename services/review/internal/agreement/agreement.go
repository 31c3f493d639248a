// Package agreement measures how jurors of a panel agree, exactly, on fractions.
// It does no I/O.
//
// A sheet's total is the sum of weight × score over the criteria, as in a panel
// that is aggregated over sheets.
package agreement

import (
	"cmp"
	"math/big"
	"slices"
)

// Sheet is one juror's submitted scores of a candidate.
type Sheet struct {
	Juror     string
	Candidate int
	Cells     []*big.Rat // by criterion; all sheets have as many
	Total     *big.Rat
}

// Spread is how far the jurors of a candidate are apart.
type Spread struct {
	Candidate             int
	Sheets                int
	Mean, Lowest, Highest *big.Rat
	Outliers              []Outlier
}

// Range is the highest less the lowest total.
func (s Spread) Range() *big.Rat { return new(big.Rat).Sub(s.Highest, s.Lowest) }

// Outlier is a juror whose total of a candidate is far from the rest.
type Outlier struct {
	Juror string
	Total *big.Rat
	Z     *big.Rat // the modified z-score; beyond ±3.5
}

// Spreads measures each candidate, by number.
func Spreads(sheets []Sheet) []Spread {
	var out []Spread
	byCandidate := group(sheets, func(s Sheet) int { return s.Candidate })
	for _, c := range sortedKeys(byCandidate) {
		own := byCandidate[c]
		totals := totals(own)
		out = append(out, Spread{
			Candidate: c, Sheets: len(own), Mean: mean(totals),
			Lowest:  slices.MinFunc(totals, (*big.Rat).Cmp),
			Highest: slices.MaxFunc(totals, (*big.Rat).Cmp), Outliers: outliers(own),
		})
	}
	return out
}

// leastOfOutliers is how many sheets it takes to say that one is far from the
// rest.
const leastOfOutliers = 3

// outliers are the sheets whose modified z-score is beyond ±3.5:
// z = 0.6745 (x − median) / MAD, where MAD is the median of |x − median|
// (Iglewicz and Hoaglin, How to Detect and Handle Outliers, ASQC 1993). Where
// more than half of the totals are equal, MAD is 0, and the mean of
// |x − median| takes its place: z = (x − median) / (1.253314 × mean).
func outliers(sheets []Sheet) []Outlier {
	if len(sheets) < leastOfOutliers {
		return nil
	}
	middle := median(totals(sheets))
	away := make([]*big.Rat, len(sheets))
	for i, s := range sheets {
		away[i] = distance(s.Total, middle)
	}
	factor, scale := big.NewRat(6745, 10_000), median(away)
	if scale.Sign() == 0 {
		factor, scale = big.NewRat(1_000_000, 1_253_314), mean(away)
	}
	if scale.Sign() == 0 {
		return nil
	}
	var out []Outlier
	for _, s := range sheets {
		z := new(big.Rat).Sub(s.Total, middle)
		z.Mul(z, factor).Quo(z, scale)
		if new(big.Rat).Abs(z).Cmp(big.NewRat(7, 2)) > 0 {
			out = append(out, Outlier{s.Juror, s.Total, z})
		}
	}
	return out
}

// Severity is how a juror scores beside those who scored the same candidates.
type Severity struct {
	Juror  string
	Sheets int // of candidates that others have scored too
	// Lean is the mean, over these candidates, of the juror's total less the
	// mean of the others' totals: below 0 strict, above 0 lenient.
	Lean *big.Rat
}

// Severities measures each juror who shares a candidate with another, the
// strictest first.
func Severities(sheets []Sheet) []Severity {
	sums, counts := map[string]*big.Rat{}, map[string]int{}
	for _, own := range group(sheets, func(s Sheet) int { return s.Candidate }) {
		if len(own) < 2 {
			continue
		}
		all := sum(totals(own))
		for _, s := range own {
			others := new(big.Rat).Sub(all, s.Total)
			others.Quo(others, whole(len(own)-1))
			if sums[s.Juror] == nil {
				sums[s.Juror] = new(big.Rat)
			}
			sums[s.Juror].Add(sums[s.Juror], others.Sub(s.Total, others))
			counts[s.Juror]++
		}
	}
	var out []Severity
	for _, juror := range sortedKeys(sums) {
		out = append(out, Severity{juror, counts[juror], new(big.Rat).Quo(sums[juror], whole(counts[juror]))})
	}
	slices.SortStableFunc(out, func(a, b Severity) int { return a.Lean.Cmp(b.Lean) })
	return out
}

// Alike is two jurors whose sheets are suspiciously alike.
type Alike struct {
	A, B       string
	Candidates int  // that both have scored
	Cells      int  // scores by criterion of these
	Equal      int  // of which both are equal
	Shifted    bool // every score of B is A's plus one same number that is not 0
}

// leastOfAlike is how many candidates two jurors must share to be compared.
const leastOfAlike = 5

// Pairs finds the jurors who share at least five candidates, tell these apart
// (not all totals are equal), and either have 90 % or more of their scores equal
// or all of them apart by one same number.
func Pairs(sheets []Sheet) []Alike {
	byJuror := group(sheets, func(s Sheet) string { return s.Juror })
	jurors := sortedKeys(byJuror)
	var out []Alike
	for i, a := range jurors {
		mine := map[int]Sheet{}
		for _, s := range byJuror[a] {
			mine[s.Candidate] = s
		}
		for _, b := range jurors[i+1:] {
			if pair, ok := compare(a, b, mine, byJuror[b]); ok {
				out = append(out, pair)
			}
		}
	}
	return out
}

func compare(a, b string, mine map[int]Sheet, theirs []Sheet) (Alike, bool) {
	pair := Alike{A: a, B: b, Shifted: true}
	var shift, first *big.Rat
	varied := false
	for _, t := range theirs {
		m, ok := mine[t.Candidate]
		if !ok {
			continue
		}
		if first == nil {
			first = m.Total
		}
		varied = varied || m.Total.Cmp(first) != 0
		pair.Candidates++
		for k := range t.Cells {
			by := new(big.Rat).Sub(t.Cells[k], m.Cells[k])
			if shift == nil {
				shift = by
			}
			pair.Cells++
			if by.Sign() == 0 {
				pair.Equal++
			}
			pair.Shifted = pair.Shifted && by.Cmp(shift) == 0
		}
	}
	pair.Shifted = pair.Shifted && shift != nil && shift.Sign() != 0
	return pair, pair.Candidates >= leastOfAlike && varied && (pair.Shifted || 10*pair.Equal >= 9*pair.Cells)
}

func group[K comparable](sheets []Sheet, key func(Sheet) K) map[K][]Sheet {
	out := map[K][]Sheet{}
	for _, s := range sheets {
		out[key(s)] = append(out[key(s)], s)
	}
	return out
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func totals(sheets []Sheet) []*big.Rat {
	out := make([]*big.Rat, len(sheets))
	for i, s := range sheets {
		out[i] = s.Total
	}
	return out
}

func whole(n int) *big.Rat { return big.NewRat(int64(n), 1) }

func sum(xs []*big.Rat) *big.Rat {
	out := new(big.Rat)
	for _, x := range xs {
		out.Add(out, x)
	}
	return out
}

func mean(xs []*big.Rat) *big.Rat { return new(big.Rat).Quo(sum(xs), whole(len(xs))) }

func distance(a, b *big.Rat) *big.Rat {
	d := new(big.Rat).Sub(a, b)
	return d.Abs(d)
}

// median is the middle one, or the mean of the middle two.
func median(xs []*big.Rat) *big.Rat {
	sorted := slices.Clone(xs)
	slices.SortFunc(sorted, (*big.Rat).Cmp)
	n := len(sorted)
	return mean(sorted[(n-1)/2 : n/2+1])
}
