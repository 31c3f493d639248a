package decision

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/review"
)

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
	Voted     int          `db:"voted"`   // how many have
	Recused   int          `db:"recused"` // how many take no part
	Kind      string       `db:"kind"`
	Reason    string       `db:"reason"`
	Base      string       `db:"base"`   // hash of the result that it changes
	Sealed    []byte       `db:"sealed"` // of a secret ballot that is open: the counts so far
	ClosedAt  sql.NullTime `db:"closed_at"`

	Out sql.NullInt64 `db:"out_candidate"`
	In  sql.NullInt64 `db:"in_candidate"`
}

// motionColumns are those of a motion.
const motionColumns = `seq, text, result, seats, outcome, members, votes_for, against, abstained, closed_at,
	kind, reason, base, sealed, out_candidate, in_candidate,
	(SELECT count(*) FROM motion_vote v WHERE v.slug = motion.slug AND v.seq = motion.seq) AS voted,
	(SELECT count(*) FROM motion_recusal r WHERE r.slug = motion.slug AND r.seq = motion.seq) AS recused`

// entitled is of how many members the quorum is a share.
func (mo motion) entitled(rules rulebook.Decision) int {
	if rules.Recused == rulebook.RecusedLeaveOut {
		return mo.Members - mo.Recused
	}
	return mo.Members
}

// majority is the share of those who vote that a motion needs.
func (mo motion) majority(rules rulebook.Decision) rulebook.Number {
	if review.Changes(mo.Kind) {
		return rules.Change
	}
	return rules.Approve
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
		SELECT `+motionColumns+`
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
	d.Motion, d.ResultHash, d.Outcome, d.Voted = mo.Text, mo.Result, mo.Outcome, mo.Voted
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

// made is what is told of a motion once it is closed.
func (mo motion) made(approved bool) event.DecisionMade {
	return event.DecisionMade{
		ResultHash: mo.Result, Approved: approved, Members: mo.Members, For: mo.For, Against: mo.Against, Abstained: mo.Abstained,
	}
}
