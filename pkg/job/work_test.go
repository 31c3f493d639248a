package job

import (
	"context"
	"errors"
	"testing"
	"time"
)

// resting is a context that ends whoever rests.
type resting struct {
	context.Context

	asked int
}

func (r *resting) Done() <-chan struct{} {
	done := make(chan struct{})
	close(done)
	return done
}

var errRested = errors.New("rested")

func (r *resting) Err() error {
	if r.asked++; r.asked > 1 {
		return errRested
	}
	return nil
}

// TestWork_rests has work rest while others wait, and not while nobody does.
func TestWork_rests(t *testing.T) {
	for _, alone := range []bool{false, true} {
		w := &Work{since: time.Now().Add(-time.Hour), told: time.Now().Add(time.Hour), alone: alone}
		if err := w.Progress(&resting{Context: t.Context()}, 1, 2); errors.Is(err, errRested) == alone {
			t.Errorf("nobody waits %v: %v", alone, err)
		}
	}
}
