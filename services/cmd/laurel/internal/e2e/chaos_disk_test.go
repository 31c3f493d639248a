package e2e_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/pg/private"
	"github.com/laurel-awards/laurel/pkg/testkit"
)

const (
	diskSize = 320 << 20 // bytes of the small disk
	// diskLeft is what is left of it when it is nearly full: some hundred ballots.
	diskLeft = 64 << 10
	// walSize keeps PostgreSQL's log small, so that the disk is not full of it.
	walSize = "96MB"
)

// disk is a file system of a test's own, in memory. Its server cannot fill more.
type disk struct {
	dir     string
	refused error // why there is no such file system
}

// newDisk mounts one, where this user may.
func newDisk(t *testing.T) *disk {
	t.Helper()
	dir, err := os.MkdirTemp("", "laurel-e2e-pg-")
	if err != nil {
		t.Fatal(err)
	}
	d := &disk{dir: dir, refused: mount(dir, diskSize)}
	if err := os.Chmod(dir, 0o755); err != nil { // the server's user comes there
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if d.refused == nil {
			if err := unmount(dir); err != nil {
				t.Errorf("unmount %s: %v", dir, err)
			}
		}
		if err := os.Remove(dir); err != nil {
			t.Error(err)
		}
	})
	return d
}

// server is a PostgreSQL on the disk.
func (d *disk) server(t *testing.T) *private.Server {
	t.Helper()
	server := serverIn(t, d.dir)
	db, err := pg.Open(t.Context(), pg.Config{URL: server.URL("postgres")})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, statement := range []string{`ALTER SYSTEM SET max_wal_size = '` + walSize + `'`, `SELECT pg_reload_conf()`} {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	return server
}

// fill takes all space but diskLeft, as it is at this moment.
func (d *disk) fill(t *testing.T) {
	t.Helper()
	if err := fill(d.dir, d.ballast(), diskLeft); err != nil {
		t.Fatal(err)
	}
}

// free gives it back.
func (d *disk) free(t *testing.T) {
	t.Helper()
	if err := os.Remove(d.ballast()); err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

func (d *disk) ballast() string { return filepath.Join(d.dir, "ballast") }

// diskFull has ballots fill PostgreSQL's disk, and frees it after a while: voters
// who are refused are told to try again, and are counted then.
func (s *siege) diskFull(t *testing.T) {
	if s.disk.refused != nil {
		t.Fatalf("a full disk needs a mount: run as root, or allow user namespaces: %v", s.disk.refused)
	}
	l := s.load(t)
	l.more(t, 50)
	already := l.unserved()
	defer s.disk.free(t)
	testkit.Eventually(t, patience, func() error {
		s.disk.fill(t) // what the server gives back, too
		log, err := os.ReadFile(s.Processes["voting"].Log)
		if err == nil && !bytes.Contains(log, []byte("No space left on device")) {
			err = errors.New("the disk is not full")
		}
		return errors.Join(err, atLeast(already+1, l.unserved(), "ballots refused for the moment"))
	})
	s.disk.free(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if _, err := s.server.Start(ctx); err != nil { // where it gave up, somebody starts it again
		t.Fatal(err)
	}
	s.heal(t, l)
	l.done(t)
	s.whole(t)
}
