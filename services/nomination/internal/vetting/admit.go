package vetting

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/outbox"
	"github.com/laurel-awards/laurel/pkg/phase"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/nomination/internal/candidate"
	"github.com/laurel-awards/laurel/services/nomination/internal/entry"
	"github.com/laurel-awards/laurel/services/nomination/internal/form"
)

// admit makes a locked entry a candidate. The numbering's row stays locked until
// tx ends, so that a number is given away only with the commit.
func admit(ctx context.Context, tx *sqlx.Tx, at time.Time, e nomination.Entry) (number int, err error) {
	if err := tx.GetContext(ctx, &number, `
		INSERT INTO numbering (slug, last) VALUES ($1, 1)
		ON CONFLICT (slug) DO UPDATE SET last = numbering.last + 1 RETURNING last`, e.Slug); err != nil {
		return 0, fmt.Errorf("admit: number: %w", err)
	}
	if err := entry.SetState(ctx, tx, e.ID, nomination.Admitted); err != nil {
		return 0, err
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO candidate (slug, number, entry, admitted_at) VALUES ($1, $2, $3, $4)`,
		e.Slug, number, e.ID, at); err != nil {
		return 0, fmt.Errorf("admit: %w", err)
	}
	n := form.Public(e.Nominee) // what other rooms know, anybody may read
	return number, outbox.Append(ctx, tx, at, e.Slug, candidate.Aggregate(number), event.CandidateAdmitted{
		Number: number, EntryID: e.ID, Name: n.Name, Category: n.Category, Attributes: form.Values(n), Deeds: n.Deeds,
	})
}

// recall takes a candidate off the list before vetting closes, because opinions
// were taken back. To the other rooms the number is struck; here
// nobody sees it any more.
func recall(ctx context.Context, tx *sqlx.Tx, at time.Time, e nomination.Entry, why string) error {
	if _, err := tx.ExecContext(ctx, `UPDATE candidate SET recalled_at = $3 WHERE slug = $1 AND number = $2`, e.Slug, e.Number, at); err != nil {
		return fmt.Errorf("recall: %w", err)
	}
	return outbox.Append(ctx, tx, at, e.Slug, candidate.Aggregate(e.Number), event.CandidateStruck{
		Number: e.Number, Reason: why,
	})
}

// Changed is what the room does when a phase changes. When vetting closes,
// entries that have not been admitted lapse; the answer is the number of
// candidates. Where the rulebook names no department, all entries that are left
// become candidates at that moment.
func (v *Vetting) Changed(ctx context.Context, tx *sqlx.Tx, sel phase.Selection, c event.PhaseChanged) (int, error) {
	if c.Phase != rulebook.PhaseVetting || c.Action != event.Close {
		return 0, nil
	}
	if len(sel.Rulebook.Vetting.Departments) == 0 {
		if err := v.admitAll(ctx, tx, sel.Slug); err != nil {
			return 0, err
		}
	}
	if _, err := tx.ExecContext(ctx, `UPDATE entry SET state = 'lapsed' WHERE slug = $1 AND state = 'submitted'`, sel.Slug); err != nil {
		return 0, fmt.Errorf("close vetting: %w", err)
	}
	var candidates int
	if err := tx.GetContext(ctx, &candidates, `SELECT count(*) FROM candidate WHERE slug = $1`, sel.Slug); err != nil {
		return 0, fmt.Errorf("close vetting: %w", err)
	}
	return candidates, nil
}

// admitAll admits in the order of submission.
func (v *Vetting) admitAll(ctx context.Context, tx *sqlx.Tx, slug string) error {
	var ids []string
	if err := tx.SelectContext(ctx, &ids, `SELECT id FROM entry WHERE slug = $1 AND state = 'submitted' ORDER BY id FOR UPDATE`, slug); err != nil {
		return fmt.Errorf("admit all: %w", err)
	}
	for _, id := range ids {
		e, err := entry.Get(ctx, tx, slug, id)
		if err != nil {
			return err
		}
		if _, err := admit(ctx, tx, v.deps.Time(), e); err != nil {
			return err
		}
	}
	return nil
}
