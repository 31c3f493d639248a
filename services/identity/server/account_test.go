package server_test

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/identity/server"
)

const (
	director = "new.director@example.org"
	squatted = "the password of a squatter"
	own      = "the director's own words"
)

// withMail is a room that sends its letters to a real SMTP server. No role takes
// a second factor there, unless a change says so.
func withMail(t *testing.T, change ...func(*server.Config)) (room, *testkit.Post) {
	t.Helper()
	post := testkit.NewPost(t)
	r := in(t, testkit.NewRoom(t, identity.Name, server.Migrations(), func(deps run.Deps) (run.Room, error) {
		cfg := config(server.Mail{URL: post.URL, From: "Laurel <laurel@example.org>", PublicURL: "https://laurel.example.org/"})
		cfg.SecondFactor = server.SecondFactor{}
		for _, c := range change {
			c(&cfg)
		}
		return server.New(deps, cfg)
	}))
	return r, post
}

// invite gives a role, in the selection that is named.
func (r room) invite(t *testing.T, email string, g identity.Grant, handOver bool) identity.Invited {
	t.Helper()
	out, err := r.Invite(r.ctx, identity.Invite{Email: email, Name: "名", Grant: g, HandOver: handOver})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// claim uses a link's token.
func (r room) claim(token, password string) (identity.Account, error) {
	return r.ClaimAccount(r.ctx, identity.ClaimAccount{Token: token, Name: "王芳", Password: password})
}

// token is that of a mailed link.
func token(t *testing.T, l testkit.Letter) string {
	t.Helper()
	u, err := url.Parse(l.Link())
	if err != nil || u.Host != "laurel.example.org" || u.Query().Get("token") == "" {
		t.Fatalf("link %q of %+v, %v", l.Link(), l, err)
	}
	return u.Query().Get("token")
}

// act is what the account may do now, by signing in; nil: it cannot.
func (r room) act(t *testing.T, email, password string) []string {
	t.Helper()
	s, err := r.SignIn(r.ctx, identity.SignIn{Email: email, Password: password})
	if errors.Is(err, identity.ErrSignIn) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	grants := []string{}
	for _, g := range s.Account.Grants {
		grants = append(grants, g.Slug+"/"+string(g.Role))
	}
	return grants
}

var (
	organizes  = identity.Grant{Slug: "s-1", Role: identity.Organizer}
	decides    = identity.Grant{Slug: "s-2", Role: identity.Committee}
	everywhere = identity.Grant{Slug: identity.AnySelection, Role: identity.Organizer}
)

// TestClaim_squatting has an organizer of s-1 claim another's address by a link
// of their own, before and after others give that address roles: they get
// nothing of it, and the holder gets the account by mail.
func TestClaim_squatting(t *testing.T) {
	for _, order := range []string{"claimed first", "granted first"} {
		t.Run(order, func(t *testing.T) {
			r, post := withMail(t)
			squat := func() {
				out := r.invite(t, director, organizes, true)
				if a, err := r.claim(out.Invitation.Token, squatted); err != nil || a.State != identity.StateUnproved {
					t.Fatalf("%+v, %v", a, err)
				}
			}
			give := func() {
				for _, g := range []identity.Grant{decides, everywhere} {
					if out := r.invite(t, director, g, false); out.Invitation == nil || !out.Invitation.Mailed || out.Invitation.Token != "" {
						t.Fatalf("the link is %+v", out.Invitation)
					}
				}
				if _, err := r.GrantRole(r.ctx, identity.Change{Email: director, Grant: identity.Grant{Slug: "s-3", Role: identity.Auditor}}); err != nil {
					t.Fatal(err)
				}
			}
			if order == "claimed first" {
				squat()
				give()
			} else {
				give()
				squat()
			}
			if diff := cmp.Diff([]string{"s-1/organizer"}, r.act(t, director, squatted)); diff != "" {
				t.Fatalf("the squatter may (-want +got):\n%s", diff)
			}
			s, err := r.SignIn(r.ctx, identity.SignIn{Email: director, Password: squatted})
			if err != nil {
				t.Fatal(err)
			}
			// A new password of the squatter's leaves the holder's links as they are.
			if _, err := r.ChangePassword(r.ctx, identity.ChangePassword{Token: s.Token, Present: squatted, Password: squatted + "!"}); err != nil {
				t.Fatal(err)
			}
			letters := post.To(t, director, 3)
			var linked []testkit.Letter
			for _, l := range letters {
				if l.Link() != "" {
					linked = append(linked, l)
				}
			}
			a, err := r.claim(token(t, linked[0]), own)
			if err != nil || a.State != identity.StateProved {
				t.Fatalf("the holder: %+v, %v", a, err)
			}
			if got := r.act(t, director, squatted+"!"); got != nil {
				t.Errorf("the squatter still may %v", got)
			}
			if _, err := r.Authenticate(r.ctx, identity.Token{Token: s.Token}); !errors.Is(err, identity.ErrSession) {
				t.Errorf("the squatter's session: %v", err)
			}
			if diff := cmp.Diff([]string{"*/organizer", "s-1/organizer", "s-2/committee", "s-3/auditor"}, r.act(t, director, own)); diff != "" {
				t.Errorf("the holder may (-want +got):\n%s", diff)
			}
		})
	}
}

// TestClaim_handedOver vouches for a selection at a time, each time for whoever
// has the password.
func TestClaim_handedOver(t *testing.T) {
	r := setup(t)
	first := r.invite(t, director, organizes, false)
	if first.Invitation == nil || first.Invitation.Mailed || first.Account.State != identity.StateInvited || len(first.Account.Grants) != 0 {
		t.Fatalf("%+v", first)
	}
	if got := r.act(t, director, ""); got != nil {
		t.Errorf("nobody has claimed it, and somebody signs in: %v", got)
	}
	read, err := r.ReadLink(r.ctx, identity.Link{Token: first.Invitation.Token})
	if diff := cmp.Diff(identity.LinkRead{Email: director, Name: "名", State: identity.StateInvited, Needs: identity.NeedsNew}, read); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if _, err := r.claim(first.Invitation.Token, own); err != nil {
		t.Fatal(err)
	}
	if again := r.invite(t, director, organizes, false); again.Invitation != nil {
		t.Errorf("a role that counts needs %+v", again.Invitation)
	}
	other := r.invite(t, director, decides, false).Invitation
	if read, err := r.ReadLink(r.ctx, identity.Link{Token: other.Token}); err != nil || read.Needs != identity.NeedsPresent {
		t.Errorf("%+v, %v", read, err)
	}
	if _, err := r.claim(other.Token, squatted); !errors.Is(err, identity.ErrPassword) {
		t.Errorf("a stranger with the link: %v", err)
	}
	further := identity.Grant{Slug: "s-1", Role: identity.Auditor}
	if out := r.invite(t, director, further, true); out.Invitation != nil || !slices.Contains(out.Account.Grants, further) {
		t.Errorf("a further role where the account counts: %+v", out)
	}
	if diff := cmp.Diff([]string{"s-1/auditor", "s-1/organizer"}, r.act(t, director, own)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := r.claim(other.Token, own); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"s-1/auditor", "s-1/organizer", "s-2/committee"}, r.act(t, director, own)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for name, in := range map[string]identity.Invite{
		"hand_over": {Email: director, Grant: everywhere, HandOver: true},
		"email":     {Email: director, Grant: everywhere}, // no mail is sent here
	} {
		if _, err := r.Invite(r.ctx, in); !cmp.Equal(testkit.Fields(err), []string{name}) {
			t.Errorf("a role everywhere: %v", err)
		}
	}
	if _, err := r.AskReset(r.ctx, identity.Lookup{Email: director}); !errors.Is(err, identity.ErrNoMail) {
		t.Errorf("a reset without mail: %v", err)
	}
}

// TestClaim_link tries links that are none.
func TestClaim_link(t *testing.T) {
	r := setup(t)
	first := r.invite(t, director, organizes, false).Invitation
	last := r.invite(t, director, organizes, false).Invitation
	spent := r.invite(t, "spent@example.org", organizes, false).Invitation
	if _, err := r.claim(spent.Token, own); err != nil {
		t.Fatal(err)
	}
	for name, token := range map[string]string{
		"replaced": first.Token, "spent": spent.Token, "guessed": strings.Repeat("A", 43), "empty": "", "long": strings.Repeat("A", 4096), "NUL": "\x00",
	} {
		if _, err := r.claim(token, own); !errors.Is(err, identity.ErrLink) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := r.ReadLink(r.ctx, identity.Link{Token: token}); !errors.Is(err, identity.ErrLink) {
			t.Errorf("%s is read: %v", name, err)
		}
	}
	for want, password := range map[string]string{
		"password_length": "short", "password_common": "password1234", "password_own": "new.director@example.org",
	} {
		_, err := r.claim(last.Token, password)
		if !errors.Is(err, identity.ErrInvalid) || !cmp.Equal(codes(err), []string{want}) {
			t.Errorf("%q: %v", password, err)
		}
	}
	r.Clock.Advance(7*24*time.Hour - time.Second)
	if _, err := r.ReadLink(r.ctx, identity.Link{Token: last.Token}); err != nil {
		t.Errorf("on its last second: %v", err)
	}
	r.Clock.Advance(time.Second)
	if _, err := r.claim(last.Token, own); !errors.Is(err, identity.ErrLink) {
		t.Errorf("expired: %v", err)
	}
	var kept int
	if err := r.DB.Get(&kept, `SELECT count(*) FROM account_link WHERE position($1::bytea IN hash) > 0`, []byte(last.Token)); err != nil || kept != 0 {
		t.Errorf("the token itself is in the database: %d, %v", kept, err)
	}
}

// TestClaim_parallel uses one link, and the links of two selections, many times
// at once: one claims the account.
func TestClaim_parallel(t *testing.T) {
	r := setup(t)
	tokens := []string{r.invite(t, director, organizes, false).Invitation.Token, r.invite(t, director, decides, false).Invitation.Token}
	var (
		wg      sync.WaitGroup
		mu      sync.Mutex
		claimed []string
	)
	for i := range 12 {
		wg.Go(func() {
			password := fmt.Sprintf("%s number %d", own, i)
			switch _, err := r.claim(tokens[i%2], password); {
			case err == nil:
				mu.Lock()
				defer mu.Unlock()
				claimed = append(claimed, password)
			case !errors.Is(err, identity.ErrLink) && !errors.Is(err, identity.ErrPassword) && !errors.Is(err, identity.ErrTooManyTries):
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if len(claimed) != 1 {
		t.Fatalf("claimed with %q", claimed)
	}
	r.Clock.Advance(time.Hour)
	if got := r.act(t, director, claimed[0]); len(got) != 1 {
		t.Errorf("the one who claimed it may %v", got)
	}
}

// TestReset sets a new password by mail, the same way for an address that nobody
// has, and proves the account by it.
func TestReset(t *testing.T) {
	r, post := withMail(t)
	a := r.account(t, "wang@example.org")
	s := r.signIn(t, a.Email)
	for _, email := range []string{"nobody@example.org", " Wang@example.org"} {
		if _, err := r.AskReset(r.ctx, identity.Lookup{Email: email}); err != nil {
			t.Fatal(email, err)
		}
	}
	letter := post.To(t, a.Email, 2)[1] // the first tells of the claim
	if n := r.Count(`SELECT count(*) FROM account_link WHERE account = $1`, a.ID); n != 1 {
		t.Errorf("%d links", n)
	}
	if got, err := r.claim(token(t, letter), own); err != nil || got.State != identity.StateProved {
		t.Fatalf("%+v, %v", got, err)
	}
	if _, err := r.Authenticate(r.ctx, identity.Token{Token: s.Token}); !errors.Is(err, identity.ErrSession) {
		t.Errorf("the session of before: %v", err)
	}
	if r.act(t, a.Email, password) != nil || r.act(t, a.Email, own) == nil {
		t.Error("the password of before, or not the new one")
	}
	if changed := post.To(t, a.Email, 3)[2]; !strings.Contains(changed.Text, "has just been changed") || changed.Link() != "" {
		t.Errorf("told of the change: %+v", changed)
	}
	for _, l := range post.Letters() {
		if l.To == "nobody@example.org" {
			t.Errorf("a letter to nobody: %+v", l)
		}
	}
	if _, err := r.AskReset(r.ctx, identity.Lookup{Email: a.Email}); err != nil {
		t.Fatal(err)
	}
	late := token(t, post.To(t, a.Email, 4)[3])
	r.Clock.Advance(time.Hour)
	if _, err := r.claim(late, own+own); !errors.Is(err, identity.ErrLink) {
		t.Errorf("after an hour: %v", err)
	}
	if _, err := r.AskReset(r.ctx, identity.Lookup{Email: "no address"}); !cmp.Equal(testkit.Fields(err), []string{"email"}) {
		t.Errorf("no address: %v", err)
	}
	if diff := cmp.Diff([]string{"grant_role s-1", "invite_account s-1", "claim_account s-1", "prove_account"}, r.acts(t, "s-1", "")); diff != "" {
		t.Errorf("log of acts (-want +got):\n%s", diff)
	}
}

// acts are those in the log about selections, but for signing in and out.
func (r room) acts(t *testing.T, slugs ...string) (acts []string) {
	t.Helper()
	for _, slug := range slugs {
		log, err := bus.Call[[]audit.Entry](r.ctx, r.Caller, identity.Name, run.ListAudit, audit.Page{Slug: slug})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range log {
			if !strings.HasPrefix(e.Act, "sign_") {
				acts = append(acts, strings.TrimSpace(e.Act+" "+e.Slug))
			}
		}
	}
	return acts
}
