package e2e_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/installation"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/script"
	"github.com/laurel-awards/laurel/services/identity"
)

const top = "../../../../.."

// blocks are the commands of a page under docs, or of the README.
func blocks(t *testing.T, page string) (all []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(top, page))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile("(?ms)^```sh\n(.*?)^```$").FindAllStringSubmatch(string(text), -1) {
		all = append(all, m[1])
	}
	return all
}

// shell is a script that ends at its first failure, in a folder of its own, with
// laurel on its path.
func shell(t *testing.T, ctx context.Context, text string, env ...string) *exec.Cmd { //nolint:revive // the test is what everything begins with
	t.Helper()
	cmd := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", text)
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "PATH="+filepath.Dir(os.Getenv(binaryVariable))+":"+os.Getenv("PATH"))
	cmd.Env = append(cmd.Env, env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	return cmd
}

// TestAPI_walk runs the commands of docs/api.md.
func TestAPI_walk(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("curl"); err != nil {
		t.Fatal("curl is not installed: make test installs it")
	}
	walk := blocks(t, "docs/api.md")
	if len(walk) < 12 {
		t.Fatalf("docs/api.md has %d blocks", len(walk))
	}
	h := together(t)
	ctx, cancel := context.WithTimeout(t.Context(), 2*wait)
	defer cancel()
	cmd := shell(t, ctx, strings.Join(walk, "\n"), "LAUREL=http://"+h.Listen, "PASSWORD="+script.Password,
		"EMAIL="+h.Input.With(identity.Organizer)[0].Email)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	results, err := os.ReadFile(filepath.Join(cmd.Dir, "results.json"))
	if err != nil || !strings.Contains(string(results), "Ma Xiaoyan") {
		t.Errorf("the result is %s, %v", results, err)
	}
	if !bytes.Contains(out, []byte("edition")) || !bytes.Contains(out, []byte(`"field":"`)) {
		t.Errorf("the mistake of the rulebook was not told: %s", out)
	}
}

// begins is the block by which a README has a newcomer start an installation of
// their own.
func begins(t *testing.T, page string) string {
	t.Helper()
	for _, b := range blocks(t, page) {
		if strings.Contains(b, "serve --private") {
			return b
		}
	}
	t.Fatalf("%s starts no installation", page)
	return ""
}

// TestReadme runs these lines in a copy of what they need. The compiler is not
// tried, so that go only hands out the laurel of the tests.
func TestReadme(t *testing.T) {
	t.Parallel()
	lines := begins(t, "README.md")
	comment := regexp.MustCompile(`\s*#.*`)
	if n := strings.Count(lines, "\n"); n > 5 || comment.ReplaceAllString(lines, "") != comment.ReplaceAllString(begins(t, "README.zh-CN.md"), "") {
		t.Errorf("an installation is started in %d lines, or the pages differ", n)
	}
	lines = regexp.MustCompile(`(?m)^git clone .*\n`).ReplaceAllString(lines, "")
	lines = strings.ReplaceAll(lines, "bin/laurel serve", "exec bin/laurel serve") // so that it gets our signals
	h := &harness{host: loopback(t)}
	ctx, cancel := context.WithTimeout(t.Context(), startLimit)
	defer cancel()
	cmd := shell(t, ctx, lines, "DATA_DIR="+ownDir(t), "LISTEN="+h.port(0), "DATABASE_URL=", "NATS_URL=")
	fake := filepath.Join(cmd.Dir, "path")
	shim := fmt.Sprintf("#!/bin/sh\n[ \"$*\" = \"run ./scripts/build-verifier\" ] && exit\n"+
		"[ \"$*\" = \"build -trimpath -o bin/laurel ./services/cmd/laurel\" ] || exit 1\nmkdir -p bin && cp %q bin/laurel\n",
		os.Getenv(binaryVariable))
	makefile, err := os.ReadFile(filepath.Join(top, "Makefile"))
	if err := errors.Join(err, os.Mkdir(fake, 0o755), os.WriteFile(filepath.Join(fake, "go"), []byte(shim), 0o755),
		os.CopyFS(filepath.Join(cmd.Dir, "scripts"), os.DirFS(filepath.Join(top, "scripts"))),
		os.WriteFile(filepath.Join(cmd.Dir, "Makefile"), makefile, 0o600)); err != nil {
		t.Fatal(err)
	}
	cmd.Env = append(cmd.Env, "PATH="+fake+":"+os.Getenv("PATH"))
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	testkit.Eventually(t, startLimit, func() error {
		select {
		case err := <-ended:
			t.Fatalf("it ended: %v\n%s", err, out.String())
		default:
		}
		return installation.Readyz(ctx, h.port(0))
	})
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Errorf("its end: %v", err)
	}
	if !strings.Contains(out.String(), "/desk/setup?token=") {
		t.Errorf("it prints no link for the first organizer: %s", out.String())
	}
}
