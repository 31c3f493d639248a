package witness

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

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
func (h *house) kept(t *testing.T, dir string, n int) {
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
func (h *house) torn(t *testing.T, dir string) {
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

// fork is another log, whole and consistent in itself.
func fork(n int) (tlog.Tree, http.HandlerFunc) {
	var edge ballotlog.Edge
	levels := map[int][]tlog.Hash{}
	for i := range n {
		leaf := ballotlog.Hash(fmt.Appendf(nil, "forged %d", i))
		levels[0] = append(levels[0], leaf)
		edge.Append(leaf, func(s ballotlog.Subtree) { levels[s.Level] = append(levels[s.Level], s.Hash) })
	}
	return edge.Tree(), func(w http.ResponseWriter, r *http.Request) {
		_, path, _ := strings.Cut(r.URL.Path, "/log/tile/")
		tile, err := ballotlog.ParseTile(path)
		if err != nil {
			http.Error(w, err.Error(), http.StatusNotFound)
			return
		}
		first := tile.N * ballotlog.TileWidth
		w.Write(ballotlog.Join(levels[tile.L][first : first+int64(tile.W)])) //nolint:errcheck // the witness sees it
	}
}

// forged has the witness, who knows 303 lines, see every kind of forgery by
// whoever has the key, and by whoever has not.
func (h *house) forged(t *testing.T, dir, early string) {
	stranger := signer(t, seed(9))
	head := func(s ballotlog.Signer, tree tlog.Tree, origin string) string {
		text, err := s.Sign(ballotlog.Head{Origin: origin, Tree: tree})
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	list := func(s ballotlog.Signer) string {
		text, err := s.Keys()
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	ours := ballotlog.CheckpointOrigin(slug)
	same, _ := fork(303)
	larger, tiles := fork(700)
	genuine, err := h.api.Checkpoint(t.Context(), slug)
	if err != nil {
		t.Fatal(err)
	}
	// Whoever stands on the line can put a signature of their own under anything.
	text, signature, _ := strings.Cut(genuine, "\n\n")
	_, mine, _ := strings.Cut(head(stranger, h.last(t, genuine).Tree, ours), "\n\n")
	cosigned := text + "\n\n" + signature + mine
	cut := func(w http.ResponseWriter, r *http.Request) {
		tiles := &recorded{header: http.Header{}}
		h.line.to.ServeHTTP(tiles, r)
		w.Write(tiles.body[:len(tiles.body)/2/32*32]) //nolint:errcheck // the witness sees it
	}
	for name, c := range map[string]struct {
		script map[string]http.HandlerFunc
		fresh  bool // a witness who saw nothing before
		want   string
	}{
		"rolled back":                 {map[string]http.HandlerFunc{"log/checkpoint": says(early)}, false, "it had 303 lines, and has 3"},
		"another root":                {map[string]http.HandlerFunc{"log/checkpoint": says(head(h.signer, same, ours))}, false, "two roots of 303 lines"},
		"another history":             {map[string]http.HandlerFunc{"log/checkpoint": says(head(h.signer, larger, ours)), "log/tile/": tiles}, false, "do not show that 303 lines grew to 700"},
		"tiles of another":            {map[string]http.HandlerFunc{"log/checkpoint": says(head(h.signer, larger, ours))}, false, "withholds tiles"},
		"another key":                 {map[string]http.HandlerFunc{"log/checkpoint": says(head(stranger, larger, ours)), "log/key": says(list(stranger)), "log/tile/": tiles}, false, "--accept-key"},
		"a key beside":                {map[string]http.HandlerFunc{"log/checkpoint": says(cosigned), "log/key": says(h.signer.Public().String() + "\n" + stranger.Public().String() + "\n")}, false, "handed over"},
		"a checkpoint of another key": {map[string]http.HandlerFunc{"log/checkpoint": says(head(stranger, larger, ours))}, false, "not signed by a key that is known"},
		"a byte changed":              {map[string]http.HandlerFunc{"log/checkpoint": says(strings.Replace(genuine, "\n303\n", "\n304\n", 1))}, false, "not signed"},
		"another selection":           {map[string]http.HandlerFunc{"log/checkpoint": says(head(h.signer, larger, ballotlog.CheckpointOrigin("courier-3")))}, false, "courier-3"},
		"not a checkpoint":            {map[string]http.HandlerFunc{"log/checkpoint": says("<html>welcome</html>")}, false, "not signed"},
		"cut tiles":                   {map[string]http.HandlerFunc{"log/tile/": cut}, true, "do not show"},
		"no tiles":                    {map[string]http.HandlerFunc{"log/tile/": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }}, true, "withholds tiles"},
		"tiles changed":               {map[string]http.HandlerFunc{"log/tile/": tiles}, true, "do not show"},
		"gone":                        {map[string]http.HandlerFunc{"log/": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }}, false, "it is gone"},
	} {
		t.Run(name, func(t *testing.T) {
			h.line.set(c.script)
			defer h.line.set(nil)
			at := dir
			if c.fresh {
				at = t.TempDir()
			}
			a := h.cries(t, at)
			if !strings.Contains(a.Error(), c.want) || a.ExitCode() != 2 {
				t.Errorf("%v, want %q", a, c.want)
			}
			before, err1 := os.ReadFile(filepath.Join(a.Evidence, "before.txt"))
			after, err2 := os.ReadFile(filepath.Join(a.Evidence, "after.txt"))
			if err := errors.Join(err1, err2); err != nil || !c.fresh && string(before) != genuine || name != "gone" && len(after) == 0 {
				t.Errorf("the evidence is %q and %q, %v", before, after, err)
			}
		})
	}
	if said := h.looks(t, dir); said != "" {
		t.Errorf("a forgery was believed:\n%s", said)
	}
}

// last opens a checkpoint.
func (h *house) last(t *testing.T, text string) ballotlog.Head {
	t.Helper()
	head, err := h.signer.Public().Open(text)
	if err != nil {
		t.Fatal(err)
	}
	return head
}

// recorded keeps an answer that is to be changed.
type recorded struct {
	header http.Header
	body   []byte
}

func (r *recorded) Header() http.Header { return r.header }
func (r *recorded) WriteHeader(int)     {}
func (r *recorded) Write(p []byte) (int, error) {
	r.body = append(r.body, p...)
	return len(p), nil
}

// network loses answers of every kind: they are asked for again, and no alarm.
func (h *house) network(t *testing.T, dir string) {
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
	for _, fail := range []http.HandlerFunc{hangUp, breakOff, status(http.StatusBadGateway), status(http.StatusServiceUnavailable), status(http.StatusTooManyRequests)} {
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
func (h *house) receipts(t *testing.T, dir, code string) {
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
	later := func(c *Command) { asks(c); c.now = func() time.Time { return time.Now().Add(2 * time.Minute) } }
	h.line.set(map[string]http.HandlerFunc{"receipts/": unproved})
	if said := h.looks(t, dir, asks); !strings.Contains(said, "not in the log yet") {
		t.Errorf("a promise of a moment ago:\n%s", said)
	}
	if a := h.cries(t, dir, later); !strings.Contains(a.Reason, "was promised at") {
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
		if a := h.cries(t, dir, asks); !strings.Contains(a.Reason, code) {
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

// rotation hands the log over to another key. Who watched goes with it; who was
// away is told to compare, and may then go on.
func (h *house) rotation(t *testing.T, dir string) {
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
	if a := h.cries(t, away); !strings.Contains(a.Reason, "--accept-key") {
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
	if a := h.cries(t, t.TempDir(), pin(old)); !strings.Contains(a.Reason, "--accept-key") {
		t.Error(a)
	}
	c, _ := h.witness(dir)
	pin(old)(c)
	if err := c.Run(t.Context()); err == nil || errors.As(err, new(*Alarm)) {
		t.Errorf("a key that is not the log's: %v", err)
	}
}

// recounted fetches the lines after the close, and finds one that is another.
func (h *house) recounted(t *testing.T, dir string) {
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
	if a := h.cries(t, dir, all); !strings.Contains(a.Reason, "lines do not hold") {
		t.Error(a)
	}
	h.line.set(nil)
	c, _ := h.witness(dir)
	c.Once, c.Recount = false, true
	if err := c.Run(t.Context()); err != nil { // it ends by itself
		t.Error(err)
	}
}
