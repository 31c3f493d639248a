package server_test

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/identity/server"
)

// TestMail_noLink looks for a live link in all that the database holds, before
// its letter is sent and after: a thief of the database finds none.
func TestMail_noLink(t *testing.T) {
	r, post := withMail(t)
	post.Refuse(func(int) error { return &smtp.SMTPError{Code: 451, Message: "later"} })
	r.invite(t, director, decides, false)
	testkit.Eventually(t, testkit.Patience, func() error {
		if post.Tries() == 0 {
			return errors.New("no try")
		}
		return nil
	})
	look := func() (all string) {
		for _, table := range []string{"mail", "account_link", "audit", "outbox", "account", "session"} {
			var rows []string
			if err := r.DB.Select(&rows, `SELECT t::text FROM `+table+` t`); err != nil {
				t.Fatal(err)
			}
			all += strings.Join(rows, "\n")
		}
		return all
	}
	before := look()
	post.Refuse(nil)
	r.Clock.Advance(time.Hour)
	link := token(t, post.To(t, director, 1)[0])
	for when, rows := range map[string]string{"waiting": before, "sent": look()} {
		if strings.Contains(rows, link) || strings.Contains(rows, "token=") {
			t.Errorf("while the letter is %s the database holds its link:\n%s", when, rows)
		}
	}
	testkit.Eventually(t, testkit.Patience, func() error {
		if n := r.Count(`SELECT count(*) FROM mail WHERE state = 'sent'`); n != 1 {
			return fmt.Errorf("%d letters are sent", n)
		}
		return nil
	})
	if _, err := r.claim(link, own); err != nil {
		t.Error(err)
	}
}

// TestMail_tries brings a letter again, later each time, until it is taken or
// given up, which an operator sees and can undo.
func TestMail_tries(t *testing.T) {
	r, post := withMail(t)
	var try atomic.Int64
	post.Behave(testkit.Manners{Rcpt: func(string) error {
		return &smtp.SMTPError{Code: 451, Message: fmt.Sprintf("later, please: %d.", try.Add(1))}
	}})
	r.invite(t, director, decides, false)
	unsent := func() server.Unsent {
		all, err := server.UnsentMail(r.ctx, r.Deps)
		if err != nil || len(all) > 1 {
			t.Fatalf("%+v, %v", all, err)
		}
		if len(all) == 0 {
			return server.Unsent{}
		}
		return all[0]
	}
	var waits []time.Duration
	for unsent().State != "dead" {
		tries := len(waits) + 1
		testkit.Eventually(t, testkit.Patience, func() error {
			if u := unsent(); u.Tries != tries || !strings.Contains(u.Error, fmt.Sprintf(": %d.", tries)) {
				return fmt.Errorf("%d tries of %d, %q", u.Tries, tries, u.Error)
			}
			return nil
		})
		waits = append(waits, unsent().DueAt.Sub(r.Clock.Now()))
		if len(waits) > 100 {
			t.Fatal("it is never given up")
		}
		r.Clock.Advance(waits[tries-1])
	}
	if len(waits) != 12 || waits[0] != 30*time.Second || waits[1] != time.Minute || waits[11] != 4*time.Hour {
		t.Errorf("waits %v", waits)
	}
	if u := unsent(); u.Address != director || !strings.Contains(u.Error, "later, please") {
		t.Errorf("an operator sees %+v", u)
	}
	post.Behave(testkit.Manners{})
	if n, err := server.RetryMail(r.ctx, r.Deps); err != nil || n != 1 {
		t.Fatalf("%d, %v", n, err)
	}
	if _, err := r.claim(token(t, post.To(t, director, 1)[0]), own); err != nil {
		t.Error(err)
	}
	if ids := post.Letters(); len(ids) != 1 {
		t.Errorf("%+v", ids)
	}
}

// TestMail_refused gives a letter up at once that the server will never take,
// and sends the others.
func TestMail_refused(t *testing.T) {
	r, post := withMail(t)
	post.Refuse(func(try int) error {
		if try == 1 {
			return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user"}
		}
		return nil
	})
	r.invite(t, "gone@example.org", decides, false)
	testkit.Eventually(t, testkit.Patience, func() error {
		if n := r.Count(`SELECT count(*) FROM mail WHERE state = 'dead' AND tries = 1`); n != 1 {
			return fmt.Errorf("%d are given up", n)
		}
		return nil
	})
	r.invite(t, director, decides, false)
	post.To(t, director, 1)
}

// loseNote makes the next note that a letter was sent fail, and gives a function
// that waits until it has. A sequence counts, for it is not rolled back.
func (r room) loseNote(t *testing.T) (lost func()) {
	t.Helper()
	if _, err := r.DB.Exec(`
		CREATE SEQUENCE note;
		CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN IF nextval('note') = 1 THEN RAISE 'killed'; END IF; RETURN NEW; END $$;
		CREATE TRIGGER lose BEFORE UPDATE ON mail FOR EACH ROW WHEN (NEW.state = 'sent') EXECUTE FUNCTION lose()`); err != nil {
		t.Fatal(err)
	}
	return func() {
		t.Helper()
		testkit.Eventually(t, testkit.Patience, func() error {
			if r.Count(`SELECT count(*) FROM note WHERE is_called`) == 0 {
				return errors.New("nothing was noted")
			}
			return nil
		})
	}
}

// TestMail_unnoted loses the sender's note that a letter was taken, as a kill
// between the two does: the letter comes again, with the same Message-ID, and
// either link is good.
func TestMail_unnoted(t *testing.T) {
	r, post := withMail(t)
	lost := r.loseNote(t)
	r.invite(t, director, decides, false)
	lost()
	if n := r.Count(`SELECT count(*) FROM mail WHERE state = 'queued' AND due_at > $1`, r.Clock.Now()); n != 1 {
		t.Fatalf("%d letters wait for their next try", n)
	}
	r.Clock.Advance(time.Minute)
	letters := post.To(t, director, 2)
	if letters[0].ID != letters[1].ID || letters[0].Link() == letters[1].Link() {
		t.Errorf("%+v", letters)
	}
	if _, err := r.claim(token(t, letters[0]), own); err != nil {
		t.Error(err)
	}
}

// TestMail_most sends an address no more than so many letters of a kind in an
// hour, whoever asks.
func TestMail_most(t *testing.T) {
	r, post := withMail(t)
	a := r.account(t, "wang@example.org")
	for range 20 {
		if _, err := r.AskReset(r.ctx, identity.Lookup{Email: a.Email}); err != nil {
			t.Fatal(err)
		}
	}
	post.To(t, a.Email, 6) // with the one about the claim
	testkit.Eventually(t, testkit.Patience, func() error {
		if n := r.Count(`SELECT count(*) FROM mail WHERE state = 'queued'`); n > 0 {
			return fmt.Errorf("%d wait", n)
		}
		return nil
	})
	if n := len(post.Letters()); n != 6 {
		t.Errorf("%d letters", n)
	}
	r.Clock.Advance(time.Hour)
	if _, err := r.AskReset(r.ctx, identity.Lookup{Email: a.Email}); err != nil {
		t.Fatal(err)
	}
	post.To(t, a.Email, 7)
}

// TestMail_settings refuses what cannot send, without telling the password.
func TestMail_settings(t *testing.T) {
	good := server.Mail{URL: "smtp://u:hunter2@mail.example.org", From: "laurel@example.org", PublicURL: "https://laurel.example.org"}
	for name, change := range map[string]func(*server.Mail){
		"SMTP_URL":   func(m *server.Mail) { m.URL = "http://u:hunter2@mail.example.org" },
		"SMTP_URL ":  func(m *server.Mail) { m.URL = "smtp://u:hunter2@mail.example.org:many" },
		"MAIL_FROM":  func(m *server.Mail) { m.From = "" },
		"PUBLIC_URL": func(m *server.Mail) { m.PublicURL = "" },
	} {
		m := good
		change(&m)
		_, err := server.New(run.Deps{}, config(m))
		if err == nil || !strings.Contains(err.Error(), strings.TrimSpace(name)) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := server.New(run.Deps{}, config(good)); err != nil {
		t.Error(err)
	}
}

// TestMail_full has strangers fill the queue, while no server takes a letter: they
// are refused from there on, and nothing that staff do is.
func TestMail_full(t *testing.T) {
	r, post := withMail(t)
	a := r.account(t, "wang@example.org")
	post.To(t, a.Email, 1)
	if _, err := r.DB.Exec(`
		INSERT INTO mail (id, kind, address, said, created_at, due_at)
		SELECT gen_random_uuid(), 'reset', n || '@example.org', '{}', now(), 'infinity' FROM generate_series(1, 20000) n`); err != nil {
		t.Fatal(err)
	}
	if _, err := r.AskReset(r.ctx, identity.Lookup{Email: "li@example.org"}); !fault.HasCode(err, "mail_queue_full") {
		t.Errorf("one more: %v", err)
	}
	r.invite(t, "new@example.org", decides, false)
	post.To(t, "new@example.org", 1)
	if got, err := r.DisableAccount(r.ctx, identity.ChangeAccess{Email: a.Email, Reason: "has left"}); err != nil || !got.Disabled {
		t.Errorf("%+v, %v", got, err)
	}
	post.To(t, a.Email, 2)
}
