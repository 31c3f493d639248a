//go:build unix

package pg

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// ErrNotInstalled says that PostgreSQL's server programs were not found. Its
// text says what to install.
var ErrNotInstalled = errors.New("PostgreSQL's server programs (initdb, pg_ctl, postgres) were not found: install them with " +
	"'apt-get install postgresql' (Debian, Ubuntu), 'dnf install postgresql-server' (Fedora, RHEL), " +
	"'apk add postgresql' (Alpine) or 'brew install postgresql' (macOS)")

// binPlaces is where the programs are, besides the path.
func binPlaces() []string {
	return []string{
		"/usr/lib/postgresql/*/bin",                          // Debian, Ubuntu
		"/usr/pgsql-*/bin",                                   // PostgreSQL's own packages for RHEL
		"/usr/libexec/postgresql*",                           // Alpine
		"/opt/homebrew/opt/postgresql*/bin",                  // macOS
		"/usr/local/opt/postgresql*/bin",                     // macOS on Intel
		"/home/linuxbrew/.linuxbrew/opt/postgresql*/bin",     // Homebrew on Linux
		"/Applications/Postgres.app/Contents/Versions/*/bin", // macOS
		"/usr/local/pgsql/bin",                               // built from source
	}
}

// FindPrograms is the directory of PostgreSQL's server programs that a new
// private server would run on, the newest installed; else ErrNotInstalled.
func FindPrograms(ctx context.Context) (string, error) { return findBin(ctx, "") }

// findBin is the directory of the newest programs that are installed, or of
// those of the version that made the data.
func findBin(ctx context.Context, data string) (string, error) {
	want := ""
	if text, err := os.ReadFile(filepath.Join(data, "PG_VERSION")); err == nil {
		want = strings.TrimSpace(string(text))
	}
	versions := map[string]string{} // major version to directory
	var dirs []string
	if path, err := exec.LookPath("initdb"); err == nil {
		if target, err := filepath.EvalSymlinks(path); err == nil {
			dirs = append(dirs, filepath.Dir(target))
		}
	}
	for _, pattern := range binPlaces() {
		found, _ := filepath.Glob(pattern) // fails on a bad pattern only
		dirs = append(dirs, found...)
	}
	for _, dir := range dirs {
		if v := binVersion(ctx, dir); v != "" && versions[v] == "" {
			versions[v] = dir
		}
	}
	majors := make([]int, 0, len(versions))
	for v := range versions {
		if n, err := strconv.Atoi(v); err == nil && n*10000 >= MinVersion {
			majors = append(majors, n)
		}
	}
	sort.Ints(majors)
	switch {
	case len(majors) == 0:
		return "", ErrNotInstalled
	case want == "":
		return versions[strconv.Itoa(majors[len(majors)-1])], nil
	case versions[want] == "":
		return "", fmt.Errorf("%s was made by PostgreSQL %s, of which the programs are not installed", data, want)
	}
	return versions[want], nil
}

// binVersion is the major version of a directory that has all three programs.
func binVersion(ctx context.Context, dir string) string {
	for _, name := range []string{"initdb", "pg_ctl", "postgres"} {
		if _, err := exec.LookPath(filepath.Join(dir, name)); err != nil {
			return ""
		}
	}
	out, err := exec.CommandContext(ctx, filepath.Join(dir, "postgres"), "--version").Output()
	if err != nil {
		return ""
	}
	fields := strings.Fields(string(out)) // postgres (PostgreSQL) 15.4 (Debian …)
	if len(fields) < 3 {
		return ""
	}
	major, _, _ := strings.Cut(fields[2], ".")
	return major
}

// initialize makes the cluster, whole or not at all: under another name first.
func (l *Local) initialize(ctx context.Context, bin string) error {
	if _, err := os.Stat(filepath.Join(l.data(), "PG_VERSION")); err == nil {
		return nil
	}
	fresh := l.data() + ".new"
	var failed error
	for _, locale := range []string{"C.UTF-8", "C"} { // not every system has the first
		if err := os.RemoveAll(fresh); err != nil {
			return err
		}
		out, err := l.command(ctx, bin, "initdb", "-D", fresh, "-U", localUser, "--auth=trust",
			"--encoding=UTF8", "--locale="+locale, "--data-checksums").CombinedOutput()
		if err == nil {
			return os.Rename(fresh, l.data())
		}
		failed = errors.Join(failed, fmt.Errorf("initdb: %w: %s", err, strings.TrimSpace(string(out))))
	}
	return failed
}

// configure writes the whole configuration at each start: it is the program's.
func (l *Local) configure() error {
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
`, strings.ReplaceAll(l.socket, "'", "''"), strings.Join(l.Settings, "\n"))
	path := filepath.Join(l.data(), "postgresql.conf")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return err
	}
	if l.owner != nil {
		return os.Lchown(path, int(l.owner.uid), int(l.owner.gid))
	}
	return nil
}

// running tells whether the postmaster named in the pid file lives.
func (l *Local) running() bool {
	pid := l.pid()
	if pid == 0 || errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return false
	}
	return l.worksHere(pid, true)
}

// clearStale removes pid files that a crash left behind and whose number now is
// another process's, which PostgreSQL would take for a live postmaster. Where
// the number is nobody's, PostgreSQL itself knows better what to do.
func (l *Local) clearStale(ctx context.Context) error {
	pid := l.pid()
	if pid == 0 || l.running() || errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return nil
	}
	// Its children may outlive a killed postmaster for a moment.
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for l.inUse() {
		select {
		case <-ctx.Done():
			return fmt.Errorf("processes of a killed server remain in %s: %w", l.data(), ctx.Err())
		case <-tick.C:
		}
	}
	for _, path := range []string{
		filepath.Join(l.data(), "postmaster.pid"),
		filepath.Join(l.socket, ".s.PGSQL.5432.lock"),
	} {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// inUse tells whether any process works in the data directory, as the
// postmaster and all its children do.
func (l *Local) inUse() bool {
	procs, _ := filepath.Glob("/proc/[0-9]*") // fails on a bad pattern only
	for _, p := range procs {
		pid, err := strconv.Atoi(filepath.Base(p))
		if err != nil {
			continue
		}
		if l.worksHere(pid, false) {
			return true
		}
	}
	return false
}

// worksHere tells whether a process works in the data directory. Where the
// system does not tell, a process that may be PostgreSQL's counts as unsure
// says. One that is dead, but that nobody has waited for, works nowhere.
func (l *Local) worksHere(pid int, unsure bool) bool {
	if runtime.GOOS != "linux" {
		return unsure
	}
	proc := fmt.Sprintf("/proc/%d", pid)
	cwd, err := os.Readlink(proc + "/cwd")
	switch {
	case err == nil:
		return sameFile(cwd, l.data())
	case errors.Is(err, os.ErrNotExist):
		return false
	}
	// Containers deny even root this look at another user's processes.
	name, err := os.ReadFile(proc + "/comm")
	return unsure && err == nil && strings.TrimSpace(string(name)) == "postgres"
}
