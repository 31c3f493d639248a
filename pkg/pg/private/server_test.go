//go:build unix

package private_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/pg/private"
	"github.com/laurel-awards/laurel/pkg/testkit"
)

// startVariable makes the test binary a program that starts the server in that
// directory, says so, and waits to be killed.
const startVariable = "LAUREL_TEST_START_PRIVATE"

func TestMain(m *testing.M) {
	dir := os.Getenv(startVariable)
	if dir == "" {
		os.Exit(m.Run())
	}
	if _, err := (private.Server{Dir: dir}).Start(context.Background()); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("started")
	select {}
}

// server is a server's directory, removed at the end. It lies directly under
// the temporary directory, where the server's user can come.
func server(t *testing.T, name string) private.Server {
	t.Helper()
	l := private.Server{Dir: filepath.Join(os.TempDir(), "laurel-pg-test-"+rand.Text(), name)}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), testkit.Patience)
		defer cancel()
		if err := errors.Join(l.Remove(ctx), os.Remove(filepath.Dir(l.Dir))); err != nil {
			t.Error(err)
		}
	})
	return l
}

func start(t *testing.T, l private.Server) *private.Server {
	t.Helper()
	s, err := l.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func pid(t *testing.T, l *private.Server) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(l.Dir, "data", "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	n, err := strconv.Atoi(line)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// query runs a statement that gives one text.
func query(t *testing.T, l *private.Server, statement string) string {
	t.Helper()
	db, err := pg.Open(t.Context(), pg.Config{URL: l.URL("postgres")})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var text string
	if err := db.GetContext(t.Context(), &text, statement); err != nil {
		t.Fatal(err)
	}
	return text
}

// keep writes a row; kept tells whether it is there.
func keep(t *testing.T, l *private.Server) {
	t.Helper()
	query(t, l, `CREATE TABLE kept (n int); INSERT INTO kept VALUES (1); SELECT 'done'`)
}

func kept(t *testing.T, l *private.Server) {
	t.Helper()
	if n := query(t, l, `SELECT count(*)::text FROM kept`); n != "1" {
		t.Errorf("%s rows", n)
	}
}

func TestServer(t *testing.T) {
	t.Parallel()
	l := server(t, "server")
	var group errgroup.Group
	for range 4 {
		group.Go(func() error { _, err := l.Start(t.Context()); return err })
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	s := start(t, l)
	for statement, want := range map[string]string{
		`SHOW listen_addresses`: "", `SHOW fsync`: "on", `SHOW synchronous_commit`: "on", `SHOW server_encoding`: "UTF8",
		`SHOW data_checksums`: "on",
	} {
		if got := query(t, s, statement); got != want {
			t.Errorf("%s: %q, want %q", statement, got, want)
		}
	}
	keep(t, s)
	before := pid(t, s)
	if s = start(t, l); pid(t, s) != before {
		t.Error("a live server is adopted, not started anew")
	}
	for range 2 {
		if err := s.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	kept(t, start(t, l))
}

func TestServer_starterKilled(t *testing.T) {
	t.Parallel()
	l := server(t, "server")
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), startVariable+"="+l.Dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || line != "started\n" {
		t.Fatalf("%q %v", line, err)
	}
	before := pid(t, &l)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // says that it was killed
	if s := start(t, l); pid(t, s) != before {
		t.Error("the server must survive its starter and be adopted")
	}
}

func TestServer_serverKilled(t *testing.T) {
	t.Parallel()
	l := server(t, "server")
	s := start(t, l)
	keep(t, s)
	kill(t, pid(t, s))
	s = start(t, l)
	kept(t, s)

	// The same, but the dead one's number is a stranger's now.
	dead := pid(t, s)
	kill(t, dead)
	pidFile := filepath.Join(l.Dir, "data", "postmaster.pid")
	text, err := os.ReadFile(pidFile)
	if err != nil {
		t.Fatal(err)
	}
	text = []byte(strings.Replace(string(text), strconv.Itoa(dead), strconv.Itoa(os.Getpid()), 1))
	if err := os.WriteFile(pidFile, text, 0o600); err != nil {
		t.Fatal(err)
	}
	kept(t, start(t, l))
}

func kill(t *testing.T, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, testkit.Patience, func() error {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err == nil && !strings.Contains(string(stat), ") Z ") {
			return errors.New("it still lives")
		}
		return nil
	})
}

func TestServer_longPath(t *testing.T) {
	t.Parallel()
	s := start(t, server(t, strings.Repeat("long", 30)))
	if got := query(t, s, `SELECT 'here'`); got != "here" {
		t.Errorf("got %q", got)
	}
}

func TestServer_foreignDirectory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "PG_VERSION"), []byte("15\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	l := private.Server{Dir: dir}
	if _, err := l.Start(t.Context()); err == nil || !strings.Contains(err.Error(), "PG_VERSION") {
		t.Errorf("start: %v", err)
	}
	if err := l.Remove(t.Context()); err != nil {
		t.Errorf("remove: %v", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("touched: %v, %v", entries, err)
	}
}
