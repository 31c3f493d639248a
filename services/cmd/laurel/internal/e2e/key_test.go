package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/testkit"
)

// TestKeys_lost starts an installation in mid-vote with keys that are exchanged or
// gone: it is not ready, names each key and where it belongs, counts nothing and says
// nothing of ballots, and makes no key anew. With the keys back everything is as it
// was.
func TestKeys_lost(t *testing.T) {
	t.Parallel()
	h := together(t)
	h.vetted(t)
	h.run(t, func(ctx context.Context) error { return h.Open(ctx, rulebook.PhaseVoting) })
	voter, err := h.Voter(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	picks := h.Picks()
	counted, err := voter.CastWith(t.Context(), "a key", picks)
	if err != nil {
		t.Fatal(err)
	}
	h.Keep(counted.Receipt, picks)
	keys := filepath.Join(h.Dir, "keys")
	kept := map[string][]byte{}
	for _, name := range []string{"credential", "pseudonym", "log", "audit", "factor", "roster"} {
		if kept[name], err = os.ReadFile(filepath.Join(keys, name)); err != nil {
			t.Fatal(err)
		}
	}
	other := []byte(strings.Repeat("ab", 32) + "\n")
	names := func(says ...string) {
		t.Helper()
		if err := h.Processes[all].Launch(t.Context()); err != nil {
			t.Fatal(err)
		}
		testkit.Eventually(t, wait, func() error {
			status, text := answerOf(t, h.Processes[all].Address, "/readyz")
			for _, want := range says {
				if status != http.StatusServiceUnavailable || !strings.Contains(text, want) {
					return fmt.Errorf("%d %s, want %s", status, text, want)
				}
			}
			return nil
		})
		if status := get(t, h.Processes[all].Address, "/healthz"); status != http.StatusNoContent {
			t.Errorf("alive: %d", status)
		}
	}
	put := func(body func(name string) []byte, names ...string) {
		t.Helper()
		for _, name := range names {
			err := os.Remove(filepath.Join(keys, name))
			if text := body(name); text != nil {
				err = os.WriteFile(filepath.Join(keys, name), text, 0o600)
			}
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				t.Fatal(err)
			}
		}
	}

	h.stop(t, all)
	put(func(string) []byte { return other }, "pseudonym", "log")
	names("voting does not open", "keys/pseudonym", "keys/log", "PSEUDONYM_KEY_FILE")
	if _, err := voter.CastWith(t.Context(), "a key", picks); !unavailable(err) {
		t.Errorf("a ballot under another key: %v", err)
	}
	if _, err := h.API.Receipt(t.Context(), slug, counted.Receipt); !unavailable(err) {
		t.Errorf("a receipt under another key: %v", err)
	}
	if _, err := h.API.Statement(t.Context(), slug, counted.Receipt); !unavailable(err) {
		t.Errorf("a statement under another key: %v", err)
	}

	h.stop(t, all)
	put(func(name string) []byte { return kept[name] }, "pseudonym", "log")
	put(func(string) []byte { return nil }, "pseudonym")
	names("voting does not open", "pseudonym is missing")
	if _, err := voter.CastWith(t.Context(), "a key", picks); !unavailable(err) {
		t.Errorf("a ballot without the key: %v", err)
	}

	h.stop(t, all)
	put(func(string) []byte { return nil }, "credential")
	names("identity does not open", "credential is missing")
	if status := get(t, h.Listen, "/"); status != 0 {
		t.Errorf("the gateway is open without the credential key: %d", status)
	}
	for _, name := range []string{"pseudonym", "credential"} {
		if _, err := os.Stat(filepath.Join(keys, name)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s was made anew: %v", name, err)
		}
	}

	h.stop(t, all)
	put(func(name string) []byte { return kept[name] }, "pseudonym", "credential")
	h.start(t, all)
	again, err := voter.CastWith(t.Context(), "a key", picks)
	if err != nil || again.Receipt != counted.Receipt {
		t.Errorf("with the keys back: %+v, %v", again, err)
	}
	h.run(t, func(ctx context.Context) error { return h.Close(ctx, rulebook.PhaseVoting) })
}

// unavailable tells whether a call was answered by "not now" alone.
func unavailable(err error) bool { return fault.Is(err, fault.Unavailable) }
