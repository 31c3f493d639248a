package server_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/identity/server"
)

// sits is a role in s-1.
var sits = identity.Grant{Slug: "s-1", Role: identity.Committee}

// mail gives the letters of s-1, and of the installation where slug is empty.
func (r room) mail(t *testing.T, in identity.ListMail) identity.MailPage {
	t.Helper()
	in.Most = identity.MaxLetters
	page, err := r.ListMail(r.ctx, in)
	if err != nil {
		t.Fatal(err)
	}
	return page
}

// fate waits until a letter to an address is in a state, and gives it.
func (r room) fate(t *testing.T, slug, address string, state identity.LetterState) (l identity.MailLetter) {
	t.Helper()
	testkit.Eventually(t, testkit.Patience, func() error {
		page := r.mail(t, identity.ListMail{Slug: slug, Search: address})
		if len(page.Letters) == 0 || page.Letters[0].State != state {
			return fmt.Errorf("%s: %+v, not %s", address, page.Letters, state)
		}
		l = page.Letters[0]
		return nil
	})
	return l
}

func (r room) changeMail(t *testing.T, in identity.ChangeMail, letters int) {
	t.Helper()
	if out, err := r.ChangeMail(r.ctx, in); err != nil || out.Letters != letters {
		t.Errorf("%+v: %+v, %v", in, out, err)
	}
}

// TestOutbox shows letters before they are sent and after, and holds, releases,
// withdraws and sends them again, each once and in the log.
func TestOutbox(t *testing.T) {
	r, post := withMail(t)
	var refused atomic.Int64
	refused.Store(451)
	post.Behave(testkit.Manners{Rcpt: func(to string) error {
		if code := refused.Load(); code > 0 {
			return &smtp.SMTPError{Code: int(code), Message: "not now, " + to}
		}
		return nil
	}})
	const one, two, three = "one@example.org", "two@example.org", "three@example.org"
	for _, address := range []string{one, two, three} {
		r.invite(t, address, sits, false)
	}
	for _, address := range []string{one, two, three} {
		if l := r.fate(t, "s-1", address, identity.LetterDeferred); l.Kind != identity.LetterInvitation || l.Tries != 1 ||
			!strings.Contains(l.Error, "not now, "+address) || !l.DueAt.After(r.Clock.Now()) || l.SettledAt != nil || !l.Kept {
			t.Errorf("%+v", l)
		}
	}
	r.changeMail(t, identity.ChangeMail{Slug: "s-1", Do: identity.HoldMail}, 3)
	r.Clock.Advance(8 * 24 * time.Hour)
	refused.Store(0)
	r.changeMail(t, identity.ChangeMail{Slug: "s-1", Do: identity.WithdrawMail, Letter: r.fate(t, "s-1", two, identity.LetterHeld).ID, Reason: "wrong person"}, 1)
	r.changeMail(t, identity.ChangeMail{Slug: "s-1", Do: identity.ReleaseMail, Letter: r.fate(t, "s-1", one, identity.LetterHeld).ID}, 1)
	sent := r.fate(t, "s-1", one, identity.LetterSent)
	if sent.SettledAt == nil || len(post.Letters()) != 1 {
		t.Errorf("%+v, %d letters", sent, len(post.Letters()))
	}
	read, err := r.ReadLetter(r.ctx, identity.OfLetter{Slug: "s-1", Letter: sent.ID})
	if err != nil || len(read.Texts) != 2 || !strings.Contains(read.Texts[0].Text, "/claim?token=••••") ||
		strings.Contains(read.Texts[0].Text, token(t, post.Letters()[0])) || strings.Contains(read.Texts[1].Text, "claim") {
		t.Errorf("%+v, %v", read, err)
	}
	refused.Store(550)
	r.changeMail(t, identity.ChangeMail{Slug: "s-1", Do: identity.ReleaseMail}, 1)
	dead := r.fate(t, "s-1", three, identity.LetterDead)
	refused.Store(0)
	r.changeMail(t, identity.ChangeMail{Slug: "s-1", Do: identity.RetryMail}, 1)
	r.fate(t, "s-1", three, identity.LetterSent)
	for name, c := range map[string]struct {
		in   identity.ChangeMail
		want error
	}{
		"sent":      {identity.ChangeMail{Slug: "s-1", Do: identity.RetryMail, Letter: dead.ID}, identity.ErrLetterSettled},
		"elsewhere": {identity.ChangeMail{Slug: "s-2", Do: identity.HoldMail, Letter: dead.ID}, identity.ErrNoLetter},
		"operator":  {identity.ChangeMail{Do: identity.HoldMail, Letter: dead.ID}, identity.ErrNoLetter},
		"no id":     {identity.ChangeMail{Slug: "s-1", Do: identity.HoldMail, Letter: "1; DROP"}, identity.ErrNoLetter},
		"no reason": {identity.ChangeMail{Slug: "s-1", Do: identity.WithdrawMail, Letter: dead.ID}, identity.ErrMail},
		"all":       {identity.ChangeMail{Slug: "s-1", Do: identity.WithdrawMail, Reason: "x"}, identity.ErrMail},
		"no act":    {identity.ChangeMail{Slug: "s-1", Do: "burn"}, identity.ErrMail},
	} {
		if _, err := r.ChangeMail(r.ctx, c.in); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	var acts []string
	if err := r.DB.Select(&acts, `SELECT act || ' ' || coalesce(reason, '') FROM audit WHERE act LIKE '%\_mail' AND slug = 's-1' ORDER BY id`); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"hold_mail ", "withdraw_mail wrong person", "release_mail ", "release_mail ", "retry_mail "}, acts); diff != "" {
		t.Error(diff)
	}
}

// TestOutbox_own shows the letters of accounts to operators alone, and has nobody
// hold one that tells a holder of a change.
func TestOutbox_own(t *testing.T) {
	r, post := withMail(t)
	a := r.account(t, "wang@example.org") // claimed by a link that was handed over
	post.To(t, a.Email, 1)
	claimed := r.fate(t, "", a.Email, identity.LetterSent)
	if page := r.mail(t, identity.ListMail{Slug: "s-1"}); len(page.Letters) > 0 || len(page.Figures) > 0 {
		t.Errorf("organizers see %+v", page)
	}
	post.Behave(testkit.Manners{Rcpt: func(string) error { return &smtp.SMTPError{Code: 451, Message: "later"} }})
	if _, err := r.AskReset(r.ctx, identity.Lookup{Email: a.Email}); err != nil {
		t.Fatal(err)
	}
	reset := r.fate(t, "", a.Email, identity.LetterDeferred)
	for _, do := range []identity.MailAct{identity.HoldMail, identity.WithdrawMail} {
		for _, l := range []identity.MailLetter{claimed, reset} {
			if _, err := r.ChangeMail(r.ctx, identity.ChangeMail{Letter: l.ID, Do: do, Reason: "x"}); !errors.Is(err, identity.ErrLetterKept) || l.Kept {
				t.Errorf("%s %s: %v", do, l.Kind, err)
			}
		}
	}
	r.changeMail(t, identity.ChangeMail{Do: identity.HoldMail}, 0)
	if read, err := r.ReadLetter(r.ctx, identity.OfLetter{Letter: reset.ID}); err != nil || len(read.Texts) != 1 ||
		!strings.Contains(read.Texts[0].Text, "/claim?token=••••") {
		t.Errorf("%+v, %v", read, err)
	}
}

// TestOutbox_untold invites addresses with and without an account, each to a role
// that is then taken back and to one that stays: what an organizer is shown of
// their letters is the same.
func TestOutbox_untold(t *testing.T) {
	r, post := withMail(t)
	r.proved(t, "proved@example.org")
	r.proved(t, "disabled@example.org")
	if _, err := r.DisableAccount(r.ctx, identity.ChangeAccess{Email: "disabled@example.org", Reason: "x"}); err != nil {
		t.Fatal(err)
	}
	post.To(t, "disabled@example.org", 1)
	r.invite(t, "squatted@example.org", identity.Grant{Slug: "s-2", Role: identity.Auditor}, true)
	if _, err := r.DisableAccount(r.ctx, identity.ChangeAccess{Email: "squatted@example.org", Reason: "x"}); err != nil {
		t.Fatal(err)
	}
	post.Behave(testkit.Manners{Rcpt: func(string) error { return &smtp.SMTPError{Code: 451, Message: "later"} }})
	addresses := []string{"new@example.org", "proved@example.org", "disabled@example.org", "squatted@example.org"}
	shown := func(state identity.LetterState) {
		t.Helper()
		var first identity.LetterRead
		for i, address := range addresses {
			read, err := r.ReadLetter(r.ctx, identity.OfLetter{Slug: "s-1", Letter: r.fate(t, "s-1", address, state).ID})
			if err != nil {
				t.Fatal(err)
			}
			read.ID, read.Address = "", ""
			for i := range read.Texts {
				read.Texts[i].Text = strings.ReplaceAll(read.Texts[i].Text, address, "ADDRESS")
			}
			if i == 0 {
				first = read
			}
			if diff := cmp.Diff(first, read); diff != "" {
				t.Errorf("%s differs:\n%s", address, diff)
			}
		}
	}
	for _, address := range addresses {
		r.invite(t, address, sits, false)
	}
	shown(identity.LetterDeferred)
	r.changeMail(t, identity.ChangeMail{Slug: "s-1", Do: identity.HoldMail}, len(addresses))
	for _, address := range addresses {
		if _, err := r.RevokeRole(r.ctx, identity.Change{Email: address, Grant: sits}); err != nil {
			t.Fatal(err)
		}
	}
	r.changeMail(t, identity.ChangeMail{Slug: "s-1", Do: identity.ReleaseMail}, len(addresses))
	shown(identity.LetterDropped)
	post.Behave(testkit.Manners{})
	r.Clock.Advance(time.Minute)
	for _, address := range addresses {
		r.invite(t, address, sits, false)
	}
	shown(identity.LetterSent)
	for _, address := range addresses[1:] {
		letters := post.To(t, address, 1)
		if last := letters[len(letters)-1]; last.Link() != "" || !strings.Contains(last.Text, "You have an account") {
			t.Errorf("%s: %+v", address, last)
		}
	}
}

// TestOutbox_codes shows no code and no time at which one was sent, and has a
// member wait again whose letter goes again.
func TestOutbox_codes(t *testing.T) {
	r, post, _ := withOffice(t)
	var refused atomic.Bool
	refused.Store(true)
	post.Behave(testkit.Manners{Rcpt: func(string) error {
		if refused.Load() {
			return &smtp.SMTPError{Code: 550, Message: "no such user"}
		}
		return nil
	}})
	if _, err := r.load(t, identity.ImportRoster{Slug: "s-1"}, addressed); err != nil {
		t.Fatal(err)
	}
	r.mailCodes(t, identity.MailCodes{})
	r.noted(t, "dead", 2)
	refused.Store(false)
	r.changeMail(t, identity.ChangeMail{Slug: "s-1", Do: identity.RetryMail}, 2)
	if roster := r.settled(t); roster.Mailed.Sent != 2 || roster.Mailed.Failed != 0 {
		t.Errorf("%+v", roster.Mailed)
	}
	code := coded(t, post.To(t, "wang@example.org", 1)[0])
	l := r.fate(t, "s-1", "wang@example.org", identity.LetterSent)
	read, err := r.ReadLetter(r.ctx, identity.OfLetter{Slug: "s-1", Letter: l.ID})
	if err != nil || l.SettledAt != nil || l.BegunAt != nil || len(read.Texts) != 1 || !strings.Contains(read.Texts[0].Text, "••••-••••-••••") ||
		strings.Contains(fmt.Sprint(read), code) || codePattern.MatchString(read.Texts[0].Text) {
		t.Errorf("%+v, %v", read, err)
	}
	refused.Store(true)
	r.mailCodes(t, identity.MailCodes{Member: "18", Reason: "lost"})
	r.noted(t, "dead", 1)
	if _, err := r.DB.Exec(`UPDATE mail SET state = 'queued', due_at = '2999-01-01' WHERE state = 'dead'`); err != nil {
		t.Fatal(err)
	}
	waits := r.fate(t, "s-1", "li@example.org", identity.LetterDeferred)
	r.changeMail(t, identity.ChangeMail{Slug: "s-1", Do: identity.WithdrawMail, Letter: waits.ID, Reason: "moved"}, 1)
	if roster := r.settled(t); roster.Mailed.Failed != 1 {
		t.Errorf("a member whose letter is withdrawn can be given a code otherwise: %+v", roster.Mailed)
	}
}

// many makes letters, of which each hundredth failed.
const many = `
	INSERT INTO mail (id, kind, address, slug, said, created_at, due_at, state)
	SELECT ('0192f0c1-2345-7abc-8def-' || lpad(to_hex(n), 12, '0'))::uuid, CASE n % 2 WHEN 0 THEN 'code' ELSE 'invitation' END,
	       'n' || n || '@example.org', 's-1', '{}', now(), now(), CASE WHEN n % 100 = 0 THEN 'dead' ELSE 'sent' END
	FROM generate_series($1::int, $2::int) n`

// TestOutbox_many pages, filters and searches 5,000 letters in the database: a page
// of them is no more work than one of 500.
func TestOutbox_many(t *testing.T) {
	r := setup(t)
	work := func() uint64 {
		least := uint64(1 << 62)
		for range 5 {
			least = min(least, testkit.Allocated(func() { r.mail(t, identity.ListMail{Slug: "s-1"}) }))
		}
		return least
	}
	fill := func(from, to int) {
		t.Helper()
		if _, err := r.DB.Exec(many, from, to); err != nil {
			t.Fatal(err)
		}
	}
	fill(1, 500)
	few := work()
	fill(501, 5000)
	if all := work(); all > 2*few {
		t.Errorf("a page of 500 letters allocates %d bytes, one of 5,000 %d", few, all)
	}
	for _, c := range []struct {
		in           identity.ListMail
		found, shown int
		first        string
		page         int
	}{
		{identity.ListMail{Slug: "s-1"}, 5000, 100, "n5000@example.org", 1},
		{identity.ListMail{Slug: "s-1", Page: 50}, 5000, 100, "n100@example.org", 50},
		{identity.ListMail{Slug: "s-1", Page: 999}, 5000, 100, "n100@example.org", 50},
		{identity.ListMail{Slug: "s-1", State: identity.LetterDead}, 50, 50, "n5000@example.org", 1},
		{identity.ListMail{Slug: "s-1", Kind: identity.LetterInvitation, Page: 2}, 2500, 100, "n4799@example.org", 2},
		{identity.ListMail{Slug: "s-1", Search: " N123@Example"}, 1, 1, "n123@example.org", 1},
		{identity.ListMail{Slug: "s-1", Search: "%"}, 0, 0, "", 1},
		{identity.ListMail{Slug: "s-2"}, 0, 0, "", 1},
	} {
		page := r.mail(t, c.in)
		first := ""
		if len(page.Letters) > 0 {
			first = page.Letters[0].Address
		}
		if page.Found != c.found || len(page.Letters) != c.shown || first != c.first || page.Page != c.page {
			t.Errorf("%+v: %d found, %d shown from %s, page %d", c.in, page.Found, len(page.Letters), first, page.Page)
		}
	}
	figures, err := r.ListMail(r.ctx, identity.ListMail{Slug: "s-1"})
	if err != nil || len(figures.Letters) > 0 || figures.Count() != 5000 || figures.Count(identity.LetterDead) != 50 || figures.On {
		t.Errorf("%+v, %v", figures, err)
	}
	if _, err := r.ListMail(r.ctx, identity.ListMail{Slug: "s-1", State: "x", Kind: "y", Most: 101, Search: "\x00"}); !slices.Equal(
		testkit.Fields(err), []string{"state", "kind", "most", "search"}) {
		t.Errorf("%v", err)
	}
}

// behind is a room whose letters go through a proxy, to a server for which it waits
// as long as patience says. The room's tasks do not run: mail sends.
func behind(t *testing.T) (r room, post *testkit.Post, proxy *testkit.FaultProxy, mail run.Task, patience *atomic.Int64) {
	t.Helper()
	patience = new(atomic.Int64)
	patience.Store(int64(testkit.Patience))
	post = testkit.NewPost(t)
	proxy = testkit.NewFaultProxy(t, "127.0.0.1:0", "tcp", strings.TrimPrefix(post.URL, "smtp://"))
	r = in(t, testkit.NewRoom(t, identity.Name, server.Migrations(), func(deps run.Deps) (run.Room, error) {
		cfg := config(server.Mail{
			URL: "smtp://" + proxy.Address, From: "laurel@example.org", PublicURL: "https://laurel.example.org",
			Patience: func() time.Duration { return time.Duration(patience.Load()) },
		})
		room, err := server.New(deps, cfg)
		for _, task := range room.Tasks {
			if task.Name == "mail" {
				mail = task
			}
		}
		room.Tasks = nil
		return room, err
	}))
	return r, post, proxy, mail, patience
}

// begin runs a task until it is stopped, or the test ends.
func begin(t *testing.T, task run.Task) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	over := make(chan error, 1)
	go func() { over <- task.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-over; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// TestMail_hangs has the server hang or go away in each way: the letter is put off
// and goes once, and others go meanwhile. The one window is a letter that the
// server has taken and whose answer is lost: it comes again, with the same id.
func TestMail_hangs(t *testing.T) {
	r, post, proxy, mail, patience := behind(t)
	begin(t, mail)
	goes := make(chan bool)
	mend := sync.OnceFunc(func() { close(goes) })
	t.Cleanup(mend)
	var taken atomic.Int64
	const held, rcpt, read, gone, lost = "held@example.org", "rcpt@example.org", "read@example.org", "gone@example.org", "lost@example.org"
	patience.Store(int64(300 * time.Millisecond))
	proxy.Hold() // it takes connections, and says nothing
	r.invite(t, held, sits, false)
	r.fate(t, "s-1", held, identity.LetterDeferred)
	proxy.Restore(t)
	late := errors.New("nobody hears this")
	post.Behave(testkit.Manners{
		Rcpt: func(to string) error {
			if to != rcpt {
				return nil
			}
			<-goes
			return late
		},
		Data: func(l testkit.Letter) error {
			switch l.To {
			case read:
				<-goes
			case gone:
				proxy.Forget()
			case lost:
				proxy.Forget()
				taken.Add(1)
				return nil
			default:
				return nil
			}
			return late
		},
	})
	all := []string{rcpt, read, gone, lost}
	for _, address := range all {
		r.invite(t, address, sits, false)
	}
	for _, address := range all {
		if l := r.fate(t, "s-1", address, identity.LetterDeferred); l.Error == "" || l.Tries != 1 || !l.DueAt.After(r.Clock.Now()) {
			t.Errorf("%+v", l)
		}
	}
	patience.Store(int64(testkit.Patience))
	post.Behave(testkit.Manners{})
	mend()
	r.invite(t, director, sits, false)
	post.To(t, director, 1)
	r.Clock.Advance(time.Hour)
	for _, address := range append(all, held) {
		r.fate(t, "s-1", address, identity.LetterSent)
		want := 1
		if address == lost {
			want += int(taken.Load())
		}
		letters := post.To(t, address, want)
		if len(letters) != want || letters[0].ID != letters[want-1].ID {
			t.Errorf("%s: %+v", address, letters)
		}
	}
}

// TestMail_stopped stops the sender while the server takes a letter that somebody
// has held meanwhile: that it was taken is noted all the same, and it does not come
// again.
func TestMail_stopped(t *testing.T) {
	r, post, _, mail, _ := behind(t)
	reads, goes := make(chan bool), make(chan bool)
	post.Behave(testkit.Manners{Data: func(testkit.Letter) error {
		close(reads)
		<-goes
		return nil
	}})
	ctx, cancel := context.WithCancel(testkit.Context(t))
	over := make(chan error, 1)
	go func() { over <- mail.Run(ctx) }()
	r.invite(t, director, sits, false)
	<-reads
	l := r.fate(t, "s-1", director, identity.LetterSending)
	if l.BegunAt == nil {
		t.Errorf("%+v", l)
	}
	r.changeMail(t, identity.ChangeMail{Slug: "s-1", Letter: l.ID, Do: identity.HoldMail}, 1)
	cancel()
	close(goes)
	if err := <-over; err != nil {
		t.Fatal(err)
	}
	if l := r.fate(t, "s-1", director, identity.LetterSent); l.BegunAt != nil || l.SettledAt == nil {
		t.Errorf("%+v", l)
	}
	post.Behave(testkit.Manners{})
	begin(t, mail)
	r.Clock.Advance(time.Hour)
	r.invite(t, "other@example.org", sits, false)
	post.To(t, "other@example.org", 1)
	if n := len(post.Letters()); n != 2 {
		t.Errorf("%d letters", n)
	}
}
