package server_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/identity/server"
)

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
