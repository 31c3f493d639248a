package bench

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/lib/pq"

	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/serve"
	"github.com/laurel-awards/laurel/services/gateway/server"
	"github.com/laurel-awards/laurel/services/gateway/yardstick"
)

// naiveConns is how many connections the naive way has.
const naiveConns = 16

// Yardstick is the server of the yardsticks, a process of its own.
type Yardstick struct {
	DatabaseURL string `env:"DATABASE_URL" required:"" help:"PostgreSQL."`
	Listen      string `required:"" help:"host:port"`
}

// Run serves until ctx ends.
func (y *Yardstick) Run(ctx context.Context) error {
	serve.CollectSeldom() // as the server that it is compared with
	db, err := pg.Open(ctx, pg.Config{URL: y.DatabaseURL})
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(naiveConns)
	db.SetMaxIdleConns(naiveConns)
	if _, err := db.ExecContext(ctx, `
		DROP TABLE IF EXISTS naive_ballot, naive_tally;
		CREATE TABLE naive_ballot (voter bytea PRIMARY KEY, picks smallint[] NOT NULL, at timestamptz NOT NULL DEFAULT now());
		CREATE TABLE naive_tally (candidate smallint PRIMARY KEY, votes bigint NOT NULL);
		INSERT INTO naive_tally SELECT n, 0 FROM generate_series(1, 200) n`); err != nil {
		return fmt.Errorf("tables: %w", err)
	}
	// One transaction a ballot; the rows are locked in one order.
	cast := func(ctx context.Context, picks []int) error {
		voter := make([]byte, 16)
		rand.Read(voter)
		slices.Sort(picks)
		tx, err := db.BeginTxx(ctx, nil)
		if err != nil {
			return err
		}
		defer tx.Rollback()
		if _, err := tx.ExecContext(ctx, `INSERT INTO naive_ballot (voter, picks) VALUES ($1, $2)`, voter, pq.Array(picks)); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `
			UPDATE naive_tally SET votes = votes + 1
			WHERE candidate IN (SELECT candidate FROM naive_tally WHERE candidate = ANY($1) ORDER BY candidate FOR UPDATE)`, pq.Array(picks)); err != nil {
			return err
		}
		return tx.Commit()
	}
	front := server.HTTP(y.Listen, yardstick.Handler(cast))
	stop := context.AfterFunc(ctx, func() { _ = front.Close() })
	defer stop()
	if err := front.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
