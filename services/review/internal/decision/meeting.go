package decision

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/lib/pq"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/phase"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/review"
	"github.com/laurel-awards/laurel/services/review/internal/result"
	"github.com/laurel-awards/laurel/services/review/internal/watch"
)

// beat is how old a sign of life is before the next one is written down: pages
// ask more often than that.
const beat = 5 * time.Second

// GetMeeting implements review.Service.
func (m *Meeting) GetMeeting(ctx context.Context, in review.OfMeeting) (review.Meeting, error) {
	sel, err := m.deps.Selections.Get(ctx, m.deps.DB, in.Slug)
	if err != nil {
		return review.Meeting{}, err
	}
	if err := watch.Member(ctx, m.deps.DB, in.Slug); err != nil {
		return review.Meeting{}, err
	}
	now := m.deps.Time()
	if in.Attend {
		if err := m.attend(ctx, in.Slug, now); err != nil {
			return review.Meeting{}, err
		}
	}
	meeting := review.Meeting{Slug: in.Slug, Approve: sel.Rulebook.Decision.Approve.String(), Secret: sel.Rulebook.Decision.Ballot != rulebook.BallotOpen}
	if meeting.Members, err = m.members(ctx, in.Slug, now); err != nil {
		return review.Meeting{}, err
	}
	meeting.Quorum = needed(len(meeting.Members), sel.Rulebook.Decision.Quorum)
	meeting.Motions, err = m.motions(ctx, sel)
	return meeting, err
}

// attend notes that whoever asks is there, if they are a member and the committee
// is to decide.
func (m *Meeting) attend(ctx context.Context, slug string, now time.Time) error {
	state, err := phase.Of(ctx, m.deps.DB, slug, rulebook.PhaseDecision, now)
	if err != nil {
		return err
	}
	if state != phase.Open {
		if again, err := result.Overtaken(ctx, m.deps.DB, slug); err != nil || !again {
			return err
		}
	}
	if _, err := m.deps.DB.ExecContext(ctx, `
		INSERT INTO attendance AS a (slug, account, came_at, seen_at)
		SELECT slug, account, $3, $3 FROM member WHERE slug = $1 AND account = $2
		ON CONFLICT (slug, account) DO UPDATE SET seen_at = $3 WHERE a.seen_at < $3::timestamptz - $4 * interval '1 second'`,
		slug, actor.From(ctx).ID, now, beat.Seconds()); err != nil {
		return fmt.Errorf("attend: %w", pg.Settled(err))
	}
	return nil
}

func (m *Meeting) members(ctx context.Context, slug string, now time.Time) ([]review.Member, error) {
	var rows []struct {
		Account string       `db:"account"`
		Name    string       `db:"name"`
		CameAt  sql.NullTime `db:"came_at"`
		SeenAt  sql.NullTime `db:"seen_at"`
	}
	if err := m.deps.DB.SelectContext(ctx, &rows, `
		SELECT account, name, came_at, seen_at FROM member LEFT JOIN attendance USING (slug, account) WHERE slug = $1 ORDER BY name, account`,
		slug); err != nil {
		return nil, fmt.Errorf("members: %w", err)
	}
	members := make([]review.Member, len(rows))
	for i, r := range rows {
		members[i] = review.Member{Person: review.Person{ID: r.Account, Name: r.Name}, CameAt: moment(r.CameAt)}
		members[i].Present = r.SeenAt.Valid && now.Sub(r.SeenAt.Time) < review.Presence
		if !members[i].Present {
			members[i].LeftAt = moment(r.SeenAt)
		}
	}
	return members, nil
}

func (m *Meeting) motions(ctx context.Context, sel phase.Selection) (motions []review.Motion, err error) {
	slug := sel.Slug
	var rows []struct {
		motion

		MovedAt  time.Time      `db:"moved_at"`
		MovedBy  string         `db:"moved_by"`
		ClosedBy string         `db:"closed_by"`
		Voters   pq.StringArray `db:"voters"`
	}
	if err := m.deps.DB.SelectContext(ctx, &rows, `
		SELECT `+motionColumns+`, moved_at, moved_by, closed_by,
		       ARRAY(SELECT v.account FROM motion_vote v LEFT JOIN member m USING (slug, account)
		             WHERE v.slug = motion.slug AND v.seq = motion.seq ORDER BY m.name, v.account) AS voters
		FROM motion WHERE slug = $1 ORDER BY seq`, slug); err != nil {
		return nil, fmt.Errorf("motions: %w", err)
	}
	recused, err := m.recused(ctx, slug)
	if err != nil {
		return nil, err
	}
	said, err := signOffs(ctx, m.deps.DB, slug)
	if err != nil {
		return nil, err
	}
	motions = make([]review.Motion, len(rows))
	for i, r := range rows {
		motions[i] = review.Motion{
			Number: r.Seq, Text: r.Text, ResultHash: r.Result, MovedAt: r.MovedAt.UTC(), MovedBy: r.MovedBy,
			Members: r.Members, Voters: r.Voters, Outcome: r.Outcome, ClosedAt: moment(r.ClosedAt), ClosedBy: r.ClosedBy,
			Kind: r.Kind, Reason: r.Reason, Approve: r.majority(sel.Rulebook.Decision).String(), Recused: recused[r.Seq],
			Quorum: needed(r.entitled(sel.Rulebook.Decision), sel.Rulebook.Decision.Quorum),
		}
		if motions[i].Out, motions[i].In, err = m.exchanged(ctx, slug, r.motion); err != nil {
			return nil, err
		}
		if motions[i].Seats, err = m.named(ctx, slug, r.motion); err != nil {
			return nil, err
		}
		if motions[i].ClosedAt != nil {
			motions[i].For, motions[i].Against, motions[i].Abstained = r.For, r.Against, r.Abstained
		}
		if hadVotes(r.Outcome) {
			motions[i].SignOffs = told(sel.Rulebook, r.Seq, said)
		}
	}
	return motions, nil
}

// recused are the members who take no part, by the motion's number.
func (m *Meeting) recused(ctx context.Context, slug string) (map[int][]review.Recused, error) {
	var rows []struct {
		Seq     int       `db:"seq"`
		Account string    `db:"account"`
		Name    string    `db:"name"`
		Reason  string    `db:"reason"`
		At      time.Time `db:"at"`
	}
	if err := m.deps.DB.SelectContext(ctx, &rows, `
		SELECT seq, account, coalesce(name, account) AS name, reason, at
		FROM motion_recusal LEFT JOIN member USING (slug, account) WHERE slug = $1 ORDER BY seq, at, account`, slug); err != nil {
		return nil, fmt.Errorf("recusals: %w", err)
	}
	all := map[int][]review.Recused{}
	for _, r := range rows {
		all[r.Seq] = append(all[r.Seq], review.Recused{Person: review.Person{ID: r.Account, Name: r.Name}, Reason: r.Reason, At: r.At.UTC()})
	}
	return all, nil
}

// needed is how many of so many members have to vote.
func needed(members int, quorum rulebook.Number) (n int) {
	for n = min(1, members); n < members && !reaches(n, members, quorum); {
		n++
	}
	return n
}

// exchanged are who loses and who gets an award by a motion, with their names.
func (m *Meeting) exchanged(ctx context.Context, slug string, mo motion) (out, in *review.Awarded, err error) {
	one := func(number sql.NullInt64) (*review.Awarded, error) {
		if !number.Valid {
			return nil, nil //nolint:nilnil // the motion has none
		}
		named, err := m.withNames(ctx, slug, []review.Awarded{{Candidate: int(number.Int64)}})
		if err != nil {
			return nil, err
		}
		return &named[0], nil
	}
	if out, err = one(mo.Out); err == nil {
		in, err = one(mo.In)
	}
	return out, in, err
}

// named is how a motion fills the seats, with the candidates' names.
func (m *Meeting) named(ctx context.Context, slug string, mo motion) ([]review.Awarded, error) {
	seats, err := mo.filled()
	if err != nil || seats == nil {
		return nil, err
	}
	return m.withNames(ctx, slug, seats)
}

// withNames puts in the candidates' names.
func (m *Meeting) withNames(ctx context.Context, slug string, seats []review.Awarded) ([]review.Awarded, error) {
	numbers := make([]int, len(seats))
	for i, s := range seats {
		numbers[i] = s.Candidate
	}
	var rows []struct {
		Number int    `db:"number"`
		Name   string `db:"name"`
	}
	if err := m.deps.DB.SelectContext(ctx, &rows, `SELECT number, name FROM candidate WHERE slug = $1 AND number = ANY($2)`,
		slug, pq.Array(numbers)); err != nil {
		return nil, fmt.Errorf("motion: seats: %w", err)
	}
	names := make(map[int]string, len(rows))
	for _, r := range rows {
		names[r.Number] = r.Name
	}
	for i := range seats {
		seats[i].Name = names[seats[i].Candidate]
	}
	return seats, nil
}

// moment is a time that may not have come.
func moment(t sql.NullTime) *time.Time {
	if !t.Valid {
		return nil
	}
	at := t.Time.UTC().Truncate(time.Microsecond)
	return &at
}
