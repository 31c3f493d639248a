package server_test

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
	"github.com/laurel-awards/laurel/pkg/blob"
	"github.com/laurel-awards/laurel/pkg/job"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/voting"
)

// What was done for selections, and how often it was begun.
const (
	jobsMade     = `SELECT count(*) FROM job WHERE slug <> ''`
	attemptsMade = `SELECT sum(attempts) FROM job WHERE slug <> ''`
)

// store is a directory of bodies. After so many bytes of a body trip decides: an
// error breaks the writing off.
type store struct {
	blob.Store

	root string
	trip func(ctx context.Context) error
}

func newStore(t *testing.T, trip func(ctx context.Context) error) *store {
	t.Helper()
	root := t.TempDir()
	d, err := blob.NewDir(root)
	if err != nil {
		t.Fatal(err)
	}
	return &store{d.In(voting.Name), root, trip}
}

const tripAfter = 1000

func (s *store) Put(ctx context.Context, r io.Reader, limit int64) (blob.Ref, error) {
	head := io.LimitReader(r, tripAfter)
	return s.Store.Put(ctx, io.MultiReader(head, readerFunc(func([]byte) (int, error) {
		if err := s.trip(ctx); err != nil {
			return 0, err
		}
		return 0, io.EOF
	}), r), limit)
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// bodies are the files of the store: by name, those half-written among them.
func (s *store) bodies(t *testing.T) (names []string) {
	t.Helper()
	if err := filepath.WalkDir(s.root, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && e.Name() != "lock" {
			names = append(names, path)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return names
}

// sealedLog has a room with so many ballots and seals it.
func (r *room) sealedLog(t *testing.T, ballots int) ballotlog.Head {
	t.Helper()
	r.open(t, once)
	r.cities(t, 0, ballots, 100)
	_, head := r.log(t, int64(ballots))
	r.close(t)
	r.sealed(t)
	return head
}

// right holds both files to the log.
func (r *room) right(t *testing.T, head ballotlog.Head) {
	t.Helper()
	leaves, ballots := r.made(t, r.ExportLeaves), r.made(t, r.ExportBallots)
	text := r.blob(t, leaves.Blob)
	recount, err := ballotlog.Count(strings.NewReader(text), ballotlog.Rules{Min: 1, Max: 3})
	if err == nil {
		err = recount.CheckHead(head)
	}
	if err != nil {
		t.Error(err)
	}
	rows, err := csv.NewReader(strings.NewReader(r.blob(t, ballots.Blob))).ReadAll()
	if err != nil || int64(len(rows)) != head.N+1 || ballots.Rows != head.N || leaves.Rows != head.N {
		t.Fatalf("%d rows of the ballots, told %d, and %d leaves, of %d: %v", len(rows), ballots.Rows, leaves.Rows, head.N, err)
	}
	for i, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		w, row := strings.Split(line, " "), rows[i+1]
		if row[0] != fmt.Sprint(i) || row[1] != w[1] || row[2] != w[2] || strings.ReplaceAll(row[3], " ", ",") != w[3] {
			t.Fatalf("row %v of the leaf %s", row, line)
		}
	}
}

func (r *room) count(t *testing.T, query string) (n int) {
	t.Helper()
	if err := r.deps.DB.GetContext(t.Context(), &n, query); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestExport_once has many ask for the files of a sealed vote, and most of them
// hang up: each is made once, by the order that the seal gave. A file that is lost
// is made again.
func TestExport_once(t *testing.T) {
	s := newStore(t, func(context.Context) error { return nil })
	signer, err := ballotlog.NewSigner(key())
	if err != nil {
		t.Fatal(err)
	}
	address := serviceURL(t)
	r := keeping(t, s, signer, testkit.NATS(t), address, address)
	head := r.sealedLog(t, 300)
	if n := r.count(t, `SELECT count(*) FROM job WHERE slug <> ''`); n == 0 {
		t.Error("nobody has ordered the files before they were asked for")
	}
	var many errgroup.Group
	for i := range 60 {
		many.Go(func() error {
			ctx, hangUp := context.WithCancel(r.ctx)
			defer hangUp()
			if i%3 > 0 {
				time.AfterFunc(time.Duration(i)*100*time.Microsecond, hangUp)
			}
			for _, ask := range []func(context.Context, voting.Of) (voting.Exported, error){r.ExportLeaves, r.ExportBallots} {
				if _, err := ask(ctx, voting.Of{Slug: slug}); err != nil && ctx.Err() == nil {
					return err
				}
			}
			return nil
		})
	}
	if err := many.Wait(); err != nil {
		t.Error(err)
	}
	r.right(t, head)
	const files = ` FROM job WHERE slug <> ''`
	if jobs, attempts := r.count(t, `SELECT count(*)`+files), r.count(t, `SELECT sum(attempts)`+files); jobs != 2 || attempts != 2 {
		t.Errorf("%d jobs were attempted %d times for two files", jobs, attempts)
	}
	first := r.made(t, r.ExportLeaves)
	for _, lost := range s.bodies(t) {
		if err := os.Remove(lost); err != nil {
			t.Fatal(err)
		}
	}
	r.right(t, head)
	if again := r.made(t, r.ExportLeaves); again.Blob != first.Blob {
		t.Errorf("made again: %+v, first %+v", again, first)
	}
	testkit.Adopts(t, r.deps, r.clock, first.Blob, r.made(t, r.ExportBallots).Blob) // files from before bodies had owners
}

// TestExport_beside has three strangers ask for the files of a sealed vote and hang
// up, before and after they are made, while ballots are cast in another: every
// ballot counts, each file is made once, and on the jobs' connections.
func TestExport_beside(t *testing.T) {
	signer, err := ballotlog.NewSigner(key())
	if err != nil {
		t.Fatal(err)
	}
	reached, goOn := make(chan struct{}, 9), make(chan struct{})
	s := newStore(t, func(context.Context) error {
		reached <- struct{}{}
		<-goOn
		return nil
	})
	address := serviceURL(t)
	r := keeping(t, s, signer, testkit.NATS(t), address, address)
	other := *r
	other.selection = testkit.NewSelection(t, "other-1", r.deps.Time, r.inbox.Deliver)
	other.open(t, once)
	head := r.sealedLog(t, 300)
	testkit.Receive(t, reached, "the middle of the first file")

	cast := 0
	beside := func() {
		t.Helper()
		asking, stop := context.WithCancel(r.ctx)
		var asked atomic.Int64
		var strangers errgroup.Group
		for range 3 {
			strangers.Go(func() error {
				for asking.Err() == nil {
					ctx, hangUp := context.WithTimeout(asking, time.Duration(asked.Add(1)%5)*time.Millisecond)
					_, _ = r.ExportLeaves(ctx, voting.Of{Slug: slug}) // some hang up before the answer
					_, _ = r.ExportBallots(ctx, voting.Of{Slug: slug})
					hangUp()
				}
				return nil
			})
		}
		for range 20 {
			for i := range other.counted(t, voting.Cast{Slug: "other-1", Voter: voter(cast), Way: "device", Picks: []int{1}}) {
				cast += i + 1
			}
		}
		stop()
		_ = strangers.Wait()
		if asked.Load() == 0 {
			t.Error("nobody asked")
		}
	}
	beside()
	if jobs, attempts := r.count(t, jobsMade), r.count(t, attemptsMade); jobs != 1 || attempts != 1 {
		t.Errorf("%d jobs were attempted %d times while one is at work", jobs, attempts)
	}
	if n := r.deps.Jobs.DB().Stats().InUse; n < 2 { // its owner's, and the one it reads on
		t.Errorf("the file is made on %d connections of the jobs", n)
	}
	close(goOn)
	r.right(t, head)
	beside()
	if jobs, attempts := r.count(t, jobsMade), r.count(t, attemptsMade); jobs != 2 || attempts != 2 {
		t.Errorf("%d jobs were attempted %d times for two files", jobs, attempts)
	}
	if n := r.count(t, `SELECT count(*) FROM ballot JOIN voting v ON v.id = selection WHERE slug = 'other-1'`); n != cast {
		t.Errorf("%d ballots of %d", n, cast)
	}
}

// TestExport_killed kills the sessions of a replica in the middle of each file:
// another makes it, and nothing half-written is left.
func TestExport_killed(t *testing.T) {
	for _, file := range []string{voting.LeavesJob, voting.BallotsJob} {
		t.Run(file, func(t *testing.T) {
			signer, err := ballotlog.NewSigner(key())
			if err != nil {
				t.Fatal(err)
			}
			reached, killed := make(chan struct{}), make(chan struct{})
			var mu sync.Mutex
			puts := 0
			s := newStore(t, func(ctx context.Context) error {
				mu.Lock()
				puts++
				mine := (puts == 1) == (file == voting.LeavesJob) && puts <= 2
				mu.Unlock()
				if !mine {
					return nil
				}
				close(reached)
				<-killed
				return errors.New("killed")
			})
			address := serviceURL(t)
			r := keeping(t, s, signer, testkit.NATS(t), address, address)
			head := r.sealedLog(t, 300)
			testkit.Receive(t, reached, "the middle of the file")
			keeping(t, s.Store, signer, r.nats, address, address)
			r.kill(t, 0)
			testkit.Eventually(t, testkit.Patience, func() error {
				j, _, err := job.Last(t.Context(), r.deps.DB, slug, file)
				if err == nil && j.State != job.Done {
					err = fmt.Errorf("the job is %+v", j)
				}
				return err
			})
			close(killed)
			r.right(t, head)
			testkit.Eventually(t, testkit.Patience, func() error {
				if left := s.bodies(t); len(left) != 2 {
					return fmt.Errorf("left: %v", left)
				}
				return nil
			})
		})
	}
}

// TestExport_diskFull leaves nothing half-written, says why there is no file yet,
// and makes it when there is room.
func TestExport_diskFull(t *testing.T) {
	signer, err := ballotlog.NewSigner(key())
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	full := true
	s := newStore(t, func(context.Context) error {
		mu.Lock()
		defer mu.Unlock()
		if full {
			return &os.PathError{Op: "write", Path: "put-1", Err: syscall.ENOSPC}
		}
		return nil
	})
	address := serviceURL(t)
	r := keeping(t, s, signer, testkit.NATS(t), address, address)
	head := r.sealedLog(t, 300)
	testkit.Eventually(t, testkit.Patience, func() error {
		out, err := r.ExportLeaves(r.ctx, voting.Of{Slug: slug})
		if err == nil && (out.Job == nil || out.Job.State != job.Queued || out.Job.Fault == nil || out.Job.Fault.Code != "store_full") {
			err = fmt.Errorf("%+v", out.Job)
		}
		return err
	})
	if left := s.bodies(t); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
	mu.Lock()
	full = false
	mu.Unlock()
	r.clock.Advance(time.Minute)
	r.right(t, head)
}
