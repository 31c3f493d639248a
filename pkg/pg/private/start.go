//go:build unix

package private

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// initialize makes the cluster, whole or not at all: under another name first.
func (s *Server) initialize(ctx context.Context, bin string) error {
	if _, err := os.Stat(filepath.Join(s.data(), "PG_VERSION")); err == nil {
		return nil
	}
	fresh := s.data() + ".new"
	var failed error
	for _, locale := range []string{"C.UTF-8", "C"} { // not every system has the first
		if err := os.RemoveAll(fresh); err != nil {
			return err
		}
		out, err := s.command(ctx, bin, "initdb", "-D", fresh, "-U", superuser, "--auth=trust",
			"--encoding=UTF8", "--locale="+locale, "--data-checksums").CombinedOutput()
		if err == nil {
			return os.Rename(fresh, s.data())
		}
		failed = errors.Join(failed, fmt.Errorf("initdb: %w: %s", err, strings.TrimSpace(string(out))))
	}
	return failed
}

// configure writes the whole configuration at each start: it is the program's.
func (s *Server) configure() error {
	text := fmt.Sprintf(`# Written by laurel at each start.
listen_addresses = ''
unix_socket_directories = '%s'
unix_socket_permissions = 0700
max_connections = 300
shared_buffers = 128MB
work_mem = 8MB
maintenance_work_mem = 64MB
max_wal_size = 2GB
wal_compression = on
fsync = on
synchronous_commit = on
full_page_writes = on
jit = off
# Short transactions gain nothing from parallel plans, and containers have little /dev/shm for them.
max_parallel_workers_per_gather = 0
cluster_name = 'laurel'
timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
log_line_prefix = '%%m %%q%%a %%d '
log_min_error_statement = panic
%s
`, strings.ReplaceAll(s.socket, "'", "''"), strings.Join(s.Settings, "\n"))
	path := filepath.Join(s.data(), "postgresql.conf")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return err
	}
	if s.owner != nil {
		return os.Lchown(path, int(s.owner.uid), int(s.owner.gid))
	}
	return nil
}

// running tells whether the postmaster named in the pid file lives.
func (s *Server) running() bool {
	pid := s.pid()
	if pid == 0 || errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return false
	}
	return s.worksHere(pid, true)
}

// clearStale removes pid files that a crash left behind and whose number now is
// another process's, which PostgreSQL would take for a live postmaster. Where
// the number is nobody's, PostgreSQL itself knows better what to do.
func (s *Server) clearStale(ctx context.Context) error {
	pid := s.pid()
	if pid == 0 || s.running() || errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return nil
	}
	// Its children may outlive a killed postmaster for a moment.
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for s.inUse() {
		select {
		case <-ctx.Done():
			return fmt.Errorf("processes of a killed server remain in %s: %w", s.data(), ctx.Err())
		case <-tick.C:
		}
	}
	for _, path := range []string{
		filepath.Join(s.data(), "postmaster.pid"),
		filepath.Join(s.socket, ".s.PGSQL.5432.lock"),
	} {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// inUse tells whether any process works in the data directory, as the
// postmaster and all its children do.
func (s *Server) inUse() bool {
	procs, _ := filepath.Glob("/proc/[0-9]*") // fails on a bad pattern only
	for _, p := range procs {
		pid, err := strconv.Atoi(filepath.Base(p))
		if err != nil {
			continue
		}
		if s.worksHere(pid, false) {
			return true
		}
	}
	return false
}

// worksHere tells whether a process works in the data directory. Where the
// system does not tell, a process that may be PostgreSQL's counts as unsure
// says. One that is dead, but that nobody has waited for, works nowhere.
func (s *Server) worksHere(pid int, unsure bool) bool {
	if runtime.GOOS != "linux" {
		return unsure
	}
	proc := fmt.Sprintf("/proc/%d", pid)
	cwd, err := os.Readlink(proc + "/cwd")
	switch {
	case err == nil:
		return sameFile(cwd, s.data())
	case errors.Is(err, os.ErrNotExist):
		return false
	}
	// Containers deny even root this look at another user's processes.
	name, err := os.ReadFile(proc + "/comm")
	return unsure && err == nil && strings.TrimSpace(string(name)) == "postgres"
}
