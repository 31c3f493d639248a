package pg_test

import (
	"errors"
	"testing"
	"time"

	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/testkit"
)

// long is longer than anything that is waited for here takes.
const long = testkit.Patience

// TestListen hears what is told once it is committed, and again after its
// connection was lost; meanwhile it says that there may be something new.
func TestListen(t *testing.T) {
	t.Parallel()
	db := counter(t)
	l, err := pg.Listen(db, "news/of it")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	hears := func() {
		t.Helper()
		testkit.Eventually(t, testkit.Patience, func() error {
			if l.Wait(t.Context(), time.Millisecond, time.Millisecond) {
				return errors.New("it may have missed something")
			}
			return nil
		})
	}
	hears()
	tx, err := db.BeginTxx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(t.Context(), `SELECT pg_notify('news/of it', '')`); err != nil {
		t.Fatal(err)
	}
	if l.Wait(t.Context(), long, 20*time.Millisecond) {
		t.Error("told before the commit")
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if !l.Wait(t.Context(), long, long) {
		t.Error("not told")
	}
	var ended int
	if err := db.Get(&ended, `
		SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'`); err != nil || ended != 1 {
		t.Fatalf("%d listeners ended, %v", ended, err)
	}
	if !l.Wait(t.Context(), long, long) { // that it listens again
		t.Error("nothing is said of what may be missed")
	}
	hears()
	if _, err := db.ExecContext(t.Context(), `NOTIFY "news/of it"`); err != nil {
		t.Fatal(err)
	}
	if !l.Wait(t.Context(), long, long) {
		t.Error("not told after the connection was lost")
	}
}
