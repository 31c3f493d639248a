package pg_test

import (
	"errors"
	"testing"
	"testing/fstest"

	"golang.org/x/sync/errgroup"

	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/testkit"
)

// set has the statements as migrations 1, 2, …
func set(table string, statements ...string) pg.Set {
	files := fstest.MapFS{}
	for i, s := range statements {
		files["0000"+string(rune('1'+i))+"_step.sql"] = &fstest.MapFile{Data: []byte("-- +goose Up\n" + s)}
	}
	return pg.Set{Table: table, FS: files}
}

func TestMigrate(t *testing.T) {
	t.Parallel()
	db := testkit.Service(t, "voting")
	first := set("migration", `CREATE TABLE ballot (id int);`)
	second := set("migration", `CREATE TABLE ballot (id int);`, `ALTER TABLE ballot ADD log int;`)
	other := set("outbox_migration", `CREATE TABLE outbox (id int);`)

	if err := pg.Migrated(t.Context(), db, first); !errors.Is(err, pg.ErrNotMigrated) {
		t.Errorf("before: %v", err)
	}
	var group errgroup.Group
	for range 3 { // starters at once, each with a pool of its own
		group.Go(func() error { return pg.Migrate(t.Context(), db, first, other) })
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	if err := pg.Migrated(t.Context(), db, first, other); err != nil {
		t.Errorf("after: %v", err)
	}
	if err := pg.Migrated(t.Context(), db, second); !errors.Is(err, pg.ErrNotMigrated) {
		t.Errorf("with one more to come: %v", err)
	}
	if err := pg.Migrate(t.Context(), db, second); err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), `INSERT INTO voting.ballot (id, log) VALUES (1, 1)`); err != nil {
		t.Errorf("tables belong into the service's schema: %v", err)
	}
	if err := pg.Migrate(t.Context(), db, first); !errors.Is(err, pg.ErrNewer) {
		t.Errorf("an older program: %v", err)
	}
	if err := pg.Migrated(t.Context(), db, first); err != nil {
		t.Errorf("an older program that runs stays ready: %v", err)
	}
}

func TestMigrate_broken(t *testing.T) {
	t.Parallel()
	db := testkit.Service(t, "voting")
	broken := set("migration", `CREATE TABLE a (id int);`, `CREATE TABLE b (id nosuchtype);`)
	if err := pg.Migrate(t.Context(), db, broken); err == nil {
		t.Fatal("no error")
	}
	if err := pg.Migrated(t.Context(), db, broken); !errors.Is(err, pg.ErrNotMigrated) {
		t.Errorf("half done: %v", err)
	}
	mended := set("migration", `CREATE TABLE a (id int);`, `CREATE TABLE b (id int);`)
	if err := pg.Migrate(t.Context(), db, mended); err != nil {
		t.Errorf("mended: %v", err)
	}
}
