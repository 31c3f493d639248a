package vetting

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/phase"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/nomination/internal/entry"
	"github.com/laurel-awards/laurel/services/nomination/internal/form"
)

// CorrectEntry implements nomination.Service.
func (v *Vetting) CorrectEntry(ctx context.Context, in nomination.CorrectEntry) (out nomination.Entry, err error) {
	in.Reason = strings.TrimSpace(in.Reason)
	err = pg.InTx(ctx, v.deps.DB, func(tx *sqlx.Tx) error {
		now := v.deps.Time()
		sel, err := v.correctable(ctx, tx, in.Slug, now)
		if err != nil {
			return err
		}
		e, err := entry.Lock(ctx, tx, in.Slug, in.Entry)
		if err != nil {
			return err
		}
		if actor.From(ctx).Kind != actor.Staff {
			if err := entry.CheckKey(ctx, tx, e.ID, in.Key); err != nil {
				return err
			}
		}
		n, err := cleaned(ctx, sel.Rulebook, in, e)
		if err != nil {
			return err
		}
		if changed := entry.Changed(e.Nominee, n); len(changed) > 0 {
			if err := v.correct(ctx, tx, now, sel, in, e, n, changed); err != nil {
				return err
			}
		}
		out, err = entry.Get(ctx, tx, in.Slug, in.Entry)
		return err
	})
	return out, err
}

// correctable gives the selection, if whoever asks may correct entries of it at
// this time.
func (v *Vetting) correctable(ctx context.Context, tx *sqlx.Tx, slug string, now time.Time) (phase.Selection, error) {
	if actor.From(ctx).Kind == actor.Staff {
		return v.deps.Selections.RequireBefore(ctx, tx, slug, now, rulebook.PhaseVetting)
	}
	return v.deps.Selections.Require(ctx, tx, slug, now, rulebook.PhaseNomination)
}

// cleaned is the form that an entry is to be, with the photo that it has.
func cleaned(ctx context.Context, rules *rulebook.Rulebook, in nomination.CorrectEntry, e nomination.Entry) (nomination.Nominee, error) {
	n, wrong := form.For(rules).Clean(in.Nominee)
	n.Photo = e.Nominee.Photo
	for i := range wrong {
		wrong[i].Name = "nominee." + wrong[i].Name
	}
	reason := audit.OptionalReason
	if actor.From(ctx).Kind == actor.Staff {
		reason = audit.Reason
	}
	wrong = append(wrong, reason(in.Reason)...)
	if in.Nominee.Photo != "" {
		wrong = append(wrong, fault.Wrong("nominee."+form.Photo, "uploaded_apart", "is uploaded by itself, once the entry is there"))
	}
	return n, nomination.ErrInvalid.Check(wrong)
}

// correct writes a correction that changes something. Without departments in the
// rulebook there are no opinions, and the entry waits for the close as before.
func (v *Vetting) correct(
	ctx context.Context, tx *sqlx.Tx, now time.Time, sel phase.Selection, in nomination.CorrectEntry,
	e nomination.Entry, n nomination.Nominee, changed []string,
) error {
	switch e.State {
	case nomination.Submitted, nomination.Vetoed, nomination.Admitted:
	default:
		return nomination.ErrDecided.With("state", string(e.State))
	}
	if in.Version != e.Version {
		return nomination.ErrVersion.With("version", fmt.Sprint(e.Version))
	}
	if err := entry.Correct(ctx, tx, now, e, n, in.Reason, e.Opinions); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM opinion WHERE entry = $1`, e.ID); err != nil {
		return fmt.Errorf("correct an entry: %w", err)
	}
	if err := settle(ctx, tx, now, &e, nomination.Submitted, corrected); err != nil {
		return err
	}
	return entry.Record(ctx, tx, now, in.Slug, "correct_entry", in.Reason, map[string]any{
		"entry": e.ID, "version": e.Version + 1, "changed": changed, "opinions_taken_back": len(e.Opinions),
	})
}
