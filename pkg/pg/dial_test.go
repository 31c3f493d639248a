package pg_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/testkit"
)

// TestOpen_silence has a router forget the connections, which neither side is
// told: the first statement whose time is over finds out for all.
func TestOpen_silence(t *testing.T) {
	t.Parallel()
	proxy, address := testkit.DatabaseProxy(t, testkit.URL(t, "voting"))
	db := testkit.Open(t, address, "voting")
	leader, err := pg.TryLeader(t.Context(), db, "leader") // one connection of several
	if err != nil {
		t.Fatal(err)
	}
	defer leader.Close()
	var one int
	waits := make(chan error, 1)
	query := func(ctx context.Context) error { return db.GetContext(ctx, &one, `SELECT 1`) }
	if err := query(t.Context()); err != nil {
		t.Fatal(err)
	}
	proxy.Forget()
	go func() { waits <- leader.Check(context.Background()) }()

	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := query(ctx); err == nil {
		t.Fatal("a connection that is forgotten answers")
	}
	if err := testkit.Receive(t, waits, "what the leader hears, who waits without a limit"); err == nil {
		t.Error("the leader leads on")
	}
	if err := query(t.Context()); err != nil {
		t.Errorf("a new connection: %v", err)
	}
}

// TestInTx_commitSilent has a server take a COMMIT and say nothing.
func TestInTx_commitSilent(t *testing.T) {
	t.Parallel()
	proxy, address := testkit.DatabaseProxy(t, testkit.URL(t, "voting"))
	db := testkit.Open(t, address, "voting")
	committed := make(chan error, 1)
	go func() {
		committed <- pg.InTx(t.Context(), db, func(tx *sqlx.Tx) error {
			_, err := tx.ExecContext(t.Context(), `CREATE TABLE x (id int)`)
			proxy.Hold()
			return err
		})
	}()
	if err := testkit.Receive(t, committed, "the end of the transaction"); !errors.Is(err, pg.ErrUnknownCommit) {
		t.Error(err)
	}
	proxy.Restore(t)
	if _, err := db.ExecContext(t.Context(), `SELECT 1`); err != nil {
		t.Error(err)
	}
}
