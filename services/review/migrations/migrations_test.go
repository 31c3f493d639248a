package migrations_test

import (
	"embed"
	"io/fs"
	"os"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/phase"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/review/migrations"
)

//go:embed testdata/*.sql
var fixtures embed.FS

// TestSet_from1 migrates a database of the first schema: who was seated keeps
// the candidates, recusals and sheets.
func TestSet_from1(t *testing.T) {
	first, err := os.ReadFile("00001_init.sql")
	if err != nil {
		t.Fatal(err)
	}
	old := pg.Set{Table: "migration", FS: fstest.MapFS{"00001_init.sql": &fstest.MapFile{Data: first}}}
	db := testkit.Service(t, "review", phase.Set(), old)
	fixture, err := fs.ReadFile(fixtures, "testdata/00001.sql")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(string(fixture)); err != nil {
		t.Fatal(err)
	}
	if err := pg.Migrate(t.Context(), db, phase.Set(), migrations.Set()); err != nil {
		t.Fatal(err)
	}
	for query, want := range map[string][]string{
		`SELECT slug || ' ' || account || ' ' || candidate FROM due ORDER BY 1`: {"s-1 a 1", "s-1 a 2", "s-1 b 2"},
		`SELECT account || ' ' || candidate FROM recusal`:                       {"b 1"},
		`SELECT reason FROM pin WHERE conflicted`:                               {"related"},
		`SELECT comment || ' ' || comments || ' ' || abstained FROM last_sheet`: {"good {} false"},
		`SELECT account || ' ' || candidate || ' ' || (code ~ '^Z-00[123]$') FROM code ORDER BY 1`: {
			"a 1 true", "a 2 true", "a 3 true", "b 1 true", "b 2 true", "b 3 true",
		},
		`SELECT account || employer || category FROM juror WHERE left_at IS NULL ORDER BY slug, seat`: {"a", "b", "a"},
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
