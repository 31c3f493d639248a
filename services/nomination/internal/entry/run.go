package entry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/job"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/services/nomination"
)

// RunImport implements nomination.Service.
func (e *Entries) RunImport(ctx context.Context, in nomination.OfImport) (nomination.Import, error) {
	if _, err := e.forImport(ctx, in.Slug); err != nil {
		return nomination.Import{}, err
	}
	err := pg.InTx(ctx, e.deps.DB, func(tx *sqlx.Tx) error {
		x, err := getImport(ctx, tx, in, `FOR UPDATE`)
		switch {
		case err != nil:
			return err
		case x.EndedAt != nil && x.Entries == 0:
			return nomination.ErrImportOver
		case x.EndedAt != nil || x.Job != nil && !x.Job.Ended():
			return nil // it has been, or is being, done
		case x.Check == nil || x.Check.Mistakes > 0:
			return nomination.ErrUnchecked
		}
		j, err := e.deps.Jobs.Order(ctx, tx, in.Slug, nomination.ImportJob, map[string]string{"import": in.Import})
		if errors.Is(err, job.ErrOther) {
			return nomination.ErrImporting
		}
		if err != nil {
			return err
		}
		who, err := json.Marshal(actor.From(ctx))
		if err != nil {
			return fmt.Errorf("run import: %w", err)
		}
		if _, err := tx.ExecContext(ctx, `UPDATE import SET job = $2, run_by = $3 WHERE id = $1`, in.Import, j.ID, string(who)); err != nil {
			return fmt.Errorf("run import: %w", err)
		}
		return Record(ctx, tx, e.deps.Time(), in.Slug, "run_import", "", map[string]string{"import": in.Import, "job": j.ID})
	})
	if err != nil {
		return nomination.Import{}, err
	}
	return e.GetImport(ctx, in)
}

// ImportJob takes the rows of an import, in the name of who had it begun. It may
// begin again at any place: the rows and the import's end are one transaction.
func (e *Entries) ImportJob() job.Kind {
	return job.Kind{Name: nomination.ImportJob, Run: func(ctx context.Context, w *job.Work) (any, error) {
		var in struct {
			Import string `json:"import"`
		}
		if err := json.Unmarshal(w.Input, &in); err != nil {
			return nil, fmt.Errorf("import: %w", err)
		}
		of := nomination.OfImport{Slug: w.Slug, Import: in.Import}
		x, err := getImport(ctx, w.DB, of, "")
		if err != nil {
			return nil, err
		}
		if x.EndedAt != nil { // an attempt before this one came so far
			return map[string]int{"entries": x.Entries}, nil
		}
		if ctx, err = e.runner(ctx, w.DB, in.Import); err != nil {
			return nil, err
		}
		t := e.taking(x)
		t.keep = true
		t.tell = func(done, total int) error { return w.Progress(ctx, int64(done), int64(total+1)) }
		if err := t.tell(0, 0); err != nil {
			return nil, err
		}
		if t, err = e.prepare(ctx, t); err != nil {
			return nil, err
		}
		if len(t.sheet.Problems) > 0 {
			return nil, e.refused(ctx, w.DB, of, t)
		}
		err = e.store(ctx, w.Slug, x.Blob, t, func(tx *sqlx.Tx, now time.Time) error {
			present, err := getImport(ctx, tx, of, `FOR UPDATE`)
			if err == nil && present.EndedAt != nil {
				err = nomination.ErrImportOver
			}
			if err != nil {
				return err
			}
			return endImport(ctx, tx, in.Import, len(t.entries), now)
		})
		if known := fault.From(err); err != nil && errors.Is(err, nomination.ErrImport) {
			t.sheet.Problems = known.Fields
			return nil, e.refused(ctx, w.DB, of, t)
		}
		if err != nil {
			return nil, err
		}
		return map[string]int{"entries": len(t.entries)}, nil
	}}
}

// runner gives a context in which who had an import begun acts.
func (e *Entries) runner(ctx context.Context, q sqlx.QueryerContext, id string) (context.Context, error) {
	var body []byte
	if err := sqlx.GetContext(ctx, q, &body, `SELECT run_by FROM import WHERE id = $1`, id); err != nil {
		return ctx, fmt.Errorf("import: %w", err)
	}
	var who actor.Actor
	if err := json.Unmarshal(body, &who); err != nil {
		return ctx, fmt.Errorf("import: %w", err)
	}
	return actor.With(ctx, who), nil
}

// refused keeps what the rows lack by now, though a check found nothing: others
// have handed in the same meanwhile.
func (e *Entries) refused(ctx context.Context, db *sqlx.DB, of nomination.OfImport, t taking) error {
	found, err := json.Marshal(checked(t))
	if err != nil {
		return fmt.Errorf("import: %w", err)
	}
	if _, err := db.ExecContext(ctx, `UPDATE import SET checked = $2 WHERE id = $1 AND ended_at IS NULL`, of.Import, string(found)); err != nil {
		return fmt.Errorf("import: %w", err)
	}
	return nomination.ErrImport
}
