//go:build unix

package pg

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// localUser is the database superuser of a private server.
const localUser = "laurel"

// Local is a private PostgreSQL server for the demo and the tests: its own data
// directory, a Unix socket and no open port, fsync on.
//
// The directory is made by Start and holds
//
//	laurel-postgres   marks the directory as ours; one without it is refused
//	lock              taken by whoever starts, stops or removes the server
//	data              the cluster
//	run               the socket, unless its path would be too long
//	log               what the server says
//
// Nobody needs a password (auth is trust), but only the directory's owner, and
// root, can reach the socket: the directories above it have mode 0700.
//
// The server is no child of its starter: it survives the starter's kill -9, and
// the next Start adopts it.
type Local struct {
	// Dir is where the server lives. When root starts it, the server runs as the
	// user postgres, or else nobody, who must be able to get there: not under /root.
	Dir string
	// Settings are further lines of postgresql.conf, which win over ours.
	Settings []string

	owner  *owner // whom the server runs as; nil for ourselves
	socket string // the socket's directory
}

// Start makes the server if it is not there, starts it if it does not run, and
// returns once it answers. Several may start the same directory at once. Without
// PostgreSQL's programs the error is ErrNotInstalled and says what to install.
// The context bounds the start; it does not stop a server that runs.
func (l Local) Start(ctx context.Context) (*Local, error) {
	s, err := l.resolve()
	if err != nil {
		return nil, err
	}
	unlock, err := s.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if err := s.start(ctx); err != nil {
		return nil, fmt.Errorf("private PostgreSQL in %s: %w", s.Dir, err)
	}
	return s, nil
}

// URL is the URL of one of the server's databases, as its superuser. The
// database "postgres" is always there.
func (l *Local) URL(dbname string) string {
	u := url.URL{
		Scheme:   "postgres",
		User:     url.User(localUser),
		Path:     "/" + dbname,
		RawQuery: url.Values{"host": {l.socket}, "sslmode": {"disable"}}.Encode(),
	}
	return u.String()
}

// Stop ends all sessions and shuts the server down, its data on disk. It does
// nothing if the server does not run.
func (l *Local) Stop(ctx context.Context) error {
	s, err := l.resolve()
	if err != nil {
		return err
	}
	if _, err := os.Stat(s.marker()); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	unlock, err := s.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	return s.stop(ctx)
}

// Remove stops the server and deletes its directory.
func (l *Local) Remove(ctx context.Context) error {
	s, err := l.resolve()
	if err != nil {
		return err
	}
	if _, err := os.Stat(s.marker()); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	unlock, err := s.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if err := s.stop(ctx); err != nil {
		return err
	}
	return os.RemoveAll(s.Dir)
}

// resolve settles the directory's and the socket's place.
func (l *Local) resolve() (*Local, error) {
	dir, err := filepath.Abs(l.Dir)
	if err != nil || l.Dir == "" {
		return nil, fmt.Errorf("private PostgreSQL: no directory: %q", l.Dir)
	}
	o, err := serverOwner()
	if err != nil {
		return nil, err
	}
	return &Local{Dir: dir, Settings: l.Settings, owner: o, socket: socketDir(dir)}, nil
}

func (l *Local) marker() string  { return filepath.Join(l.Dir, "laurel-postgres") }
func (l *Local) data() string    { return filepath.Join(l.Dir, "data") }
func (l *Local) logFile() string { return filepath.Join(l.Dir, "log") }

// start runs under the lock.
func (l *Local) start(ctx context.Context) error {
	if err := l.claim(); err != nil {
		return err
	}
	if err := l.ping(ctx); err == nil || !IsUnavailable(err) {
		return err // it lives, whoever started it, or it will not do
	}
	bin, err := findBin(ctx, l.data())
	if err != nil {
		return err
	}
	if err := l.initialize(ctx, bin); err != nil {
		return err
	}
	if err := l.makeDir(l.socket); err != nil {
		return err
	}
	if err := l.configure(); err != nil {
		return err
	}
	if err := l.clearStale(ctx); err != nil {
		return err
	}
	if !l.running() {
		keepInherited()
		out, err := l.command(ctx, bin, "pg_ctl", "start", "-W", "-s", "-D", l.data(), "-l", l.logFile()).CombinedOutput()
		if err != nil {
			return fmt.Errorf("start: %w: %s", err, strings.TrimSpace(string(out)))
		}
	}
	return l.await(ctx)
}

// await polls until the server answers. It may take long: after a crash it
// replays its log first.
func (l *Local) await(ctx context.Context) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	gone := 0
	for {
		err := l.ping(ctx)
		if err == nil || !IsUnavailable(err) {
			return err
		}
		// pg_ctl returns before the postmaster has written its pid: give it a while.
		if gone++; l.running() {
			gone = 0
		}
		if gone > 250 {
			return fmt.Errorf("the server did not start: %w; its log ends:\n%s", err, l.logTail())
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the server does not answer: %w; its log ends:\n%s", errors.Join(err, ctx.Err()), l.logTail())
		case <-tick.C:
		}
	}
}

// ping connects and makes sure that it is this directory's server.
func (l *Local) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	db, err := Open(ctx, Config{URL: l.URL("postgres"), MaxOpen: 1})
	if err != nil {
		return err
	}
	defer db.Close()
	var dir string
	if err := db.GetContext(ctx, &dir, `SHOW data_directory`); err != nil {
		return err
	}
	if !sameFile(dir, l.data()) {
		return fmt.Errorf("the server at %s is of another directory: %s", l.socket, dir)
	}
	return nil
}

// stop runs under the lock.
func (l *Local) stop(ctx context.Context) error {
	if !l.running() {
		return nil
	}
	bin, err := findBin(ctx, l.data())
	if err != nil {
		return err
	}
	out, err := l.command(ctx, bin, "pg_ctl", "stop", "-w", "-s", "-m", "fast", "-D", l.data()).CombinedOutput()
	if err != nil && l.running() {
		return fmt.Errorf("stop PostgreSQL in %s: %w: %s", l.Dir, err, strings.TrimSpace(string(out)))
	}
	if l.socket != filepath.Join(l.Dir, "run") {
		_ = os.Remove(l.socket) // a leftover is found again and used again
	}
	return nil
}

// logTail is the end of the server's log, for an error.
func (l *Local) logTail() string {
	text, err := os.ReadFile(l.logFile())
	if err != nil {
		return err.Error()
	}
	const most = 2000
	return strings.TrimSpace(string(text[max(0, len(text)-most):]))
}

func sameFile(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}
