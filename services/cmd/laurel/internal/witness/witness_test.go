package witness

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
	"github.com/laurel-awards/laurel/services/voting"
)

// TestWitness follows a real log in its life, and then on a line on which
// everything is forged in turn.
func TestWitness(t *testing.T) {
	h := build(t)
	h.vote(t, 3)
	early, err := h.api.Checkpoint(t.Context(), slug)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if said := h.looks(t, dir); !strings.Contains(said, "3 lines, grown from 0") || !strings.Contains(said, h.signer.Public().String()) {
		t.Errorf("the first look:\n%s", said)
	}
	receipt := h.vote(t, 300)
	said := h.looks(t, dir, func(c *Command) { c.Receipt = receipt })
	if !strings.Contains(said, "303 lines, grown from 3") || !strings.Contains(said, "is line ") {
		t.Errorf("the second look:\n%s", said)
	}
	if said := h.looks(t, dir); said != "" {
		t.Errorf("nothing is new:\n%s", said)
	}
	h.kept(t, dir, 2)
	t.Run("torn", func(t *testing.T) { h.torn(t, dir) })
	t.Run("forged", func(t *testing.T) { h.forged(t, dir, early) })
	t.Run("network", func(t *testing.T) { h.network(t, dir) })
	t.Run("receipt", func(t *testing.T) { h.receipts(t, dir, receipt) })
	t.Run("rotation", func(t *testing.T) { h.rotation(t, dir) })
	t.Run("recount", func(t *testing.T) { h.recounted(t, dir) })
}

// kept reads what is on disk: n checkpoints, of which the last is also alone.
func (h *harness) kept(t *testing.T, dir string, n int) {
	t.Helper()
	history, err := os.ReadFile(filepath.Join(dir, slug, historyFile))
	if err != nil {
		t.Fatal(err)
	}
	last, err := os.ReadFile(filepath.Join(dir, slug, checkpointFile))
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(string(history), ballotlog.CheckpointOrigin(slug)+"\n"); got != n || !strings.HasSuffix(string(history), string(last)+"\n") {
		t.Errorf("%d checkpoints are kept:\n%s", got, history)
	}
	if _, err := h.signer.Public().Open(string(last)); err != nil {
		t.Error(err)
	}
}

// torn finds what a crash left of a checkpoint, at every byte, and goes on from
// the one before.
func (h *harness) torn(t *testing.T, dir string) {
	whole, err := os.ReadFile(filepath.Join(dir, slug, historyFile))
	if err != nil {
		t.Fatal(err)
	}
	first := strings.Index(string(whole[1:]), "laurel/") + 1
	for cut := first; cut < len(whole); cut += 7 {
		other := t.TempDir()
		if err := os.MkdirAll(filepath.Join(other, slug), 0o755); err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(other, slug, historyFile)
		if err := os.WriteFile(name, whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := openStore(filepath.Join(other, slug))
		if err != nil {
			t.Fatal(err)
		}
		if want := string(whole[:first-1]); s.last != want {
			t.Fatalf("cut at %d: %q, want %q", cut, s.last, want)
		}
		if err := s.keep("next\n\nsigned\n"); err != nil {
			t.Fatal(err)
		}
		s.close()
		if again, err := os.ReadFile(name); err != nil || string(again) != string(whole[:first])+"next\n\nsigned\n\n" {
			t.Fatalf("cut at %d, then added to: %q, %v", cut, again, err)
		}
	}
	s, err := openStore(filepath.Join(dir, slug))
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	if c, _ := h.witness(dir); c.Run(t.Context()) == nil {
		t.Error("two witnesses wrote in one folder")
	}
}

// network loses answers of every kind: they are asked for again, and no alarm.
func (h *harness) network(t *testing.T, dir string) {
	h.vote(t, 1)
	var asked atomic.Int32
	failing := func(fail http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if asked.Add(1) <= 2 {
				fail(w, r)
				return
			}
			h.line.to.ServeHTTP(w, r)
		}
	}
	hangUp := func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	breakOff := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "9999")
		w.Write([]byte("laurel/")) //nolint:errcheck // it breaks off
	}
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
	}
	for _, fail := range []http.HandlerFunc{
		hangUp, breakOff, status(http.StatusBadGateway), status(http.StatusServiceUnavailable), status(http.StatusTooManyRequests),
	} {
		for _, path := range []string{"log/checkpoint", "log/key", "log/tile/"} {
			asked.Store(0)
			h.line.set(map[string]http.HandlerFunc{path: failing(fail)})
			h.looks(t, t.TempDir())
		}
	}
	// A server that stands beside another may be a moment late.
	late, err := os.ReadFile(filepath.Join(dir, slug, checkpointFile))
	if err != nil {
		t.Fatal(err)
	}
	h.line.set(nil)
	h.looks(t, dir)
	asked.Store(0)
	h.line.set(map[string]http.HandlerFunc{"log/checkpoint": failing(says(string(late)))})
	h.looks(t, dir)
	h.line.set(map[string]http.HandlerFunc{"": hangUp})
	c, _ := h.witness(dir)
	if err := c.Run(t.Context()); err == nil || errors.As(err, new(*Alarm)) {
		t.Errorf("a server that never answers: %v", err)
	}
	h.line.set(nil)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	c.Once = false
	if err := c.Run(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("it follows until it is ended: %v", err)
	}
}

// receipts watches a promise that is not kept, a receipt that is denied, and
// one whose proof is of another log.
func (h *harness) receipts(t *testing.T, dir, code string) {
	genuine, err := h.api.Receipt(t.Context(), slug, code)
	if err != nil {
		t.Fatal(err)
	}
	answer := func(change func(*voting.Recorded)) http.HandlerFunc {
		forged := genuine
		proof := *genuine.Evidence.Proof
		forged.Evidence.Proof = &proof
		change(&forged)
		text, err := json.Marshal(forged)
		if err != nil {
			t.Fatal(err)
		}
		return says(string(text))
	}
	unproved := answer(func(r *voting.Recorded) { r.Evidence.Proof = nil })
	asks := func(c *Command) { c.Receipt = code }
	h.line.set(map[string]http.HandlerFunc{"receipts/": unproved})
	h.unkept(t, dir, code)
	final, err := json.Marshal(voting.Tally{Slug: slug, State: voting.Sealed})
	if err != nil {
		t.Fatal(err)
	}
	h.line.set(map[string]http.HandlerFunc{"receipts/": unproved, "tally": says(string(final))})
	if a := h.alarms(t, dir, asks); !strings.Contains(a.Reason, "the tally is final") {
		t.Error(a)
	}
	other, _ := fork(2)
	promise := func(r *voting.Recorded) {
		text, err := h.signer.Sign(ballotlog.Head{Origin: ballotlog.CheckpointOrigin(slug), Tree: other})
		if err != nil {
			t.Fatal(err)
		}
		r.Evidence.Proof.Head = text
	}
	for name, forge := range map[string]http.HandlerFunc{
		"denied":         func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) },
		"of another log": answer(promise),
		"of another ballot": answer(func(r *voting.Recorded) {
			r.Evidence.Leaf = strings.Replace(r.Evidence.Leaf, "ballot once ", "ballot once 0", 1)
		}),
		"at another place": answer(func(r *voting.Recorded) { r.Evidence.Proof.Index-- }),
	} {
		h.line.set(map[string]http.HandlerFunc{"receipts/": forge})
		if a := h.alarms(t, dir, asks); !strings.Contains(a.Reason, code) {
			t.Errorf("%s: %v", name, a)
		}
	}
	h.line.set(nil)
	if c, _ := h.witness(dir); true {
		c.Receipt = "mistyped"
		if err := c.Run(t.Context()); err == nil || errors.As(err, new(*Alarm)) {
			t.Errorf("a mistyped receipt: %v", err)
		}
	}
}

// unkept looks at a promise whose ballot is never proved: that is none for as long
// as nothing is published, nor for what was counted in the first minute.
func (h *harness) unkept(t *testing.T, dir, code string) {
	c, out := h.witness(dir)
	now := time.Now()
	c.Receipt, c.now = code, func() time.Time { return now }
	c.defaults()
	w, err := c.open()
	if err != nil {
		t.Fatal(err)
	}
	defer w.store.close()
	look := func(want error) {
		t.Helper()
		if _, err := w.look(t.Context()); !errors.Is(err, want) {
			t.Fatalf("%v, want %v\n%s", err, want, out)
		}
	}
	look(nil)
	h.vote(t, 1)
	look(nil) // the log has grown a moment after the promise
	now = now.Add(2 * time.Minute)
	look(nil)
	look(nil) // it has not grown since
	if said := out.String(); !strings.Contains(said, "not published yet") {
		t.Errorf("a promise:\n%s", said)
	}
	h.vote(t, 1)
	for range behindTries {
		look(errBehind)
	}
	var alarm *Alarm
	if _, err := w.look(t.Context()); !errors.As(err, &alarm) || !strings.Contains(alarm.Reason, "the log grew") {
		t.Errorf("a promise that is not kept: %v", err)
	}
}

// rotation hands the log over to another key. Who watched goes with it; who was
// away is told to compare, and may then go on.
func (h *harness) rotation(t *testing.T, dir string) {
	away := t.TempDir()
	h.looks(t, away)
	old := h.signer.Public().String()
	h.rotate(t, seed(2), seed(1))
	if said := h.looks(t, dir); !strings.Contains(said, "2 known keys") {
		t.Errorf("while both sign:\n%s", said)
	}
	h.rotate(t, seed(2), old)
	h.vote(t, 2)
	if said := h.looks(t, dir); !strings.Contains(said, "grown from") {
		t.Errorf("after the hand-over:\n%s", said)
	}
	if a := h.alarms(t, away); !strings.Contains(a.Reason, "--accept-key") {
		t.Error(a)
	}
	if said := h.looks(t, away, func(c *Command) { c.AcceptKey = true }); !strings.Contains(said, "grown from") {
		t.Errorf("after it was accepted:\n%s", said)
	}
	if said := h.looks(t, away); said != "" {
		t.Errorf("and from then on:\n%s", said)
	}
	pin := func(lines ...string) func(*Command) {
		name := filepath.Join(t.TempDir(), "key")
		if err := os.WriteFile(name, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
			t.Fatal(err)
		}
		return func(c *Command) { c.Key = name }
	}
	h.looks(t, t.TempDir(), pin(signer(t, seed(2)).Public().String()))
	h.looks(t, dir, pin(signer(t, seed(2)).Public().String()))
	if a := h.alarms(t, t.TempDir(), pin(old)); !strings.Contains(a.Reason, "--accept-key") {
		t.Error(a)
	}
	c, _ := h.witness(dir)
	pin(old)(c)
	if err := c.Run(t.Context()); err == nil || errors.As(err, new(*Alarm)) {
		t.Errorf("a key that is not the log's: %v", err)
	}
}

// recounted fetches the lines after the close, and finds one that is another.
func (h *harness) recounted(t *testing.T, dir string) {
	all := func(c *Command) { c.Recount = true }
	h.looks(t, dir, all) // not final yet
	if _, err := os.Stat(filepath.Join(dir, slug, "leaves.txt")); err == nil {
		t.Error("lines of an open vote")
	}
	h.close(t)
	leaves, err := h.api.Leaves(t.Context(), slug)
	if err != nil {
		t.Fatal(err)
	}
	h.line.set(map[string]http.HandlerFunc{"log/leaves": says(strings.Replace(string(leaves), " 1 ", " 2 ", 1))})
	if a := h.alarms(t, dir, all); !strings.Contains(a.Reason, "lines do not hold") {
		t.Error(a)
	}
	h.line.set(nil)
	c, _ := h.witness(dir)
	c.Once, c.Recount = false, true
	if err := c.Run(t.Context()); err != nil { // it ends by itself
		t.Error(err)
	}
}
