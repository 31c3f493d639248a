package e2e_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/testkit"
)

// state is every row of every table of every service, as JSON, by
// "service.table"; but for the heads of the audit log, which come by the clock.
type state map[string][]string

// state reads all schemas of the installation.
func (h *harness) state(t *testing.T) state {
	t.Helper()
	all := state{}
	for service, db := range h.databases(t) {
		var everything string
		if err := db.GetContext(t.Context(), &everything, `
			SELECT string_agg(format('SELECT %L AS name, to_jsonb(x)::text AS row FROM %I x', tablename, tablename), ' UNION ALL ')
			FROM pg_tables WHERE schemaname = current_schema AND tablename <> 'audit_head'`); err != nil {
			t.Fatal(err)
		}
		var rows []struct{ Name, Row string }
		if err := db.SelectContext(t.Context(), &rows, everything+` ORDER BY name, row`); err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			all[service+"."+r.Name] = append(all[service+"."+r.Name], r.Row)
		}
	}
	return all
}

// diff shows the tables that differ; nothing where none does.
func (s state) diff(other state) string {
	var b strings.Builder
	tables := maps.Clone(s)
	maps.Copy(tables, other)
	for table := range tables {
		if !slices.Equal(s[table], other[table]) {
			fmt.Fprintf(&b, "%s (-before +after):\n%s", table, cmp.Diff(s[table], other[table]))
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
func (h *harness) databases(t *testing.T) map[string]*sqlx.DB {
	t.Helper()
	if h.opened == nil {
		h.opened = map[string]*sqlx.DB{}
		for _, s := range event.Services() {
			h.opened[s] = testkit.Open(t, h.Database, s)
		}
	}
	return h.opened
}
