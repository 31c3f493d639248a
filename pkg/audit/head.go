package audit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
	"github.com/laurel-awards/laurel/pkg/pause"
	"github.com/laurel-awards/laurel/pkg/pg"
)

// snapshot reads one state of the log.
var snapshot = &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}

// origin names the log of a room in its heads.
func origin(service string) string { return "laurel/audit/" + service }

// signed is a head as it is kept.
type signed struct {
	position int64
	note     string
	head     ballotlog.Head
	err      error // what is wrong with it
}

// readHeads gives all heads, by position.
func readHeads(ctx context.Context, q sqlx.QueryerContext, service string, key ballotlog.PublicKey) ([]signed, error) {
	var rows []struct {
		Position int64  `db:"position"`
		Note     string `db:"note"`
	}
	if err := sqlx.SelectContext(ctx, q, &rows, `SELECT position, note FROM audit_head ORDER BY position`); err != nil {
		return nil, fmt.Errorf("audit: heads: %w", err)
	}
	heads := make([]signed, len(rows))
	for i, r := range rows {
		heads[i] = openHead(r.Position, r.Note, service, key)
	}
	return heads, nil
}

func openHead(position int64, note, service string, key ballotlog.PublicKey) signed {
	head, err := key.Open(note)
	if err == nil && (head.N != position || head.Origin != origin(service)) {
		err = fmt.Errorf("it is signed for %.100q, position %d", head.Origin, head.N)
	}
	return signed{position, note, head, err}
}

// Notary signs heads of a room's log: each covers all entries before it, and
// follows from the one before. The heads are kept beside the log, and each is
// written to the process's own log, which the database's thief does not have.
type Notary struct {
	DB      *sqlx.DB
	Service string
	Signer  ballotlog.Signer
	Now     func() time.Time
	Log     *slog.Logger
	Pace    time.Duration // between heads, where there are new entries; a minute for zero
}

// Run signs until ctx ends. It signs nothing that does not follow from what was
// signed, and says so again and again.
func (n *Notary) Run(ctx context.Context) error {
	pace := n.Pace
	if pace == 0 {
		pace = time.Minute
	}
	for pause.For(ctx, pace) {
		if err := n.Sign(ctx); err != nil && ctx.Err() == nil {
			n.Log.ErrorContext(ctx, "audit: no head was signed", "service", n.Service, "error", err)
		}
	}
	return nil
}

// Sign signs a head where there are new entries, unless another replica is at it.
func (n *Notary) Sign(ctx context.Context) error {
	return pg.Lead(ctx, n.DB, "audit/notary", func(leader *pg.Leader) error {
		return leader.InTx(ctx, func(tx *sqlx.Tx) error { return n.sign(ctx, tx) })
	})
}

func (n *Notary) sign(ctx context.Context, tx *sqlx.Tx) error {
	var last struct {
		Position int64  `db:"position"`
		Note     string `db:"note"`
	}
	var from ballotlog.Head
	err := tx.GetContext(ctx, &last, `SELECT position, note FROM audit_head ORDER BY position DESC LIMIT 1`)
	switch {
	case errors.Is(err, sql.ErrNoRows):
	case err != nil:
		return fmt.Errorf("audit: last head: %w", err)
	default:
		h := openHead(last.Position, last.Note, n.Service, n.Signer.Public())
		if h.err != nil {
			return fmt.Errorf("audit: the last head, of position %d: %w", last.Position, h.err)
		}
		from = h.head
	}
	end, flaw, err := walk(ctx, tx, from, func(ballotlog.Head) {})
	if err != nil {
		return err
	}
	if flaw != "" {
		return fmt.Errorf("audit: the log was changed: %s", flaw)
	}
	if end.N == from.N {
		var there bool // what was signed: nothing new does not mean nothing less
		if err := tx.GetContext(ctx, &there, `SELECT $1 = 0 OR EXISTS (SELECT FROM audit_chain WHERE position = $1 AND hash = $2)`,
			from.N, from.Hash[:]); err != nil {
			return fmt.Errorf("audit: last entry: %w", err)
		}
		if !there {
			return fmt.Errorf("audit: the log was changed: the entry at position %d, whose head was signed, is gone", from.N)
		}
		return nil
	}
	note, err := n.Signer.Sign(ballotlog.Head{Origin: origin(n.Service), Tree: end.Tree, At: n.Now().UTC()})
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO audit_head (position, note) VALUES ($1, $2)`, end.N, note); err != nil {
		return fmt.Errorf("audit: head: %w", err)
	}
	n.Log.InfoContext(ctx, "audit head", "service", n.Service, "head", note)
	return nil
}
