package script

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"

	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/nomination"
)

// crowd invents voters and jurors from a seed: whom the public likes, how
// strict each juror is.
type crowd struct {
	rand       *rand.Rand
	candidates []nomination.Candidate
	appeal     []float64 // cumulative, by candidate
	merit      []float64 // by candidate, 0 to 1
	rules      rulebook.Voting
}

func newCrowd(seed uint64, candidates []nomination.Candidate, rules rulebook.Voting) *crowd {
	c := &crowd{rand: rand.New(rand.NewPCG(seed, seed)), candidates: candidates, rules: rules} // an invented crowd, from a seed on purpose
	sum := 0.0
	for range candidates {
		merit := c.rand.Float64()
		c.merit = append(c.merit, merit)
		sum += math.Exp(1.5*merit + 0.8*c.rand.NormFloat64())
		c.appeal = append(c.appeal, sum)
	}
	return c
}

// maxTries ends the search for picks where the candidates do not meet the rules:
// the ballot is then refused, which says why.
const maxTries = 10_000

// picks are as many candidates as the rules ask for, each at most once, and of
// each category as many as its limit has.
func (c *crowd) picks() []int {
	span := c.rules.Picks
	n := span.Min + c.rand.IntN(min(span.Max, len(c.candidates))-span.Min+1)
	picks := make([]int, 0, n)
	left := map[string]int{} // of categories that have a limit
	for _, l := range c.rules.Limits {
		left[l.Category] = l.Max
		for of, tries := 0, 0; of < l.Min && tries < maxTries; tries++ {
			if p := c.likes(); p.Category == l.Category && !slices.Contains(picks, p.Number) {
				picks, of = append(picks, p.Number), of+1
				left[l.Category]--
			}
		}
	}
	for tries := 0; len(picks) < n && tries < maxTries; tries++ {
		p := c.likes()
		most, limited := left[p.Category]
		if slices.Contains(picks, p.Number) || limited && most == 0 {
			continue
		}
		picks = append(picks, p.Number)
		left[p.Category]--
	}
	return picks
}

// likes is a candidate of whom somebody thinks.
func (c *crowd) likes() nomination.Candidate {
	i, _ := slices.BinarySearch(c.appeal, c.rand.Float64()*c.appeal[len(c.appeal)-1])
	return c.candidates[min(i, len(c.candidates)-1)]
}

// address is the i-th of the networks that the crowd votes from: some are
// shared by a few, as at home.
func address(i int) string {
	i /= 3
	return fmt.Sprintf("10.%d.%d.%d", 64+i>>16&63, i>>8&255, i&255)
}

// score is the juror's opinion of the i-th candidate in steps of the scale, in
// its upper part: merit, the juror's strictness, and a mood.
func (c *crowd) score(i int, strictness float64, scale rulebook.Scale) string {
	opinion := max(60, min(100, 72+22*c.merit[i]-strictness+2.5*c.rand.NormFloat64())) / 100
	step := scale.Step
	if !step.IsSet() {
		step = rulebook.Whole(1)
	}
	span := new(big.Rat).Sub(scale.Max.Rat(), scale.Min.Rat())
	steps, _ := new(big.Rat).Quo(span, step.Rat()).Float64()
	score := new(big.Rat).SetInt64(int64(math.Round(opinion * steps)))
	score.Add(score.Mul(score, step.Rat()), scale.Min.Rat())
	digits, exact := score.FloatPrec()
	if !exact {
		return score.RatString()
	}
	return score.FloatString(digits)
}

// bagKey names a set of picks whatever their order.
func bagKey(picks []int) string {
	sorted := slices.Clone(picks)
	slices.Sort(sorted)
	return fmt.Sprint(sorted)
}
