package testkit

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/ballotlog"
	"github.com/laurel-awards/laurel/pkg/blob"
	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/job"
	"github.com/laurel-awards/laurel/pkg/outbox"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/run"
)

// maxBlob bounds what tests put in the blob store, in bytes.
const maxBlob = 64 << 20

// Connect is a connection to nats until the end of the test. It signs as the
// gateway and trusts who does.
func Connect(t testing.TB, nats *bus.Embedded, name string) *bus.Bus {
	t.Helper()
	b, err := nats.Connect(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	Acquaint(t, b)
	return b
}

// Signer is the gateway's in tests.
func Signer(t testing.TB) bus.Signer {
	t.Helper()
	s, err := bus.NewSigner(bytes.Repeat([]byte{'g'}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Acquaint has a connection sign as the gateway and trust who does.
func Acquaint(t testing.TB, b *bus.Bus) {
	t.Helper()
	keys, err := bus.ParseTrusted(Signer(t).Public())
	if err != nil {
		t.Fatal(err)
	}
	b.Sign(Signer(t))
	b.Trust(keys, time.Now)
}

// Deps is what a room needs, all real and the test's own. Of the room only name
// and migrations are looked at.
func Deps(t testing.TB, nats *bus.Embedded, room run.Room, clock *Clock) run.Deps {
	t.Helper()
	blobs, err := blob.NewDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	notary, err := ballotlog.NewSigner(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	db := Service(t, room.Name, room.Sets()...)
	return run.Deps{
		DB: db, Bus: Connect(t, nats, room.Name), Blobs: blobs.In(room.Name), Jobs: job.New(db, clock.Now, Log(t)),
		Now: clock.Now, Log: Log(t), Audit: notary,
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
		ctx, cancel := context.WithTimeout(context.Background(), Patience)
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

// Room is a room at work until the end of the test, with all that it stands on
// in the test's hands.
type Room struct {
	run.Deps // the room's own

	Clock  *Clock
	Dir    string // of the blob store
	NATS   *bus.Embedded
	Caller *bus.Bus      // asks the room, as the gateway does
	Inbox  *outbox.Inbox // hands the room an event at once, past the bus

	t testing.TB
}

// Morning is when the clock of a Room stands: the first of May 2026, eight
// o'clock UTC, a Friday afternoon in Lanzhou.
func Morning() time.Time { return time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC) }

// NewRoom wires a room of the name and starts it, on what change makes of its
// dependencies.
func NewRoom(t testing.TB, name string, migrations []pg.Set, wire func(run.Deps) (run.Room, error), change ...func(*run.Deps)) *Room {
	t.Helper()
	clock, nats := NewClock(Morning()), NATS(t)
	deps := Deps(t, nats, run.Room{Name: name, Migrations: migrations}, clock)
	dir := t.TempDir()
	blobs, err := blob.NewDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	deps.Blobs = blobs.In(name)
	for _, c := range change {
		c(&deps)
	}
	room, err := wire(deps)
	if err != nil {
		t.Fatal(err)
	}
	Start(t, room, deps)
	return &Room{
		Deps: deps, Clock: clock, Dir: dir, NATS: nats, Caller: Connect(t, nats, "gateway"), t: t,
		Inbox: &outbox.Inbox{Service: name, DB: deps.DB, Log: deps.Log, Handlers: room.Handlers},
	}
}

// Selection tells the room of a selection; the room hears each event at once.
func (r *Room) Selection(slug string) *Selection {
	return NewSelection(r.t, slug, r.Clock.Now, r.Inbox.Deliver)
}

// Count is the number that a query gives.
func (r *Room) Count(query string, args ...any) int {
	r.t.Helper()
	var n int
	if err := r.DB.GetContext(r.t.Context(), &n, query, args...); err != nil {
		r.t.Fatal(err)
	}
	return n
}

// Upload puts a body where the gateway puts what rooms are to read, and gives its
// hash.
func (r *Room) Upload(body []byte) string {
	r.t.Helper()
	return r.Keep(blob.Uploads, body)
}

// Keep puts a body in the store of an owner, and gives its hash.
func (r *Room) Keep(owner string, body []byte) string {
	r.t.Helper()
	ref, err := r.Blobs.In(owner).Put(r.t.Context(), bytes.NewReader(body), maxBlob)
	if err != nil {
		r.t.Fatal(err)
	}
	return ref.Hash
}

// Age makes all bodies of the store as old as that, and gives what they hold: an
// owner removes none that is young.
func (r *Room) Age(by time.Duration) (bodies []string) {
	r.t.Helper()
	at := time.Now().Add(-by)
	if err := filepath.WalkDir(r.Dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		bodies = append(bodies, string(text))
		return errors.Join(err, os.Chtimes(path, at, at))
	}); err != nil {
		r.t.Fatal(err)
	}
	return bodies
}

// Blob is a body of the room's own.
func (r *Room) Blob(hash string) []byte {
	r.t.Helper()
	return r.blob(r.Blobs, hash)
}

// Uploaded is a body that is on its way from one hand to another.
func (r *Room) Uploaded(hash string) []byte {
	r.t.Helper()
	return r.blob(r.Blobs.In(blob.Uploads), hash)
}

func (r *Room) blob(from blob.Store, hash string) []byte {
	r.t.Helper()
	body, _, err := from.Open(r.t.Context(), hash)
	if err != nil {
		r.t.Fatal(err)
	}
	defer body.Close()
	text, err := io.ReadAll(body)
	if err != nil {
		r.t.Fatal(err)
	}
	return text
}
