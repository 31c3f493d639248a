package server_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/identity"
)

// TestMember_untold has organizers of s-2 look at addresses in every state, and
// at one that nobody has: all that they are answered, before an invitation and
// after it, is the same until the holder comes.
func TestMember_untold(t *testing.T) {
	for _, c := range []struct {
		name            string
		mailed, handing bool
	}{{"mailed", true, false}, {"handed over", true, true}, {"without mail", false, false}} {
		t.Run(c.name, func(t *testing.T) {
			r := setup(t)
			if c.mailed {
				r, _ = withMail(t)
			}
			r.proved(t, "proved@example.org")
			r.account(t, "unproved@example.org")
			r.invite(t, "invited@example.org", organizes, false)
			r.proved(t, "disabled@example.org")
			if _, err := r.DisableAccount(r.ctx, identity.ChangeAccess{Email: "disabled@example.org", Reason: "x"}); err != nil {
				t.Fatal(err)
			}
			want := r.told(t, "nobody@example.org", c.handing)
			for _, state := range []string{"proved", "unproved", "invited", "disabled"} {
				if diff := cmp.Diff(want, r.told(t, state+"@example.org", c.handing)); diff != "" {
					t.Errorf("%s is told from nobody (-nobody +%s):\n%s", state, state, diff)
				}
			}
			if !c.mailed {
				return
			}
			out := r.invite(t, "proved@example.org", decides, c.handing)
			if got := r.act(t, "proved@example.org", password); len(got) != 1 {
				t.Errorf("the holder may %v", got)
			}
			out = r.invite(t, "proved@example.org", decides, c.handing)
			if out.Account.Name != "王芳" || out.Account.State != identity.StateProved || len(out.Account.Grants) != 1 || out.Invitation != nil {
				t.Errorf("once the holder has come: %+v", out)
			}
		})
	}
}

// told is all that organizers of s-2 are answered about an address, as text, but
// for the address, ids, tokens and times.
func (r room) told(t *testing.T, email string, handOver bool) (answers []string) {
	t.Helper()
	started := r.Clock.Now()
	say := func(what string, answer any, err error) {
		if a, ok := answer.(identity.Account); ok {
			if a.ID == "" != (err != nil) || a.ID != "" && (a.ID[14] != '4' || a.CreatedAt.Before(started)) {
				t.Errorf("%s of %s tells of another time: %+v", what, email, a)
			}
			a.ID = ""
			a.CreatedAt = started
			answer = a
		}
		answers = append(answers, strings.ReplaceAll(fmt.Sprintf("%s: %+v, %v", what, answer, err), email, "EMAIL"))
	}
	invite := func(name string, g identity.Grant) {
		out, err := r.Invite(r.ctx, identity.Invite{Email: email, Name: name, Grant: g, HandOver: handOver})
		say("invited", out.Account, err)
		i := out.Invitation
		if i == nil {
			say("invitation", "none", nil)
			return
		}
		say("invitation", fmt.Sprintf("mailed %v, token of %d, until %s", i.Mailed, len(i.Token), i.ExpiresAt.Sub(started)), nil)
	}
	find := func() {
		a, err := r.FindAccount(r.ctx, identity.Lookup{Email: email, Slug: "s-2"})
		say("found", a, err)
		staff, err := r.ListStaff(r.ctx, identity.ListStaff{Slug: "s-2"})
		say("listed", len(staff), err)
		for _, a := range staff {
			say("listed", a, nil)
		}
	}
	revoke := func(g identity.Grant) {
		a, err := r.RevokeRole(r.ctx, identity.Change{Email: email, Grant: g})
		say("revoked", a, err)
	}
	scored := identity.Grant{Slug: "s-2", Role: identity.Juror, Scope: "experts"}
	find()
	revoke(decides)
	invite("As typed", decides)
	find()
	invite("Typed again", scored)
	find()
	revoke(decides)
	revoke(scored)
	find()
	invite("", scored)
	revoke(scored)
	log, err := bus.Call[[]audit.Entry](r.ctx, r.Caller, identity.Name, run.ListAudit, audit.Page{Slug: "s-2"})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range log {
		if strings.Contains(string(e.Detail), email) {
			say("log", e.Act+" "+string(e.Detail), nil)
		}
	}
	return answers
}

// TestMember_roleGiven writes to who needs no link that they have a role, and to
// nobody whose account is disabled.
func TestMember_roleGiven(t *testing.T) {
	r, post := withMail(t)
	r.proved(t, "wang@example.org")
	r.invite(t, "wang@example.org", decides, false)
	letter := post.To(t, "wang@example.org", 1)[0]
	if letter.Link() != "" || !strings.Contains(letter.Text, `a role in the selection "s-2"`) {
		t.Errorf("%+v", letter)
	}
	out := r.invite(t, "wang@example.org", organizes, true)
	read, err := r.ReadLink(r.ctx, identity.Link{Token: out.Invitation.Token})
	if err != nil || read.Needs != identity.NeedsPresent {
		t.Errorf("a link that is handed to who has an account: %+v, %v", read, err)
	}
	if _, err := r.claim(out.Invitation.Token, squatted); !errors.Is(err, identity.ErrPassword) {
		t.Errorf("a stranger uses it: %v", err)
	}
	a, err := r.claim(out.Invitation.Token, password)
	want := identity.Account{State: identity.StateProved, Grants: []identity.Grant{organizes, decides}}
	if diff := cmp.Diff(want, a, cmpopts.IgnoreFields(identity.Account{}, "ID", "Email", "Name", "CreatedAt")); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if known, err := r.FindAccount(r.ctx, identity.Lookup{Email: "wang@example.org", Slug: "s-1"}); err != nil || known.State != identity.StateProved {
		t.Errorf("who has come: %+v, %v", known, err)
	}
	testkit.Eventually(t, testkit.Patience, func() error {
		if n := r.Count(`SELECT count(*) FROM mail WHERE state = 'queued'`); n > 0 {
			return fmt.Errorf("%d letters wait", n)
		}
		return nil
	})
}

// TestMember_untoldFull invites whoever has an account, and whoever has none, while
// too many invitations wait: both are refused the same, and nothing is given.
func TestMember_untoldFull(t *testing.T) {
	r, post := withMail(t)
	r.invite(t, director, decides, false)
	if _, err := r.claim(token(t, post.To(t, director, 1)[0]), own); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"invitation", "role_given"} {
		if _, err := r.DB.Exec(`DELETE FROM mail`); err != nil {
			t.Fatal(err)
		}
		if _, err := r.DB.Exec(`
			INSERT INTO mail (id, kind, address, said, created_at, due_at)
			SELECT gen_random_uuid(), $1, n || '@example.org', '{}', now(), 'infinity' FROM generate_series(1, 20000) n`, kind); err != nil {
			t.Fatal(err)
		}
		for _, email := range []string{director, "nobody@example.org"} {
			in := identity.Invite{Email: email, Name: "名", Grant: identity.Grant{Slug: "s-9", Role: identity.Auditor}}
			if _, err := r.Invite(r.ctx, in); !fault.HasCode(err, "mail_queue_full") {
				t.Errorf("%s waits, %s: %v", kind, email, err)
			}
		}
	}
	if n := r.Count(`SELECT count(*) FROM account_grant WHERE slug = 's-9'`); n != 0 {
		t.Errorf("%d roles were given", n)
	}
}
