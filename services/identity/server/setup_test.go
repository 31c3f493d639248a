package server_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/identity/server"
)

// TestSetup creates the first organizer by a link: once, of many at once, within
// an hour, by the last that was printed, and never where there is one.
func TestSetup(t *testing.T) {
	r := setup(t)
	fresh := func() string {
		token, err := server.Accounts(r.Deps).SetupLink(r.ctx, true)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	use := func(token, email string) error {
		_, err := r.SetUp(r.ctx, identity.SetUp{Token: token, Email: email, Name: "王芳", Password: password})
		return err
	}
	expired := fresh()
	r.Clock.Advance(time.Hour)
	replaced := fresh()
	token := fresh()
	for name, wrong := range map[string]string{
		"expired": expired, "replaced": replaced, "guessed": strings.Repeat("A", 43), "empty": "", "long": strings.Repeat("A", 4096),
	} {
		if err := use(wrong, wang); !errors.Is(err, identity.ErrSetupLink) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := r.SetUp(r.ctx, identity.SetUp{Token: token, Email: "no", Name: "a\nb", Password: "short"})
	if !cmp.Equal(testkit.Fields(err), []string{"email", "name", "password"}) {
		t.Errorf("bad input: %v", err)
	}
	if _, err := r.ReadSetup(r.ctx, identity.Link{Token: token}); err != nil {
		t.Errorf("after bad input: %v", err)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	made := 0
	for i := range 8 {
		wg.Go(func() {
			err := use(token, strings.Repeat("w", i+1)+"@example.org")
			if err == nil {
				mu.Lock()
				defer mu.Unlock()
				made++
			} else if !errors.Is(err, identity.ErrSetupLink) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	var accounts []struct{ Email, Role string }
	if err := r.DB.Select(&accounts, `SELECT email, role FROM account JOIN account_grant ON account = id WHERE slug = '*' AND proved_at IS NOT NULL`); err != nil {
		t.Fatal(err)
	}
	if made != 1 || len(accounts) != 1 || r.Count(`SELECT count(*) FROM account`) != 1 {
		t.Fatalf("one link made %d organizers: %+v", made, accounts)
	}
	if s := r.signIn(t, accounts[0].Email); !s.Account.May(identity.AnySelection, identity.Organizer, "") {
		t.Errorf("%+v", s)
	}
	for _, empty := range []bool{true, false} {
		if _, err := server.Accounts(r.Deps).SetupLink(r.ctx, empty); !errors.Is(err, server.ErrSetUp) {
			t.Errorf("a link where there is an organizer: %v", err)
		}
	}
	got := r.acts(t, "", identity.AnySelection)
	for _, act := range []string{"print_setup_link", "set_up", "grant_role *"} {
		if !slices.Contains(got, act) {
			t.Errorf("log of acts %v lacks %s", got, act)
		}
	}
}

// TestSetup_meanwhile gives no second organizer by a link that was printed before
// the command made the first.
func TestSetup_meanwhile(t *testing.T) {
	r := setup(t)
	staff := server.Accounts(r.Deps)
	token, err := staff.SetupLink(r.ctx, true)
	if err != nil {
		t.Fatal(err)
	}
	r.proved(t, wang)
	if _, err := staff.SetupLink(r.ctx, true); !errors.Is(err, server.ErrSetUp) {
		t.Errorf("printed at the start where there is an account: %v", err)
	}
	if _, err := r.SetUp(r.ctx, identity.SetUp{Token: token, Email: wang, Password: password}); !cmp.Equal(testkit.Fields(err), []string{"email"}) {
		t.Errorf("an account that is there: %v", err)
	}
	if _, err := staff.GrantRole(r.ctx, identity.Change{Email: wang, Grant: everywhere}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.SetUp(r.ctx, identity.SetUp{Token: token, Email: "li@example.org", Password: password}); !errors.Is(err, identity.ErrSetupLink) {
		t.Errorf("where there is an organizer: %v", err)
	}
}
