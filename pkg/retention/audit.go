package retention

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/audit"
)

// The kinds of what is erased from the audit log, as the report names them.
const (
	signIns      = "sign_ins"
	auditDetails = "audit_details"
)

// auditRules are of every room: old entries of its audit log lose names, reasons
// and details. Who did what, and when, stays, by the account's id.
func auditRules(p Periods) []Rule {
	acts := []string{"sign_in", "sign_in_failed", "sign_out"}
	rule := func(kind string, among bool, keep time.Duration) Rule {
		return Rule{For: keep, recorded: true, Erase: func(ctx context.Context, tx *sqlx.Tx, _, over time.Time) (erased []Item, more bool, err error) {
			all, err := audit.Expire(ctx, tx, kind, acts, among, over, Most)
			for _, e := range all {
				for range e.Entries {
					erased = append(erased, Item{Slug: e.Slug, Kind: kind})
				}
			}
			return erased, len(erased) == Most, err
		}}
	}
	return []Rule{rule(signIns, true, p.SignIns), rule(auditDetails, false, p.Audit)}
}
