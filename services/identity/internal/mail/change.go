package mail

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/services/identity"
)

// acts are what is done to letters: in which states they are before, and what is
// written. A try that is under way is left to its end: what the mail server says
// of it is noted all the same.
var acts = map[identity.MailAct]struct{ from, set string }{
	identity.HoldMail:     {`state = 'queued'`, `state = 'held'`},
	identity.ReleaseMail:  {`state = 'held'`, `state = 'queued', due_at = CASE WHEN begun_at IS NULL THEN $3 ELSE due_at END`},
	identity.WithdrawMail: {`state IN ('queued', 'held')`, `state = 'withdrawn', settled_at = $3`},
	identity.RetryMail:    {`state = 'dead'`, `state = 'queued', tries = 0, error = '', due_at = $3, settled_at = NULL`},
}

// ChangeMail implements identity.Service.
func (o *Outbox) ChangeMail(ctx context.Context, in identity.ChangeMail) (out identity.MailChanged, err error) {
	in.Reason = strings.TrimSpace(in.Reason)
	if err := identity.ErrMail.Check(changeFields(in)); err != nil {
		return out, err
	}
	err = pg.InTx(ctx, o.deps.DB, func(tx *sqlx.Tx) error {
		out = identity.MailChanged{}
		changed, err := o.change(ctx, tx, in)
		if err != nil || len(changed) == 0 {
			return err
		}
		out.Letters = len(changed)
		detail := map[string]any{"letters": len(changed)}
		if in.Letter != "" {
			detail = map[string]any{"letter": in.Letter, "kind": changed[0].Kind.told(), "to": Masked(changed[0].Address)}
		}
		return audit.Record(ctx, tx, o.deps.Time(), in.Slug, string(in.Do)+"_mail", in.Reason, detail)
	})
	return out, err
}

func changeFields(in identity.ChangeMail) (wrong []fault.Field) {
	if !slices.Contains(identity.MailActs(), in.Do) {
		return []fault.Field{fault.OneOf("do", identity.MailActs()...)}
	}
	if in.Do != identity.WithdrawMail {
		return audit.OptionalReason(in.Reason)
	}
	if in.Letter == "" {
		wrong = append(wrong, fault.Required("letter"))
	}
	return append(wrong, audit.Reason(in.Reason)...)
}

// change writes what is done, and has those who make secrets know of it.
func (o *Outbox) change(ctx context.Context, tx *sqlx.Tx, in identity.ChangeMail) (changed []row, err error) {
	act := acts[in.Do]
	which := ` AND $2 = ''`
	if in.Letter != "" {
		one, err := letter(ctx, tx, identity.OfLetter{Slug: in.Slug, Letter: in.Letter}, `FOR UPDATE`)
		if err != nil {
			return nil, err
		}
		if in.Do != identity.RetryMail && !one.Kind.kept() {
			return nil, identity.ErrLetterKept
		}
		which = ` AND id = $2`
	}
	if in.Do != identity.RetryMail {
		which += ` AND ` + ofSelections
	}
	if err := tx.SelectContext(ctx, &changed, `
		UPDATE mail SET `+act.set+`, reason = $4 WHERE`+whose(in.Slug)+which+` AND `+act.from+` AND $3::timestamptz IS NOT NULL RETURNING `+columns,
		in.Slug, in.Letter, o.deps.Time(), in.Reason); err != nil {
		return nil, fmt.Errorf("change mail: %w", err)
	}
	if in.Letter != "" && len(changed) == 0 {
		return nil, identity.ErrLetterSettled
	}
	return changed, o.tellSecrets(ctx, tx, in.Do, changed)
}

// tellSecrets has those who make the secrets of letters know what becomes of
// them.
func (o *Outbox) tellSecrets(ctx context.Context, tx *sqlx.Tx, do identity.MailAct, changed []row) error {
	again := map[Kind][]string{}
	for _, r := range changed {
		by, has := o.secrets[r.Kind]
		switch {
		case !has:
		case do == identity.RetryMail:
			again[r.Kind] = append(again[r.Kind], r.ID)
		case do == identity.WithdrawMail:
			l, err := due{ID: r.ID, Kind: r.Kind, Address: r.Address, Said: r.Said}.sending()
			if err != nil {
				return err
			}
			if err := by.Sent(ctx, tx, l, Dropped); err != nil {
				return err
			}
		}
	}
	for k, ids := range again {
		if err := o.secrets[k].Again(ctx, tx, ids); err != nil {
			return err
		}
	}
	return nil
}

// Masked is an address as the log of acts tells it: enough to see that it was
// changed, and by whom it is run.
func Masked(email string) string {
	name, domain, ok := strings.Cut(email, "@")
	if !ok {
		return ""
	}
	first, _ := utf8.DecodeRuneInString(name)
	return string(first) + "…@" + domain
}

// Retry queues the letters again that were given up, and gives their number.
func Retry(ctx context.Context, db *sqlx.DB, now time.Time) (int64, error) {
	done, err := db.ExecContext(ctx, `
		UPDATE mail SET state = 'queued', tries = 0, error = '', due_at = $1, settled_at = NULL WHERE state = 'dead'`, now)
	if err != nil {
		return 0, fmt.Errorf("retry mail: %w", pg.Settled(err))
	}
	return done.RowsAffected()
}
