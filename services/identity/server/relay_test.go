package server_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/identity/server"
)

// noted waits until so many letters are in a state.
func (r room) noted(t *testing.T, state string, n int) {
	t.Helper()
	testkit.Eventually(t, testkit.Patience, func() error {
		if got := r.Count(`SELECT count(*) FROM mail WHERE state = $1`, state); got != n {
			return fmt.Errorf("%d letters are %s, not %d", got, state, n)
		}
		return nil
	})
}

// TestMail_takenAndDropped has the server take each letter and hang up before it
// is told goodbye: the letter was taken, and does not come again.
func TestMail_takenAndDropped(t *testing.T) {
	r, post, _ := withOffice(t)
	post.Behave(testkit.Manners{Done: func(c *smtp.Conn) { _ = c.Conn().Close() }})
	if _, err := r.load(t, identity.ImportRoster{Slug: "s-1"}, "member,email\n17,wang@example.org\n"); err != nil {
		t.Fatal(err)
	}
	r.mailCodes(t, identity.MailCodes{})
	code := coded(t, post.To(t, "wang@example.org", 1)[0])
	r.noted(t, "sent", 1)
	r.Clock.Advance(time.Hour)
	r.invite(t, director, decides, false) // goes before codes
	post.To(t, director, 1)
	r.noted(t, "sent", 2)
	if n := len(post.Letters()); n != 2 || r.ask(code) != "early" {
		t.Errorf("%d letters, the code of the first is %s", n, r.ask(code))
	}
	if roster := r.settled(t); roster.Mailed.Sent != 1 {
		t.Errorf("%+v", roster)
	}
}

// TestMail_quoted has the server refuse letters and quote them, as filters do that
// name the link which they do not like: neither a code nor a link comes into the
// database, nor before an organizer.
func TestMail_quoted(t *testing.T) {
	for name, status := range map[string]int{"later": 451, "never": 554} {
		t.Run(name, func(t *testing.T) {
			r, post, _ := withOffice(t)
			quoted := make(chan string, 100)
			post.Behave(testkit.Manners{Data: func(l testkit.Letter) error {
				secret := strings.TrimPrefix(l.Link(), "https://laurel.example.org/claim?token=")
				if code := codePattern.FindString(strings.ReplaceAll(l.Text, "\r", "")); code != "" {
					secret = code
				}
				quoted <- secret
				return &smtp.SMTPError{Code: status, EnhancedCode: smtp.EnhancedCode{status / 100, 7, 1}, Message: "this is no good: " + secret}
			}})
			if _, err := r.load(t, identity.ImportRoster{Slug: "s-1"}, "member,email\n17,wang@example.org\n"); err != nil {
				t.Fatal(err)
			}
			r.mailCodes(t, identity.MailCodes{})
			r.invite(t, director, decides, false)
			testkit.Eventually(t, testkit.Patience, func() error {
				if n := r.Count(`SELECT count(*) FROM mail WHERE error <> ''`); n != 2 {
					return fmt.Errorf("%d tries are noted", n)
				}
				return nil
			})
			roster, err := r.GetRoster(r.ctx, identity.OfRoster{Slug: "s-1"})
			if err != nil {
				t.Fatal(err)
			}
			all := fmt.Sprint(roster.Failed)
			for _, table := range []string{"mail", "audit", "outbox", "roster_member"} {
				var rows []string
				if err := r.DB.Select(&rows, `SELECT t::text FROM `+table+` t`); err != nil {
					t.Fatal(err)
				}
				all += strings.Join(rows, "\n")
			}
			if !strings.Contains(all, fmt.Sprintf("%d %d.7.1", status, status/100)) {
				t.Errorf("what the server answered is not told: %s", all)
			}
			for len(quoted) > 0 {
				if secret := <-quoted; secret == "" || strings.Contains(all, secret) {
					t.Errorf("%q is kept", secret)
				}
			}
		})
	}
}

// TestMail_sender has the server refuse who sends, and then take it: no letter is
// given up for what is no fault of its reader's.
func TestMail_sender(t *testing.T) {
	r, post, _ := withOffice(t)
	post.Behave(testkit.Manners{From: func() error {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "sender is not allowed"}
	}})
	if _, err := r.load(t, identity.ImportRoster{Slug: "s-1"}, addressed); err != nil {
		t.Fatal(err)
	}
	r.mailCodes(t, identity.MailCodes{})
	r.invite(t, director, decides, false)
	testkit.Eventually(t, testkit.Patience, func() error {
		if n := r.Count(`SELECT count(*) FROM mail WHERE error LIKE '%sender is not allowed%'`); n != 3 {
			return fmt.Errorf("%d tries are noted", n)
		}
		return nil
	})
	r.noted(t, "queued", 3)
	post.Behave(testkit.Manners{})
	r.Clock.Advance(time.Minute)
	r.noted(t, "sent", 3)
}

// TestMail_recipients has the server answer each recipient otherwise: who is not
// there is given up with the server's words, who is busy gets the letter later,
// and nobody waits for another.
func TestMail_recipients(t *testing.T) {
	r, post, _ := withOffice(t)
	busy := true
	post.Behave(testkit.Manners{Rcpt: func(to string) error {
		switch {
		case to == "wang@example.org":
			return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user"}
		case to == "li@example.org" && busy:
			busy = false
			return &smtp.SMTPError{Code: 452, EnhancedCode: smtp.EnhancedCode{4, 2, 2}, Message: "mailbox full"}
		}
		return nil
	}})
	if _, err := r.load(t, identity.ImportRoster{Slug: "s-1"}, addressed+"20,,liu@example.org\n"); err != nil {
		t.Fatal(err)
	}
	r.mailCodes(t, identity.MailCodes{})
	coded(t, post.To(t, "liu@example.org", 1)[0])
	r.noted(t, "dead", 1)
	r.Clock.Advance(time.Minute)
	coded(t, post.To(t, "li@example.org", 1)[0])
	roster := r.settled(t)
	if len(roster.Failed) != 1 || roster.Failed[0].Member != "17" || !strings.Contains(roster.Failed[0].Error, "no such user") || roster.Mailed.Sent != 2 {
		t.Errorf("%+v", roster)
	}
}

// deposed ends the sessions of all that hold a lock.
func (r room) deposed(t *testing.T) {
	t.Helper()
	conn, err := r.DB.Connx(r.ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.ExecContext(r.ctx, `SET ROLE NONE`); err != nil {
		t.Fatal(err)
	}
	var n int
	if err := conn.GetContext(r.ctx, &n, `
		SELECT count(pg_terminate_backend(l.pid)) FROM pg_locks l JOIN pg_stat_activity a USING (pid)
		WHERE l.locktype = 'advisory' AND a.datname = current_database() AND l.granted AND l.pid <> pg_backend_pid()`); err != nil || n == 0 {
		t.Fatalf("%d held a lock: %v", n, err)
	}
	if _, err := conn.ExecContext(r.ctx, `RESET ROLE`); err != nil {
		t.Fatal(err)
	}
}

// TestMail_overtaken has one replica hang in a letter until another has sent it,
// whose leader's session was lost: what the first says of its try then changes
// nothing.
func TestMail_overtaken(t *testing.T) {
	r, post, _ := withOffice(t)
	hangs, goes := make(chan bool), make(chan bool)
	post.Refuse(func(try int) error {
		if try == 1 {
			close(hangs)
			<-goes
			return &smtp.SMTPError{Code: 451, Message: "later"}
		}
		return nil
	})
	if _, err := r.load(t, identity.ImportRoster{Slug: "s-1"}, "member,email\n17,wang@example.org\n"); err != nil {
		t.Fatal(err)
	}
	r.mailCodes(t, identity.MailCodes{})
	<-hangs
	cfg := config(server.Mail{URL: post.URL, From: "Laurel <laurel@example.org>", PublicURL: "https://laurel.example.org/"})
	second, err := server.New(r.Deps, cfg)
	if err != nil {
		t.Fatal(err)
	}
	testkit.Start(t, run.Room{Name: identity.Name, Tasks: second.Tasks}, r.Deps)
	r.deposed(t)
	r.Clock.Advance(time.Minute)
	code := coded(t, post.To(t, "wang@example.org", 1)[0])
	r.noted(t, "sent", 1)
	close(goes)
	r.Clock.Advance(time.Hour)
	r.invite(t, director, decides, false) // by whoever leads, and after what is due
	post.To(t, director, 1)
	r.noted(t, "sent", 2)
	if roster := r.settled(t); roster.Mailed.Sent != 1 || r.ask(code) != "early" || r.Count(`SELECT count(*) FROM mail`) != 2 {
		t.Errorf("%+v, %s", roster, r.ask(code))
	}
}

// TestMail_others has another selection send letters to the same address: each
// sends as many as it may, and its organizers do not learn of the other's.
func TestMail_others(t *testing.T) {
	r, _, _ := withOffice(t)
	for _, slug := range []string{"s-2", "s-1"} {
		if _, err := r.load(t, identity.ImportRoster{Slug: slug}, "member,email\n17,wang@example.org\n"); err != nil {
			t.Fatal(err)
		}
		for n := range 6 {
			_, err := r.MailCodes(r.ctx, identity.MailCodes{Slug: slug, Member: "17", Reason: "x"})
			if refused := errors.Is(err, identity.ErrLetters); refused != (n == 5) || err != nil && !refused {
				t.Errorf("letter %d of %s: %v", n+1, slug, err)
			}
		}
	}
}
