package pg_test

import (
	"crypto/rand"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/testkit"
)

// fresh is a service name that no other test uses: roles belong to the server.
func fresh() string {
	return "t_" + strings.Map(func(r rune) rune { return 'a' + r%26 }, rand.Text()[:12])
}

func TestBootstrap_atOnce(t *testing.T) {
	t.Parallel()
	service := fresh()
	admin := testkit.DB(t)
	t.Cleanup(func() {
		if _, err := admin.Exec(`DROP ROLE ` + pg.RoleName(service)); err != nil {
			t.Error(err)
		}
	})
	t.Run("databases", func(t *testing.T) {
		var group errgroup.Group
		for range 3 {
			address := testkit.URL(t, "voting")
			for range 3 {
				group.Go(func() error { return pg.Bootstrap(t.Context(), address, "voting", service) })
			}
		}
		if err := group.Wait(); err != nil {
			t.Error(err)
		}
	})
}

func TestBootstrap_ownRoomsOnly(t *testing.T) {
	t.Parallel()
	address := testkit.URL(t)
	voting, review := testkit.Open(t, address, "voting"), testkit.Open(t, address, "review")
	if _, err := voting.ExecContext(t.Context(), `CREATE TABLE ballot (id int)`); err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		`SELECT id FROM voting.ballot`, `CREATE TABLE voting.mine (id int)`, `CREATE TABLE public.mine (id int)`,
	} {
		_, err := review.ExecContext(t.Context(), statement)
		if err == nil || !strings.Contains(err.Error(), "permission denied") {
			t.Errorf("%s: %v", statement, err)
		}
	}
}

func TestBootstrap_withoutSuperuser(t *testing.T) {
	t.Parallel()
	address := testkit.URL(t, "voting")
	db, err := pg.Open(t.Context(), pg.Config{URL: address})
	if err != nil {
		t.Fatal(err)
	}
	service, owner := fresh(), fresh()
	for _, s := range []string{
		`CREATE ROLE ` + owner + ` LOGIN CREATEROLE`,
		`DO $$ BEGIN EXECUTE 'GRANT CREATE ON DATABASE ' || current_database() || ' TO ` + owner + `'; END $$`,
	} {
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		for _, s := range []string{
			`DROP OWNED BY ` + pg.RoleName(service) + `, ` + owner + ` CASCADE`,
			`DROP ROLE ` + pg.RoleName(service) + `, ` + owner,
		} {
			if _, err := db.Exec(s); err != nil {
				t.Error(err)
			}
		}
		_ = db.Close()
	})
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.User(owner)
	for range 2 {
		if err := pg.Bootstrap(t.Context(), u.String(), service); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("use", func(t *testing.T) {
		own := testkit.Open(t, u.String(), service)
		if _, err := own.ExecContext(t.Context(), `CREATE TABLE mine (id int)`); err != nil {
			t.Error(err)
		}
	})
}

func TestCreateDatabase(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t)
	name := fresh()
	t.Cleanup(func() {
		if _, err := db.Exec(`DROP DATABASE ` + name); err != nil {
			t.Error(err)
		}
	})
	u := testkit.URL(t, "voting")
	var group errgroup.Group
	for range 3 {
		group.Go(func() error { return pg.CreateDatabase(t.Context(), u, name) })
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	var encoding string
	err := db.GetContext(t.Context(), &encoding, `SELECT pg_encoding_to_char(encoding) FROM pg_database WHERE datname = $1`, name)
	if err != nil || encoding != "UTF8" {
		t.Errorf("%s, %v", encoding, err)
	}
}
