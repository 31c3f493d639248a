package ranking

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/laurel-awards/laurel/pkg/fault"
)

// tight has three attributes of many values, each capped so that every value
// must be used up. Where a filling is planted there is one, anywhere among the
// candidates; else there may be none, though of every value there are enough.
func tight(t testing.TB, seed uint64, seats, candidates int, planted bool) problem {
	chance := rand.New(rand.NewPCG(seed, uint64(seats)<<16+uint64(candidates)))
	caps := []int{2, 4, 8}
	names := []string{"employer", "school", "region"}
	var list []rule
	values := make([]int, len(names)) // by attribute: how many there are
	seats -= seats % caps[2]
	for a, most := range caps {
		list = append(list, rule{names[a], "", fmt.Sprint(most), "", ""})
		values[a] = seats / most
	}
	p := problem{rb: rules(t, []int{seats / 3, seats - seats/3}, list)}
	add := func(value func(a int) int) {
		attributes := make(map[string]string)
		for a, name := range names {
			attributes[name] = fmt.Sprint(name[:1], value(a))
		}
		p.candidates = append(p.candidates, attributes)
	}
	enough := make([][]int, len(names)) // a shuffle of places: each value as often as it must be
	for a := range names {
		enough[a] = chance.Perm(seats)
	}
	for s := range seats {
		add(func(a int) int {
			if planted {
				return enough[a][s] / caps[a]
			}
			return enough[a][s] % values[a]
		})
	}
	if !planted { // what was dealt as a filling is one no more
		for c := range p.candidates {
			p.candidates[c][names[0]] = p.candidates[(c+c%2*2-1+seats)%seats][names[0]]
		}
		p.candidates = p.candidates[:seats-seats/8]
	}
	for len(p.candidates) < candidates {
		add(func(a int) int { return chance.IntN(values[a]) })
	}
	chance.Shuffle(len(p.candidates), func(i, j int) { p.candidates[i], p.candidates[j] = p.candidates[j], p.candidates[i] })
	return p
}

// soon is how much work the sets of the test may take: some times what they do,
// and a hundredth of what is given where nothing else is said.
const soon = 1_000_000_000

// Sets that are made to be hard are decided, and soon: where a filling was planted the
// awards are filled, and where there is none the quotas in conflict come with a
// proof that holds.
func TestSeating_tight(t *testing.T) {
	for _, c := range []struct{ seats, candidates int }{{48, 100}, {48, 300}, {96, 200}, {96, 600}} {
		for seed := range uint64(3) {
			if Raced && (seed > 0 || c.seats == 96 && c.candidates == 200) {
				continue
			}
			for _, planted := range []bool{true, false} {
				t.Run(fmt.Sprintf("%d seats, %d candidates, planted %t, seed %d", c.seats, c.candidates, planted, seed), func(t *testing.T) {
					p := tight(t, seed, c.seats, c.candidates, planted)
					in := p.input(t)
					rk := ranked(in)
					rk.effort = Options{Budget: soon}.effort()
					o, err := rk.outcome()
					switch {
					case err == nil:
						p.kept(t, o.whole())
					case planted || !fault.HasCode(err, CodeInfeasible):
						t.Fatal(err)
					default:
						report, err := in.Feasible(Options{})
						if err != nil || report.Possible {
							t.Fatalf("report %+v, %v", report, err)
						}
						if err := in.claim().Check(report.Proof); err != nil {
							t.Error(err)
						}
					}
				})
			}
		}
	}
}

// Fifty to five hundred seats, with few and with many candidates.
func BenchmarkSeating_tight(b *testing.B) {
	for _, seats := range []int{48, 96, 200, 304, 504} {
		for _, share := range []int{2, 6} {
			for _, planted := range []bool{true, false} {
				b.Run(fmt.Sprintf("seats=%d/candidates=%d/planted=%t", seats, share*seats, planted), func(b *testing.B) {
					benchmark(b, func(seed uint64) problem { return tight(b, seed, seats, share*seats, planted) })
				})
			}
		}
	}
}
