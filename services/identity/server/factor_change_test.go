package server_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/identity/server"
)

// TestFactor_required leads an account that must have a second factor to set it
// up: before, its roles have no effect. It keeps one, whatever else it removes.
func TestFactor_required(t *testing.T) {
	r, _ := withMail(t, func(c *server.Config) { c.SecondFactor = nil }) // by default
	r.proved(t, wang)
	s := r.signIn(t, wang)
	if _, err := r.GrantRole(r.ctx, identity.Change{Email: wang, Grant: decides}); err != nil {
		t.Fatal(err)
	}
	if a, err := r.Authenticate(r.ctx, identity.Token{Token: s.Token}); err != nil || a.NeedsFactor || len(a.Grants) != 1 {
		t.Errorf("a role that takes none: %+v, %v", a, err)
	}
	if _, err := r.GrantRole(r.ctx, identity.Change{Email: wang, Grant: organizes}); err != nil {
		t.Fatal(err)
	}
	for _, token := range []string{s.Token, r.signIn(t, wang).Token} { // of before, and a new one
		if a, err := r.Authenticate(r.ctx, identity.Token{Token: token}); err != nil || !a.NeedsFactor || len(a.Grants) != 0 || len(a.Pending) != 2 {
			t.Errorf("without a factor: %+v, %v", a, err)
		}
	}
	s = r.signIn(t, wang)
	if !s.Account.NeedsFactor || s.Token == "" {
		t.Errorf("%+v", s)
	}
	_, added := r.addTOTP(t, s.Token)
	if a, err := r.Authenticate(r.ctx, identity.Token{Token: s.Token}); err != nil || a.NeedsFactor || len(a.Grants) != 2 {
		t.Errorf("with it: %+v, %v", a, err)
	}
	remove := identity.RemoveFactor{Present: again(s.Token), ID: added.Factor.ID}
	if _, err := r.RemoveFactor(r.ctx, remove); !errors.Is(err, identity.ErrFactorRequired) {
		t.Errorf("the last one: %v", err)
	}
	key := &authenticator{origin: site}
	more := r.addPasskey(t, s.Token, key)
	if more.RecoveryCodes != nil {
		t.Error("codes of recovery are replaced unasked")
	}
	var wg sync.WaitGroup // both at once: one stays
	for _, id := range []string{added.Factor.ID, more.Factor.ID} {
		wg.Go(func() {
			_, err := r.RemoveFactor(r.ctx, identity.RemoveFactor{Present: again(s.Token), ID: id})
			if err != nil && !errors.Is(err, identity.ErrFactorRequired) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	list, err := r.ListFactors(r.ctx, identity.Token{Token: s.Token})
	if err != nil || len(list.Factors) != 1 || !list.Required || !list.Passkeys || list.RecoveryCodes != 10 {
		t.Errorf("%+v, %v", list, err)
	}
	if n, err := server.Accounts(r.Deps).RemoveFactors(r.ctx, identity.ChangeAccess{Email: wang, Reason: "lost the phone"}); err != nil || n != 1 {
		t.Errorf("by the command: %d, %v", n, err)
	}
	if _, err := r.Authenticate(r.ctx, identity.Token{Token: s.Token}); !errors.Is(err, identity.ErrSession) {
		t.Errorf("a session of before: %v", err)
	}
	if s := r.signIn(t, wang); s.Challenge != nil || !s.Account.NeedsFactor {
		t.Errorf("afterwards %+v", s)
	}
}

// TestFactor_default asks organizers for one where mail is sent, and nobody
// otherwise; the setting says it differently.
func TestFactor_default(t *testing.T) {
	for name, c := range map[string]struct {
		set  server.SecondFactor
		want bool
	}{"not set, no mail": {nil, false}, "none": {server.SecondFactor{}, false}, "organizers": {server.SecondFactor{identity.Organizer}, true}} {
		t.Run(name, func(t *testing.T) {
			r := in(t, testkit.NewRoom(t, identity.Name, server.Migrations(), func(deps run.Deps) (run.Room, error) {
				cfg := config(server.Mail{})
				cfg.SecondFactor = c.set
				return server.New(deps, cfg)
			}))
			r.proved(t, wang)
			if _, err := r.GrantRole(r.ctx, identity.Change{Email: wang, Grant: organizes}); err != nil {
				t.Fatal(err)
			}
			if s := r.signIn(t, wang); s.Account.NeedsFactor != c.want {
				t.Errorf("%+v", s)
			}
			if _, err := r.AskPasskey(r.ctx, identity.PasskeyAsked{}); !errors.Is(err, identity.ErrNoPasskeys) {
				t.Errorf("a passkey without a name: %v", err)
			}
		})
	}
}

// TestFactor_change asks for the password again, and for a session that has not
// ended; what is between two steps is nobody else's.
func TestFactor_change(t *testing.T) {
	r, post := withMail(t)
	r.account(t, wang)
	r.account(t, "li@example.org")
	s, li := r.signIn(t, wang), r.signIn(t, "li@example.org")
	wrong := identity.Present{Token: s.Token, Password: "wrong"}
	if _, err := r.BeginFactor(r.ctx, identity.BeginFactor{Present: wrong, Kind: identity.FactorTOTP}); !errors.Is(err, identity.ErrPassword) {
		t.Errorf("without the password: %v", err)
	}
	if _, err := r.BeginFactor(r.ctx, identity.BeginFactor{Present: again(s.Token), Kind: "sms"}); !cmp.Equal(testkit.Fields(err), []string{"kind"}) {
		t.Errorf("no kind: %v", err)
	}
	begin := func() identity.FactorBegun {
		begun, err := r.BeginFactor(r.ctx, identity.BeginFactor{Present: again(s.Token), Kind: identity.FactorTOTP})
		if err != nil {
			t.Fatal(err)
		}
		return begun
	}
	begun := begin()
	finish := func(token, code, name string) error {
		_, err := r.FinishFactor(r.ctx, identity.FinishFactor{Token: token, Ceremony: begun.Ceremony, Code: code, Name: name})
		return err
	}
	good := app{begun.Secret, r.Clock}
	if err := finish(li.Token, good.code(t), ""); !errors.Is(err, identity.ErrCeremony) {
		t.Errorf("another's: %v", err)
	}
	if err := finish(s.Token, good.code(t), "a\nb"); !cmp.Equal(testkit.Fields(err), []string{"name"}) {
		t.Errorf("a name of two lines: %v", err)
	}
	for range 4 {
		if err := finish(s.Token, "000000", ""); !errors.Is(err, identity.ErrSecond) {
			t.Errorf("a wrong code: %v", err)
		}
	}
	if err := finish(s.Token, good.code(t), ""); !errors.Is(err, identity.ErrCeremony) {
		t.Errorf("after five tries: %v", err)
	}
	begun = begin()
	if _, err := r.SignOut(r.ctx, identity.Token{Token: s.Token}); err != nil {
		t.Fatal(err)
	}
	if err := finish(s.Token, (app{begun.Secret, r.Clock}).code(t), ""); !errors.Is(err, identity.ErrSession) {
		t.Errorf("after signing out: %v", err)
	}
	s = r.signIn(t, wang)
	begun = begin()
	if _, err := r.ChangePassword(r.ctx, identity.ChangePassword{Token: s.Token, Present: password, Password: own}); err != nil {
		t.Fatal(err)
	}
	if err := finish(s.Token, (app{begun.Secret, r.Clock}).code(t), ""); !errors.Is(err, identity.ErrCeremony) {
		t.Errorf("begun with the password of before: %v", err)
	}
	s, err := r.SignIn(r.ctx, identity.SignIn{Email: wang, Password: own})
	if err != nil {
		t.Fatal(err)
	}
	present := identity.Present{Token: s.Token, Password: own}
	if begun, err = r.BeginFactor(r.ctx, identity.BeginFactor{Present: present, Kind: identity.FactorTOTP}); err != nil {
		t.Fatal(err)
	}
	if err := finish(s.Token, (app{begun.Secret, r.Clock}).code(t), ""); err != nil {
		t.Fatal(err)
	}
	list, err := r.ListFactors(r.ctx, identity.Token{Token: s.Token})
	if err != nil || len(list.Factors) != 1 {
		t.Fatalf("%+v, %v", list, err)
	}
	id := list.Factors[0].ID
	if _, err := r.RemoveFactor(r.ctx, identity.RemoveFactor{Present: again(li.Token), ID: id}); !errors.Is(err, identity.ErrNoFactor) {
		t.Errorf("another's: %v", err)
	}
	left, err := r.RemoveFactor(r.ctx, identity.RemoveFactor{Present: present, ID: id})
	if err != nil || len(left.Factors) != 0 || left.RecoveryCodes != 0 {
		t.Errorf("%+v, %v", left, err)
	}
	told := post.To(t, wang, 4) // of the claim, the password, the factor added and removed
	for i, want := range []string{"A second factor was added", "A second factor was removed"} {
		if !strings.Contains(told[i+2].Subject, want) {
			t.Errorf("told %q", told[i+2].Subject)
		}
	}
	want := []string{"change_password", "add_factor", "remove_factor"}
	var got []string
	for _, act := range r.acts(t, "") {
		if slices.Contains(want, act) {
			got = append(got, act)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("log of acts (-want +got):\n%s", diff)
	}
}
