// Package query reads the counted ballots: the tally, exports, receipts, the log,
// and the whole-state check. It changes nothing.
package query

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
	"github.com/laurel-awards/laurel/pkg/blob"
	"github.com/laurel-awards/laurel/pkg/job"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/services/voting"
	"github.com/laurel-awards/laurel/services/voting/internal/candidates"
	"github.com/laurel-awards/laurel/services/voting/internal/counting"
	"github.com/laurel-awards/laurel/services/voting/internal/ledger"
	"github.com/laurel-awards/laurel/services/voting/internal/secret"
)

// Reader answers what is asked of the counted ballots.
type Reader struct {
	db    *sqlx.DB
	blobs blob.Store
	keys  secret.Keys
	cache *candidates.Cache

	signer ballotlog.Signer
	jobs   *job.Runner
	tiles  ledger.Shelf
	signed checkpoints
}

// New reads deps' database; signer signs promises.
func New(deps run.Deps, keys secret.Keys, signer ballotlog.Signer, cache *candidates.Cache) *Reader {
	return &Reader{
		db: deps.DB, blobs: deps.Blobs, keys: keys, cache: cache, signer: signer, jobs: deps.Jobs,
	}
}

// view is a selection as one snapshot shows it.
type view struct {
	*sqlx.Tx
	candidates.Selection
	head
}

// head is how far the selection has come in public. What is counted since is
// nobody's to see.
type head struct {
	ledger.Head
	MovedAt  sql.NullTime `db:"moved_at"`
	SealedAt sql.NullTime `db:"sealed_at"`
}

// look gives fn the selection in one snapshot, so that what casting and
// counting do meanwhile is seen whole or not at all.
func (r *Reader) look(ctx context.Context, slug string, fn func(v view) error) error {
	return lookIn(ctx, r.db, slug, fn)
}

func lookIn(ctx context.Context, db *sqlx.DB, slug string, fn func(v view) error) error {
	tx, err := db.BeginTxx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return fmt.Errorf("look at %.64q: %w", slug, err)
	}
	defer tx.Rollback()
	v := view{Tx: tx}
	if v.Selection, err = candidates.GetSelection(ctx, tx, slug); err != nil {
		return err
	}
	if err := tx.GetContext(ctx, &v.head, `SELECT `+ledger.Columns+`, moved_at, sealed_at FROM head WHERE selection = $1`, v.ID); err != nil {
		return fmt.Errorf("head of %s: %w", slug, err)
	}
	return fn(v)
}

// sealed is look for what nobody sees before it is final. Fault: ErrUnsealed.
func (r *Reader) sealed(ctx context.Context, slug string, fn func(v view) error) error {
	return r.look(ctx, slug, func(v view) error {
		if !v.SealedAt.Valid {
			return voting.ErrUnsealed
		}
		return fn(v)
	})
}

// GetTally implements voting.Service.
func (r *Reader) GetTally(ctx context.Context, in voting.Of) (t voting.Tally, err error) {
	err = r.look(ctx, in.Slug, func(v view) error {
		rules, err := r.cache.Rules(ctx, v, in.Slug)
		if err != nil {
			return err
		}
		t = voting.Tally{Slug: in.Slug, State: StateOf(v.Selection, v.SealedAt.Valid), Ballots: v.Size, At: v.asOf()}
		t.Version = VersionOf(t.State, v.Size, v.ListVersion)
		if t.Hidden = rules.Hidden() && t.State != voting.Sealed; t.Hidden {
			return nil
		}
		t.Votes, err = counting.Votes(ctx, v, v.ID)
		return err
	})
	return t, err
}

// asOf is when the public tally last changed; before its first ballots, when
// voting opened.
func (v view) asOf() time.Time {
	for _, at := range []sql.NullTime{v.SealedAt, v.MovedAt, v.OpenedAt} {
		if at.Valid {
			return at.Time.UTC()
		}
	}
	return v.Now.UTC()
}
