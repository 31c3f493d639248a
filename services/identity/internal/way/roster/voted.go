package roster

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/outbox"
)

// maxVoters bounds the list of voter ids in bytes; MaxMembers of 16 are fewer.
const maxVoters = 4 << 20

// Handlers record who has voted, once the vote is over.
func (r *Rosters) Handlers() []outbox.Handler {
	return []outbox.Handler{outbox.On(r.close), outbox.On(r.record), outbox.On(r.ended)}
}

// close makes the roster final, and asks voting which of its voters have a
// ballot.
func (r *Rosters) close(ctx context.Context, tx *sqlx.Tx, env event.Envelope, _ event.TallySealed) error {
	list, err := r.voters(ctx, tx, env.Slug)
	if err != nil || len(list) == 0 {
		return err
	}
	ref, err := r.deps.Blobs.Put(ctx, bytes.NewReader(list.ids()), maxVoters)
	if err != nil {
		return fmt.Errorf("voters: %w", err)
	}
	if _, err := tx.ExecContext(ctx, `UPDATE roster SET voters = $2 WHERE slug = $1`, env.Slug, ref.Hash); err != nil {
		return fmt.Errorf("voters: %w", err)
	}
	return outbox.Append(ctx, tx, r.deps.Time(), env.Slug, "roster", event.RosterClosed{Voters: ref.Hash})
}

// record writes all members anew in random order, each with whether they have
// voted: neither the order of the rows nor their transaction tells more. Nobody
// is written to from here on, so addresses are forgotten, and a letter that waits
// or is held does not go.
func (r *Rosters) record(ctx context.Context, tx *sqlx.Tx, env event.Envelope, e event.VotersCounted) error {
	if err := r.mail.Over(ctx, tx, env.Slug); err != nil { // letters are locked before members, as where they are sent
		return err
	}
	list, err := r.voters(ctx, tx, env.Slug)
	if err != nil {
		return err
	}
	if sum := sha256.Sum256(list.ids()); hex.EncodeToString(sum[:]) != e.Voters || len(e.Voted) != (len(list)+7)/8 {
		return fmt.Errorf("voters: the answer about %s is not of the roster's %d voters", env.Slug, len(list))
	}
	members, voted, total := make([]string, len(list)), make([]bool, len(list)), 0
	for i, v := range list {
		members[i], voted[i] = v.member, e.Voted[i/8]&(1<<(i%8)) != 0
		if voted[i] {
			total++
		}
	}
	if _, err := tx.ExecContext(ctx, `
		WITH was AS (DELETE FROM roster_member WHERE slug = $1 RETURNING *)
		INSERT INTO roster_member (slug, member, name, constituency, place, code, generation, moved, handed, delivered, voted)
		SELECT was.slug, was.member, was.name, was.constituency, was.place, was.code, was.generation, was.moved, was.handed,
		       CASE was.delivered WHEN 'waiting' THEN 'failed' ELSE was.delivered END, n.voted
		FROM was JOIN unnest($2::text[], $3::boolean[]) AS n (member, voted) ON n.member = was.member
		ORDER BY random()`, env.Slug, pq.Array(members), pq.Array(voted)); err != nil {
		return fmt.Errorf("record who voted: %w", err)
	}
	if _, err := tx.ExecContext(ctx, `UPDATE roster SET voted = $2 WHERE slug = $1`, env.Slug, total); err != nil {
		return fmt.Errorf("record who voted: %w", err)
	}
	// Voting has committed its answer: nobody reads the list again.
	return r.deps.Blobs.Delete(ctx, e.Voters)
}

// voter is a member and the voter that they are.
type voter struct {
	id     [16]byte
	member string
}

// voters are all of a roster, by id.
type voters []voter

func (v voters) ids() []byte {
	b := make([]byte, 0, 16*len(v))
	for _, one := range v {
		b = append(b, one.id[:]...)
	}
	return b
}

// voters locks a roster and lists its voters; none where there is no roster.
func (r *Rosters) voters(ctx context.Context, tx *sqlx.Tx, slug string) (voters, error) {
	var there bool
	err := tx.GetContext(ctx, &there, `SELECT true FROM roster WHERE slug = $1 FOR UPDATE`, slug)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	var members []string
	if err == nil {
		err = tx.SelectContext(ctx, &members, `SELECT member FROM roster_member WHERE slug = $1`, slug)
	}
	if err != nil {
		return nil, fmt.Errorf("voters: %w", err)
	}
	list := make(voters, len(members))
	for i, m := range members {
		list[i] = voter{r.key.voter(slug, m), m}
	}
	slices.SortFunc(list, func(a, b voter) int { return bytes.Compare(a.id[:], b.id[:]) })
	return list, nil
}
