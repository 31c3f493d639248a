package audit

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
)

// Youngest is the age below which the database lets no service erase anything of
// an entry; it is written into audit_expire of pkg/pg.
const Youngest = 180 * 24 * time.Hour

// Expired is so many entries of a selection that lost what may tell of people.
type Expired struct {
	Slug    string `db:"selection"`
	Entries int    `db:"entries"`
}

// Expire takes name, reason and detail out of entries, and their salts out of the
// chain, which still holds: who (by id), when, what and where stay. It takes those
// of the acts, or all but those, from before a moment, oldest first, and at most so
// many. The database does it, no matter how the service asks, to none younger than
// Youngest, and records it as the act erase_expired, with what and a number.
func Expire(ctx context.Context, tx *sqlx.Tx, what string, acts []string, among bool, until time.Time, most int) (all []Expired, err error) {
	if err := tx.SelectContext(ctx, &all, `SELECT selection, entries FROM audit_expire($1, $2, $3, $4, $5)`,
		what, pq.Array(acts), among, until.UTC(), most); err != nil {
		return nil, fmt.Errorf("audit: expire: %w", err)
	}
	return all, nil
}
