package migrations_test

import (
	"embed"
	"io/fs"
	"os"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/identity/migrations"
)

//go:embed testdata/*.sql
var fixtures embed.FS

// TestSet_from3 migrates accounts whose passwords organizers chose: those of the
// command are proved, the others count where whoever made them organizes, and
// nowhere for a role in all selections.
func TestSet_from3(t *testing.T) {
	old := fstest.MapFS{}
	for _, name := range []string{"00001_init.sql", "00002_roster.sql", "00003_work.sql"} {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		old[name] = &fstest.MapFile{Data: data}
	}
	db := testkit.Service(t, "identity", audit.Set(), pg.Set{Table: "migration", FS: old})
	fixture, err := fs.ReadFile(fixtures, "testdata/00003.sql")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(string(fixture)); err != nil {
		t.Fatal(err)
	}
	if err := pg.Migrate(t.Context(), db, audit.Set(), migrations.Set()); err != nil {
		t.Fatal(err)
	}
	for query, want := range map[string][]string{
		`SELECT email FROM account WHERE proved_at IS NOT NULL`: {"operator@example.org"},
		`SELECT a.email || ' ' || v.slug FROM account_vouch v JOIN account a ON a.id = v.account ORDER BY 1`: {
			"juror@example.org s-1", "organizer@example.org s-1", "organizer@example.org s-2",
		},
		`SELECT factors::text FROM session WHERE id IS NOT NULL`: {"{password}"},
	} {
		var got []string
		if err := db.Select(&got, query); err != nil {
			t.Fatal(query, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
}
