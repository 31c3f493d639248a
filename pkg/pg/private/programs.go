//go:build unix

package private

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strconv"
	"strings"

	"github.com/laurel-awards/laurel/pkg/pg"
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
		if n, err := strconv.Atoi(v); err == nil && n*10000 >= pg.MinVersion {
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
