package pg_test

import (
	"context"
	"errors"
	"testing"

	"github.com/jmoiron/sqlx"
	"golang.org/x/sync/errgroup"

	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/testkit"
)

// counter is a database with a table of one row, n = 0.
func counter(t *testing.T) *sqlx.DB {
	t.Helper()
	db := testkit.DB(t)
	if _, err := db.ExecContext(t.Context(), `CREATE TABLE counter AS SELECT 0 AS n`); err != nil {
		t.Fatal(err)
	}
	return db
}

func add(ctx context.Context, tx *sqlx.Tx) error {
	_, err := tx.ExecContext(ctx, `UPDATE counter SET n = n + 1`)
	return err
}

func count(t *testing.T, db *sqlx.DB) int {
	t.Helper()
	var n int
	if err := db.GetContext(t.Context(), &n, `SELECT n FROM counter`); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestInTx(t *testing.T) {
	t.Parallel()
	db := counter(t)
	if err := pg.InTx(t.Context(), db, func(tx *sqlx.Tx) error { return add(t.Context(), tx) }); err != nil {
		t.Fatal(err)
	}
	refused := errors.New("refused")
	err := pg.InTx(t.Context(), db, func(tx *sqlx.Tx) error { return errors.Join(add(t.Context(), tx), refused) })
	if !errors.Is(err, refused) {
		t.Errorf("fn's error: %v", err)
	}
	func() {
		defer func() {
			if recover() != "fn" {
				t.Error("a panic goes on")
			}
		}()
		_ = pg.InTx(t.Context(), db, func(tx *sqlx.Tx) error { _ = add(t.Context(), tx); panic("fn") })
	}()
	if n := count(t, db); n != 1 {
		t.Errorf("n = %d, want the first alone", n)
	}
	if open := db.Stats().InUse; open != 0 {
		t.Errorf("%d connections left in use", open)
	}
}

func TestInTx_cancelled(t *testing.T) {
	t.Parallel()
	db := counter(t)
	ended, end := context.WithCancel(t.Context())
	err := pg.InTx(ended, db, func(tx *sqlx.Tx) error {
		defer end()
		return add(ended, tx)
	})
	if !errors.Is(err, context.Canceled) || errors.Is(err, pg.ErrUnknownCommit) {
		t.Errorf("ended in fn: %v", err)
	}
	err = pg.InTx(ended, db, func(*sqlx.Tx) error { t.Error("fn ran"); return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("ended before: %v", err)
	}
	if n := count(t, db); n != 0 {
		t.Errorf("n = %d", n)
	}
}

func TestInTx_conflict(t *testing.T) {
	t.Parallel()
	db := counter(t)
	tries := make(chan struct{}, 100)
	var group errgroup.Group
	both := make(chan struct{}, 2)
	for range 2 {
		group.Go(func() error {
			first := true
			return pg.InTx(t.Context(), db, func(tx *sqlx.Tx) error {
				tries <- struct{}{}
				if _, err := tx.ExecContext(t.Context(), `SET TRANSACTION ISOLATION LEVEL SERIALIZABLE`); err != nil {
					return err
				}
				var n int
				if err := tx.GetContext(t.Context(), &n, `SELECT n FROM counter`); err != nil {
					return err
				}
				if first { // both have read before either writes: one must lose
					first = false
					both <- struct{}{}
					testkit.Eventually(t, testkit.Patience, func() error {
						if len(both) < 2 {
							return errors.New("the other has not read")
						}
						return nil
					})
				}
				_, err := tx.ExecContext(t.Context(), `UPDATE counter SET n = $1`, n+1)
				return err
			})
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	if n := count(t, db); n != 2 || len(tries) < 3 {
		t.Errorf("n = %d after %d tries", n, len(tries))
	}
}

func TestInTx_commitFails(t *testing.T) {
	t.Parallel()
	db := counter(t)
	for _, c := range []struct {
		name, atCommit string
		unknown        bool
	}{
		{"refused", `RAISE EXCEPTION 'no'`, false},
		{"connection lost", `PERFORM pg_terminate_backend(pg_backend_pid())`, true},
	} {
		_, err := db.ExecContext(t.Context(), `
			DROP TRIGGER IF EXISTS late ON counter;
			CREATE OR REPLACE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN `+c.atCommit+`; RETURN NULL; END $$;
			CREATE CONSTRAINT TRIGGER late AFTER UPDATE ON counter DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION late();`)
		if err != nil {
			t.Fatal(err)
		}
		err = pg.InTx(t.Context(), db, func(tx *sqlx.Tx) error { return add(t.Context(), tx) })
		if err == nil || errors.Is(err, pg.ErrUnknownCommit) != c.unknown || pg.IsUnavailable(err) != c.unknown {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if n := count(t, db); n != 0 {
		t.Errorf("n = %d", n)
	}
}
