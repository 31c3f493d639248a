package deploy_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/ballotlog"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/testkit"
)

// TestRoles_bootstrap holds the schemas of roles.sql to those that `laurel
// migrate` makes.
func TestRoles_bootstrap(t *testing.T) {
	t.Parallel()
	describe := func(db *sqlx.DB) (lines []string) {
		t.Helper()
		if err := db.Select(&lines, `
			SELECT concat_ws(' ', nspname, nspowner::regrole, nspacl, proowner::regrole, proacl, pg_get_functiondef(p.oid))
			FROM pg_namespace n JOIN pg_proc p ON p.pronamespace = n.oid WHERE proname IN ('keep_audit', 'audit_expire') ORDER BY 1`); err != nil {
			t.Fatal(err)
		}
		return lines
	}
	made, run := testkit.Open(t, testkit.URL(t), ""), testkit.DB(t)
	if _, err := run.ExecContext(t.Context(), string(read(t, "postgres/roles.sql"))); err != nil {
		t.Fatal(err)
	}
	want, got := describe(made), describe(run)
	if diff := cmp.Diff(want, got); diff != "" || len(want) != 2*(len(services())-1) {
		t.Errorf("laurel migrate makes %d functions; roles.sql (-migrate +roles.sql):\n%s", len(want), diff)
	}
}

// TestRoles runs roles.sql twice; then each login works in its own schema as
// its own role, and in no other.
func TestRoles(t *testing.T) {
	t.Parallel()
	address := testkit.URL(t)
	owner := testkit.Open(t, address, "")
	for range 2 {
		if _, err := owner.ExecContext(t.Context(), string(read(t, "postgres/roles.sql"))); err != nil {
			t.Fatal(err)
		}
	}
	for _, service := range services() {
		if service == "gateway" {
			continue
		}
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		u.User = url.User("laurel_" + service + "_login")
		db := testkit.Open(t, u.String(), service)
		if _, err := db.ExecContext(t.Context(), `CREATE TABLE mine (id int)`); err != nil {
			t.Errorf("%s: %v", service, err)
		}
		other := "voting"
		if service == other {
			other = "review"
		}
		for _, refused := range []string{`CREATE TABLE ` + other + `.theirs (id int)`, `CREATE TABLE public.theirs (id int)`, `SET ROLE laurel_` + other} {
			_, err := db.ExecContext(t.Context(), refused)
			if err == nil || !strings.Contains(err.Error(), "permission denied") {
				t.Errorf("%s: %s: %v", service, refused, err)
			}
		}
		if _, err := pg.Open(t.Context(), pg.Config{URL: u.String(), Service: other, MaxOpen: 1}); err == nil {
			t.Errorf("%s opens the schema of %s", service, other)
		}
	}
}

// TestRoles_audit has a service's login, which can add to its audit log, try
// everything that would change it.
func TestRoles_audit(t *testing.T) {
	t.Parallel()
	address := testkit.URL(t)
	if _, err := testkit.Open(t, address, "").ExecContext(t.Context(), string(read(t, "postgres/roles.sql"))); err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.User("laurel_review_login")
	db := testkit.Open(t, u.String(), "review")
	if err := pg.Migrate(t.Context(), db, audit.Set()); err != nil {
		t.Fatal(err)
	}
	record := func() {
		t.Helper()
		if err := pg.InTx(t.Context(), db, func(tx *sqlx.Tx) error {
			return audit.Record(t.Context(), tx, time.Now(), "s-1", "open_phase", "", nil)
		}); err != nil {
			t.Fatal(err)
		}
	}
	record()
	if _, err := db.ExecContext(t.Context(), `GRANT ALL ON audit, audit_chain, audit_head TO laurel_review`); err != nil { // a warning at most
		t.Logf("grant: %v", err)
	}
	for _, attack := range []string{
		`UPDATE audit SET reason = 'other'`, `DELETE FROM audit`, `TRUNCATE audit`, `DROP TABLE audit`, `DROP TABLE audit CASCADE`,
		`ALTER TABLE audit DISABLE TRIGGER ALL`, `ALTER TABLE audit ADD COLUMN x int`, `ALTER TABLE audit RENAME TO other`,
		`ALTER TABLE audit SET SCHEMA public`,
		`CREATE TRIGGER t BEFORE INSERT ON audit EXECUTE FUNCTION suppress_redundant_updates_trigger()`,
		`CREATE RULE r AS ON INSERT TO audit DO INSTEAD NOTHING`,
		`INSERT INTO audit_chain VALUES (2, 2, '{}', '', '')`,
		`UPDATE audit_chain SET hash = ''`, `DELETE FROM audit_chain`, `TRUNCATE audit_chain`, `DROP TABLE audit_chain`,
		`UPDATE audit_head SET note = ''`, `DELETE FROM audit_head`, `DROP TABLE audit_head`,
		`CREATE OR REPLACE FUNCTION audit_append() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'`,
		`DROP FUNCTION audit_append() CASCADE`,
		`SELECT audit_link(a) FROM audit a`, `ALTER FUNCTION audit_append() OWNER TO laurel_review`,
		`CREATE OR REPLACE FUNCTION keep_audit() RETURNS void LANGUAGE sql AS ''`, `DROP FUNCTION keep_audit()`,
		`CREATE OR REPLACE FUNCTION audit_expire(text, text[], boolean, timestamptz, int) RETURNS TABLE (selection text, entries bigint)
			LANGUAGE sql AS $$ SELECT '', 0 $$`, `DROP FUNCTION audit_expire(text, text[], boolean, timestamptz, int)`,
		`DROP SCHEMA review CASCADE`, `ALTER SCHEMA review OWNER TO laurel_review`, `ALTER SCHEMA review RENAME TO other`,
		`SET ROLE laurel_review_keeper`, `GRANT laurel_review_keeper TO laurel_review_login`,
		`SET session_replication_role = replica`,
		`DROP OWNED BY laurel_review_keeper`, `REASSIGN OWNED BY laurel_review_keeper TO laurel_review`,
	} {
		_, err := db.ExecContext(t.Context(), attack)
		if err == nil || !strings.Contains(err.Error(), "permission denied") && !strings.Contains(err.Error(), "must be owner") &&
			!strings.Contains(err.Error(), "must have admin option") {
			t.Errorf("%s: %v", attack, err)
		}
	}
	record()
	if r, err := audit.Check(t.Context(), db, "review", ballotlog.PublicKey{}); err != nil || r.Entries != 2 || len(r.Problems) != 0 {
		t.Errorf("after all that: %+v, %v", r, err)
	}
}
