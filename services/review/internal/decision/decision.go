// Package decision is the committee's meeting: members, motion, vote, outcome.
package decision

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strings"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/outbox"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/phase"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/services/review"
	"github.com/laurel-awards/laurel/services/review/internal/result"
	"github.com/laurel-awards/laurel/services/review/internal/watch"
)

// Meeting is the committee of each selection.
type Meeting struct {
	deps    run.Deps
	results *result.Results
}

// New keeps meetings in deps' database; what they vote on is in results.
func New(deps run.Deps, results *result.Results) *Meeting { return &Meeting{deps, results} }

// SeatCommittee implements review.Service.
func (m *Meeting) SeatCommittee(ctx context.Context, in review.SeatCommittee) (review.Decision, error) {
	if err := phase.Known(ctx, m.deps.DB, in.Slug); err != nil {
		return review.Decision{}, err
	}
	var fields []fault.Field
	var ids, names []string
	seen := map[string]bool{}
	for i, p := range in.Members {
		if field := fmt.Sprintf("members[%d]", i); p.ID == "" {
			fields = append(fields, fault.Required(field))
		} else if seen[p.ID] {
			fields = append(fields, fault.Wrong(field, "repeated", "is there twice"))
		}
		seen[p.ID] = true
		ids, names = append(ids, p.ID), append(names, p.Name)
	}
	if len(in.Members) == 0 {
		fields = append(fields, fault.Required("members"))
	}
	if err := review.ErrInvalid.Check(fields); err != nil {
		return review.Decision{}, err
	}
	return m.change(ctx, in.Slug, func(tx *sqlx.Tx) error {
		if mo, err := last(ctx, tx, in.Slug); err != nil || mo.Seq > 0 {
			return errors.Join(err, review.ErrMoved)
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM member WHERE slug = $1`, in.Slug); err != nil {
			return fmt.Errorf("seat committee: %w", err)
		}
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO member (slug, account, name) SELECT $1, account, name FROM unnest($2::text[], $3::text[]) AS m (account, name)`,
			in.Slug, pq.Array(ids), pq.Array(names)); err != nil {
			return fmt.Errorf("seat committee: %w", err)
		}
		return audit.Record(ctx, tx, m.deps.Time(), in.Slug, "seat_committee", "", in)
	})
}

// maxMotion is how many characters a motion may have.
const maxMotion = 1000

// PutMotion implements review.Service.
func (m *Meeting) PutMotion(ctx context.Context, in review.PutMotion) (review.Decision, error) {
	text := strings.TrimSpace(in.Motion)
	fields := fault.Text("motion", text, maxMotion)
	if text == "" {
		fields = append(fields, fault.Required("motion"))
	}
	if err := review.ErrInvalid.Check(fields); err != nil {
		return review.Decision{}, err
	}
	return m.change(ctx, in.Slug, func(tx *sqlx.Tx) error {
		sel, err := m.open(ctx, tx, in.Slug)
		if err != nil {
			return err
		}
		mo, err := last(ctx, tx, in.Slug)
		if err != nil {
			return err
		}
		if mo.Outcome == review.Moved || mo.Outcome == review.AwaitsHosts || mo.Outcome == review.Approved {
			return review.ErrMoved
		}
		hash, seats, err := m.subject(ctx, tx, sel, in.Seats)
		if err != nil {
			return err
		}
		var members int
		if err := tx.GetContext(ctx, &members, `SELECT count(*) FROM member WHERE slug = $1`, in.Slug); err != nil {
			return fmt.Errorf("put motion: %w", err)
		}
		if members == 0 {
			return review.ErrInvalid.At(fault.Wrong("members", "nobody_seated", "nobody is seated"))
		}
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO motion (slug, seq, text, result, seats, outcome, members, moved_at, moved_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
			in.Slug, mo.Seq+1, text, hash, seats, review.Moved, members, m.deps.Time(), actor.From(ctx).Name); err != nil {
			return fmt.Errorf("put motion: %w", err)
		}
		return audit.Record(ctx, tx, m.deps.Time(), in.Slug, "put_motion", "", struct {
			Motion string           `json:"motion"`
			Result string           `json:"result_hash"`
			Seats  []review.Awarded `json:"seats,omitempty"`
		}{text, hash, in.Seats})
	})
}

// subject is what a motion puts to the vote: the result in force, or the one that
// it would be with the seats filled as the motion says.
func (m *Meeting) subject(ctx context.Context, tx *sqlx.Tx, sel phase.Selection, filled []review.Awarded) (hash string, seats sql.NullString, err error) {
	if len(filled) == 0 {
		hash, err = m.results.InForce(ctx, tx, sel)
		return hash, seats, err
	}
	out, err := m.results.Propose(ctx, tx, sel, filled, "")
	if err != nil {
		return "", seats, err
	}
	body, err := json.Marshal(filled)
	if err != nil {
		return "", seats, fmt.Errorf("put motion: %w", err)
	}
	return out.Hash, sql.NullString{String: string(body), Valid: true}, nil
}

// VoteMotion implements review.Service.
func (m *Meeting) VoteMotion(ctx context.Context, in review.VoteMotion) (review.Decision, error) {
	column, ok := map[string]string{review.For: "votes_for", review.Against: "against", review.Abstain: "abstained"}[in.Choice]
	if !ok {
		return review.Decision{}, review.ErrInvalid.At(fault.OneOf("choice", review.For, review.Against, review.Abstain))
	}
	account := actor.From(ctx).ID
	return m.change(ctx, in.Slug, func(tx *sqlx.Tx) error {
		sel, err := m.open(ctx, tx, in.Slug)
		if err != nil {
			return err
		}
		mo, err := last(ctx, tx, in.Slug)
		if err != nil {
			return err
		}
		if mo.Outcome != review.Moved || in.Motion != 0 && in.Motion != mo.Seq {
			return review.ErrNoMotion
		}
		var member bool
		if err := tx.GetContext(ctx, &member, `SELECT EXISTS (SELECT FROM member WHERE slug = $1 AND account = $2)`, in.Slug, account); err != nil {
			return fmt.Errorf("vote on motion: %w", err)
		}
		if !member {
			return review.ErrNotMember
		}
		choice := sql.NullString{} // of a secret ballot it is written nowhere
		if sel.Rulebook.Decision.Ballot == rulebook.BallotOpen {
			choice = sql.NullString{String: in.Choice, Valid: true}
		}
		res, err := tx.ExecContext(ctx, `
			INSERT INTO motion_vote (slug, seq, account, choice) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`, in.Slug, mo.Seq, account, choice)
		if err != nil {
			return fmt.Errorf("vote on motion: %w", err)
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, review.ErrVoted)
		}
		if _, err := tx.ExecContext(ctx, `UPDATE motion SET `+column+` = `+column+` + 1 WHERE slug = $1 AND seq = $2`, in.Slug, mo.Seq); err != nil {
			return fmt.Errorf("vote on motion: %w", err)
		}
		return audit.Record(ctx, tx, m.deps.Time(), in.Slug, "vote_motion", "", map[string]any{"motion": mo.Seq, "choice": choice.String})
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
		voted := mo.For + mo.Against + mo.Abstained
		if !reaches(voted, mo.Members, sel.Rulebook.Decision.Quorum) {
			return review.ErrQuorum.With("voted", fmt.Sprint(voted)).With("members", fmt.Sprint(mo.Members)).With("quorum", sel.Rulebook.Decision.Quorum.String())
		}
		outcome := review.Rejected
		if reaches(mo.For, voted, sel.Rulebook.Decision.Approve) {
			var enforce *review.Result
			if outcome, enforce, err = m.stands(ctx, tx, sel, mo); err != nil {
				return err
			}
			switch {
			case outcome == review.Approved && len(sel.Rulebook.Decision.SignOff) > 0:
				outcome = review.AwaitsHosts
			case enforce != nil:
				if err := m.results.Enforce(ctx, tx, *enforce); err != nil {
					return err
				}
			}
		}
		now := m.deps.Time()
		if _, err := tx.ExecContext(ctx, `UPDATE motion SET outcome = $3, closed_at = $4, closed_by = $5 WHERE slug = $1 AND seq = $2`,
			in.Slug, mo.Seq, outcome, now, actor.From(ctx).Name); err != nil {
			return fmt.Errorf("close motion: %w", err)
		}
		made := mo.made(outcome == review.Approved)
		if err := audit.Record(ctx, tx, now, in.Slug, "close_motion", "", closed{made, outcome}); err != nil || outcome == review.AwaitsHosts {
			return err
		}
		return outbox.Append(ctx, tx, now, in.Slug, "decision", made)
	})
}

// closed is what the audit log says of the close of a motion.
type closed struct {
	event.DecisionMade

	Outcome string `json:"outcome"`
}

// reaches tells whether part is at least share of whole; an unset share asks
// for more than half.
func reaches(part, whole int, share rulebook.Number) bool {
	if !share.IsSet() {
		return 2*part > whole
	}
	return new(big.Rat).SetInt64(int64(part)).Cmp(new(big.Rat).Mul(share.Rat(), new(big.Rat).SetInt64(int64(whole)))) >= 0
}

// GetDecision implements review.Service.
func (m *Meeting) GetDecision(ctx context.Context, in review.Of) (review.Decision, error) {
	if err := phase.Known(ctx, m.deps.DB, in.Slug); err != nil {
		return review.Decision{}, err
	}
	if err := watch.Member(ctx, m.deps.DB, in.Slug); err != nil {
		return review.Decision{}, err
	}
	return m.state(ctx, m.deps.DB, in.Slug)
}

// open refuses what is not of the decision's phase. A committee whose decision was
// overtaken goes on after it.
func (m *Meeting) open(ctx context.Context, tx *sqlx.Tx, slug string) (phase.Selection, error) {
	sel, err := m.deps.Selections.Require(ctx, tx, slug, m.deps.Time(), rulebook.PhaseDecision)
	if !errors.Is(err, phase.ErrNotOpen) {
		return sel, err
	}
	if again, failed := result.Overtaken(ctx, tx, slug); failed != nil || !again {
		return sel, errors.Join(err, failed)
	}
	return m.deps.Selections.Get(ctx, tx, slug)
}

// change runs fn with the meeting to itself and gives the state after it.
func (m *Meeting) change(ctx context.Context, slug string, fn func(tx *sqlx.Tx) error) (review.Decision, error) {
	var d review.Decision
	err := m.alone(ctx, slug, func(tx *sqlx.Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		var err error
		d, err = m.state(ctx, tx, slug)
		return err
	})
	return d, err
}

// alone runs fn with the meeting to itself.
func (m *Meeting) alone(ctx context.Context, slug string, fn func(tx *sqlx.Tx) error) error {
	return pg.InTx(ctx, m.deps.DB, func(tx *sqlx.Tx) error {
		if err := pg.Lock(ctx, tx, "meeting/"+slug); err != nil {
			return err
		}
		return fn(tx)
	})
}

type motion struct {
	Seq       int          `db:"seq"`
	Text      string       `db:"text"`
	Result    string       `db:"result"`
	Seats     []byte       `db:"seats"` // JSON; none: of the computed result
	Outcome   string       `db:"outcome"`
	Members   int          `db:"members"`
	For       int          `db:"votes_for"`
	Against   int          `db:"against"`
	Abstained int          `db:"abstained"`
	ClosedAt  sql.NullTime `db:"closed_at"`
}

// filled is how the motion fills the seats; nil: as computed.
func (mo motion) filled() (out []review.Awarded, err error) {
	if mo.Seats != nil {
		err = json.Unmarshal(mo.Seats, &out)
	}
	if err != nil {
		return nil, fmt.Errorf("motion: seats: %w", err)
	}
	return out, nil
}

// last gives the latest motion; outcome NoMotion where there is none.
func last(ctx context.Context, q sqlx.QueryerContext, slug string) (motion, error) {
	mo := motion{Outcome: review.NoMotion}
	err := sqlx.GetContext(ctx, q, &mo, `
		SELECT seq, text, result, seats, outcome, members, votes_for, against, abstained, closed_at
		FROM motion WHERE slug = $1 ORDER BY seq DESC LIMIT 1`, slug)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return mo, fmt.Errorf("motion: %w", err)
	}
	return mo, nil
}

func (m *Meeting) state(ctx context.Context, q sqlx.QueryerContext, slug string) (review.Decision, error) {
	d := review.Decision{Slug: slug, Members: []review.Person{}}
	var members []struct {
		ID   string `db:"account"`
		Name string `db:"name"`
	}
	if err := sqlx.SelectContext(ctx, q, &members, `SELECT account, name FROM member WHERE slug = $1 ORDER BY name, account`, slug); err != nil {
		return d, fmt.Errorf("committee: %w", err)
	}
	for _, p := range members {
		d.Members = append(d.Members, review.Person{ID: p.ID, Name: p.Name})
	}
	mo, err := last(ctx, q, slug)
	if err != nil {
		return d, err
	}
	d.Motion, d.ResultHash, d.Outcome, d.Voted = mo.Text, mo.Result, mo.Outcome, mo.For+mo.Against+mo.Abstained
	if d.ClosedAt = moment(mo.ClosedAt); d.ClosedAt != nil {
		d.For, d.Against, d.Abstained = mo.For, mo.Against, mo.Abstained
	}
	if mo.Outcome != review.AwaitsHosts {
		return d, nil
	}
	sel, err := m.deps.Selections.Get(ctx, q, slug)
	if err != nil {
		return d, err
	}
	said, err := signOffs(ctx, q, slug)
	for _, host := range (review.Motion{Outcome: mo.Outcome, SignOffs: told(sel.Rulebook, mo.Seq, said)}).Awaits() {
		d.Awaits = append(d.Awaits, host.Host)
	}
	return d, err
}
