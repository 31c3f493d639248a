package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/laurel-awards/laurel/pkg/pause"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/streams"
)

// flood asks over many more connections than are served at once, and prints
// what that does. The connections take turns with as many as are, in rounds.
func (b *bench) flood(ctx context.Context, conns int) error {
	if b.Flood == 0 {
		return nil
	}
	many := b.Flood * conns
	var usual, loads []load
	for range b.Rounds {
		for _, one := range []struct {
			conns int
			into  *[]load
		}{{conns, &usual}, {many, &loads}} {
			l, err := b.targets[laurel].run(ctx, one.conns, ramp+b.Span, true)
			if err != nil {
				return err
			}
			*one.into = append(*one.into, l)
		}
	}
	peak, err := b.one.Processes[front].Peak()
	if err != nil {
		return err
	}
	refused, told := 0, 0.0
	for _, l := range loads {
		refused += l.refused
		told = max(told, l.told.Seconds())
	}
	fmt.Printf("%d connections: %.0f ballots/s, %.2f of those with %d; p99 %.0f ms; %d refused, 99 of 100 within %.0f ms; "+
		"the server's memory has not passed %d MiB.\n",
		many, rate(loads), share(loads, usual), conns, median(loads, func(l load) float64 { return 1000 * l.p99.Seconds() }), refused, 1000*told, peak>>20)
	return nil
}

// noticed is when the gateway has let go of streams that were closed, so that it
// does not do so while it is measured.
const noticed = 2 * time.Second

// live casts with and without open live streams, in turn, and prints how much of
// the rate they leave.
func (b *bench) live(ctx context.Context, conns int) error {
	if b.Streams == 0 {
		return nil
	}
	var without, with []load
	for range b.Rounds {
		l, err := b.targets[laurel].run(ctx, conns, b.Span, false)
		if err != nil {
			return err
		}
		without = append(without, l)
		open, err := streams.Open(ctx, b.one.Listen, "/api/v1/selections/"+b.slug+"/live", b.Streams)
		if err != nil {
			return err
		}
		l, err = b.targets[laurel].run(ctx, conns, b.Span, false)
		if n := open.Ended(); err == nil && n > 0 {
			err = fmt.Errorf("%d live streams ended meanwhile", n)
		}
		open.Close()
		if err != nil {
			return err
		}
		with = append(with, l)
		pause.For(ctx, noticed)
	}
	fmt.Printf("%d live streams: %.0f ballots/s with %d connections, %.2f of those without.\n", b.Streams, rate(with), conns, share(with, without))
	return nil
}
