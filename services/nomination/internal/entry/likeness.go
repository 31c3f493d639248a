package entry

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/nomination/internal/form"
)

// However many have a name, only so many are compared and named in warnings: more
// would help nobody, and the work stays in proportion to the rows.
const (
	maxCompared = 20
	maxWarned   = 3
)

// known are the entries of a selection with some names, and the rows of a file
// that came before.
type known struct {
	byPrint map[string]string // id by fingerprint
	byName  map[string][]look // the first maxCompared by name
}

// look is an entry as a later one sees it.
type look struct {
	likeness form.Likeness
	doubt    fault.Field // of what resembles it
}

// lookup reads the entries that have one of the names, except withdrawn ones and
// one that is compared itself.
func lookup(ctx context.Context, q sqlx.QueryerContext, slug string, nameKeys []string, but ...string) (known, error) {
	k := known{make(map[string]string), make(map[string][]look)}
	var rows []struct {
		ID          string `db:"id"`
		Name        string `db:"name"`
		Employer    string `db:"employer"`
		Region      string `db:"region"`
		Fingerprint string `db:"fingerprint"`
	}
	if err := sqlx.SelectContext(ctx, q, &rows, `
		SELECT id, name, employer, region, fingerprint FROM entry
		WHERE slug = $1 AND name_key = ANY($2) AND state <> 'withdrawn' AND id <> ALL($3::uuid[]) ORDER BY id`,
		slug, pq.Array(nameKeys), pq.Array(append([]string{}, but...))); err != nil {
		return k, fmt.Errorf("entries of the same names: %w", err)
	}
	for _, r := range rows {
		k.byPrint[r.Fingerprint] = r.ID
		k.add(form.LikenessOf(nomination.Nominee{Name: r.Name, Employer: r.Employer, Region: r.Region}),
			fault.Wrong(form.Name, "resembles_entry", "resembles the entry of {name}, {employer}, {region}",
				"name", r.Name, "employer", r.Employer, "region", r.Region))
	}
	return k, nil
}

func (k known) add(l form.Likeness, doubt fault.Field) {
	if len(k.byName[l.Name]) < maxCompared {
		k.byName[l.Name] = append(k.byName[l.Name], look{l, doubt})
	}
}

// resembling warns of those that may mean the same nominee.
func (k known) resembling(l form.Likeness) []fault.Field {
	var doubts []fault.Field
	for _, other := range k.byName[l.Name] {
		if len(doubts) < maxWarned && l.Resembles(other.likeness) {
			doubts = append(doubts, other.doubt)
		}
	}
	return doubts
}
