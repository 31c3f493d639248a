package migrations_test

import (
	"embed"
	"encoding/hex"
	"io/fs"
	"os"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
	"github.com/laurel-awards/laurel/pkg/outbox"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/phase"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/voting/migrations"
)

//go:embed testdata/*.sql
var fixtures embed.FS

// leaves are the hashes of the lines that the log has for ballots, in hex.
func leaves(t *testing.T, lines ...string) (text string) {
	t.Helper()
	for _, line := range lines {
		if _, err := ballotlog.Parse(line); err != nil {
			t.Fatal(line, err)
		}
		hash := ballotlog.Hash([]byte(line))
		text += hex.EncodeToString(hash[:])
	}
	return text
}

// TestSet_from1 migrates a database of the first schema, which knew no log:
// ballots keep their keys, and get the leaves that anybody would make of them.
func TestSet_from1(t *testing.T) {
	first, err := os.ReadFile("00001_init.sql")
	if err != nil {
		t.Fatal(err)
	}
	old := pg.Set{Table: "migration", FS: fstest.MapFS{"00001_init.sql": &fstest.MapFile{Data: first}}}
	db := testkit.Service(t, "voting", outbox.Set(), phase.Set(), old)
	fixture, err := fs.ReadFile(fixtures, "testdata/00001.sql")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(string(fixture)); err != nil {
		t.Fatal(err)
	}
	if err := pg.Migrate(t.Context(), db, outbox.Set(), phase.Set(), migrations.Set()); err != nil {
		t.Fatal(err)
	}
	const one, two, three = "01000000000000000000000000000001", "02000000000000000000000000000002", "03000000000000000000000000000003"
	for query, want := range map[string][]string{
		`SELECT batch || ' ' || candidates::text || ' ' || votes::text || ' ' || encode(voters, 'hex') FROM batch_body ORDER BY batch`: {
			"7 {1,2} {2,1} " + one + two, "8 {12} {1} " + three,
		},
		`SELECT encode(leaves, 'hex') FROM batch_body ORDER BY batch`: {
			leaves(t, "ballot once "+one+" 1,2 a1"+one[2:], "ballot once "+two+" 1 a2"+two[2:]),
			leaves(t, "ballot 2026-05-01 "+three+" 12 a3"+three[2:]),
		},
		`SELECT encode(key, 'hex') FROM ballot WHERE key IS NOT NULL`:                                        {"0f00000000000000000000000000000f"},
		`SELECT id || ' ' || coalesce(first_index, -1) || ' ' || skipped::text FROM batch ORDER BY id`:       {"7 0 {1}", "8 -1 {}"},
		`SELECT selection || ' ' || next_index || ' ' || log_size || ' ' || edge::text FROM head ORDER BY 1`: {`1 2 0 \x`, `2 0 0 \x`},
		`SELECT slug || ' ' || roll FROM voting ORDER BY slug`:                                               {"s-1 3", "s-2 2"},
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
