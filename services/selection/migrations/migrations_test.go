package migrations_test

import (
	"embed"
	"os"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/selection/migrations"
)

//go:embed testdata/*.sql
var fixtures embed.FS

// TestSet_from10 migrates a database in which a decision is on notice: it is one
// notice, of the days that its rulebook says.
func TestSet_from10(t *testing.T) {
	old := fstest.MapFS{}
	for _, name := range []string{"00001_init.sql", "00010_draft.sql"} {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		old[name] = &fstest.MapFile{Data: data}
	}
	db := testkit.Service(t, "selection", pg.Set{Table: "migration", FS: old})
	fixture, err := fixtures.ReadFile("testdata/00010.sql")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(string(fixture)); err != nil {
		t.Fatal(err)
	}
	if err := pg.Migrate(t.Context(), db, migrations.Set()); err != nil {
		t.Fatal(err)
	}
	var got []string
	if err := db.Select(&got, `
		SELECT concat_ws(' ', slug, seq, title::text, working_days, days, posted_at AT TIME ZONE 'UTC', closes_at AT TIME ZONE 'UTC') FROM notice_run`); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"s-1 1 {} 5 0 2026-02-02 00:00:00 2026-02-10 00:00:00"}, got); diff != "" {
		t.Error(diff)
	}
}
