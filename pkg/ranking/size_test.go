package ranking

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/laurel-awards/laurel/pkg/fault"
)

// size is how many candidates and seats a generated selection has.
type size struct {
	candidates int
	awards     []int
}

func sizes() []size {
	return []size{{60, []int{10, 20}}, {200, []int{20, 30}}, {400, []int{40, 60}}, {1000, []int{100, 200}}, {3000, []int{50, 50, 100, 100, 200}}}
}

// ofAwards are rules that tell awards apart, and a cap that half the awards'
// seats must keep by themselves.
func ofAwards() []rule {
	return []rule{
		{"gender", "female", "", "15%", "award0"},
		{"region", "", "30%", "", "award1"},
		{"employer", "", "1", "", "award0"},
		{"rank", "leader", "20%", "", "award0"},
	}
}

// kept tells whether a result keeps the quotas, counted plainly.
func (p problem) kept(t testing.TB, r *Result) {
	t.Helper()
	award := make(map[string]string)
	for _, row := range r.Ranking {
		award[row.Candidate] = row.Award
	}
	for n, q := range p.rb.Quotas {
		counts := make(map[string]int)
		for c, attributes := range p.candidates {
			if got := award[fmt.Sprint(c)]; got != "" && (q.Of == "" || q.Of == got) {
				counts[attributes[q.Attribute]]++
			}
		}
		seats := p.rb.Seats(q.Of)
		for value, count := range counts {
			if most, ok := q.Cap(seats); ok && value != "" && (q.Value == "" || q.Value == value) && count > most {
				t.Errorf("quota %d: %d of %q, at most %d", n+1, count, value, most)
			}
		}
		if least, ok := q.Floor(seats); ok && counts[q.Value] < least {
			t.Errorf("quota %d: %d of %q, at least %d", n+1, counts[q.Value], q.Value, least)
		}
	}
	for _, a := range r.Awards {
		if len(a.Candidates) != a.Seats {
			t.Errorf("award %s: %d of %d seats", a.Award, len(a.Candidates), a.Seats)
		}
	}
}

func (p problem) result(t testing.TB) (*Input, *Result) {
	t.Helper()
	in := p.input(t)
	o, err := ranked(in).outcome()
	if err != nil {
		t.Fatal(err)
	}
	return in, o.whole()
}

// Medals of real size are decided: the quotas are kept, whoever was passed over
// has a proof or stands before a full cap, and with another candidate who
// counts like one who was never seated, ranked last, nothing changes.
func TestSeating_size(t *testing.T) {
	for i, s := range sizes() {
		for _, more := range [][]rule{nil, ofAwards()} {
			if s.candidates == 3000 && more == nil || Raced && s.candidates > 200 {
				continue // the harder ones will do
			}
			t.Run(fmt.Sprintf("%d candidates, %d quotas", s.candidates, 8+len(more)), func(t *testing.T) {
				t.Parallel()
				p := medal(t, uint64(i), s.candidates, s.awards, more...)
				in, r := p.result(t)
				p.kept(t, r)
				if r.Ranking = r.Ranking[:len(r.Ranking):len(r.Ranking)]; s.candidates > 400 {
					for c := range r.Ranking { // a sample: a check counts everybody anew
						if c%97 > 0 {
							r.Ranking[c].Displaced = nil
						}
					}
				}
				if n := proved(t, in, r); n == 0 && s.candidates <= 400 {
					t.Error("no proof was looked at")
				}
				seated := make(map[string]bool)
				key := func(c int) string {
					a := p.candidates[c]
					return fmt.Sprint(slices.Sorted(maps.Values(a)))
				}
				for c, row := range r.Ranking {
					seated[key(c)] = seated[key(c)] || row.Award != ""
				}
				loser := slices.IndexFunc(r.Ranking, func(row Ranked) bool { return !seated[key(row.Rank-1)] })
				p.candidates = append(p.candidates, p.candidates[loser])
				_, again := p.result(t)
				for c, row := range r.Ranking {
					if again.Ranking[c].Award != row.Award {
						t.Fatalf("candidate %d has %q, not %q, because a loser like %d joined", c, again.Ranking[c].Award, row.Award, loser)
					}
				}
			})
		}
	}
}

// What a small budget leaves undecided, a larger one decides; progress is told.
func TestInput_Compute_budget(t *testing.T) {
	p := hard(t, 0, 48*6, 48)
	rk := ranked(p.input(t))
	rk.effort = Options{Budget: 1000}.effort()
	if _, err := rk.outcome(); !fault.HasCode(err, CodeUndecided) {
		t.Fatalf("err = %v", err)
	}
	told := int64(0)
	rk.effort = Options{Progress: func(p Progress) error {
		if p.Work <= told || p.Budget != DefaultBudget {
			t.Errorf("progress %+v after %d", p, told)
		}
		told = p.Work
		return nil
	}}.effort()
	o, err := rk.outcome()
	if err != nil {
		t.Fatal(err)
	}
	p.kept(t, o.whole())
	if rk.effort.Work > often && told == 0 {
		t.Error("no progress was told")
	}
}

// used is how much processor time this process has used.
func used(b *testing.B) time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// benchmark fills the awards of twenty selections, and tells the mean and the
// worst time of one; of the processor, too, because a machine may have others to
// work for.
func benchmark(b *testing.B, generate func(seed uint64) problem) {
	var inputs []*Input
	for seed := range uint64(20) {
		inputs = append(inputs, generate(seed).input(b))
	}
	worst, most, work := time.Duration(0), time.Duration(0), int64(0)
	for b.Loop() {
		for seed, in := range inputs {
			rk := ranked(in)
			start, before := b.Elapsed(), used(b)
			if _, err := rk.outcome(); err != nil && !fault.HasCode(err, CodeInfeasible) {
				b.Fatalf("seed %d: %v", seed, err)
			}
			worst, most, work = max(worst, b.Elapsed()-start), max(most, used(b)-before), max(work, rk.effort.Work)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N*len(inputs)), "ms/selection")
	b.ReportMetric(float64(worst.Milliseconds()), "ms-worst")
	b.ReportMetric(float64(most.Milliseconds()), "cpu-ms-worst")
	b.ReportMetric(float64(work)/1e6, "Mwork-worst")
}

// Medals as the rules of a labour medal make them, and with rules of single
// awards: under 300 ms for 200 candidates, under 5 s for 3,000 are wanted.
func BenchmarkSeating_medal(b *testing.B) {
	for _, s := range sizes() {
		for _, more := range [][]rule{nil, ofAwards()} {
			b.Run(fmt.Sprintf("candidates=%d/quotas=%d", s.candidates, 8+len(more)), func(b *testing.B) {
				benchmark(b, func(seed uint64) problem { return medal(b, seed, s.candidates, s.awards, more...) })
			})
		}
	}
}

// Three attributes of many values, capped so that every value must be used up.
func BenchmarkSeating_hard(b *testing.B) {
	for _, seats := range []int{24, 48, 96, 144} {
		b.Run(fmt.Sprintf("seats=%d", seats), func(b *testing.B) {
			benchmark(b, func(seed uint64) problem { return hard(b, seed, 6*seats, seats) })
		})
	}
}
