package server_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/identity/server"
)

var operates = identity.Grant{Slug: identity.AnySelection, Role: identity.Organizer}

// operators are two who run the installation.
func (r room) operators(t *testing.T) []string {
	t.Helper()
	emails := []string{"ann@example.org", "ben@example.org"}
	for _, email := range emails {
		r.proved(t, email)
		if _, err := r.GrantRole(r.ctx, identity.Change{Email: email, Grant: operates}); err != nil {
			t.Fatal(err)
		}
	}
	return emails
}

// TestOperator_last keeps one operator who can sign in: who is invited, disabled
// or not proved is none.
func TestOperator_last(t *testing.T) {
	r := setup(t)
	ops := r.operators(t)
	revoke := func(email string, g identity.Grant) error {
		_, err := r.RevokeRole(r.ctx, identity.Change{Email: email, Grant: g})
		return err
	}
	disable := func(email string) error {
		_, err := r.DisableAccount(r.ctx, identity.ChangeAccess{Email: email, Reason: "has left"})
		return err
	}
	r.account(t, "unproved@example.org")
	if _, err := r.GrantRole(r.ctx, identity.Change{Email: "unproved@example.org", Grant: operates}); err != nil {
		t.Fatal(err)
	}
	if err := disable(ops[1]); err != nil {
		t.Fatal(err)
	}
	for what, err := range map[string]error{"revoke": revoke(ops[0], operates), "disable": disable(ops[0])} {
		if !errors.Is(err, identity.ErrLastOperator) {
			t.Errorf("%s the last: %v", what, err)
		}
	}
	if a, err := r.FindAccount(r.ctx, identity.Lookup{Email: ops[0]}); err != nil || a.Disabled || !a.May("s-1", identity.Organizer, "") {
		t.Errorf("what was refused was done: %+v, %v", a, err)
	}
	for what, err := range map[string]error{
		"who was none":                revoke("unproved@example.org", operates),
		"who is disabled":             revoke(ops[1], operates),
		"another account":             disable("unproved@example.org"),
		"a role that the last has no": revoke(ops[0], identity.Grant{Slug: identity.AnySelection, Role: identity.Auditor}),
	} {
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestOperator_eachOther has two operators take each other away at once, in every
// way, many times: one stays.
func TestOperator_eachOther(t *testing.T) {
	r := setup(t)
	ops := r.operators(t)
	acts := []func(email string) error{
		func(email string) error {
			_, err := r.RevokeRole(r.ctx, identity.Change{Email: email, Grant: operates})
			return err
		},
		func(email string) error {
			_, err := r.DisableAccount(r.ctx, identity.ChangeAccess{Email: email, Reason: "has left"})
			return err
		},
	}
	for try := range 24 {
		var wg sync.WaitGroup
		errs := make([]error, 2)
		for i, email := range ops {
			wg.Go(func() { errs[i] = acts[(try>>i)%2](email) })
		}
		wg.Wait()
		if refused := errors.Is(errs[0], identity.ErrLastOperator); refused == errors.Is(errs[1], identity.ErrLastOperator) ||
			(errs[0] == nil) == (errs[1] == nil) {
			t.Fatalf("try %d: %v", try, errs)
		}
		for _, email := range ops {
			if _, err := r.EnableAccount(r.ctx, identity.ChangeAccess{Email: email, Reason: "again"}); err != nil {
				t.Fatal(err)
			}
			if _, err := r.GrantRole(r.ctx, identity.Change{Email: email, Grant: operates}); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestOperator_setPassword is the command's: it proves an account, and nobody who
// claimed it before keeps anything.
func TestOperator_setPassword(t *testing.T) {
	r := setup(t)
	if _, err := r.claim(r.invite(t, director, organizes, false).Invitation.Token, squatted); err != nil {
		t.Fatal(err)
	}
	staff := server.Accounts(r.Deps)
	ctx := actor.With(context.WithoutCancel(r.ctx), actor.Actor{Kind: actor.System, ID: "admin", Name: "laurel admin"})
	if _, err := staff.GrantRole(ctx, identity.Change{Email: director, Grant: everywhere}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"s-1/organizer"}, r.act(t, director, squatted)); diff != "" {
		t.Errorf("a role everywhere (-want +got):\n%s", diff)
	}
	if _, err := staff.SetPassword(ctx, server.Password{Email: director, Password: own, New: true}); !errors.Is(err, server.ErrEmailTaken) {
		t.Errorf("as a new account: %v", err)
	}
	a, err := staff.SetPassword(ctx, server.Password{Email: director, Password: own})
	if err != nil || a.State != identity.StateProved || a.Name != "王芳" {
		t.Fatalf("%+v, %v", a, err)
	}
	if r.act(t, director, squatted) != nil || len(r.act(t, director, own)) != 2 {
		t.Error("the password of before, or not the new one")
	}
}
