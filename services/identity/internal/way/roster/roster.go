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
	"github.com/laurel-awards/laurel/services/identity/codelist"
	"github.com/laurel-awards/laurel/services/identity/internal/mail"
	"github.com/laurel-awards/laurel/services/identity/internal/way"
)

// maxDiffers bounds the list of members whose row says something else.
const maxDiffers = 1000

// Rosters is the rosters.
type Rosters struct {
	deps   run.Deps
	key    Key
	office Office
	mail   *mail.Queue
}

// Office prints codes that no organizer reads.
type Office struct {
	Printer *codelist.Printer // nil: there is none
	Address string            // where voters reach the pages, https://…: as the operator says, for codes go there
}

// New keeps rosters in deps' database, and hashes codes with key. Codes that no
// organizer reads go to the office, and by the queue.
func New(deps run.Deps, key Key, office Office, queue *mail.Queue) *Rosters {
	return &Rosters{deps, key, office, queue}
}

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
		addresses, err := address(ctx, tx, in.Slug, read)
		if err != nil {
			return err
		}
		return audit.Record(ctx, tx, r.deps.Time(), in.Slug, "import_roster", "", map[string]any{
			"file": in.Blob, "added": out.Added, "kept": out.Kept, "addresses": addresses,
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
		Email        string `db:"email"`
	}
	if err := tx.SelectContext(ctx, &rows, `
		SELECT member, name, constituency, coalesce(email, '') AS email FROM roster_member WHERE slug = $1 AND member = ANY ($2)`,
		slug, pq.Array(numbers)); err != nil {
		return nil, fmt.Errorf("import roster: %w", err)
	}
	kept := make(map[string]member, len(rows))
	for _, k := range rows {
		kept[k.Member] = member{member: k.Member, name: k.Name, constituency: k.Constituency, email: k.Email}
	}
	differs := []identity.KeptMember{}
	for _, m := range members {
		k := kept[m.member]
		moved := k.email != m.email && k.email != "" && m.email != ""
		if (k.name != m.name || k.constituency != m.constituency || moved) && len(differs) < maxDiffers {
			differs = append(differs, identity.KeptMember{Line: m.line, Member: k.member, Name: k.name, Constituency: k.constituency, Email: k.email})
		}
	}
	return differs, nil
}

// address gives members their addresses, who have none, and their number. One
// that comes after a code may be anybody's: it makes no code private. Fault:
// ErrRosterInvalid for an address of another member.
func address(ctx context.Context, tx *sqlx.Tx, slug string, read roll) (given int64, err error) {
	of, lines := make(map[string]string), make(map[string]int)
	var numbers, emails []string
	for _, m := range read.members {
		if m.email != "" {
			numbers, emails = append(numbers, m.member), append(emails, m.email)
			of[m.email], lines[m.email] = m.member, m.line
		}
	}
	var taken []struct {
		Member string `db:"member"`
		Email  string `db:"email"`
	}
	if err := tx.SelectContext(ctx, &taken, `SELECT member, email FROM roster_member WHERE slug = $1 AND email = ANY ($2) ORDER BY place`,
		slug, pq.Array(emails)); err != nil {
		return 0, fmt.Errorf("import roster: %w", err)
	}
	var problems []fault.Field
	for _, t := range taken {
		if of[t.Email] != t.Member && len(problems) < maxReported {
			problems = append(problems, emailTaken(read.email.heading, t.Email).In(lines[t.Email], read.email.number))
		}
	}
	if err := identity.ErrRosterInvalid.Check(problems); err != nil {
		return 0, err
	}
	done, err := tx.ExecContext(ctx, `
		UPDATE roster_member m SET email = n.email, moved = m.code IS NOT NULL
		FROM unnest($2::text[], $3::text[]) AS n (member, email) WHERE m.slug = $1 AND m.member = n.member AND m.email IS NULL`,
		slug, pq.Array(numbers), pq.Array(emails))
	if err != nil {
		return 0, fmt.Errorf("import roster: %w", err)
	}
	return done.RowsAffected()
}

func emailTaken(field, email string) fault.Field {
	return fault.Wrong(field, "email_taken", "{value} is the address of another member on the roster", "value", email)
}

// isPrivate is the members whose code no organizer could have read: it was drawn
// for a letter, to the address that the member was imported with, or for the
// printing office.
const isPrivate = `(handed = 'slip' OR handed = 'mail' AND NOT moved)`

// GetRoster implements identity.Service.
func (r *Rosters) GetRoster(ctx context.Context, in identity.OfRoster) (identity.Roster, error) {
	out := identity.Roster{Slug: in.Slug, Lists: []identity.List{}, Failed: []identity.Failed{}}
	err := r.deps.DB.QueryRowxContext(ctx, `
		SELECT r.exports, r.voted, coalesce(r.printer, ''), count(m.member), count(m.code), count(m.email),
		       count(*) FILTER (WHERE delivered = 'waiting'), count(*) FILTER (WHERE delivered = 'sent'), count(*) FILTER (WHERE delivered = 'failed'),
		       count(*) FILTER (WHERE handed = 'slip'), count(*) FILTER (WHERE `+isPrivate+`)
		FROM roster r LEFT JOIN roster_member m ON m.slug = r.slug
		WHERE r.slug = $1 GROUP BY r.slug`, in.Slug).Scan(&out.Exports, &out.Voted, &out.Printer, &out.Members, &out.Coded, &out.Addressed,
		&out.Mailed.Waiting, &out.Mailed.Sent, &out.Mailed.Failed, &out.Slips, &out.Private)
	if errors.Is(err, sql.ErrNoRows) {
		return out, identity.ErrNoRoster
	}
	if err != nil {
		return out, fmt.Errorf("roster: %w", err)
	}
	if out.Mailed.Failed > 0 {
		err = r.deps.DB.SelectContext(ctx, &out.Failed, `
			SELECT m.member, coalesce(l.error, '') AS error FROM roster_member m LEFT JOIN mail l ON l.id = m.letter
			WHERE m.slug = $1 AND m.delivered = 'failed' ORDER BY m.place LIMIT $2`, in.Slug, maxDiffers)
		if err != nil {
			return out, fmt.Errorf("roster: %w", err)
		}
	}
	if out.Exports > 0 {
		out.Lists, err = handedOut(ctx, r.deps.DB, in.Slug)
	}
	return out, err
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
		return v, mistyped
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
		return v, unknown
	case err != nil:
		return v, fmt.Errorf("roster code: %w", err)
	case m.Over:
		return v, identity.ErrVoteOver
	}
	return way.Voter{ID: r.key.voter(in.Slug, m.Member), Generation: m.Generation}, nil
}
