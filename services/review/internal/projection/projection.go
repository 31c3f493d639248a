// Package projection keeps what the room knows of other rooms' facts: the
// candidates, the sealed tally, the notice and how far the phase review is. The
// handlers of events write it first, and then cause the rest in the same
// transaction. Panels and results read it.
package projection

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/event"
)

// Candidate is a candidate as results are computed from.
type Candidate struct {
	Number     int             `db:"number"`
	Name       string          `db:"name"`
	Attributes json.RawMessage `db:"attributes"` // {"<attribute>": "<text>"} or null
}

// OnAdmitted keeps a candidate.
func OnAdmitted(ctx context.Context, tx *sqlx.Tx, env event.Envelope, e event.CandidateAdmitted) error {
	attributes, err := json.Marshal(e.Attributes)
	if err != nil {
		return fmt.Errorf("candidate: %w", err)
	}
	if _, err := tx.ExecContext(ctx, `
		INSERT INTO candidate (slug, number, name, category, attributes, deeds) VALUES ($1, $2, $3, $4, $5, $6)`,
		env.Slug, e.Number, e.Name, e.Category, attributes, e.Deeds); err != nil {
		return fmt.Errorf("candidate: %w", err)
	}
	return nil
}

// OnStruck takes a candidate out.
func OnStruck(ctx context.Context, tx *sqlx.Tx, env event.Envelope, e event.CandidateStruck) error {
	if _, err := tx.ExecContext(ctx, `UPDATE candidate SET struck = true WHERE slug = $1 AND number = $2`, env.Slug, e.Number); err != nil {
		return fmt.Errorf("candidate: %w", err)
	}
	return nil
}

// Admitted is how many candidates have arrived, those struck since included.
func Admitted(ctx context.Context, q sqlx.QueryerContext, slug string) (n int, err error) {
	if err := sqlx.GetContext(ctx, q, &n, `SELECT count(*) FROM candidate WHERE slug = $1`, slug); err != nil {
		return 0, fmt.Errorf("candidates: %w", err)
	}
	return n, nil
}

// Known tells whether there is, or was, such a candidate.
func Known(ctx context.Context, q sqlx.QueryerContext, slug string, number int) (is bool, err error) {
	if err := sqlx.GetContext(ctx, q, &is, `SELECT EXISTS (SELECT FROM candidate WHERE slug = $1 AND number = $2)`, slug, number); err != nil {
		return false, fmt.Errorf("candidate: %w", err)
	}
	return is, nil
}

// Candidates are those who are not struck, by number.
func Candidates(ctx context.Context, q sqlx.QueryerContext, slug string) (list []Candidate, err error) {
	if err := sqlx.SelectContext(ctx, q, &list, `
		SELECT number, name, attributes FROM candidate WHERE slug = $1 AND NOT struck ORDER BY number`, slug); err != nil {
		return nil, fmt.Errorf("candidates: %w", err)
	}
	return list, nil
}

// OnSealed keeps the final counts.
func OnSealed(ctx context.Context, tx *sqlx.Tx, env event.Envelope, e event.TallySealed) error {
	votes, err := json.Marshal(e.Votes)
	if err != nil {
		return fmt.Errorf("tally: %w", err)
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO tally (slug, ballots, votes) VALUES ($1, $2, $3)`, env.Slug, e.Ballots, votes); err != nil {
		return fmt.Errorf("tally: %w", err)
	}
	return nil
}

// Votes are the final counts by candidate's number, once voting is sealed.
func Votes(ctx context.Context, q sqlx.QueryerContext, slug string) (votes map[int]int64, sealed bool, err error) {
	var counts []byte
	err = sqlx.GetContext(ctx, q, &counts, `SELECT votes FROM tally WHERE slug = $1`, slug)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, nil
	}
	if err == nil {
		err = json.Unmarshal(counts, &votes)
	}
	if err != nil {
		return nil, false, fmt.Errorf("tally: %w", err)
	}
	return votes, true, nil
}
