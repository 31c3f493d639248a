package script

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/laurel-awards/laurel/pkg/rulebook"
)

// crowd invents voters and jurors from a seed: whom the public likes, how
// strict each juror is.
type crowd struct {
	rand    *rand.Rand
	numbers []int
	appeal  []float64      // cumulative, by candidate
	merit   []float64      // by candidate, 0 to 1
	span    rulebook.Picks // how many on a ballot
}

func newCrowd(seed uint64, numbers []int, span rulebook.Picks) *crowd {
	c := &crowd{rand: rand.New(rand.NewPCG(seed, seed)), numbers: numbers, span: span} // an invented crowd, from a seed on purpose
	sum := 0.0
	for range numbers {
		merit := c.rand.Float64()
		c.merit = append(c.merit, merit)
		sum += math.Exp(1.5*merit + 0.8*c.rand.NormFloat64())
		c.appeal = append(c.appeal, sum)
	}
	return c
}

// picks are as many candidates as the rules ask for, each at most once.
func (c *crowd) picks() []int {
	n := c.span.Min + c.rand.IntN(min(c.span.Max, len(c.numbers))-c.span.Min+1)
	picks := make([]int, 0, n)
	for len(picks) < n {
		i, _ := slices.BinarySearch(c.appeal, c.rand.Float64()*c.appeal[len(c.appeal)-1])
		if p := c.numbers[min(i, len(c.numbers)-1)]; !slices.Contains(picks, p) {
			picks = append(picks, p)
		}
	}
	return picks
}

// address is the i-th of the networks that the crowd votes from: some are
// shared by a few, as at home.
func address(i int) string {
	i /= 3
	return fmt.Sprintf("10.%d.%d.%d", 64+i>>16&63, i>>8&255, i&255)
}

// score is the juror's opinion of the i-th candidate in steps of a half from
// 60 to 100: merit, the juror's strictness, and a mood.
func (c *crowd) score(i int, strictness float64) string {
	half := math.Round(2 * (72 + 22*c.merit[i] - strictness + 2.5*c.rand.NormFloat64()))
	half = max(120, min(200, half))
	return fmt.Sprintf("%d.%d", int(half)/2, int(half)%2*5)
}

// bagKey names a set of picks whatever their order.
func bagKey(picks []int) string {
	sorted := slices.Clone(picks)
	slices.Sort(sorted)
	return fmt.Sprint(sorted)
}
