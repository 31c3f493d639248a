package store

import (
	"context"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/services/selection"
)

// RecordExport implements selection.Service.
func (s *Store) RecordExport(ctx context.Context, in selection.RecordExport) (found selection.Selection, err error) {
	err = pg.InTx(ctx, s.deps.DB, func(tx *sqlx.Tx) error {
		if found, err = Read(ctx, tx, in.Slug); err != nil {
			return err
		}
		return audit.Record(ctx, tx, s.deps.Time(), in.Slug, "export_file", "", map[string]string{"file": in.File})
	})
	return found, err
}
