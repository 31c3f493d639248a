package server_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/identity"
)

// TestReadPeople says each mistake at its line, and what those who are listed have
// in the selection already; nobody is invited by it.
func TestReadPeople(t *testing.T) {
	r := setup(t)
	r.account(t, wang) // an auditor of s-1
	list := "王芳 <Wang@example.org>\n李雷 <li@example>extra\nnobody\n赵 <zhao@example.org>\nzhao@example.org\n钱 <not an address@x>\n"
	read, err := r.ReadPeople(r.ctx, identity.ReadPeople{Slug: "s-1", Blob: r.Upload([]byte(list))})
	if err != nil {
		t.Fatal(err)
	}
	var people, mistakes []string
	for _, p := range read.People {
		people = append(people, fmt.Sprintf("%d %s %s %d", p.Line, p.Name, p.Email, len(p.Has)))
	}
	for _, m := range read.Mistakes {
		mistakes = append(mistakes, fmt.Sprintf("%d %s", m.Line, m.Code))
	}
	if diff := cmp.Diff([]string{"1 王芳 wang@example.org 1", "2 李雷 li@example 0", "4 赵 zhao@example.org 0"}, people); diff != "" {
		t.Errorf("people (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"3 line_without_address", "5 row_twice", "6 not_an_email"}, mistakes); diff != "" {
		t.Errorf("mistakes (-want +got):\n%s", diff)
	}
	if n := r.Count(`SELECT count(*) FROM account`); n != 1 {
		t.Errorf("%d accounts", n)
	}
	if _, err := r.ReadPeople(r.ctx, identity.ReadPeople{Slug: "s-1", Blob: strings.Repeat("0", 64)}); !cmp.Equal(testkit.Fields(err), []string{"blob"}) {
		t.Errorf("no upload: %v", err)
	}
}

// TestInvitePeople invites all or none, and tells of each what has become of the
// letter, in the words of a mail server that refuses.
func TestInvitePeople(t *testing.T) {
	r, post := withMail(t)
	post.Behave(testkit.Manners{Rcpt: func(string) error { return &smtp.SMTPError{Code: 550, Message: "no such mailbox"} }})
	in := identity.InvitePeople{Grant: decides, People: []identity.Invitee{
		{Email: "b@example.org", Name: "乙"}, {Email: "A@example.org"}, {Email: "no"}, {Email: "a@example.org"},
	}}
	if _, err := r.InvitePeople(r.ctx, in); !cmp.Equal(testkit.Fields(err), []string{"people[2].email", "people[2].name", "people[3].email"}) &&
		!cmp.Equal(testkit.Fields(err), []string{"people[2].email", "people[3].email"}) {
		t.Errorf("mistakes: %v", testkit.Fields(err))
	}
	if n := r.Count(`SELECT count(*) FROM account`); n != 0 {
		t.Errorf("%d accounts after a refusal", n)
	}
	in.People = in.People[:2]
	out, err := r.InvitePeople(r.ctx, in)
	if err != nil || len(out) != 2 || out[0].Account.Email != "b@example.org" || out[1].Account.Email != "a@example.org" || !out[1].Invitation.Mailed {
		t.Fatalf("%+v, %v", out, err)
	}
	testkit.Eventually(t, testkit.Patience, func() error {
		list, err := r.ListPeople(r.ctx, identity.ListStaff{Slug: decides.Slug})
		if err != nil || len(list) != 2 {
			return fmt.Errorf("%+v, %w", list, err)
		}
		for _, p := range list {
			if p.Letter == nil || p.Letter.State != identity.LetterDead || !strings.Contains(p.Letter.Error, "no such mailbox") {
				return fmt.Errorf("%+v", p.Letter)
			}
		}
		return nil
	})
	for _, n := range []int{0, identity.MaxPeople + 1} {
		in.People = make([]identity.Invitee, n)
		if _, err := r.InvitePeople(r.ctx, in); !cmp.Equal(testkit.Fields(err), []string{"people"}) {
			t.Errorf("%d people: %v", n, err)
		}
	}
}

// TestUntil ends a role at its time by itself, in a session that is open, and
// takes an end that is no end back.
func TestUntil(t *testing.T) {
	r := setup(t)
	r.proved(t, wang)
	deputy := decides
	deputy.Until = r.Clock.Now().Add(30 * time.Minute)
	if _, err := r.GrantRole(r.ctx, identity.Change{Email: wang, Grant: deputy}); err != nil {
		t.Fatal(err)
	}
	s := r.signIn(t, wang)
	may := func() bool {
		a, err := r.Authenticate(r.ctx, identity.Token{Token: s.Token})
		if err != nil {
			t.Fatal(err)
		}
		return a.May(decides.Slug, identity.Committee, "")
	}
	if !may() {
		t.Error("before its end it counts for nothing")
	}
	r.Clock.Advance(30 * time.Minute)
	if a, err := r.Authenticate(r.ctx, identity.Token{Token: s.Token}); err != nil || may() || len(a.Ended) != 1 || !a.Ended[0].Until.Equal(deputy.Until) {
		t.Errorf("at its end: %+v, %v", a, err)
	}
	if _, err := r.GrantRole(r.ctx, identity.Change{Email: wang, Grant: decides}); err != nil || !may() {
		t.Errorf("given without an end: %v", err)
	}
	for code, until := range map[string]time.Time{"until_past": r.Clock.Now(), "until_far": r.Clock.Now().AddDate(6, 0, 0)} {
		g := decides
		g.Until = until
		if _, err := r.GrantRole(r.ctx, identity.Change{Email: wang, Grant: g}); !cmp.Equal(codes(err), []string{code}) {
			t.Errorf("%s: %v", code, err)
		}
	}
}

// TestUntil_operator does not count an operator whose time ends as the one who
// stays.
func TestUntil_operator(t *testing.T) {
	r := setup(t)
	r.proved(t, wang)
	r.proved(t, "li@example.org")
	if _, err := r.GrantRole(r.ctx, identity.Change{Email: wang, Grant: everywhere}); err != nil {
		t.Fatal(err)
	}
	deputy := everywhere
	deputy.Until = r.Clock.Now().Add(time.Hour)
	if _, err := r.GrantRole(r.ctx, identity.Change{Email: "li@example.org", Grant: deputy}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.RevokeRole(r.ctx, identity.Change{Email: wang, Grant: everywhere}); !errors.Is(err, identity.ErrLastOperator) {
		t.Errorf("the last one without an end is taken away: %v", err)
	}
	if _, err := r.GrantRole(r.ctx, identity.Change{Email: wang, Grant: deputy}); !errors.Is(err, identity.ErrLastOperator) {
		t.Errorf("the last one gets an end: %v", err)
	}
}

// TestWithdraw makes the links of an invitation void that was taken back, those
// handed over and those in letters, sent or waiting.
func TestWithdraw(t *testing.T) {
	r, post := withMail(t)
	handed := r.invite(t, director, decides, true).Invitation.Token
	revoke := func(email string) {
		t.Helper()
		if _, err := r.RevokeRole(r.ctx, identity.Change{Email: email, Grant: decides}); err != nil {
			t.Fatal(err)
		}
	}
	revoke(director)
	if _, err := r.claim(handed, own); !errors.Is(err, identity.ErrLink) {
		t.Errorf("a link that was handed over: %v", err)
	}
	const mailed, waiting = "mailed@example.org", "waiting@example.org"
	r.invite(t, mailed, decides, false)
	link := token(t, post.To(t, mailed, 1)[0])
	revoke(mailed)
	if _, err := r.claim(link, own); !errors.Is(err, identity.ErrLink) {
		t.Errorf("a link in a letter: %v", err)
	}
	post.Refuse(func(int) error { return &smtp.SMTPError{Code: 451, Message: "later"} })
	r.invite(t, waiting, decides, false)
	testkit.Eventually(t, testkit.Patience, func() error {
		if n := r.Count(`SELECT count(*) FROM mail WHERE address = $1 AND tries > 0 AND error <> ''`, waiting); n != 1 {
			return errors.New("it was not tried")
		}
		return nil
	})
	revoke(waiting)
	post.Refuse(nil)
	r.Clock.Advance(time.Hour)
	testkit.Eventually(t, testkit.Patience, func() error {
		if n := r.Count(`SELECT count(*) FROM mail WHERE address = $1 AND state = 'dropped'`, waiting); n != 1 {
			return errors.New("it is still to be sent")
		}
		return nil
	})
	for _, l := range post.Letters() {
		if l.To == waiting {
			t.Errorf("a letter of a withdrawn invitation: %+v", l)
		}
	}
}
