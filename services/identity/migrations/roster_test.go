package migrations_test

import (
	"os"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/outbox"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/identity/migrations"
)

// TestSet_roster migrates a roster whose members have used their codes: codes
// stay good, members keep their places, and nothing tells who was when.
func TestSet_roster(t *testing.T) {
	files := fstest.MapFS{}
	for _, name := range []string{"00001_init.sql", "00002_roster.sql", "00003_work.sql"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = &fstest.MapFile{Data: text}
	}
	db := testkit.Service(t, "identity", outbox.Set(), audit.Set(), pg.Set{Table: "migration", FS: files})
	for _, statement := range []string{
		`INSERT INTO roster (slug, exports) VALUES ('s-1', 2), ('s-2', 0)`,
		`INSERT INTO roster_member (slug, member, name, constituency) SELECT 's-1', 'm-' || n, 'Name ' || n, '' FROM generate_series(1, 200) n`,
		`UPDATE roster_member SET code = sha256(member::bytea)`,
		`UPDATE roster_member SET used = true WHERE member LIKE '%7'`,
	} {
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	if err := pg.Migrate(t.Context(), db, outbox.Set(), audit.Set(), migrations.Set()); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(`INSERT INTO roster_member (slug, member, name, constituency) VALUES ('s-1', 'new', '', '')`); err != nil {
		t.Fatal(err)
	}
	for query, want := range map[string]int{
		`SELECT count(*) FROM roster_member WHERE code = sha256(member::bytea) AND generation = 0 AND voted IS NULL`:                                      200,
		`SELECT count(*) FROM roster_member WHERE 'm-' || place = member AND name = 'Name ' || place`:                                                     200,
		`SELECT place::int FROM roster_member WHERE member = 'new'`:                                                                                       201,
		`SELECT exports FROM roster WHERE slug = 's-1' AND replacements = 0 AND voters IS NULL AND voted IS NULL`:                                         2,
		`SELECT count(DISTINCT xmin::text)::int FROM roster_member WHERE member <> 'new'`:                                                                 1,
		`SELECT (abs(corr((ctid::text::point)[0] * 1000 + (ctid::text::point)[1], place)) < 0.4)::int FROM roster_member`:                                 1,
		`SELECT count(*) FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = 'roster_member' AND column_name = 'used'`: 0,
	} {
		var got int
		if err := db.Get(&got, query); err != nil {
			t.Fatal(query, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
}
