//go:build unix

// Package private runs a PostgreSQL server for one directory: that of an
// installation on one machine, the demo's, the bench's or that of the tests.
package private

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/laurel-awards/laurel/pkg/pg"
)

// superuser is the database superuser of a private server.
const superuser = "laurel"

// Server is a private PostgreSQL server: its own data directory, a Unix socket and
// no open port, fsync on.
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
type Server struct {
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
func (s Server) Start(ctx context.Context) (*Server, error) {
	r, err := s.resolve()
	if err != nil {
		return nil, err
	}
	unlock, err := r.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if err := r.start(ctx); err != nil {
		return nil, fmt.Errorf("private PostgreSQL in %s: %w", r.Dir, err)
	}
	return r, nil
}

// URL is the URL of one of the server's databases, as its superuser. The
// database "postgres" is always there.
func (s *Server) URL(dbname string) string {
	u := url.URL{
		Scheme:   "postgres",
		User:     url.User(superuser),
		Path:     "/" + dbname,
		RawQuery: url.Values{"host": {s.socket}, "sslmode": {"disable"}}.Encode(),
	}
	return u.String()
}

// Made is the server of a directory where somebody has started it, be it running
// or not.
func (s Server) Made() (*Server, error) {
	r, err := s.resolve()
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(r.marker()); err != nil {
		return nil, fmt.Errorf("there is no private PostgreSQL in %s: %w", r.Dir, err)
	}
	return r, nil
}

// Stop ends all sessions and shuts the server down, its data on disk. It does
// nothing if the server does not run.
func (s *Server) Stop(ctx context.Context) error { return s.end(ctx, false) }

// Remove stops the server and deletes its directory.
func (s *Server) Remove(ctx context.Context) error { return s.end(ctx, true) }

func (s *Server) end(ctx context.Context, remove bool) error {
	r, err := s.resolve()
	if err != nil {
		return err
	}
	if _, err := os.Stat(r.marker()); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	unlock, err := r.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if err := r.stop(ctx); err != nil || !remove {
		return err
	}
	return os.RemoveAll(r.Dir)
}

// resolve settles the directory's and the socket's place.
func (s *Server) resolve() (*Server, error) {
	dir, err := filepath.Abs(s.Dir)
	if err != nil || s.Dir == "" {
		return nil, fmt.Errorf("private PostgreSQL: no directory: %q", s.Dir)
	}
	o, err := serverOwner()
	if err != nil {
		return nil, err
	}
	return &Server{Dir: dir, Settings: s.Settings, owner: o, socket: socketDir(dir)}, nil
}

func (s *Server) marker() string  { return filepath.Join(s.Dir, "laurel-postgres") }
func (s *Server) data() string    { return filepath.Join(s.Dir, "data") }
func (s *Server) logFile() string { return filepath.Join(s.Dir, "log") }

// start runs under the lock.
func (s *Server) start(ctx context.Context) error {
	if err := s.claim(); err != nil {
		return err
	}
	if err := s.ping(ctx); err == nil || !pg.IsUnavailable(err) {
		return err // it runs, whoever started it, or it cannot be used
	}
	bin, err := findBin(ctx, s.data())
	if err != nil {
		return err
	}
	if err := s.initialize(ctx, bin); err != nil {
		return err
	}
	if err := s.makeDir(s.socket); err != nil {
		return err
	}
	if err := s.configure(); err != nil {
		return err
	}
	if err := s.clearStale(ctx); err != nil {
		return err
	}
	if !s.running() {
		keepInherited()
		out, err := s.command(ctx, bin, "pg_ctl", "start", "-W", "-s", "-D", s.data(), "-l", s.logFile()).CombinedOutput()
		if err != nil {
			return fmt.Errorf("start: %w: %s", err, strings.TrimSpace(string(out)))
		}
	}
	return s.await(ctx)
}

// await polls until the server answers. It may take long: after a crash it
// replays its log first.
func (s *Server) await(ctx context.Context) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	gone := 0
	for {
		err := s.ping(ctx)
		if err == nil || !pg.IsUnavailable(err) {
			return err
		}
		// pg_ctl returns before the postmaster has written its pid: give it a while.
		if gone++; s.running() {
			gone = 0
		}
		if gone > 250 {
			return fmt.Errorf("the server did not start: %w; its log ends:\n%s", err, s.logTail())
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the server does not answer: %w; its log ends:\n%s", errors.Join(err, ctx.Err()), s.logTail())
		case <-tick.C:
		}
	}
}

// ping connects and makes sure that it is this directory's server.
func (s *Server) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	db, err := pg.Open(ctx, pg.Config{URL: s.URL("postgres"), MaxOpen: 1})
	if err != nil {
		return err
	}
	defer db.Close()
	var dir string
	if err := db.GetContext(ctx, &dir, `SHOW data_directory`); err != nil {
		return err
	}
	if !sameFile(dir, s.data()) {
		return fmt.Errorf("the server at %s is of another directory: %s", s.socket, dir)
	}
	return nil
}

// stop runs under the lock.
func (s *Server) stop(ctx context.Context) error {
	if !s.running() {
		return nil
	}
	bin, err := findBin(ctx, s.data())
	if err != nil {
		return err
	}
	out, err := s.command(ctx, bin, "pg_ctl", "stop", "-w", "-s", "-m", "fast", "-D", s.data()).CombinedOutput()
	if err != nil && s.running() {
		return fmt.Errorf("stop PostgreSQL in %s: %w: %s", s.Dir, err, strings.TrimSpace(string(out)))
	}
	if s.socket != filepath.Join(s.Dir, "run") {
		_ = os.Remove(s.socket) // a leftover is found again and used again
	}
	return nil
}

// logTail is the end of the server's log, for an error.
func (s *Server) logTail() string {
	text, err := os.ReadFile(s.logFile())
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
