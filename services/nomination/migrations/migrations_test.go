package migrations_test

import (
	"embed"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/norm"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/phase"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/nomination/internal/form"
	"github.com/laurel-awards/laurel/services/nomination/migrations"
)

//go:embed testdata/*.sql
var fixtures embed.FS

// TestSet_from1 migrates a database of the first schema: entries are compared as
// new ones are, two that are now the same both stay, and warnings have codes.
func TestSet_from1(t *testing.T) {
	first, err := os.ReadFile("00001_init.sql")
	if err != nil {
		t.Fatal(err)
	}
	old := pg.Set{Table: "migration", FS: fstest.MapFS{"00001_init.sql": &fstest.MapFile{Data: first}}}
	db := testkit.Service(t, nomination.Name, phase.Set(), old)
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
	var rows []struct {
		Name        string `db:"name"`
		Employer    string `db:"employer"`
		Region      string `db:"region"`
		Deeds       string `db:"deeds"`
		Key         string `db:"name_key"`
		Fingerprint string `db:"fingerprint"`
		Warnings    string `db:"warnings"`
		Search      string `db:"search"`
	}
	if err := db.Select(&rows, `SELECT name, employer, region, deeds, name_key, fingerprint, warnings, search FROM entry ORDER BY id`); err != nil {
		t.Fatal(err)
	}
	for i, r := range rows {
		want := form.Fingerprint(nomination.Nominee{Name: r.Name, Employer: r.Employer, Region: r.Region, Deeds: r.Deeds})
		if i == 1 {
			want = "old 2" // the same as the first
		}
		if r.Key != norm.Key(r.Name) || r.Fingerprint != want {
			t.Errorf("%s has the key %q and fingerprint %s, want %q and %s", r.Name, r.Key, r.Fingerprint, norm.Key(r.Name), want)
		}
	}
	if want := strings.Join([]string{norm.Key("方文"), norm.Key("驼铃快运(兰州)"), "兰州市", ""}, "\n"); rows[0].Search != want {
		t.Errorf("is searched by %q, want %q", rows[0].Search, want)
	}
	for _, part := range []string{`"code": "resembles_entry"`, `"name": "方文"`, `"employer": "驼铃快运"`, `"code": "resembles_row"`, `"row": "7"`} {
		if !strings.Contains(rows[1].Warnings, part) {
			t.Errorf("warnings %s lack %s", rows[1].Warnings, part)
		}
	}
	if diff := cmp.Diff("[]", rows[0].Warnings); diff != "" {
		t.Error(diff)
	}
}
