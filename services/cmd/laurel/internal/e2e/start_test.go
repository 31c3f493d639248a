package e2e_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/laurel-awards/laurel/pkg/testkit"
)

// TestServe_refuses starts the program with settings that would harm: it ends
// before it opens anything, and says what to set.
func TestServe_refuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		env  []string
		says string
	}{
		"a published gateway, proxies unsaid": {[]string{"PUBLIC_URL=https://awards.example.org"}, "TRUSTED_PROXIES=none"},
		"profiles for everybody":              {[]string{"PROFILE_LISTEN=0.0.0.0:0"}, "PROFILE_LISTEN"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), testkit.Patience)
			defer cancel()
			cmd := exec.CommandContext(ctx, os.Getenv(binaryVariable), "serve")
			cmd.Env = append(os.Environ(), append([]string{"DATA_DIR=" + t.TempDir(), "DATABASE_URL=postgres://127.0.0.1:1/none", "LISTEN=127.0.0.1:0"}, c.env...)...)
			var out bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &out
			err := cmd.Run()
			var ended *exec.ExitError
			if !errors.As(err, &ended) || ended.ExitCode() <= 0 || !strings.Contains(out.String(), c.says) {
				t.Errorf("it ended with %v and said %s", err, out.String())
			}
		})
	}
}

// TestServe_profiles finds profiles where they were asked for, on loopback, and
// nowhere else.
func TestServe_profiles(t *testing.T) {
	t.Parallel()
	h := build(t, testkit.URL(t), nil)
	p := h.add(all, nil, "PUBLIC_URL=https://awards.example.org", "TRUSTED_PROXIES=none", "PROFILE_LISTEN="+h.port(9))
	h.start(t, all)
	for address, want := range map[string]int{h.port(9): http.StatusOK, p.Address: http.StatusNotFound, h.Listen: http.StatusNotFound} {
		if got := get(t, address, "/debug/pprof/"); got != want {
			t.Errorf("%s: %d, want %d", address, got, want)
		}
	}
}
