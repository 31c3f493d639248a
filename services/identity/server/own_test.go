package server_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/identity"
)

// TestSessions lists and ends one's own, and nobody else's.
func TestSessions(t *testing.T) {
	r, post := withMail(t)
	a := r.account(t, "wang@example.org")
	r.account(t, "li@example.org")
	open := func(email string) string {
		s, err := r.SignIn(r.ctx, identity.SignIn{Email: email, Password: password})
		if err != nil || !cmp.Equal(s.Factors, []string{identity.FactorPassword}) {
			t.Fatalf("%+v, %v", s, err)
		}
		r.Clock.Advance(time.Minute)
		return s.Token
	}
	first, second, third, li := open(a.Email), open(a.Email), open(a.Email), open("li@example.org")
	list, err := r.ListSessions(r.ctx, identity.Token{Token: second})
	if err != nil || len(list) != 3 || list[0].Current || !list[1].Current || !slices.Equal(list[0].Factors, []string{identity.FactorPassword}) {
		t.Fatalf("%+v, %v", list, err)
	}
	others, err := r.ListSessions(r.ctx, identity.Token{Token: li})
	if err != nil || len(others) != 1 {
		t.Fatalf("%+v, %v", others, err)
	}
	for _, id := range []string{others[0].ID, list[1].ID, "no id"} { // another's, the one that asks, none
		if left, err := r.EndSessions(r.ctx, identity.EndSessions{Token: second, ID: id}); err != nil || len(left) != 3 {
			t.Errorf("%s: %+v, %v", id, left, err)
		}
	}
	if left, err := r.EndSessions(r.ctx, identity.EndSessions{Token: second, ID: list[2].ID}); err != nil || len(left) != 2 {
		t.Errorf("%+v, %v", left, err)
	}
	ended := func(token string) bool {
		_, err := r.Authenticate(r.ctx, identity.Token{Token: token})
		return errors.Is(err, identity.ErrSession)
	}
	if !ended(first) || ended(second) || ended(third) || ended(li) {
		t.Error("others ended than the first")
	}
	if left, err := r.EndSessions(r.ctx, identity.EndSessions{Token: second}); err != nil || len(left) != 1 || !ended(third) || ended(li) {
		t.Errorf("all others: %+v, %v", left, err)
	}
	fourth := open(a.Email)
	if _, err := r.ChangePassword(r.ctx, identity.ChangePassword{Token: second, Present: "wrong", Password: own}); !errors.Is(err, identity.ErrPassword) {
		t.Errorf("without the present password: %v", err)
	}
	guessed := identity.ChangePassword{Token: second, Present: password, Password: "wang@example.org"}
	if _, err := r.ChangePassword(r.ctx, guessed); !cmp.Equal(codes(err), []string{"password_own"}) {
		t.Errorf("one's own address: %v", err)
	}
	if _, err := r.ChangePassword(r.ctx, identity.ChangePassword{Token: second, Present: password, Password: own}); err != nil {
		t.Fatal(err)
	}
	if !ended(fourth) || ended(second) || r.act(t, a.Email, password) != nil || r.act(t, a.Email, own) == nil {
		t.Error("after a change of the password")
	}
	for _, fn := range []func(token string) error{
		func(token string) error { _, err := r.ListSessions(r.ctx, identity.Token{Token: token}); return err },
		func(token string) error {
			_, err := r.EndSessions(r.ctx, identity.EndSessions{Token: token})
			return err
		},
		func(token string) error {
			_, err := r.ChangePassword(r.ctx, identity.ChangePassword{Token: token, Present: own, Password: password})
			return err
		},
	} {
		if err := fn(first); !errors.Is(err, identity.ErrSession) {
			t.Errorf("an ended session: %v", err)
		}
	}
	told := post.To(t, a.Email, 4) // of the claim, twice of sessions, of the password
	if !strings.Contains(told[1].Text, "have just been ended") || !strings.Contains(told[3].Text, "has just been changed") {
		t.Errorf("told %+v", told)
	}
}

// TestChangePassword_guesses are counted like those at sign-in: a stolen session
// does not find out the password.
func TestChangePassword_guesses(t *testing.T) {
	r := setup(t)
	r.account(t, "wang@example.org")
	s := r.signIn(t, "wang@example.org")
	var err error
	for range 100 {
		_, err = r.ChangePassword(r.ctx, identity.ChangePassword{Token: s.Token, Present: "a guess of mine", Password: own})
		if errors.Is(err, identity.ErrTooManyTries) {
			return
		}
	}
	t.Errorf("100 guesses: %v", err)
}

// TestDisable ends what an account does at once, also what is being opened.
func TestDisable(t *testing.T) {
	r, post := withMail(t)
	a := r.account(t, "wang@example.org")
	s := r.signIn(t, a.Email)
	pending := r.invite(t, a.Email, decides, true).Invitation
	if _, err := r.DisableAccount(r.ctx, identity.ChangeAccess{Email: a.Email, Reason: " "}); !cmp.Equal(testkit.Fields(err), []string{"reason"}) {
		t.Errorf("without a reason: %v", err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := r.SignIn(r.ctx, identity.SignIn{Email: a.Email, Password: password}); err != nil && !errors.Is(err, identity.ErrDisabled) {
				t.Error(err)
			}
		})
	}
	for range 2 { // again is fine
		if got, err := r.DisableAccount(r.ctx, identity.ChangeAccess{Email: a.Email, Reason: "has left"}); err != nil || !got.Disabled || len(got.Grants) != 0 {
			t.Fatalf("%+v, %v", got, err)
		}
	}
	wg.Wait()
	if n := r.Count(`SELECT count(*) FROM session WHERE account = $1`, a.ID); n != 0 {
		t.Errorf("%d sessions", n)
	}
	if _, err := r.Authenticate(r.ctx, identity.Token{Token: s.Token}); !errors.Is(err, identity.ErrSession) {
		t.Errorf("the session: %v", err)
	}
	if _, err := r.SignIn(r.ctx, identity.SignIn{Email: a.Email, Password: password}); !errors.Is(err, identity.ErrDisabled) {
		t.Errorf("signing in: %v", err)
	}
	if _, err := r.SignIn(r.ctx, identity.SignIn{Email: a.Email, Password: "wrong"}); !errors.Is(err, identity.ErrSignIn) {
		t.Errorf("who does not know the password learns of it: %v", err)
	}
	if _, err := r.claim(pending.Token, password); !errors.Is(err, identity.ErrLink) {
		t.Errorf("a link of before: %v", err)
	}
	if _, err := r.AskReset(r.ctx, identity.Lookup{Email: a.Email}); err != nil {
		t.Fatal(err)
	}
	if got, err := r.EnableAccount(r.ctx, identity.ChangeAccess{Email: a.Email, Reason: "is back"}); err != nil || got.Disabled || len(got.Grants) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	r.Clock.Advance(time.Hour) // for whoever tried too often while it was disabled
	if r.act(t, a.Email, password) == nil {
		t.Error("enabled, and cannot sign in")
	}
	if _, err := r.DisableAccount(r.ctx, identity.ChangeAccess{Email: "nobody@example.org", Reason: "x"}); !errors.Is(err, identity.ErrNoAccount) {
		t.Errorf("nobody: %v", err)
	}
	told := post.To(t, a.Email, 3)
	if !strings.Contains(told[1].Text, "has left") {
		t.Errorf("told %+v", told)
	}
	if diff := cmp.Diff([]string{"disable_account", "enable_account"}, r.acts(t, "")); diff != "" {
		t.Errorf("log of acts (-want +got):\n%s", diff)
	}
}

// TestAccount_log has each change of an account in the log, with whoever did it.
func TestAccount_log(t *testing.T) {
	r, post := withMail(t)
	organizer := r.account(t, "wang@example.org")
	ctx := actor.With(r.ctx, actor.Actor{Kind: actor.Staff, ID: organizer.ID, Name: organizer.Name})
	if _, err := r.Invite(ctx, identity.Invite{Email: director, Grant: decides}); err != nil {
		t.Fatal(err)
	}
	letter := post.To(t, director, 1)[0]
	if !strings.Contains(letter.Text, organizer.Email) || !strings.Contains(letter.Text, "s-2") {
		t.Errorf("the letter does not say who invites to what: %s", letter.Text)
	}
	a, err := r.claim(token(t, letter), own)
	if err != nil {
		t.Fatal(err)
	}
	log := func(slug string) (got []string) {
		entries, err := bus.Call[[]audit.Entry](r.ctx, r.Caller, identity.Name, run.ListAudit, audit.Page{Slug: slug})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if strings.Contains(string(e.Detail), token(t, letter)) || strings.Contains(string(e.Detail), own) {
				t.Errorf("a secret is in the log: %s", e.Detail)
			}
			got = append(got, e.Actor+" "+e.Act)
		}
		return got
	}
	if diff := cmp.Diff([]string{organizer.ID + " grant_role", organizer.ID + " invite_account"}, log("s-2")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{a.ID + " prove_account"}, log("")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
