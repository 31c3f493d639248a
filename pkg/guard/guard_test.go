package guard_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/guard"
)

func TestDo(t *testing.T) {
	if err := guard.Do("test", func() error { return nil }); err != nil {
		t.Error(err)
	}
	fails := errors.New("fails")
	if err := guard.Do("test", func() error { return fails }); !errors.Is(err, fails) || guard.Is(err) {
		t.Errorf("an error came as %v", err)
	}
	err := guard.Do("test", func() error { panic("spilled") })
	if !guard.Is(err) || !strings.Contains(err.Error(), "spilled") || !strings.Contains(err.Error(), "TestDo") {
		t.Errorf("a panic came as %v, without its value or its stack", err)
	}
}

func TestLoop(t *testing.T) {
	var log strings.Builder
	var told []bool
	runs := 0
	ended := errors.New("ended")
	err := guard.Loop(t.Context(), slog.New(slog.NewTextHandler(&log, nil)), "test", func(down bool) { told = append(told, down) },
		func(context.Context) error {
			if runs++; runs < 3 {
				panic("spilled")
			}
			return ended
		})
	if !errors.Is(err, ended) || runs != 3 {
		t.Errorf("ended with %v after %d runs", err, runs)
	}
	if diff := cmp.Diff([]bool{true, false, true, false}, told); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	if n := strings.Count(log.String(), "spilled"); n != 2 || !strings.Contains(log.String(), "TestLoop") {
		t.Errorf("the log has %d panics: %s", n, log.String())
	}
}

// TestLoop_end does not wait for a pause to be over.
func TestLoop_end(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	err := guard.Loop(ctx, slog.New(slog.DiscardHandler), "test", func(bool) { cancel() }, func(context.Context) error { panic("spilled") })
	if err != nil {
		t.Error(err)
	}
}
