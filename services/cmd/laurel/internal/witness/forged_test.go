package witness

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
)

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
func (h *harness) forged(t *testing.T, dir, early string) {
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
	nothing := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }
	keys := h.signer.Public().String() + "\n" + stranger.Public().String() + "\n"
	type script = map[string]http.HandlerFunc
	for name, c := range map[string]struct {
		script
		fresh bool // a witness who saw nothing before
		want  string
	}{
		"rolled back":      {script{"log/checkpoint": says(early)}, false, "it had 303 lines, and has 3"},
		"another root":     {script{"log/checkpoint": says(head(h.signer, same, ours))}, false, "two roots of 303 lines"},
		"another history":  {script{"log/checkpoint": says(head(h.signer, larger, ours)), "log/tile/": tiles}, false, "do not show that 303 lines grew to 700"},
		"tiles of another": {script{"log/checkpoint": says(head(h.signer, larger, ours))}, false, "withholds tiles"},
		"another key": {
			script{"log/checkpoint": says(head(stranger, larger, ours)), "log/key": says(list(stranger)), "log/tile/": tiles},
			false, "--accept-key",
		},
		"a key beside":                {script{"log/checkpoint": says(cosigned), "log/key": says(keys)}, false, "handed over"},
		"a checkpoint of another key": {script{"log/checkpoint": says(head(stranger, larger, ours))}, false, "not signed by a key that is known"},
		"a byte changed":              {script{"log/checkpoint": says(strings.Replace(genuine, "\n303\n", "\n304\n", 1))}, false, "not signed"},
		"another selection":           {script{"log/checkpoint": says(head(h.signer, larger, ballotlog.CheckpointOrigin("courier-3")))}, false, "courier-3"},
		"not a checkpoint":            {script{"log/checkpoint": says("<html>welcome</html>")}, false, "not signed"},
		"cut tiles":                   {script{"log/tile/": cut}, true, "do not show"},
		"no tiles":                    {script{"log/tile/": nothing}, true, "withholds tiles"},
		"tiles changed":               {script{"log/tile/": tiles}, true, "do not show"},
		"gone":                        {script{"log/": nothing}, false, "it is gone"},
	} {
		t.Run(name, func(t *testing.T) {
			h.line.set(c.script)
			defer h.line.set(nil)
			at := dir
			if c.fresh {
				at = t.TempDir()
			}
			a := h.alarms(t, at)
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
func (h *harness) last(t *testing.T, text string) ballotlog.Head {
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
