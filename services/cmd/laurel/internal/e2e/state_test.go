package e2e_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/testkit"
)

// state is every row of every table of every service, as JSON, by
// "service.table".
type state map[string][]string

// state reads all schemas of the house.
func (h *house) state(t *testing.T) state {
	t.Helper()
	all := state{}
	for service, db := range h.databases(t) {
		var tables []string
		if err := db.SelectContext(t.Context(), &tables, `
			SELECT table_name FROM information_schema.tables
			WHERE table_schema = current_schema AND table_type = 'BASE TABLE'`); err != nil {
			t.Fatal(err)
		}
		for _, table := range tables {
			all[service+"."+table] = rows(t, db, table, "")
		}
	}
	return all
}

// diff shows the tables that differ; nothing where none does.
func (s state) diff(other state) string {
	var b strings.Builder
	for table, was := range s {
		if diff := cmp.Diff(was, other[table]); diff != "" {
			fmt.Fprintf(&b, "%s (-before +after):\n%s", table, diff)
		}
	}
	return b.String()
}

// rows are those of a table, sorted, without a column.
func rows(t *testing.T, db *sqlx.DB, table, without string) []string {
	t.Helper()
	var rows []string
	if err := db.SelectContext(t.Context(), &rows, fmt.Sprintf(`SELECT (to_jsonb(x) - $1)::text FROM %s x`, table), without); err != nil {
		t.Fatalf("%s: %v", table, err)
	}
	slices.Sort(rows)
	return rows
}

// databases are connections as each service, until the end of the test.
func (h *house) databases(t *testing.T) map[string]*sqlx.DB {
	t.Helper()
	if h.opened == nil {
		h.opened = map[string]*sqlx.DB{}
		for _, s := range testkit.Services() {
			h.opened[s] = testkit.Open(t, h.database, s)
		}
	}
	return h.opened
}
