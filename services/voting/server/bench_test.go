package server_test

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/laurel-awards/laurel/services/voting"
)

// BenchmarkCastBallots is the room alone: requests as the gateway packs them,
// over an in-process NATS, into PostgreSQL with fsync on. Each ballot has five
// picks and a voter of its own.
func BenchmarkCastBallots(b *testing.B) {
	for _, c := range []struct{ pack, flight int }{{1, 64}, {1, 256}, {32, 4}, {64, 4}, {128, 4}, {500, 4}} {
		b.Run(fmt.Sprintf("pack=%d/flight=%d", c.pack, c.flight), func(b *testing.B) { castBallots(b, c.pack, c.flight, "once", 0, false) })
	}
}

// BenchmarkCastBallots_days has ballots with a key, on a later day of a daily vote:
// a key that does not say when it was made is looked for in the days before.
func BenchmarkCastBallots_days(b *testing.B) {
	for _, days := range []int{0, 1, 13, 31} {
		for _, says := range []bool{true, false} {
			b.Run(fmt.Sprintf("days=%d says=%t", days, says), func(b *testing.B) { castBallots(b, 128, 4, "daily", days, says) })
		}
	}
}

// BenchmarkCastBallots_selections has ballots of many open selections in each
// request, in turn.
func BenchmarkCastBallots_selections(b *testing.B) {
	for _, n := range []int{1, 10, 100, 1000} {
		for _, c := range []struct{ pack, flight int }{{16, 4}, {64, 4}} {
			b.Run(fmt.Sprintf("selections=%d/pack=%d", n, c.pack), func(b *testing.B) {
				r := setup(b)
				rules := `{"voters": ["device"], "picks": {"min": 1, "max": 5}, "counts": "live", "publication": {"every": "10s", "ballots": 10}}`
				r.open(b, rules)
				slugs := []string{slug}
				for i := 1; i < n; i++ {
					slugs = append(slugs, fmt.Sprint("other-", i))
					r.beside(b, slugs[i], rules)
				}
				r.load(b, c.pack, c.flight, func(n int) voting.Cast {
					one := ballot(n, n%8+1, n%8+2, n%8+3, n%8+4, n%8+5)
					one.Slug = slugs[n%len(slugs)]
					return one
				})
			})
		}
	}
}

// BenchmarkCastBallots_again has a part of the voters come back a moment later.
func BenchmarkCastBallots_again(b *testing.B) {
	for _, percent := range []int{0, 1, 20} {
		b.Run(fmt.Sprintf("percent=%d", percent), func(b *testing.B) {
			r := setup(b)
			r.open(b, once)
			r.load(b, 64, 4, func(n int) voting.Cast {
				if n > 1000 && n%100 < percent {
					n -= 1000 - 50
				}
				return ballot(n, n%8+1, n%8+2, n%8+3)
			})
		})
	}
}

func castBallots(b *testing.B, pack, flight int, frequency string, days int, says bool) {
	b.Helper()
	r := setup(b)
	r.open(b, `{"voters": ["device"], "frequency": "`+frequency+`", "picks": {"min": 1, "max": 5}, "counts": "live"}`)
	r.execute(b, `UPDATE voting SET opened_at = opened_at - $1 * interval '1 day'`, days)
	r.load(b, pack, flight, func(n int) voting.Cast {
		one := ballot(n, n%8+1, n%8+2, n%8+3, n%8+4, n%8+5)
		if frequency == "daily" {
			one = keyed(one, fmt.Sprint(n))
		}
		if says {
			one.Made = time.Now()
		}
		return one
	})
	r.whole(b, b.N*pack)
	b.ReportMetric(r.size(b)/float64(b.N*pack), "bytes/ballot")
}

// load casts the ballots that are made of numbers, each of a voter of its own.
func (r *room) load(b *testing.B, pack, flight int, cast func(n int) voting.Cast) {
	b.Helper()
	var requests, failed atomic.Int64
	b.SetParallelism(flight) // times GOMAXPROCS, so:
	slots := make(chan struct{}, flight)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			first := int(requests.Add(1)) * pack
			var in voting.CastBallots
			for i := range pack {
				in.Ballots = append(in.Ballots, cast(first+i))
			}
			slots <- struct{}{}
			out, err := r.CastBallots(r.ctx, in)
			<-slots
			if err != nil {
				b.Error(err)
				return
			}
			for _, o := range out.Outcomes {
				if o.Fault != nil && !errors.Is(o.Fault, voting.ErrDuplicate) {
					failed.Add(1)
				}
			}
		}
	})
	b.StopTimer()
	b.ReportMetric(float64(b.N*pack)/b.Elapsed().Seconds(), "ballots/s")
	if n := failed.Load(); n > 0 {
		b.Errorf("%d ballots were not counted", n)
	}
}

// size is what ballots, batches and the log take on disk, in bytes, with their
// indexes.
func (r *room) size(b *testing.B) (bytes float64) {
	b.Helper()
	if err := r.deps.DB.Get(&bytes, `
		SELECT sum(pg_total_relation_size(name::regclass)) FROM unnest(ARRAY['ballot', 'batch', 'batch_body', 'subtree']) name`); err != nil {
		b.Fatal(err)
	}
	return bytes
}
