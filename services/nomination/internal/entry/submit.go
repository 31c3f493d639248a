package entry

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/phase"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/nomination/internal/form"
)

// SubmitEntry implements nomination.Service.
func (e *Entries) SubmitEntry(ctx context.Context, in nomination.SubmitEntry) (nomination.Entry, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return nomination.Entry{}, fmt.Errorf("submit: %w", err)
	}
	var out nomination.Entry
	err = pg.InTx(ctx, e.deps.DB, func(tx *sqlx.Tx) error {
		now := e.deps.Time()
		sel, err := e.deps.Selections.Require(ctx, tx, in.Slug, now, rulebook.PhaseNomination)
		if err != nil {
			return err
		}
		n, wrong := form.For(sel.Rulebook).Clean(in.Nominee)
		if in.Nominee.Photo != "" {
			wrong = append(wrong, fault.Wrong(form.Photo, "uploaded_apart", "is uploaded by itself, once the entry is there"))
		}
		if len(wrong) > 0 {
			for i := range wrong {
				wrong[i].Name = "nominee." + wrong[i].Name
			}
			return nomination.Invalid(wrong...)
		}
		f := fresh{id: id, nominee: n, key: form.Key(n.Name), fingerprint: form.Fingerprint(n)}
		key := ""
		if actor.From(ctx).Kind != actor.Staff {
			key, f.author = newKey()
		}
		known, err := lookup(ctx, tx, in.Slug, []string{f.key})
		if err != nil {
			return err
		}
		spellings, err := Spellings(ctx, tx, in.Slug)
		if err != nil {
			return err
		}
		for _, d := range slices.Concat(known.resembling(form.LikenessOf(n)), spellings.Add(n.Employer), form.Hidden(n)) {
			f.warnings = append(f.warnings, nomination.Warn(0, d))
		}
		stored, err := insert(ctx, tx, in.Slug, now, []fresh{f})
		if err != nil {
			return err
		}
		if len(stored) == 0 {
			// Looked up again: the other one may have been handed in just now.
			if known, err = lookup(ctx, tx, in.Slug, []string{f.key}); err != nil {
				return err
			}
			return nomination.ErrDuplicate.With("entry", known.byPrint[f.fingerprint])
		}
		if err := Record(ctx, tx, now, in.Slug, "submit_entry", "", map[string]string{"entry": id.String()}); err != nil {
			return err
		}
		out, err = Get(ctx, tx, in.Slug, id.String())
		out.Key = key
		return err
	})
	return out, err
}

// WithdrawEntry implements nomination.Service.
func (e *Entries) WithdrawEntry(ctx context.Context, in nomination.WithdrawEntry) (nomination.Entry, error) {
	in.Reason = strings.TrimSpace(in.Reason)
	var out nomination.Entry
	err := pg.InTx(ctx, e.deps.DB, func(tx *sqlx.Tx) error {
		if err := phase.Known(ctx, tx, in.Slug); err != nil {
			return err
		}
		if wrong := audit.OptionalReason(in.Reason); len(wrong) > 0 {
			return nomination.Invalid(wrong...)
		}
		var err error
		if out, err = Lock(ctx, tx, in.Slug, in.Entry); err != nil {
			return err
		}
		switch out.State {
		case nomination.Withdrawn:
			return nil
		case nomination.Submitted:
		case nomination.Admitted, nomination.Struck, nomination.Vetoed, nomination.Lapsed:
			return nomination.ErrDecided.With("state", string(out.State))
		}
		out.State = nomination.Withdrawn
		now := e.deps.Time()
		if _, err := tx.ExecContext(ctx, `UPDATE entry SET state = $2, withdrawn_at = $3 WHERE id = $1`, out.ID, out.State, now); err != nil {
			return fmt.Errorf("withdraw entry: %w", err)
		}
		return Record(ctx, tx, now, in.Slug, "withdraw_entry", in.Reason, map[string]string{"entry": out.ID})
	})
	return out, err
}

// RestoreEntry implements nomination.Service.
func (e *Entries) RestoreEntry(ctx context.Context, in nomination.OfEntry) (nomination.Entry, error) {
	var out nomination.Entry
	err := pg.InTx(ctx, e.deps.DB, func(tx *sqlx.Tx) error {
		now := e.deps.Time()
		if _, err := e.deps.Selections.RequireBefore(ctx, tx, in.Slug, now, rulebook.PhaseVetting); err != nil {
			return err
		}
		var err error
		if out, err = Lock(ctx, tx, in.Slug, in.Entry); err != nil {
			return err
		}
		switch {
		case out.State == nomination.Submitted:
			return nil
		case out.State != nomination.Withdrawn || out.Nominee.Name == "": // erased
			return nomination.ErrDecided.With("state", string(out.State))
		}
		if err := alone(ctx, tx, out, form.Fingerprint(out.Nominee)); err != nil {
			return err
		}
		out.State = nomination.Submitted
		if _, err := tx.ExecContext(ctx, `UPDATE entry SET state = $2, withdrawn_at = NULL WHERE id = $1`, out.ID, out.State); err != nil {
			return once(err)
		}
		return Record(ctx, tx, now, in.Slug, "restore_entry", "", map[string]string{"entry": out.ID})
	})
	return out, err
}
