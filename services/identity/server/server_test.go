package server_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/identity/credential"
	"github.com/laurel-awards/laurel/services/identity/server"
)

type room struct {
	*testkit.Room
	*identity.Client
	ctx context.Context
}

var key = credential.Key(strings.Repeat("k", 32))

func setup(t *testing.T) room {
	t.Helper()
	return in(t, testkit.NewRoom(t, identity.Name, server.Migrations(), wire))
}

func wire(deps run.Deps) (run.Room, error) {
	return server.New(deps, server.Config{
		CredentialKey: key, RosterKey: []byte(strings.Repeat("r", 32)), CredentialTTL: time.Hour, SessionTTL: time.Hour,
	})
}

// in asks a room.
func in(t *testing.T, r *testkit.Room) room {
	t.Helper()
	ctx := actor.WithRequest(actor.With(testkit.Context(t), actor.Actor{Kind: actor.System, ID: "test", Name: "test"}), "r-1")
	return room{r, identity.NewClient(r.Caller), ctx}
}

const password = "correct horse battery"

func (r room) account(t *testing.T, email string) identity.Account {
	t.Helper()
	a, err := r.CreateAccount(r.ctx, identity.CreateAccount{Email: email, Name: "王芳", Password: password})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestCreateAccount(t *testing.T) {
	r := setup(t)
	a := r.account(t, " Wang@Example.org ")
	if a.Email != "wang@example.org" {
		t.Errorf("email %q", a.Email)
	}
	same := identity.CreateAccount{Email: "WANG@example.org", Name: "x", Password: password}
	if _, err := r.CreateAccount(r.ctx, same); !errors.Is(err, identity.ErrEmailTaken) {
		t.Errorf("the same email again: %v", err)
	}
	_, err := r.CreateAccount(r.ctx, identity.CreateAccount{Email: "no", Name: " ", Password: "short"})
	if diff := cmp.Diff([]string{"email", "name", "password"}, testkit.Fields(err)); diff != "" {
		t.Errorf("bad input names (-want +got):\n%s", diff)
	}
	var stored string
	if err := r.DB.Get(&stored, `SELECT password FROM account`); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(stored, "$argon2id$v=19$m=19456,t=2,p=1$") || strings.Contains(stored, password) {
		t.Errorf("stored password %q", stored)
	}
	log, err := bus.Call[[]audit.Entry](r.ctx, r.Caller, identity.Name, run.ListAudit, audit.Page{})
	if err != nil || len(log) != 1 || log[0].Act != "create_account" || log[0].Request != "r-1" || strings.Contains(string(log[0].Detail), password) {
		t.Errorf("audit log %+v, %v", log, err)
	}
}

func TestSignIn(t *testing.T) {
	r := setup(t)
	a := r.account(t, "wang@example.org")
	s, err := r.SignIn(r.ctx, identity.SignIn{Email: "Wang@example.org", Password: password})
	if err != nil || s.Account.ID != a.ID {
		t.Fatalf("sign in = %+v, %v", s, err)
	}
	if got, err := r.Authenticate(r.ctx, identity.Token{Token: s.Token}); err != nil || got.ID != a.ID {
		t.Errorf("authenticate = %+v, %v", got, err)
	}
	var kept int
	if err := r.DB.Get(&kept, `SELECT count(*) FROM session WHERE hash = $1`, []byte(s.Token)); err != nil || kept != 0 {
		t.Errorf("the token itself is in the database: %d, %v", kept, err)
	}
	for name, in := range map[string]identity.SignIn{
		"wrong password": {Email: "wang@example.org", Password: "wrong"},
		"unknown email":  {Email: "li@example.org", Password: password},
	} {
		if _, err := r.SignIn(r.ctx, in); !errors.Is(err, identity.ErrSignIn) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := r.SignOut(r.ctx, identity.Token{Token: s.Token}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Authenticate(r.ctx, identity.Token{Token: s.Token}); !errors.Is(err, identity.ErrSession) {
		t.Errorf("after signing out: %v", err)
	}
	s, err = r.SignIn(r.ctx, identity.SignIn{Email: "wang@example.org", Password: password})
	if err != nil {
		t.Fatal(err)
	}
	r.Clock.Advance(time.Hour)
	if _, err := r.Authenticate(r.ctx, identity.Token{Token: s.Token}); !errors.Is(err, identity.ErrSession) {
		t.Errorf("after its time: %v", err)
	}
}

func TestGrantRole(t *testing.T) {
	r := setup(t)
	r.account(t, "wang@example.org")
	juror := identity.Change{Email: "wang@example.org", Grant: identity.Grant{Slug: "s-1", Role: identity.Juror, Scope: "experts"}}
	for range 2 { // again is fine, and is one grant
		a, err := r.GrantRole(r.ctx, juror)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]identity.Grant{juror.Grant}, a.Grants); diff != "" {
			t.Errorf("grants (-want +got):\n%s", diff)
		}
		if !a.May("s-1", identity.Juror, "experts") || a.May("s-1", identity.Juror, "public") ||
			a.May("s-2", identity.Juror, "") || a.May("s-1", identity.Organizer, "") {
			t.Errorf("may more or less than granted: %+v", a)
		}
	}
	staff, err := r.ListStaff(r.ctx, identity.ListStaff{Slug: "s-1"})
	if err != nil || len(staff) != 1 {
		t.Errorf("staff %+v, %v", staff, err)
	}
	if a, err := r.RevokeRole(r.ctx, juror); err != nil || len(a.Grants) != 0 {
		t.Errorf("revoked = %+v, %v", a, err)
	}
	for name, c := range map[string]struct {
		in   identity.Change
		want []string
	}{
		"no scope":   {identity.Change{Grant: identity.Grant{Slug: "s-1", Role: identity.Vetter}}, []string{"scope"}},
		"scope":      {identity.Change{Grant: identity.Grant{Slug: "s-1", Role: identity.Auditor, Scope: "x"}}, []string{"scope"}},
		"role, slug": {identity.Change{Grant: identity.Grant{Role: "king"}}, []string{"role", "slug"}},
	} {
		_, err := r.GrantRole(r.ctx, c.in)
		if diff := cmp.Diff(c.want, testkit.Fields(err)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if _, err := r.GrantRole(r.ctx, identity.Change{Email: "nobody@example.org", Grant: juror.Grant}); !errors.Is(err, identity.ErrNoAccount) {
		t.Errorf("nobody: %v", err)
	}
}

func TestProveVoter(t *testing.T) {
	r := setup(t)
	ids := map[string]bool{}
	for range 100 {
		c, err := r.ProveVoter(r.ctx, identity.ProveVoter{Slug: "s-1", Way: "device"})
		if err != nil {
			t.Fatal(err)
		}
		v, err := key.Verifier().Verify(c.Credential, "s-1", r.Clock.Now())
		if err != nil || v.Way != "device" || !v.Expires.Equal(c.ExpiresAt) {
			t.Fatalf("credential %+v is for %+v, %v", c, v, err)
		}
		ids[v.HexID()] = true
	}
	if len(ids) != 100 {
		t.Errorf("%d voters of 100", len(ids))
	}
	_, err := r.ProveVoter(r.ctx, identity.ProveVoter{Way: "passport"})
	if diff := cmp.Diff([]string{"way", "slug"}, testkit.Fields(err)); diff != "" {
		t.Errorf("bad input names (-want +got):\n%s", diff)
	}
}

// TestWays proves in each way of the contract, and takes no proof of another.
func TestWays(t *testing.T) {
	r := setup(t)
	proofs := map[string]identity.ProveVoter{"code": {Code: "K7M3"}, "work": {Work: r.done(1)}}
	own := map[string]string{identity.WayDevice: "work", identity.WayRoster: "code"}
	for _, way := range identity.Ways() {
		for proof, in := range proofs {
			in.Slug, in.Way = "s-1", way
			_, err := r.ProveVoter(r.ctx, in)
			if foreign := fault.From(err).Code == identity.ErrInvalid.Code; foreign == (own[way] == proof) {
				t.Errorf("%s of %s: %v", proof, way, err)
			}
		}
	}
}
