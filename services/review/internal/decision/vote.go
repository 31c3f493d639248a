package decision

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/outbox"
	"github.com/laurel-awards/laurel/pkg/phase"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/review"
)

// VoteMotion implements review.Service.
func (m *Meeting) VoteMotion(ctx context.Context, in review.VoteMotion) (review.Decision, error) {
	if !slices.Contains([]string{review.For, review.Against, review.Abstain}, in.Choice) {
		return review.Decision{}, review.ErrInvalid.At(fault.OneOf("choice", review.For, review.Against, review.Abstain))
	}
	return m.part(ctx, in.Slug, in.Motion, func(tx *sqlx.Tx, sel phase.Selection, mo motion, account string) error {
		var recused bool
		if err := tx.GetContext(ctx, &recused, `SELECT EXISTS (SELECT FROM motion_recusal WHERE slug = $1 AND seq = $2 AND account = $3)`,
			in.Slug, mo.Seq, account); err != nil {
			return fmt.Errorf("vote on motion: %w", err)
		}
		if recused {
			return review.ErrRecusedOf
		}
		secret := sel.Rulebook.Decision.Ballot != rulebook.BallotOpen
		choice := sql.NullString{String: in.Choice, Valid: !secret} // of a secret ballot it is written nowhere
		if secret {
			choice.String = ""
		}
		res, err := tx.ExecContext(ctx, `
			INSERT INTO motion_vote (slug, seq, account, choice) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`, in.Slug, mo.Seq, account, choice)
		if err != nil {
			return fmt.Errorf("vote on motion: %w", err)
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, review.ErrVoted)
		}
		if err := m.count(ctx, tx, in.Slug, mo, in.Choice, secret); err != nil {
			return err
		}
		return audit.Record(ctx, tx, m.deps.Time(), in.Slug, "vote_motion", "", map[string]any{"motion": mo.Seq, "choice": choice.String})
	})
}

// count adds a choice to a motion's counts; those of a secret ballot are sealed.
func (m *Meeting) count(ctx context.Context, tx *sqlx.Tx, slug string, mo motion, choice string, secret bool) error {
	now, err := m.unseal(mo, slug)
	if err != nil {
		return err
	}
	now.add(choice)
	var sealed []byte
	if secret {
		if sealed, err = m.seal(now, slug, mo.Seq); err != nil {
			return err
		}
		now = counts{}
	}
	return keep(ctx, tx, slug, mo.Seq, now, sealed)
}

// keep writes a motion's counts.
func keep(ctx context.Context, tx *sqlx.Tx, slug string, seq int, c counts, sealed []byte) error {
	if _, err := tx.ExecContext(ctx, `UPDATE motion SET votes_for = $3, against = $4, abstained = $5, sealed = $6 WHERE slug = $1 AND seq = $2`,
		slug, seq, c[0], c[1], c[2], sealed); err != nil {
		return fmt.Errorf("count votes: %w", err)
	}
	return nil
}

// RecuseMotion implements review.Service.
func (m *Meeting) RecuseMotion(ctx context.Context, in review.RecuseMotion) (review.Decision, error) {
	in.Reason = strings.TrimSpace(in.Reason)
	if err := review.ErrInvalid.Check(audit.Reason(in.Reason)); err != nil {
		return review.Decision{}, err
	}
	return m.part(ctx, in.Slug, in.Motion, func(tx *sqlx.Tx, _ phase.Selection, mo motion, account string) error {
		var voted bool
		if err := tx.GetContext(ctx, &voted, `SELECT EXISTS (SELECT FROM motion_vote WHERE slug = $1 AND seq = $2 AND account = $3)`,
			in.Slug, mo.Seq, account); err != nil {
			return fmt.Errorf("recuse from motion: %w", err)
		}
		if voted {
			return review.ErrVoted
		}
		res, err := tx.ExecContext(ctx, `INSERT INTO motion_recusal (slug, seq, account, reason, at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
			in.Slug, mo.Seq, account, in.Reason, m.deps.Time())
		if err != nil {
			return fmt.Errorf("recuse from motion: %w", err)
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return err // declared already
		}
		return audit.Record(ctx, tx, m.deps.Time(), in.Slug, "recuse_motion", in.Reason, map[string]any{"motion": mo.Seq})
	})
}

// part has the acting member do something in the motion that is open.
func (m *Meeting) part(
	ctx context.Context, slug string, number int, do func(tx *sqlx.Tx, sel phase.Selection, mo motion, account string) error,
) (review.Decision, error) {
	account := actor.From(ctx).ID
	return m.change(ctx, slug, func(tx *sqlx.Tx) error {
		sel, err := m.open(ctx, tx, slug)
		if err != nil {
			return err
		}
		mo, err := last(ctx, tx, slug)
		if err != nil {
			return err
		}
		if mo.Outcome != review.Moved || number != 0 && number != mo.Seq {
			return review.ErrNoMotion
		}
		var member bool
		if err := tx.GetContext(ctx, &member, `SELECT EXISTS (SELECT FROM member WHERE slug = $1 AND account = $2)`, slug, account); err != nil {
			return fmt.Errorf("vote on motion: %w", err)
		}
		if !member {
			return review.ErrNotMember
		}
		return do(tx, sel, mo, account)
	})
}

// CloseMotion implements review.Service.
func (m *Meeting) CloseMotion(ctx context.Context, in review.CloseMotion) (review.Decision, error) {
	return m.change(ctx, in.Slug, func(tx *sqlx.Tx) error {
		mo, err := last(ctx, tx, in.Slug)
		if err != nil {
			return err
		}
		if mo.ClosedAt.Valid || in.Motion != 0 && in.Motion < mo.Seq {
			return nil
		}
		sel, err := m.open(ctx, tx, in.Slug)
		if err != nil {
			return err
		}
		if mo.Outcome == review.NoMotion || in.Motion > mo.Seq {
			return review.ErrNoMotion
		}
		rules := sel.Rulebook.Decision
		if of := mo.entitled(rules); mo.Voted == 0 || !reaches(mo.Voted, of, rules.Quorum) {
			return review.ErrQuorum.With("voted", fmt.Sprint(mo.Voted)).With("members", fmt.Sprint(of)).With("quorum", rules.Quorum.String())
		}
		found, err := m.unseal(mo, in.Slug)
		if err != nil {
			return err
		}
		mo.For, mo.Against, mo.Abstained = int(found[0]), int(found[1]), int(found[2])
		if err := keep(ctx, tx, in.Slug, mo.Seq, found, nil); err != nil {
			return err
		}
		outcome := review.Rejected
		if reaches(mo.For, mo.Voted, mo.majority(rules)) {
			if outcome, err = m.adopted(ctx, tx, sel, mo); err != nil {
				return err
			}
		}
		now := m.deps.Time()
		if _, err := tx.ExecContext(ctx, `UPDATE motion SET outcome = $3, closed_at = $4, closed_by = $5 WHERE slug = $1 AND seq = $2`,
			in.Slug, mo.Seq, outcome, now, actor.From(ctx).Name); err != nil {
			return fmt.Errorf("close motion: %w", err)
		}
		made := mo.made(outcome == review.Approved)
		if err := audit.Record(ctx, tx, now, in.Slug, "close_motion", "", closed{made, outcome}); err != nil {
			return err
		}
		if outcome == review.AwaitsHosts || review.Changes(mo.Kind) {
			return nil // nothing is decided yet
		}
		return outbox.Append(ctx, tx, now, in.Slug, "decision", made)
	})
}

// adopted is the outcome of a motion that had the votes, and puts in force what it
// makes.
func (m *Meeting) adopted(ctx context.Context, tx *sqlx.Tx, sel phase.Selection, mo motion) (outcome string, err error) {
	outcome, enforce, err := m.stands(ctx, tx, sel, mo)
	switch {
	case err != nil || outcome != review.Approved:
		return outcome, err
	case review.Changes(mo.Kind):
		return review.Changed, m.results.EnforceChange(ctx, tx, *enforce)
	case len(sel.Rulebook.Decision.SignOff) > 0:
		return review.AwaitsHosts, nil
	case enforce != nil:
		return outcome, m.results.Enforce(ctx, tx, *enforce)
	}
	return outcome, nil
}
