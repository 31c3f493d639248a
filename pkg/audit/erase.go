package audit

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/pg"
)

// Erasable are the fields of an entry that can be erased, in the order in which
// the chain has them.
func Erasable() []string { return []string{"actor", "name", "reason", "detail", "request"} }

// Erase takes a field out of an entry, and its salt out of the chain, which
// still holds: nobody can tell any more what was there. It records the act, with
// its reason. The database's user must be able to become the keeper of the
// service's schema, which the service itself cannot.
func Erase(ctx context.Context, db *sqlx.DB, service string, at time.Time, entry int64, field, reason string) error {
	index := slices.Index(Erasable(), field)
	if index < 0 {
		return fmt.Errorf("audit: there is no field %q to erase; there are %s", field, strings.Join(Erasable(), ", "))
	}
	return pg.InTx(ctx, db, func(tx *sqlx.Tx) error {
		if _, err := tx.ExecContext(ctx, `SET LOCAL ROLE `+pg.KeeperName(service)); err != nil {
			return fmt.Errorf("audit: erase: %w", err)
		}
		value := "''"
		if field == "detail" {
			value = "'null'"
		}
		for _, statement := range []string{
			`UPDATE audit SET ` + field + ` = ` + value + ` WHERE id = $1`,
			fmt.Sprintf(`UPDATE audit_chain SET salts[%d] = NULL WHERE entry = $1`, index+1),
		} {
			res, err := tx.ExecContext(ctx, statement, entry)
			if err != nil {
				return fmt.Errorf("audit: erase: %w", err)
			}
			if n, err := res.RowsAffected(); err != nil {
				return fmt.Errorf("audit: erase: %w", err)
			} else if n != 1 {
				return fmt.Errorf("audit: there is no entry %d in %s", entry, service)
			}
		}
		return Record(ctx, tx, at, "", "erase_audit_field", reason, map[string]any{"entry": entry, "field": field})
	})
}
