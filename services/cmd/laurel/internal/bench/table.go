package bench

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// table loads the targets in turn, round by round, and prints the medians
// of their figures and ratios.
func (b *bench) table(ctx context.Context) error {
	fmt.Printf("%-8s %6s %12s %10s %10s %10s %10s\n", "target", "conns", "ballots/s", "p50", "p99", "of empty", "of naive")
	for _, conns := range b.Conns {
		loads, err := b.rounds(ctx, conns, b.Targets...)
		if err != nil {
			return err
		}
		for _, name := range b.Targets {
			ms := func(of func(load) time.Duration) float64 {
				return median(loads[name], func(l load) float64 { return float64(of(l).Microseconds()) / 1000 })
			}
			fmt.Printf("%-8s %6d %12.0f %8.1fms %8.1fms %10s %10s\n", name, conns, rate(loads[name]),
				ms(func(l load) time.Duration { return l.p50 }), ms(func(l load) time.Duration { return l.p99 }),
				ratio(loads, name, empty), ratio(loads, name, naive))
		}
	}
	return nil
}

// rounds asks each in turn, several times.
func (b *bench) rounds(ctx context.Context, conns int, names ...string) (map[string][]load, error) {
	loads := map[string][]load{}
	for range b.Rounds {
		for _, name := range names {
			l, err := b.targets[name].run(ctx, conns, b.Span, false)
			if err != nil {
				return nil, err
			}
			loads[name] = append(loads[name], l)
		}
	}
	return loads, nil
}

func rate(loads []load) float64 { return median(loads, func(l load) float64 { return l.rate }) }

func ratio(loads map[string][]load, name, of string) string {
	if len(loads[of]) == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f", share(loads[name], loads[of]))
}

// share is the median of the rounds' ratios: a machine whose speed changes
// changes both rates of a round, which are measured one after the other.
func share(loads, of []load) float64 {
	all := make([]float64, len(loads))
	for i, l := range loads {
		all[i] = l.rate / of[i].rate
	}
	return middle(all)
}

func median(loads []load, of func(load) float64) float64 {
	all := make([]float64, len(loads))
	for i, l := range loads {
		all[i] = of(l)
	}
	return middle(all)
}

func middle(all []float64) float64 {
	slices.Sort(all)
	return all[len(all)/2]
}
