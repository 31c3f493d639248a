package e2e_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/laurel-awards/laurel/pkg/pg/private"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/config"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/script"
	"github.com/laurel-awards/laurel/services/identity"
)

// TestAlone runs a selection on one machine that has nothing but the program and
// PostgreSQL's: it is killed, PostgreSQL is killed, it is copied while it works,
// and the selection goes on in what is restored.
func TestAlone(t *testing.T) {
	t.Parallel()
	h := alone(t)
	h.start(t, all)
	h.setUp(t)
	h.run(t, h.Create, h.Nominate)

	h.kill(t, all)
	if pid := h.postmaster(t); syscall.Kill(pid, 0) != nil {
		t.Errorf("PostgreSQL (%d) died with its starter", pid)
	}
	h.start(t, all)
	h.same(t)

	t.Run("in use", func(t *testing.T) {
		if says := h.fails(t, "serve"); !strings.Contains(says, "in use") {
			t.Errorf("a second process in the directory: %s", says)
		}
		if says := h.fails(t, "serve", "--nats-url", "nats://127.0.0.1:1"); !strings.Contains(says, "NATS_URL") {
			t.Errorf("with another NATS: %s", says)
		}
		if says := h.fails(t, "serve", "--database-url", "postgres://127.0.0.1:1/none"); !strings.Contains(says, "DATABASE_URL") {
			t.Errorf("with another database: %s", says)
		}
		if says := h.fails(t, "restore", "--from", os.Args[0], "--keys", os.Args[0]); !strings.Contains(says, "not empty") {
			t.Errorf("restoring into it: %s", says)
		}
	})
	t.Run("create-user", h.createUser)

	if err := syscall.Kill(h.postmaster(t), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, wait, func() error { _, err := h.API.Selection(t.Context(), slug); return err })
	testkit.Eventually(t, wait, func() error { // all rooms have come back to it
		_, err := h.Organizer().Deliveries(t.Context(), slug)
		return err
	})

	backup, keys := filepath.Join(t.TempDir(), "laurel.tar"), filepath.Join(t.TempDir(), "keys.tar")
	if err := h.Run(t.Context(), nil, "backup", "--to", backup, "--keys", keys); err != nil {
		t.Fatal(err)
	}
	h.stop(t, all)
	if _, err := os.Stat(filepath.Join(h.Dir, "postgres", "data", "postmaster.pid")); err == nil {
		t.Error("PostgreSQL runs on after the end")
	}
	h.restored(t, backup, keys)
	h.start(t, all)
	h.same(t)
	h.run(t, h.Vet)
	h.delivered(t)
	at, err := config.Database{DataDir: h.Dir, Private: true}.Of(identity.Name)
	if err != nil {
		t.Fatal(err)
	}
	h.Database = at
	h.audited(t)
}

// alone is an installation on a private PostgreSQL. Its directory is where the
// unprivileged user may come whom PostgreSQL runs as.
func alone(t *testing.T) *harness {
	t.Helper()
	h := build(t, "", nil)
	h.settle(t)
	h.Env = append(h.Env, "PRIVATE_POSTGRES=true")
	h.add(all, nil)
	return h
}

// settle gives the installation a directory of its own. Its processes, which bring a
// PostgreSQL back that is stopped, end before the directory is removed.
func (h *harness) settle(t *testing.T) {
	t.Helper()
	h.Dir = ownDir(t)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 2*stopLimit)
		defer cancel()
		if err := h.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
}

func ownDir(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(filepath.Dir(testkit.Server().Dir), "laurel-alone-"+rand.Text()) // in memory, where there is room
	t.Cleanup(func() {                                                                    // after the processes have ended
		ctx, cancel := context.WithTimeout(context.Background(), stopLimit)
		defer cancel()
		postgres := private.Server{Dir: filepath.Join(dir, "postgres")}
		if err := postgres.Remove(ctx); err != nil {
			t.Error(err)
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// setUp makes the first organizer by the link that the program printed.
func (h *harness) setUp(t *testing.T) {
	t.Helper()
	log, err := os.ReadFile(h.Processes[all].Log)
	if err != nil {
		t.Fatal(err)
	}
	link := regexp.MustCompile(`http://\S+token=\S+`).FindString(string(log))
	at, err := url.Parse(link)
	if err != nil || link == "" {
		t.Fatalf("the link is %q, %v; the log %s", link, err, log)
	}
	organizer := h.Input.With(identity.Organizer)[0]
	form := url.Values{
		"token": {at.Query().Get("token")}, "email": {organizer.Email}, "name": {organizer.Name}, "password": {script.Password},
	}
	resp, err := http.PostForm("http://"+h.Listen+at.Path+"/create", form)
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil || resp.StatusCode >= 400 {
		t.Fatalf("setting up: %s, %v", resp.Status, err)
	}
}

// same holds the selection to what was made of it: all entries, and an organizer
// who can sign in.
func (h *harness) same(t *testing.T) {
	t.Helper()
	organizer := h.as(t, h.Input.With(identity.Organizer)[0].Email, script.Password)
	found, err := organizer.Entries(t.Context(), slug)
	if err != nil || len(found) != entries {
		t.Fatalf("%d entries, %v", len(found), err)
	}
}

func (h *harness) postmaster(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(h.Dir, "postgres", "data", "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(line)
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// fails runs a command that must not succeed, and gives what it says.
func (h *harness) fails(t *testing.T, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), testkit.Patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, h.Binary, args...)
	cmd.Env = append(os.Environ(), "DATA_DIR="+h.Dir, "PRIVATE_POSTGRES=true", "LISTEN=127.0.0.1:0")
	out, err := cmd.CombinedOutput()
	if err == nil || ctx.Err() != nil {
		t.Errorf("laurel %s: %v", strings.Join(args, " "), err)
	}
	return string(out)
}

// createUser gives each role on the machine. What is wrong with a role leaves no
// account, and no password is asked for.
func (h *harness) createUser(t *testing.T) {
	const email = "someone@example.org"
	ctx := t.Context()
	for args, says := range map[string]string{
		"--role juror --selection " + slug:                         "experts",
		"--role juror --scope nobody --selection " + slug:          "experts",
		"--role juror --scope experts":                             "--selection",
		"--role vetter --selection " + slug:                        "hr",
		"--role vetter --scope experts --selection " + slug:        "hr",
		"--role vetter --scope hr --selection nobody-made-this":    "nobody-made-this",
		"--role committee --selection nobody-made-this":            "nobody-made-this",
		"--role committee --scope hr --selection " + slug:          "no scope",
		"--role singer --selection " + slug:                        "--role",
		"--scope hr":                                               "--role",
		"--role organizer --scope hr":                              "no scope",
		"--role juror --scope experts --existing --selection zz-z": "zz-z",
	} {
		var out bytes.Buffer
		cmd := exec.CommandContext(ctx, h.Binary, append([]string{"admin", "create-user", "--email", email}, strings.Fields(args)...)...)
		cmd.Env = append(os.Environ(), "DATA_DIR="+h.Dir, "PRIVATE_POSTGRES=true")
		cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(""), &out, &out // who reads the password fails otherwise
		if err := cmd.Run(); err == nil || !strings.Contains(out.String(), says) {
			t.Errorf("%s: %v %s", args, err, out.String())
		}
	}
	weak := h.Run(ctx, strings.NewReader("short\n"), "admin", "create-user", "--email", email, "--role", "juror", "--scope", "experts", "--selection", slug)
	if weak == nil {
		t.Error("a weak password was taken")
	}
	accounts := func() string {
		out, err := exec.CommandContext(ctx, h.Binary, "admin", "list-users", "--private", "--data", h.Dir).CombinedOutput()
		if err != nil {
			t.Fatalf("%v %s", err, out)
		}
		return string(out)
	}
	if list := accounts(); strings.Contains(list, email) {
		t.Errorf("half an account stays: %s", list)
	}
	for role, args := range map[string][]string{
		"juror of experts in " + slug: {"--role", "juror", "--scope", "experts", "--selection", slug},
		"vetter of hr in " + slug:     {"--role", "vetter", "--scope", "hr", "--selection", slug},
		"committee in " + slug:        {"--role", "committee", "--selection", slug},
		"auditor in *":                {"--role", "auditor"},
	} {
		word, _, _ := strings.Cut(role, " ")
		args = append([]string{"admin", "create-user", "--email", word + "@machine.example.org"}, args...)
		if err := h.Run(ctx, strings.NewReader("four words of mine\n"), args...); err != nil {
			t.Error(err)
		}
		if list := accounts(); !strings.Contains(list, fmt.Sprintf("%s@machine.example.org (%[1]s@machine.example.org): proved\n  %s\n", word, role)) {
			t.Errorf("%s is missing: %s", role, list)
		}
	}
}

// restored has the installation go on in another directory, from its backup. What
// cannot be restored leaves nothing.
func (h *harness) restored(t *testing.T, backup, keys string) {
	t.Helper()
	was := h.Dir
	h.settle(t)
	cut, others := filepath.Join(t.TempDir(), "cut.tar"), filepath.Join(t.TempDir(), "others.tar")
	whole, err := os.ReadFile(backup)
	if err == nil {
		err = os.WriteFile(cut, whole[:len(whole)-4*512], 0o600) // its end: a header and two empty blocks
	}
	if err == nil {
		err = os.WriteFile(others, whole, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ from, keys, says string }{
		"without its end":   {cut, keys, "lost its end"},
		"with no keys":      {backup, others, "no place"},
		"keys for a backup": {keys, keys, "does not begin"},
	} {
		if says := h.fails(t, "restore", "--from", c.from, "--keys", c.keys); !strings.Contains(says, c.says) {
			t.Errorf("%s: %s", name, says)
		}
		if left, err := os.ReadDir(h.Dir); err != nil || len(left) > 0 {
			t.Errorf("%s: %v stays, %v", name, left, err)
		}
	}
	if err := h.Run(t.Context(), nil, "restore", "--data", h.Dir, "--from", backup, "--keys", keys); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"audit", "log", "pseudonym"} {
		before, err1 := os.ReadFile(filepath.Join(was, "keys", name))
		after, err2 := os.ReadFile(filepath.Join(h.Dir, "keys", name))
		if err1 != nil || err2 != nil || !bytes.Equal(before, after) {
			t.Errorf("the key %s is another: %v %v", name, err1, err2)
		}
	}
	delete(h.Processes, all)
	h.add(all, nil)
}
