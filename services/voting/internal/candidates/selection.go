package candidates

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/services/voting"
	"github.com/laurel-awards/laurel/services/voting/internal/rule"
)

// Columns are those of Selection, for a SELECT from voting. The column roll
// counts all changes of what ballots are judged by, the replacements of codes
// among them. It has kept its name, which replicas of the version before know.
const Columns = `id, slug, key_check, opened_at, closes_at, closed_at, roll AS version, replaced, roll - replaced AS list_version, clock_timestamp() AS now`

// Selection is the row of a selection, as it was read.
type Selection struct {
	ID          int          `db:"id"`
	Slug        string       `db:"slug"`
	KeyCheck    []byte       `db:"key_check"`
	OpenedAt    sql.NullTime `db:"opened_at"`
	ClosesAt    sql.NullTime `db:"closes_at"`
	ClosedAt    sql.NullTime `db:"closed_at"`
	Version     int          `db:"version"`      // of all that ballots are judged by but the clock: it grows with each change
	Replaced    int          `db:"replaced"`     // events codes_replaced so far
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

// Periods are those in which ballots could be cast so far, by the database's
// clock; none before the opening.
func (s Selection) Periods(rules rule.Rules) (periods []int) { return s.PeriodsAt(rules, s.Now) }

// PeriodsAt are the Periods at a time after the selection was read.
func (s Selection) PeriodsAt(rules rule.Rules, now time.Time) (periods []int) {
	if !s.OpenedAt.Valid {
		return nil
	}
	last := now
	for _, end := range []sql.NullTime{s.ClosesAt, s.ClosedAt} {
		if end.Valid && end.Time.Before(last) {
			last = end.Time
		}
	}
	for p := rules.Period(s.OpenedAt.Time); p <= max(rules.Period(last), rules.Period(s.OpenedAt.Time)); p++ {
		periods = append(periods, p)
	}
	return periods
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
