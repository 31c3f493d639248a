// Package roster keeps the rosters of selections, and the codes by which their
// members prove to be voters.
//
// Only its holder knows a code: the database has a keyed hash. A member is the
// same voter whatever code and device they come with, so a replaced code gives
// no second ballot.
package roster

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/identity/internal/way"
)

// maxDiffers bounds the list of members whose row says something else.
const maxDiffers = 1000

// Rosters is the rosters.
type Rosters struct {
	deps run.Deps
	key  Key
}

// New keeps rosters in deps' database, and hashes codes with key.
func New(deps run.Deps, key Key) *Rosters { return &Rosters{deps, key} }

// lock locks the roster until the transaction ends: all that changes it come one
// after the other. Faults: ErrNoRoster, ErrVoteOver.
func lock(ctx context.Context, tx *sqlx.Tx, slug string) (exports int, err error) {
	var r struct {
		Exports int  `db:"exports"`
		Over    bool `db:"over"`
	}
	err = tx.GetContext(ctx, &r, `SELECT exports, voters IS NOT NULL AS over FROM roster WHERE slug = $1 FOR UPDATE`, slug)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return 0, identity.ErrNoRoster
	case err != nil:
		return 0, fmt.Errorf("roster: %w", err)
	case r.Over:
		return 0, identity.ErrVoteOver
	}
	return r.Exports, nil
}

// ImportRoster implements identity.Service.
func (r *Rosters) ImportRoster(ctx context.Context, in identity.ImportRoster) (identity.RosterImported, error) {
	if err := identity.ErrRosterInvalid.Check(event.CheckSlug(in.Slug)); err != nil {
		return identity.RosterImported{}, err
	}
	read, err := readSheet(ctx, r.deps.Blobs, in)
	if err != nil {
		return identity.RosterImported{}, err
	}
	out := identity.RosterImported{}
	err = pg.InTx(ctx, r.deps.DB, func(tx *sqlx.Tx) error {
		if out, err = store(ctx, tx, in.Slug, read.members); err != nil {
			return err
		}
		return audit.Record(ctx, tx, r.deps.Time(), in.Slug, "import_roster", "", map[string]any{
			"file": in.Blob, "added": out.Added, "kept": out.Kept,
		})
	})
	out.Sheet, out.Warnings = read.sheet, read.warnings
	return out, err
}

// store adds the members who are not there yet.
func store(ctx context.Context, tx *sqlx.Tx, slug string, members []member) (identity.RosterImported, error) {
	out := identity.RosterImported{Differs: []identity.KeptMember{}}
	// The row is locked until the commit: the count below is that of all.
	if _, err := tx.ExecContext(ctx, `INSERT INTO roster (slug) VALUES ($1) ON CONFLICT (slug) DO UPDATE SET exports = roster.exports`, slug); err != nil {
		return out, fmt.Errorf("import roster: %w", err)
	}
	if _, err := lock(ctx, tx, slug); err != nil {
		return out, err
	}
	numbers, names, constituencies := make([]string, len(members)), make([]string, len(members)), make([]string, len(members))
	for i, m := range members {
		numbers[i], names[i], constituencies[i] = m.member, m.name, m.constituency
	}
	res, err := tx.ExecContext(ctx, `
		INSERT INTO roster_member (slug, member, name, constituency)
		SELECT $1, member, name, constituency
		FROM unnest($2::text[], $3::text[], $4::text[]) WITH ORDINALITY AS m (member, name, constituency, line) ORDER BY line
		ON CONFLICT (slug, member) DO NOTHING`,
		slug, pq.Array(numbers), pq.Array(names), pq.Array(constituencies))
	if err != nil {
		return out, fmt.Errorf("import roster: %w", err)
	}
	added, err := res.RowsAffected()
	if err != nil {
		return out, fmt.Errorf("import roster: %w", err)
	}
	out.Added, out.Kept = int(added), len(members)-int(added)
	var total int
	if err := tx.GetContext(ctx, &total, `SELECT count(*) FROM roster_member WHERE slug = $1`, slug); err != nil {
		return out, fmt.Errorf("import roster: %w", err)
	}
	if total > identity.MaxMembers {
		return out, identity.ErrRosterFull
	}
	if out.Kept > 0 {
		out.Differs, err = differing(ctx, tx, slug, members, numbers)
	}
	return out, err
}

// differing are the members who stay as they were although their row says
// something else.
func differing(ctx context.Context, tx *sqlx.Tx, slug string, members []member, numbers []string) ([]identity.KeptMember, error) {
	var rows []struct {
		Member       string `db:"member"`
		Name         string `db:"name"`
		Constituency string `db:"constituency"`
	}
	if err := tx.SelectContext(ctx, &rows, `SELECT member, name, constituency FROM roster_member WHERE slug = $1 AND member = ANY ($2)`,
		slug, pq.Array(numbers)); err != nil {
		return nil, fmt.Errorf("import roster: %w", err)
	}
	kept := make(map[string]member, len(rows))
	for _, k := range rows {
		kept[k.Member] = member{member: k.Member, name: k.Name, constituency: k.Constituency}
	}
	differs := []identity.KeptMember{}
	for _, m := range members {
		if k := kept[m.member]; (k.name != m.name || k.constituency != m.constituency) && len(differs) < maxDiffers {
			differs = append(differs, identity.KeptMember{Line: m.line, Member: k.member, Name: k.name, Constituency: k.constituency})
		}
	}
	return differs, nil
}

// GetRoster implements identity.Service.
func (r *Rosters) GetRoster(ctx context.Context, in identity.OfRoster) (identity.Roster, error) {
	out := identity.Roster{Slug: in.Slug}
	err := r.deps.DB.QueryRowxContext(ctx, `
		SELECT r.exports, r.voted, count(m.member), count(m.code)
		FROM roster r LEFT JOIN roster_member m ON m.slug = r.slug
		WHERE r.slug = $1 GROUP BY r.slug`, in.Slug).Scan(&out.Exports, &out.Voted, &out.Members, &out.Coded)
	if errors.Is(err, sql.ErrNoRows) {
		return out, identity.ErrNoRoster
	}
	if err != nil {
		return out, fmt.Errorf("roster: %w", err)
	}
	return out, nil
}

// Name implements way.Way.
func (*Rosters) Name() string { return identity.WayRoster }

// Check implements way.Way.
func (*Rosters) Check(in identity.ProveVoter) []fault.Field {
	fields := way.Foreign(in, "code")
	if in.Code == "" {
		fields = append(fields, fault.Required("code"))
	}
	return fields
}

// Voter implements way.Way. It writes nothing: a trace of when a code was used,
// beside the ballots, would tell whose they are. Faults: ErrCodeMistyped, before
// anything is looked up; ErrCode, which does not tell, nor by its time, a code
// that never was from one that was replaced; ErrVoteOver.
func (r *Rosters) Voter(ctx context.Context, in identity.ProveVoter) (v way.Voter, err error) {
	c, err := parse(in.Code)
	if err != nil {
		return v, identity.ErrCodeMistyped.At(fault.Wrong("code", identity.ErrCodeMistyped.Code, identity.ErrCodeMistyped.Message))
	}
	var m struct {
		Member     string `db:"member"`
		Generation uint32 `db:"generation"`
		Over       bool   `db:"over"`
	}
	err = r.deps.DB.GetContext(ctx, &m, `
		SELECT m.member, m.generation, r.voters IS NOT NULL AS over FROM roster_member m JOIN roster r ON r.slug = m.slug
		WHERE m.code = $1 AND m.slug = $2`, r.key.hash(in.Slug, c), in.Slug)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return v, identity.ErrCode.At(fault.Wrong("code", identity.ErrCode.Code, identity.ErrCode.Message))
	case err != nil:
		return v, fmt.Errorf("roster code: %w", err)
	case m.Over:
		return v, identity.ErrVoteOver
	}
	return way.Voter{ID: r.key.voter(in.Slug, m.Member), Generation: m.Generation}, nil
}
