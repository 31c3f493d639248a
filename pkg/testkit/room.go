package testkit

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/blob"
	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/run"
)

// stopTime bounds the end of a room.
const stopTime = 20 * time.Second

// NATS is a server with JetStream in the test's process and directory. It
// opens a port on loopback, which other processes can connect to.
func NATS(t testing.TB) *bus.Embedded {
	t.Helper()
	nats, err := bus.Embed(t.TempDir(), -1, Log(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := nats.Stop(); err != nil {
			t.Errorf("stop NATS: %v", err)
		}
	})
	return nats
}

// Connect is a connection to nats until the end of the test.
func Connect(t testing.TB, nats *bus.Embedded, name string) *bus.Bus {
	t.Helper()
	b, err := nats.Connect(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

// Deps is what a room needs, all real and the test's own. Of the room only name
// and migrations are looked at.
func Deps(t testing.TB, nats *bus.Embedded, room run.Room, clock *Clock) run.Deps {
	t.Helper()
	blobs, err := blob.NewDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return run.Deps{
		DB: Service(t, room.Name, room.Sets()...), Bus: Connect(t, nats, room.Name),
		Blobs: blobs, Now: clock.Now, Log: Log(t),
	}
}

// Start runs a room until the end of the test.
func Start(t testing.TB, room run.Room, deps run.Deps) *run.Running {
	t.Helper()
	r, err := run.Start(bound(t), room, deps)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), stopTime)
		defer cancel()
		if err := r.Stop(ctx); err != nil {
			t.Errorf("stop %s: %v", room.Name, err)
		}
	})
	return r
}

// Log writes warnings and errors to the test's output.
func Log(t testing.TB) *slog.Logger {
	return slog.New(actor.Log(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})))
}
