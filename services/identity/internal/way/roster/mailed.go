package roster

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/identity/internal/mail"
)

// What becomes of a member's letter.
const (
	waiting = "waiting"
	sent    = "sent"
	failed  = "failed"
)

// MailCodes implements identity.Service. A letter holds no code before it is
// sent: no organizer sees one, nor who reads the queue.
func (r *Rosters) MailCodes(ctx context.Context, in identity.MailCodes) (out identity.CodesMailed, err error) {
	in.Reason, in.Email = strings.TrimSpace(in.Reason), mail.Normalize(in.Email)
	fields := audit.OptionalReason(in.Reason)
	switch {
	case in.Email == "":
	case in.Member == "":
		fields = append(fields, fault.Required("member"))
	case !mail.IsAddress(in.Email):
		fields = append(fields, fault.Wrong("email", "not_an_email", "is not an email address"))
	}
	if err := identity.ErrRosterInvalid.Check(fields); err != nil {
		return out, err
	}
	if !r.mail.On() {
		return out, identity.ErrNoMail
	}
	err = pg.InTx(ctx, r.deps.DB, func(tx *sqlx.Tx) error {
		if _, err := lock(ctx, tx, in.Slug); err != nil {
			return err
		}
		if in.Member != "" {
			out.Letters = 1
			return r.mailOne(ctx, tx, in)
		}
		out, err = r.mailAll(ctx, tx, in)
		return err
	})
	return out, err
}

// addressed is a member who gets a letter.
type addressed struct {
	Member string `db:"member"`
	Email  string `db:"email"`
}

// mailAll queues letters to those who are to get one, in random order: the time
// at which a letter leaves tells nobody's place.
func (r *Rosters) mailAll(ctx context.Context, tx *sqlx.Tx, in identity.MailCodes) (out identity.CodesMailed, err error) {
	var to []addressed
	if err := tx.SelectContext(ctx, &to, `
		SELECT member, email FROM roster_member
		WHERE slug = $1 AND email IS NOT NULL AND delivered IS DISTINCT FROM 'waiting'
		  AND (code IS NULL OR delivered = 'failed' OR $2 AND handed IS NULL)
		ORDER BY random()`, in.Slug, in.Reason != ""); err != nil {
		return out, fmt.Errorf("mail codes: %w", err)
	}
	if len(to) == 0 {
		return out, identity.ErrNoneToMail
	}
	if out.Letters, err = r.queue(ctx, tx, in.Slug, to); err != nil {
		return out, err
	}
	if err := tx.GetContext(ctx, &out.Left, `
		SELECT count(*) FROM roster_member WHERE slug = $1 AND delivered IS DISTINCT FROM 'waiting' AND (handed IS NULL OR delivered = 'failed')`,
		in.Slug); err != nil {
		return out, fmt.Errorf("mail codes: %w", err)
	}
	return out, audit.Record(ctx, tx, r.deps.Time(), in.Slug, "mail_codes", in.Reason, map[string]any{"letters": out.Letters, "left_out": out.Left})
}

// queue queues letters and gives their number: an address may have had too many.
func (r *Rosters) queue(ctx context.Context, tx *sqlx.Tx, slug string, to []addressed) (letters int, err error) {
	list := make([]mail.Letter, len(to))
	for i, m := range to {
		list[i] = mail.Letter{Kind: mail.Code, Address: m.Email, Said: mail.Said{Slug: slug, Member: m.Member}}
	}
	ids, err := r.mail.AddCodes(ctx, tx, list)
	if err != nil {
		return 0, err
	}
	var members, queued []string
	for i, m := range to {
		if ids[i] != "" {
			members, queued = append(members, m.Member), append(queued, ids[i])
		}
	}
	if _, err := tx.ExecContext(ctx, `
		UPDATE roster_member m SET letter = n.letter, delivered = 'waiting'
		FROM unnest($2::text[], $3::uuid[]) AS n (member, letter) WHERE m.slug = $1 AND m.member = n.member`,
		slug, pq.Array(members), pq.Array(queued)); err != nil {
		return 0, fmt.Errorf("mail codes: %w", err)
	}
	return len(queued), nil
}

// mailOne queues a letter to one member, in place of whatever code they have. An
// address that is not the one they were imported with makes no code private.
func (r *Rosters) mailOne(ctx context.Context, tx *sqlx.Tx, in identity.MailCodes) error {
	var m struct {
		Email string `db:"email"`
		Had   bool   `db:"had"`
		Moved bool   `db:"moved"`
	}
	err := tx.GetContext(ctx, &m, `
		SELECT coalesce(email, '') AS email, code IS NOT NULL OR letter IS NOT NULL AS had, moved FROM roster_member WHERE slug = $1 AND member = $2`,
		in.Slug, in.Member)
	if errors.Is(err, sql.ErrNoRows) {
		return identity.ErrNoMember
	}
	if err != nil {
		return fmt.Errorf("mail a code: %w", err)
	}
	if m.Had {
		if err := identity.ErrRosterInvalid.Check(audit.Reason(in.Reason)); err != nil {
			return err
		}
	}
	was := m.Email
	if in.Email != "" && in.Email != was {
		m.Email, m.Moved = in.Email, m.Moved || m.Had || was != ""
		if _, err := tx.ExecContext(ctx, `UPDATE roster_member SET email = $3, moved = $4 WHERE slug = $1 AND member = $2`,
			in.Slug, in.Member, m.Email, m.Moved); pg.IsUnique(err, "roster_member_email") {
			return identity.ErrRosterInvalid.At(emailTaken("email", in.Email))
		} else if err != nil {
			return fmt.Errorf("mail a code: %w", err)
		}
	}
	if m.Email == "" {
		return identity.ErrRosterInvalid.At(fault.Required("email"))
	}
	n, err := r.queue(ctx, tx, in.Slug, []addressed{{in.Member, m.Email}})
	if err != nil {
		return err
	}
	if n == 0 {
		return identity.ErrLetters
	}
	detail := map[string]any{"member": in.Member, "had_code": m.Had, "to": mail.Masked(m.Email), "moved": m.Moved}
	if was != m.Email {
		detail["from"] = mail.Masked(was)
	}
	return audit.Record(ctx, tx, r.deps.Time(), in.Slug, "mail_code", in.Reason, detail)
}

// Secret implements mail.Secrets: it draws a member's code for a letter that is about to be sent. Each
// try has another code, and the last is good. It gives false where the member is
// to have no such letter any more: there is a later one, or a code from a list,
// or the vote is over.
func (r *Rosters) Secret(ctx context.Context, tx *sqlx.Tx, l mail.Sending) (text string, wanted bool, err error) {
	slug := l.Said.Slug
	if _, err := lock(ctx, tx, slug); errors.Is(err, identity.ErrNoRoster) || errors.Is(err, identity.ErrVoteOver) {
		return "", false, nil
	} else if err != nil {
		return "", false, err
	}
	c := newCode()
	var now struct {
		Generation uint32 `db:"generation"`
		Had        bool   `db:"had"`
	}
	err = tx.GetContext(ctx, &now, `
		UPDATE roster_member m SET code = $5, generation = m.generation + (m.code IS NOT NULL)::int, handed = 'mail', delivered = 'waiting'
		FROM (SELECT code IS NOT NULL AS had FROM roster_member WHERE slug = $1 AND member = $2) was
		WHERE m.slug = $1 AND m.member = $2 AND m.letter = $3 AND m.email = $4 RETURNING m.generation, was.had`,
		slug, l.Said.Member, l.ID, l.Address, r.key.hash(slug, c))
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("draw a code: %w", err)
	}
	if now.Had {
		if _, err := r.tell(ctx, tx, slug, map[string]uint32{l.Said.Member: now.Generation}); err != nil {
			return "", false, err
		}
	}
	return c.String(), true, nil
}

// Sent implements mail.Secrets: it notes what became of a member's letter. One that was given up is in the
// log of acts; the member can be sent another, or be given a code from a list.
func (r *Rosters) Sent(ctx context.Context, tx *sqlx.Tx, l mail.Sending, fate mail.Fate) error {
	delivered := failed
	if fate == mail.Delivered {
		delivered = sent
	}
	done, err := tx.ExecContext(ctx, `UPDATE roster_member SET delivered = $2 WHERE letter = $1`, l.ID, delivered)
	if err != nil {
		return fmt.Errorf("note a letter: %w", err)
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 || fate != mail.Dead {
		return err
	}
	ctx = actor.With(ctx, actor.Actor{Kind: actor.System, ID: "mail", Name: "mail queue"})
	return audit.Record(ctx, tx, r.deps.Time(), l.Said.Slug, "code_not_delivered", "", map[string]any{"member": l.Said.Member, "to": mail.Masked(l.Address)})
}

// Again implements mail.Secrets: members whose letter goes once more wait for it.
func (r *Rosters) Again(ctx context.Context, tx *sqlx.Tx, ids []string) error {
	if _, err := tx.ExecContext(ctx, `UPDATE roster_member SET delivered = $2 WHERE letter = ANY($1::uuid[])`, pq.Array(ids), waiting); err != nil {
		return fmt.Errorf("note letters: %w", err)
	}
	return nil
}

// ReadCode implements identity.Service. It writes nothing.
func (r *Rosters) ReadCode(ctx context.Context, in identity.CodeOf) (identity.CodeUsed, error) {
	fields := event.CheckSlug(in.Slug)
	if in.Code == "" {
		fields = append(fields, fault.Required("code"))
	}
	if err := identity.ErrInvalid.Check(fields); err != nil {
		return identity.CodeUsed{}, err
	}
	c, err := parse(in.Code)
	if err != nil {
		return identity.CodeUsed{}, mistyped
	}
	var m struct {
		Private bool  `db:"private"`
		Voted   *bool `db:"voted"`
	}
	err = r.deps.DB.GetContext(ctx, &m, `SELECT coalesce(`+isPrivate+`, false) AS private, voted FROM roster_member WHERE code = $1 AND slug = $2`,
		r.key.hash(in.Slug, c), in.Slug)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return identity.CodeUsed{}, unknown
	case err != nil:
		return identity.CodeUsed{}, fmt.Errorf("read code: %w", err)
	case !m.Private:
		return identity.CodeUsed{}, identity.ErrCodeRead
	case m.Voted == nil:
		return identity.CodeUsed{}, identity.ErrNotOver
	}
	return identity.CodeUsed{Ballot: *m.Voted}, nil
}

// The faults of a code, at its field.
var (
	mistyped = identity.ErrCodeMistyped.At(fault.Wrong("code", identity.ErrCodeMistyped.Code, identity.ErrCodeMistyped.Message))
	unknown  = identity.ErrCode.At(fault.Wrong("code", identity.ErrCode.Code, identity.ErrCode.Message))
)
