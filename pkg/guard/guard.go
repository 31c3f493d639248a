// Package guard keeps a panic in one piece of work from ending the process: it
// becomes an error of that piece, and whatever works beside it goes on.
package guard

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/laurel-awards/laurel/pkg/pause"
)

// panics is registered once a process, like every metric.
var panics = promauto.NewCounterVec(prometheus.CounterOpts{
	Name: "laurel_panics_total", Help: "Panics that were caught; each is a mistake in the code, and its stack is in the log.",
}, []string{"part"})

// Panic is the error of work that panicked.
type Panic struct {
	Value any
	Stack []byte // of the goroutine, as runtime/debug writes it
}

// Error tells the value, and the stack for the log.
func (p *Panic) Error() string { return fmt.Sprintf("panic: %v\n%s", p.Value, p.Stack) }

// Is tells whether err comes from a panic.
func Is(err error) bool {
	_, ok := errors.AsType[*Panic](err)
	return ok
}

// Do runs fn. Its panic is counted under part, one of few names, and becomes a
// *Panic.
func Do(part string, fn func() error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			panics.WithLabelValues(part).Inc()
			err = &Panic{value, debug.Stack()}
		}
	}()
	return fn()
}

// The pauses before a loop that panicked begins again.
const (
	firstPause = 100 * time.Millisecond
	maxPause   = 30 * time.Second
	// calm is how long a loop must have run for its next panic to count as its
	// first.
	calm = time.Minute
)

// Loop runs fn until it returns. Each time that it panics it begins again after
// a pause, which doubles while the panics follow each other; down is told when
// it stops and when it goes on.
func Loop(ctx context.Context, log *slog.Logger, part string, down func(bool), fn func(ctx context.Context) error) error {
	after := firstPause
	for {
		began := time.Now()
		err := Do(part, func() error { return fn(ctx) })
		if !Is(err) {
			return err
		}
		down(true)
		if time.Since(began) > calm {
			after = firstPause
		}
		log.ErrorContext(ctx, "a loop panicked and begins again", "part", part, "after", after, "error", err)
		if !pause.For(ctx, after) {
			return nil
		}
		after = min(2*after, maxPause)
		down(false)
	}
}
