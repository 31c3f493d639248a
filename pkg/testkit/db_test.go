package testkit

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/pg"
)

func migrations(text string) pg.Set {
	return pg.Set{Table: "migration", FS: fstest.MapFS{"00001_init.sql": {Data: []byte("-- +goose Up\n" + text)}}}
}

func TestService(t *testing.T) {
	set := migrations(`CREATE TABLE thing (id bigint PRIMARY KEY);`)
	for _, name := range []string{"a", "b", "c", "d"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := Service(t, "voting", set)
			if _, err := db.ExecContext(t.Context(), `INSERT INTO thing (id) VALUES (1)`); err != nil {
				t.Fatalf("each test has its own table, empty at first: %v", err)
			}
			var schema, role string
			if err := db.QueryRowContext(t.Context(), `SELECT current_schema, current_user`).Scan(&schema, &role); err != nil {
				t.Fatal(err)
			}
			if schema != "voting" || role != "laurel_voting" {
				t.Errorf("schema %s, role %s", schema, role)
			}
		})
	}
}

func TestURL(t *testing.T) {
	t.Parallel()
	address := URL(t)
	for _, s := range event.Services() {
		if _, err := Open(t, address, s).ExecContext(t.Context(), `CREATE TABLE own (id bigint)`); err != nil {
			t.Errorf("%s: %v", s, err)
		}
	}
}

func TestDB_dropped(t *testing.T) {
	t.Parallel()
	var name string
	t.Run("use", func(t *testing.T) {
		if err := DB(t).GetContext(t.Context(), &name, `SELECT current_database()`); err != nil {
			t.Fatal(err)
		}
	})
	var left int
	if err := DB(t).GetContext(t.Context(), &left, `SELECT count(*) FROM pg_database WHERE datname = $1`, name); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(name, "t_") || left != 0 {
		t.Errorf("database %q remains: %d", name, left)
	}
}

func TestTemplateName(t *testing.T) {
	a, err := templateName("voting", []pg.Set{migrations("SELECT 1;")})
	if err != nil {
		t.Fatal(err)
	}
	b, err := templateName("voting", []pg.Set{migrations("SELECT 2;")})
	if err != nil {
		t.Fatal(err)
	}
	c, err := templateName("review", []pg.Set{migrations("SELECT 1;")})
	if err != nil {
		t.Fatal(err)
	}
	if a == b || a == c {
		t.Errorf("other migrations or services must give another template: %s %s %s", a, b, c)
	}
}
