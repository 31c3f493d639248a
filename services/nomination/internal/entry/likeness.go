package entry

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/nomination/internal/form"
)

// known are the entries of a selection with some names.
type known struct {
	byPrint map[string]string   // id by fingerprint
	byName  map[string][]stored // by name key
}

type stored struct {
	ID          string `db:"id"`
	Name        string `db:"name"`
	Employer    string `db:"employer"`
	Region      string `db:"region"`
	NameKey     string `db:"name_key"`
	Fingerprint string `db:"fingerprint"`
}

// lookup reads the entries that have one of the names, but the withdrawn.
func lookup(ctx context.Context, q sqlx.QueryerContext, slug string, nameKeys []string) (known, error) {
	k := known{make(map[string]string), make(map[string][]stored)}
	var rows []stored
	if err := sqlx.SelectContext(ctx, q, &rows, `
		SELECT id, name, employer, region, name_key, fingerprint FROM entry
		WHERE slug = $1 AND name_key = ANY($2) AND state <> 'withdrawn' ORDER BY id`, slug, pq.Array(nameKeys)); err != nil {
		return k, fmt.Errorf("entries of the same names: %w", err)
	}
	for _, r := range rows {
		k.byPrint[r.Fingerprint] = r.ID
		k.byName[r.NameKey] = append(k.byName[r.NameKey], r)
	}
	return k, nil
}

// resembling says which entries may mean the same nominee.
func (k known) resembling(n nomination.Nominee) []string {
	var warnings []string
	for _, r := range k.byName[form.Key(n.Name)] {
		if form.Resembles(n, nomination.Nominee{Name: r.Name, Employer: r.Employer, Region: r.Region}) {
			warnings = append(warnings, fmt.Sprintf("resembles the entry of %s, %s, %s", r.Name, r.Employer, r.Region))
		}
	}
	return warnings
}
