package server_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/actor"
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

func wire(deps run.Deps) (run.Room, error) { return server.New(deps, config(server.Mail{})) }

func config(mail server.Mail) server.Config {
	return server.Config{
		CredentialKey: key, RosterKey: []byte(strings.Repeat("r", 32)), CredentialTTL: time.Hour, SessionTTL: time.Hour, Mail: mail,
		FactorKey: []byte(strings.Repeat("f", 32)), PasswordCost: server.PasswordCost{Memory: 64, Passes: 1},
	}
}

// in asks a room.
func in(t *testing.T, r *testkit.Room) room {
	t.Helper()
	ctx := actor.WithRequest(actor.With(testkit.Context(t), actor.Actor{Kind: actor.System, ID: "test", Name: "test"}), "r-1")
	return room{r, identity.NewClient(r.Caller), ctx}
}

const password = "correct horse battery"

// account is one that was claimed by a link from an organizer of s-1, who made
// its holder an auditor there.
func (r room) account(t *testing.T, email string) identity.Account {
	t.Helper()
	g := identity.Grant{Slug: "s-1", Role: identity.Auditor}
	out, err := r.Invite(r.ctx, identity.Invite{Email: email, Name: "王芳", Grant: g, HandOver: true})
	if err != nil {
		t.Fatal(err)
	}
	a, err := r.claim(out.Invitation.Token, password)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// proved is an account whose holder the operator knows.
func (r room) proved(t *testing.T, email string) identity.Account {
	t.Helper()
	a, err := server.Accounts(r.Deps).SetPassword(r.ctx, server.Password{Email: email, Name: "王芳", Password: password, New: true})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// codes are what is wrong with the fields of a fault.
func codes(err error) (codes []string) {
	for _, f := range fault.From(err).Fields {
		codes = append(codes, f.Code)
	}
	return codes
}

func TestInvite(t *testing.T) {
	r := setup(t)
	a := r.account(t, " Wang@Example.org ")
	if a.Email != "wang@example.org" || a.State != identity.StateUnproved {
		t.Errorf("%+v", a)
	}
	again := r.invite(t, "WANG@example.org", decides, true)
	if again.Account.ID != a.ID || again.Account.Name != "名" { // as whoever invites has said
		t.Errorf("the same address again: %+v", again)
	}
	for name, c := range map[string]struct {
		in   identity.Invite
		want []string
	}{
		"address, role": {identity.Invite{Email: "no", Grant: identity.Grant{Slug: "s-1", Role: "king"}}, []string{"email", "role"}},
		"lines":         {identity.Invite{Email: "a@example.org", Name: "a\nb", Grant: organizes}, []string{"name"}},
		"two addresses": {identity.Invite{Email: "a@example.org, b@example.org", Grant: organizes}, []string{"email"}},
		"header":        {identity.Invite{Email: "a@example.org\nbcc: b@example.org", Grant: organizes}, []string{"email", "name"}}, // who is called by the address
	} {
		_, err := r.Invite(r.ctx, c.in)
		if diff := cmp.Diff(c.want, testkit.Fields(err)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	var stored string
	if err := r.DB.Get(&stored, `SELECT password FROM account`); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(stored, "$argon2id$v=19$") || strings.Contains(stored, password) {
		t.Errorf("stored password %q", stored)
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
	s = r.signIn(t, "wang@example.org")
	r.Clock.Advance(time.Hour)
	if _, err := r.Authenticate(r.ctx, identity.Token{Token: s.Token}); !errors.Is(err, identity.ErrSession) {
		t.Errorf("after its time: %v", err)
	}
}

func TestGrantRole(t *testing.T) {
	r := setup(t)
	r.proved(t, "wang@example.org")
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
	// Who takes roles in a selection learns nothing of an account that has none
	// there, not even that there is one.
	auditor := identity.Change{Email: juror.Email, Grant: identity.Grant{Slug: "s-2", Role: identity.Auditor}}
	if _, err := r.GrantRole(r.ctx, auditor); err != nil {
		t.Fatal(err)
	}
	if a, err := r.RevokeRole(r.ctx, juror); !errors.Is(err, identity.ErrNoAccount) || a.Name != "" {
		t.Errorf("an account of another selection: %+v, %v", a, err)
	}
	auditor.Role = identity.Committee
	if a, err := r.RevokeRole(r.ctx, auditor); err != nil || len(a.Grants) != 1 {
		t.Errorf("a role that it has not, beside one that it has: %+v, %v", a, err)
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
