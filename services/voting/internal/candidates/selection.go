package candidates

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/services/voting"
)

// Columns are those of Selection, for a SELECT from voting. The column roll
// counts the changes of the list of candidates. It has kept its name, which
// replicas of the version before know.
const Columns = `id, slug, key_check, opened_at, closes_at, closed_at, roll AS list_version, clock_timestamp() AS now`

// Selection is the row of a selection, as it was read.
type Selection struct {
	ID          int          `db:"id"`
	Slug        string       `db:"slug"`
	KeyCheck    []byte       `db:"key_check"`
	OpenedAt    sql.NullTime `db:"opened_at"`
	ClosesAt    sql.NullTime `db:"closes_at"`
	ClosedAt    sql.NullTime `db:"closed_at"`
	ListVersion int          `db:"list_version"` // of the list of candidates: it grows with each change
	Now         time.Time    `db:"now"`          // the database's clock
}

// State is Pending, Open or Closed by the database's clock: past the deadline
// it is closed even where the order to close is late.
func (s Selection) State() string { return s.StateAt(s.Now) }

// StateAt is the State at a time after the selection was read.
func (s Selection) StateAt(now time.Time) string {
	switch {
	case s.ClosedAt.Valid, s.ClosesAt.Valid && !now.Before(s.ClosesAt.Time):
		return voting.Closed
	case s.OpenedAt.Valid:
		return voting.Open
	}
	return voting.Pending
}

// GetSelection reads one selection. Fault: ErrNotYet.
func GetSelection(ctx context.Context, q sqlx.QueryerContext, slug string) (Selection, error) {
	var s Selection
	err := sqlx.GetContext(ctx, q, &s, `SELECT `+Columns+` FROM voting WHERE slug = $1`, slug)
	if errors.Is(err, sql.ErrNoRows) {
		return s, voting.ErrNotYet
	}
	if err != nil {
		return s, fmt.Errorf("selection %.64q: %w", slug, err)
	}
	return s, nil
}
