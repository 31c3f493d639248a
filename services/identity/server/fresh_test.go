package server_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/identity"
)

// TestFresh asks the holder of an open session who they are: by the password, with
// a code once there is an app, or by a passkey.
func TestFresh(t *testing.T) {
	r, _ := withMail(t)
	a := r.account(t, wang)
	s := r.signIn(t, wang)
	ask := func() identity.Fresh {
		t.Helper()
		asked, err := r.AskFresh(r.ctx, identity.Token{Token: s.Token})
		if err != nil {
			t.Fatal(err)
		}
		return asked
	}
	show := func(in identity.ShowFresh) error {
		if in.Token = s.Token; in.Password == "" {
			in.Password = password
		}
		got, err := r.ShowFresh(r.ctx, in)
		if err == nil && got.ID != a.ID {
			t.Errorf("shown by %+v", got)
		}
		return err
	}
	if asked := ask(); len(asked.Factors) != 0 || asked.Ceremony != "" {
		t.Errorf("asked of a password: %+v", asked)
	}
	if err := show(identity.ShowFresh{}); err != nil {
		t.Errorf("the password: %v", err)
	}
	if err := show(identity.ShowFresh{Present: identity.Present{Password: "wrong"}}); !errors.Is(err, identity.ErrPassword) {
		t.Errorf("a wrong password: %v", err)
	}
	if _, err := r.ShowFresh(r.ctx, identity.ShowFresh{Present: again("none")}); !errors.Is(err, identity.ErrSession) {
		t.Errorf("no session: %v", err)
	}

	phone, added := r.addTOTP(t, s.Token)
	if asked := ask(); !cmp.Equal(asked.Factors, []string{identity.FactorTOTP, identity.FactorRecovery}) {
		t.Errorf("asked of an app: %+v", asked)
	}
	if err := show(identity.ShowFresh{}); !errors.Is(err, identity.ErrInvalid) || !cmp.Equal(testkit.Fields(err), []string{"code"}) {
		t.Errorf("the password alone: %v", err)
	}
	code := phone.code(t)
	if err := show(identity.ShowFresh{Code: code}); err != nil {
		t.Errorf("with a code: %v", err)
	}
	if err := show(identity.ShowFresh{Code: code}); !errors.Is(err, identity.ErrSecond) {
		t.Errorf("the same code again: %v", err)
	}
	for i, want := range []error{nil, identity.ErrSecond} {
		if err := show(identity.ShowFresh{Recovery: added.RecoveryCodes[0]}); !errors.Is(err, want) {
			t.Errorf("a code of recovery, time %d: %v", i+1, err)
		}
	}
	for range 20 {
		if err := show(identity.ShowFresh{Code: "000000"}); errors.Is(err, identity.ErrTooManyTries) {
			return
		}
	}
	t.Error("wrong codes are not bounded")
}

// TestFresh_passkey takes a passkey in place of the password, once, and only where
// it has asked for a PIN or the like.
func TestFresh_passkey(t *testing.T) {
	r, _ := withMail(t)
	r.account(t, wang)
	r.account(t, "li@example.org")
	s, li := r.signIn(t, wang), r.signIn(t, "li@example.org")
	key := &authenticator{rp: "laurel.example.org", origin: site, verifies: true}
	r.addPasskey(t, s.Token, key)
	r.Clock.Advance(time.Second)
	answer := func() identity.ShowFresh {
		t.Helper()
		asked, err := r.AskFresh(r.ctx, identity.Token{Token: s.Token})
		if err != nil || asked.Ceremony == "" {
			t.Fatalf("asked %+v, %v", asked, err)
		}
		return identity.ShowFresh{Present: identity.Present{Token: s.Token}, Ceremony: asked.Ceremony, Passkey: key.get(t, asked.Passkey)}
	}
	first := answer()
	of := first
	of.Token = li.Token
	if _, err := r.ShowFresh(r.ctx, of); !errors.Is(err, identity.ErrChallenge) {
		t.Errorf("another's ceremony: %v", err)
	}
	first = answer()
	for i, want := range []error{nil, identity.ErrChallenge} {
		if _, err := r.ShowFresh(r.ctx, first); !errors.Is(err, want) {
			t.Errorf("the passkey, time %d: %v", i+1, err)
		}
	}
	key.verifies = false
	if _, err := r.ShowFresh(r.ctx, answer()); !errors.Is(err, identity.ErrSecond) {
		t.Errorf("a passkey without a PIN: %v", err)
	}
}
