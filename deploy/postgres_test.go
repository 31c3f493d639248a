package deploy_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/testkit"
)

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
