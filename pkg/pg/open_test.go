package pg_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/testkit"
)

func TestOpen(t *testing.T) {
	t.Parallel()
	db := testkit.Open(t, testkit.URL(t), "review")
	var got struct {
		Role   string `db:"role"`
		Path   string `db:"path"`
		Zone   string `db:"zone"`
		Name   string `db:"name"`
		Commit string `db:"commit"`
	}
	err := db.GetContext(t.Context(), &got, `
		SELECT current_user AS role, current_setting('search_path') AS path, current_setting('timezone') AS zone,
		       current_setting('application_name') AS name, current_setting('synchronous_commit') AS commit`)
	if err != nil {
		t.Fatal(err)
	}
	if got.Role != "laurel_review" || got.Path != "review" || got.Zone != "UTC" || got.Name != "laurel-review" || got.Commit != "on" {
		t.Errorf("got %+v", got)
	}
}

func TestOpen_refused(t *testing.T) {
	t.Parallel()
	address := testkit.URL(t)
	for name, c := range map[string]struct {
		cfg  pg.Config
		text string
		is   func(error) bool
	}{
		"synchronous_commit off": {
			pg.Config{URL: address + "&synchronous_commit=off"},
			"synchronous_commit",
			func(err error) bool { return errors.Is(err, pg.ErrUnsafe) },
		},
		"no server":       {pg.Config{URL: "postgres://x@/x?host=/nowhere&sslmode=disable"}, "", pg.IsUnavailable},
		"not a URL":       {pg.Config{URL: "postgres://host:port:port"}, "database URL", func(error) bool { return true }},
		"unknown service": {pg.Config{URL: address, Service: "nosuch"}, "laurel_nosuch", func(err error) bool { return !pg.IsUnavailable(err) }},
		"not a name":      {pg.Config{URL: address, Service: `a"; DROP`}, "service name", func(err error) bool { return !pg.IsUnavailable(err) }},
	} {
		t.Run(name, func(t *testing.T) {
			db, err := pg.Open(t.Context(), c.cfg)
			if err == nil {
				t.Fatal("opened", db.Close())
			}
			if !c.is(err) || !strings.Contains(err.Error(), c.text) {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestIsData(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t)
	run := func(statement string) error {
		_, err := db.ExecContext(t.Context(), statement)
		return err
	}
	if err := run(`CREATE TABLE one (id int CONSTRAINT one_id UNIQUE)`); err != nil {
		t.Fatal(err)
	}
	if err := run(`INSERT INTO one VALUES (1)`); err != nil {
		t.Fatal(err)
	}
	for statement, want := range map[string]struct{ unique, data, unavailable bool }{
		`INSERT INTO one VALUES (1)`:                    {unique: true, data: true},
		`INSERT INTO one VALUES ('x')`:                  {data: true},
		`SELECT 1/0`:                                    {data: true},
		`SELECT nothing`:                                {},
		`SELECT pg_terminate_backend(pg_backend_pid())`: {unavailable: true},

		`DO $$ BEGIN RAISE 'disk full' USING ERRCODE = '53100'; END $$`: {unavailable: true},
		`DO $$ BEGIN RAISE 'I/O error' USING ERRCODE = '58030'; END $$`: {unavailable: true},
		`DO $$ BEGIN RAISE 'internal' USING ERRCODE = 'XX000'; END $$`:  {},
	} {
		// A connection of its own, so that the pool does not repeat the statement.
		conn, err := db.Connx(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_, err = conn.ExecContext(t.Context(), statement)
		_ = conn.Close()
		if err == nil {
			t.Errorf("%s succeeded", statement)
		}
		if pg.IsUnique(err, "one_id") != want.unique || pg.IsUnique(err, "") != want.unique || pg.IsUnique(err, "other") {
			t.Errorf("%s: unique: %v", statement, err)
		}
		if pg.IsData(err) != want.data || pg.IsUnavailable(err) != want.unavailable {
			t.Errorf("%s: data %v, unavailable %v: %v", statement, pg.IsData(err), pg.IsUnavailable(err), err)
		}
	}
	if pg.IsUnavailable(nil) || pg.IsData(nil) || pg.IsUnique(nil, "") || pg.IsUnavailable(context.Canceled) {
		t.Error("neither success nor our own cancelling is the server's fault")
	}
	// What a session cannot begin with, on a full disk.
	if !pg.IsUnavailable(&pq.Error{Severity: "FATAL", Code: pqerror.InternalError, Message: "could not write init file"}) {
		t.Error("a session that the server cannot begin is the server's fault")
	}
}
