package pg_test

import (
	"errors"
	"testing"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/testkit"
)

func TestTryLeader(t *testing.T) {
	t.Parallel()
	db := counter(t)
	first, err := pg.TryLeader(t.Context(), db, "relay")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := pg.TryLeader(t.Context(), db, "relay"); !errors.Is(err, pg.ErrHeld) {
		t.Errorf("a second: %v", err)
	}
	other, err := pg.TryLeader(t.Context(), db, "sequencer")
	if err != nil {
		t.Errorf("another name: %v", err)
	}
	if err := first.InTx(t.Context(), func(tx *sqlx.Tx) error { return add(t.Context(), tx) }); err != nil {
		t.Error(err)
	}
	for _, l := range []*pg.Leader{first, other, first} { // twice does no harm
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
	next, err := pg.TryLeader(t.Context(), db, "relay")
	if err != nil {
		t.Fatalf("after close it is free at once: %v", err)
	}
	if err := next.Close(); err != nil {
		t.Error(err)
	}
	if open := db.Stats().InUse; open != 0 {
		t.Errorf("%d connections left in use", open)
	}
}

func TestLeader_lost(t *testing.T) {
	t.Parallel()
	db := counter(t)
	l, err := pg.TryLeader(t.Context(), db, "relay")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Check(t.Context()); err != nil {
		t.Error(err)
	}
	_, err = db.ExecContext(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'
		AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`)
	if err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, testkit.Patience, func() error {
		next, err := pg.TryLeader(t.Context(), db, "relay")
		if err != nil {
			return err
		}
		return next.Close()
	})
	err = l.InTx(t.Context(), func(tx *sqlx.Tx) error { return add(t.Context(), tx) })
	if !pg.IsUnavailable(err) {
		t.Errorf("a write after the loss: %v", err)
	}
	if err := l.Check(t.Context()); err == nil {
		t.Error("check says that it lives")
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if n := count(t, db); n != 0 {
		t.Errorf("n = %d", n)
	}
}

func TestLockKey(t *testing.T) {
	// FNV-1a's published values: they must stay, for other releases run beside.
	for name, want := range map[string]uint64{"": 0xcbf29ce484222325, "a": 0xaf63dc4c8601ec8c} {
		if got := uint64(pg.LockKey(name)); got != want {
			t.Errorf("%q: %x, want %x", name, got, want)
		}
	}
}
