package store

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/outbox"
)

// Handlers keep what nomination, voting and review tell. Each row belongs to one
// aggregate, so they need no other order than the inbox's.
func (s *Store) Handlers() []outbox.Handler {
	return []outbox.Handler{
		outbox.On(admit), outbox.On(strike),
		outbox.On(count), outbox.On(countV1), outbox.On(seal),
		outbox.On(compute), outbox.On(decide),
	}
}

func admit(ctx context.Context, tx *sqlx.Tx, env event.Envelope, e event.CandidateAdmitted) error {
	attributes := e.Attributes
	if attributes == nil {
		attributes = map[string]string{}
	}
	body, err := json.Marshal(attributes)
	if err != nil {
		return fmt.Errorf("admit candidate %d: %w", e.Number, err)
	}
	return exec(ctx, tx, "admit candidate", `
		INSERT INTO candidate (slug, number, entry_id, name, category, attributes, admitted_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		env.Slug, e.Number, e.EntryID, e.Name, e.Category, body, env.At)
}

func strike(ctx context.Context, tx *sqlx.Tx, env event.Envelope, e event.CandidateStruck) error {
	return exec(ctx, tx, "strike candidate", `
		UPDATE candidate SET struck_at = $3, reason = $4 WHERE slug = $1 AND number = $2`,
		env.Slug, e.Number, env.At, e.Reason)
}

// count keeps the greatest total.
func count(ctx context.Context, tx *sqlx.Tx, env event.Envelope, e event.BallotsCounted) error {
	return exec(ctx, tx, "count ballots", `
		INSERT INTO turnout (slug, counted) VALUES ($1, $2)
		ON CONFLICT (slug) DO UPDATE SET counted = greatest(turnout.counted, excluded.counted)`,
		env.Slug, e.Ballots)
}

// countV1 adds up what events of before added.
func countV1(ctx context.Context, tx *sqlx.Tx, env event.Envelope, e event.BallotsCountedV1) error {
	return exec(ctx, tx, "count ballots", `
		INSERT INTO turnout (slug, counted) VALUES ($1, $2)
		ON CONFLICT (slug) DO UPDATE SET counted = turnout.counted + excluded.counted`,
		env.Slug, e.Ballots)
}

// seal may arrive before the last counts: its number is final by itself.
func seal(ctx context.Context, tx *sqlx.Tx, env event.Envelope, e event.TallySealed) error {
	return exec(ctx, tx, "seal turnout", `
		INSERT INTO turnout (slug, counted, sealed) VALUES ($1, 0, $2)
		ON CONFLICT (slug) DO UPDATE SET sealed = excluded.sealed`,
		env.Slug, e.Ballots)
}

func compute(ctx context.Context, tx *sqlx.Tx, env event.Envelope, e event.ResultComputed) error {
	return exec(ctx, tx, "keep result", `
		INSERT INTO result (slug, result_hash, rulebook_hash, votes_hash, scores_hash, computed_at)
		VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (slug, result_hash) DO NOTHING`,
		env.Slug, e.ResultHash, e.RulebookHash, e.VotesHash, e.ScoresHash, env.At)
}

func decide(ctx context.Context, tx *sqlx.Tx, env event.Envelope, e event.DecisionMade) error {
	var signatures any // null: no host signs
	if e.Signatures != nil {
		body, err := json.Marshal(e.Signatures)
		if err != nil {
			return fmt.Errorf("keep decision: %w", err)
		}
		signatures = string(body)
	}
	// What the committee decides anew is what stands on notice.
	if e.Approved {
		if err := exec(ctx, tx, "keep notice", `UPDATE notice SET result_hash = $2 WHERE slug = $1`, env.Slug, e.ResultHash); err != nil {
			return err
		}
	}
	return exec(ctx, tx, "keep decision", `
		INSERT INTO decision (slug, result_hash, approved, members, votes_for, votes_against, abstained, signatures, made_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (slug) DO UPDATE SET
			result_hash = excluded.result_hash, approved = excluded.approved, members = excluded.members,
			votes_for = excluded.votes_for, votes_against = excluded.votes_against,
			abstained = excluded.abstained, signatures = excluded.signatures, made_at = excluded.made_at`,
		env.Slug, e.ResultHash, e.Approved, e.Members, e.For, e.Against, e.Abstained, signatures, env.At)
}

func exec(ctx context.Context, tx *sqlx.Tx, what, statement string, args ...any) error {
	if _, err := tx.ExecContext(ctx, statement, args...); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}
