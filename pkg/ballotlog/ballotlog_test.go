package ballotlog_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
)

const slug = "courier-2"

func signer(t testing.TB) ballotlog.Signer {
	t.Helper()
	s, err := ballotlog.NewSigner(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// ballot is of the n-th voter.
func ballot(n int, picks ...int) ballotlog.Ballot {
	b := ballotlog.Ballot{Period: "2026-05-01", Picks: picks}
	b.Voter[0], b.Voter[1], b.Salt[0] = byte(n>>8), byte(n), byte(n+1)
	return b
}

// tree is a log kept as the service keeps it: an edge, and the hashes of the
// complete subtrees.
type tree struct {
	ballotlog.Edge
	levels map[int][]tlog.Hash
}

func (l *tree) add(leaf ballotlog.Leaf) {
	if l.levels == nil {
		l.levels = map[int][]tlog.Hash{}
	}
	h := ballotlog.Hash([]byte(leaf.String()))
	l.levels[0] = append(l.levels[0], h)
	l.Append(h, func(s ballotlog.Subtree) {
		if int64(len(l.levels[s.Level])) != s.Number {
			panic("subtrees are completed in order")
		}
		l.levels[s.Level] = append(l.levels[s.Level], s.Hash)
	})
}

func (l *tree) tile(t tlog.Tile) ([]byte, error) {
	first := int(t.N) * ballotlog.TileWidth
	return ballotlog.Join(l.levels[t.L][first : first+t.W]), nil
}

func grow(n int) *tree {
	l := &tree{}
	for i := range n {
		l.add(ballot(i, 1+i%60))
	}
	return l
}

// TestEdge compares the edge's roots with those of the library's own tree.
func TestEdge(t *testing.T) {
	l := &tree{}
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) (hashes []tlog.Hash, _ error) {
		for _, x := range indexes {
			hashes = append(hashes, stored[x])
		}
		return hashes, nil
	})
	for n := range 700 {
		want, err := tlog.TreeHash(int64(n), reader)
		if got := l.Tree(); err != nil || got.N != int64(n) || got.Hash != want {
			t.Fatalf("%d leaves: %+v, want %s, %v", n, got, want, err)
		}
		e, err := ballotlog.ReadEdge(int64(n), l.Bytes())
		if err != nil || e.Tree() != l.Tree() {
			t.Fatalf("%d leaves: an edge read back is %+v, %v", n, e.Tree(), err)
		}
		leaf := ballot(n, 1+n%60)
		more, err := tlog.StoredHashes(int64(n), []byte(leaf.String()), reader)
		if err != nil {
			t.Fatal(err)
		}
		stored = append(stored, more...)
		l.add(leaf)
	}
	if _, err := ballotlog.ReadEdge(3, l.Bytes()); err == nil {
		t.Error("an edge of another size was taken")
	}
}

// TestTiles_prove proves every kind of leaf, and growth from any size, by tiles
// alone; a proof of one leaf never fits another.
func TestTiles_prove(t *testing.T) {
	const size = 66_000 // three levels
	l := grow(size)
	tree := l.Tree()
	read := ballotlog.Tiles(l.tile)
	for _, i := range []int64{0, 1, 255, 256, 257, 65_535, 65_536, size - 1} {
		path, err := read.Prove(tree, i)
		if err != nil {
			t.Fatal(err)
		}
		for _, j := range []int64{i, (i + 1) % size} {
			err := tlog.CheckRecord(path, tree.N, tree.Hash, i, l.levels[0][j])
			if (err == nil) != (i == j) {
				t.Errorf("leaf %d by the proof of %d: %v", j, i, err)
			}
		}
	}
	for _, n := range []int64{0, 1, 255, 256, 65_536, size} {
		older := grow(int(n)).Tree()
		var path tlog.TreeProof
		if n > 0 {
			var err error
			if path, err = read.ProveGrowth(tree, n); err != nil {
				t.Fatal(err)
			}
		}
		if err := ballotlog.CheckGrowth(path, tree, older); err != nil {
			t.Errorf("from %d: %v", n, err)
		}
		older.Hash[0] ^= 1
		if err := ballotlog.CheckGrowth(path, tree, older); n > 0 && !errors.Is(err, ballotlog.ErrProof) {
			t.Errorf("from another history of %d: %v", n, err)
		}
	}
}

func TestParseTile(t *testing.T) {
	for path, n := range map[string]int64{"0/000": 256, "0/000.p/17": 17, "0/x001/234": 1235 * 256, "1/000.p/2": 512, "2/000.p/1": 65536} {
		tile, err := ballotlog.ParseTile(path)
		if err != nil || ballotlog.TilePath(tile) != path {
			t.Errorf("%s: %v, %v", path, tile, err)
		}
		if !ballotlog.Holds(n, tile) || ballotlog.Holds(n-1, tile) {
			t.Errorf("%s: is in a log of %d leaves, and of no fewer", path, n)
		}
	}
	for _, path := range []string{
		"", "0", "0/0", "0/00", "data/000", "-1/000", "0/000.p/0", "0/000.p/256", "8/000", "0/001/000", "0/x000/001", "0/../000", "0/000/",
		strings.Repeat("x001/", 30) + "000",
	} {
		if tile, err := ballotlog.ParseTile(path); !errors.Is(err, ballotlog.ErrTile) {
			t.Errorf("%q is %v, %v", path, tile, err)
		}
	}
}

// receiptOf is what stands behind the i-th ballot of a log.
func receiptOf(t testing.TB, l *tree, i int) ballotlog.Receipt {
	t.Helper()
	s := signer(t)
	promise, err := s.Promise(slug, ballot(i, 1+i%60))
	if err != nil {
		t.Fatal(err)
	}
	checkpoint, err := s.Sign(ballotlog.Head{Origin: ballotlog.CheckpointOrigin(slug), Tree: l.Tree()})
	if err != nil {
		t.Fatal(err)
	}
	full, err := ballotlog.Tiles(l.tile).Prove(l.Tree(), int64(i))
	if err != nil {
		t.Fatal(err)
	}
	proof := ballotlog.NewInclusion(checkpoint, int64(i), full)
	return ballotlog.Receipt{Leaf: ballot(i, 1+i%60).String(), Promise: promise, Proof: &proof}
}

// oldPromise is that of before: the head of a tree of all ballots that were
// committed together, from first to the log's end, with batch and time.
func oldPromise(t testing.TB, l *tree, first, i int, batch string) ballotlog.Inclusion {
	t.Helper()
	hashes := l.levels[0][first:]
	var edge ballotlog.Edge
	for _, h := range hashes {
		edge.Append(h, nil)
	}
	path, err := ballotlog.Tiles(func(tile tlog.Tile) ([]byte, error) { // it has one
		return ballotlog.Join(hashes[:tile.W]), nil
	}).Prove(edge.Tree(), int64(i-first))
	if err != nil {
		t.Fatal(err)
	}
	head, err := signer(t).Sign(ballotlog.Head{
		Origin: ballotlog.PromiseOrigin(slug, batch), Tree: edge.Tree(), At: time.Date(2026, 5, 1, 8, 0, 0, 120_000_000, time.UTC),
	})
	if err != nil {
		t.Fatal(err)
	}
	return ballotlog.NewInclusion(head, int64(i-first), path)
}

// TestReceipt_old checks promises of before, by which a batch stood together;
// what they named is not taken from a promise of today.
func TestReceipt_old(t *testing.T) {
	k, l := signer(t).Public(), grow(300)
	r := receiptOf(t, l, 290)
	r.Promise = oldPromise(t, l, 280, 290, "5")
	if b, err := r.Check(k, slug, 5); err != nil || b.Picks[0] != 1+290%60 {
		t.Fatalf("%+v, %v", b, err)
	}
	if _, err := r.Check(k, slug, 6); !errors.Is(err, ballotlog.ErrProof) {
		t.Errorf("of another batch: %v", err)
	}
	for name, h := range map[string]ballotlog.Head{
		"of several":           {Origin: ballotlog.PromiseOrigin(slug, "2026-05-01"), Tree: tlog.Tree{N: 2, Hash: l.Tree().Hash}},
		"of another period":    {Origin: ballotlog.PromiseOrigin(slug, "2026-05-02")},
		"a batch, no time":     {Origin: ballotlog.PromiseOrigin(slug, "5")},
		"a time, no batch":     {Origin: ballotlog.PromiseOrigin(slug, "2026-05-01"), At: time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC)},
		"of another selection": {Origin: ballotlog.PromiseOrigin("other", "2026-05-01")},
	} {
		if h.N == 0 {
			h.Tree = tlog.Tree{N: 1, Hash: ballotlog.Hash([]byte(r.Leaf))}
		}
		head, err := signer(t).Sign(h)
		if err != nil {
			t.Fatal(err)
		}
		r.Promise = ballotlog.NewInclusion(head, 0, nil)
		if _, err := r.Check(k, slug, 5); !errors.Is(err, ballotlog.ErrProof) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestReceipt_tampered changes every byte of a receipt in turn.
func TestReceipt_tampered(t *testing.T) {
	k := signer(t).Public()
	r := receiptOf(t, grow(300), 290)
	if b, err := r.Check(k, slug, 5); err != nil || b.Picks[0] != 1+290%60 {
		t.Fatalf("%+v, %v", b, err)
	}
	refused := func(name string, r ballotlog.Receipt) {
		t.Helper()
		if _, err := r.Check(k, slug, 5); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	flip := func(text string, i int) string {
		b := []byte(text)
		b[i] ^= 1
		return string(b)
	}
	for i := range r.Leaf {
		bad := r
		bad.Leaf = flip(r.Leaf, i)
		refused(fmt.Sprintf("leaf byte %d", i), bad)
	}
	for i := range r.Promise.Head {
		bad := r
		bad.Promise.Head = flip(r.Promise.Head, i)
		refused(fmt.Sprintf("promise byte %d", i), bad)
	}
	for i := range r.Proof.Head {
		proof := *r.Proof
		proof.Head = flip(proof.Head, i)
		refused(fmt.Sprintf("checkpoint byte %d", i), ballotlog.Receipt{Leaf: r.Leaf, Promise: r.Promise, Proof: &proof})
	}
	for i, hash := range r.Proof.Path {
		for j := range hash {
			proof := *r.Proof
			proof.Path = append([]string{}, proof.Path...)
			proof.Path[i] = flip(hash, j)
			refused(fmt.Sprintf("path %d byte %d", i, j), ballotlog.Receipt{Leaf: r.Leaf, Promise: r.Promise, Proof: &proof})
		}
	}
	for _, index := range []int64{-1, 0, 289, 291, 300, 1 << 62} {
		proof := *r.Proof
		proof.Index = index
		refused(fmt.Sprint("index ", index), ballotlog.Receipt{Leaf: r.Leaf, Promise: r.Promise, Proof: &proof})
	}
	refused("promise as proof", ballotlog.Receipt{Leaf: r.Leaf, Promise: r.Promise, Proof: &r.Promise})
	if _, err := r.Check(k, "other", 5); !errors.Is(err, ballotlog.ErrProof) {
		t.Errorf("of another selection: %v", err)
	}
	other, err := ballotlog.NewSigner(bytes.Repeat([]byte{8}, 32))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Check(other.Public(), slug, 5); !errors.Is(err, ballotlog.ErrHead) {
		t.Errorf("by another key: %v", err)
	}
}

// TestReceipt_byHand runs the commands of docs/receipts.md, which know nothing
// of this package, on receipts of logs of many sizes.
func TestReceipt_byHand(t *testing.T) {
	t.Parallel()
	check := func(leaf string, in ballotlog.Inclusion) (string, error) {
		return byHand(t, `in_tree "$(leaf "$LEAF")" "$INDEX" "$HEAD" $PATH_HASHES`,
			"LEAF="+leaf, "INDEX="+strconv.FormatInt(in.Index, 10), "HEAD="+in.Head, "PATH_HASHES="+strings.Join(in.Path, " "))
	}
	for _, c := range []struct{ size, first, i int }{{1, 0, 0}, {2, 0, 1}, {3, 1, 2}, {7, 4, 6}, {300, 297, 298}, {300, 280, 299}, {300, 200, 256}} {
		l := grow(c.size)
		r := receiptOf(t, l, c.i)
		for name, in := range map[string]ballotlog.Inclusion{"promise": r.Promise, "proof": *r.Proof, "old promise": oldPromise(t, l, c.first, c.i, "5")} {
			if out, err := check(r.Leaf, in); err != nil {
				t.Errorf("%s of %+v: %v\n%s", name, c, err, out)
			}
			forged := strings.Replace(r.Leaf, "ballot 2026-05-01", "ballot 2026-05-02", 1)
			if out, err := check(forged, in); err == nil {
				t.Errorf("%s of %+v proves another leaf:\n%s", name, c, out)
			}
		}
	}
}

// byHand runs a command with the tools of docs/receipts.md and these variables.
func byHand(t *testing.T, command string, variables ...string) (string, error) {
	t.Helper()
	doc, err := os.ReadFile("../../docs/receipts.md")
	if err != nil {
		t.Fatal(err)
	}
	_, script, _ := strings.Cut(string(doc), "## Checking by hand")
	_, script, _ = strings.Cut(script, "```bash\n")
	script, _, ok := strings.Cut(script, "```")
	if !ok || !strings.Contains(script, "sha256sum") {
		t.Fatal("docs/receipts.md has no tools")
	}
	cmd := exec.CommandContext(t.Context(), "bash", "-c", script+command)
	cmd.Env = append(os.Environ(), variables...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// TestConsistency_byHand proves growth between sizes of every kind from tiles
// of a larger log, checks it here and by the commands of docs/receipts.md, and
// neither takes another history.
func TestConsistency_byHand(t *testing.T) {
	t.Parallel() // with the other commands, which are slow
	const size = 600
	l := grow(size)
	sign := func(tree tlog.Tree) string {
		text, err := signer(t).Sign(ballotlog.Head{Origin: ballotlog.CheckpointOrigin(slug), Tree: tree})
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	grown := func(older, newer tlog.Tree, path []string) (string, error) {
		return byHand(t, `grown "$OLDER" "$NEWER" $PATH_HASHES`,
			"OLDER="+sign(older), "NEWER="+sign(newer), "PATH_HASHES="+strings.Join(path, " "))
	}
	for _, c := range []struct{ older, newer int }{{1, 2}, {4, 7}, {6, 7}, {6, 6}, {256, 600}, {257, 599}} {
		path, err := ballotlog.Tiles(l.tile).ProveConsistency(l.Tree(), int64(c.older), int64(c.newer))
		if err != nil {
			t.Fatal(err)
		}
		text := ballotlog.Hex(path)
		older, newer := grow(c.older).Tree(), grow(c.newer).Tree()
		if err := ballotlog.CheckGrowth(path, newer, older); err != nil {
			t.Errorf("%+v: %v", c, err)
		}
		if out, err := grown(older, newer, text); err != nil {
			t.Errorf("%+v by hand: %v\n%s", c, err, out)
		}
		older.Hash[0] ^= 1
		if err := ballotlog.CheckGrowth(path, newer, older); !errors.Is(err, ballotlog.ErrProof) {
			t.Errorf("%+v from another history: %v", c, err)
		}
		if c.older != 6 {
			continue // by hand it takes a moment
		}
		if out, err := grown(older, newer, text); err == nil {
			t.Errorf("%+v by hand from another history:\n%s", c, out)
		}
	}
	for _, c := range []struct{ older, newer int64 }{{2, 1}, {-1, 2}, {1, size + 1}, {0, size + 1}} {
		if _, err := ballotlog.Tiles(l.tile).ProveConsistency(l.Tree(), c.older, c.newer); err == nil {
			t.Errorf("%+v was proved", c)
		}
	}
}

func TestHead_malformed(t *testing.T) {
	k := signer(t).Public()
	for _, text := range []string{"", "\n", "laurel/x/ballots\n1\n", strings.Repeat("x", 5000)} {
		if _, err := k.Open(text); !errors.Is(err, ballotlog.ErrHead) {
			t.Errorf("%.20q: %v", text, err)
		}
	}
	for _, text := range []string{"", "laurel", "laurel+00000000+AAAA", k.String() + "x", strings.Replace(k.String(), "laurel", "laurels", 1)} {
		if _, err := ballotlog.ParsePublicKey(text); err == nil {
			t.Errorf("key %q was taken", text)
		}
	}
	if _, err := ballotlog.NewSigner(make([]byte, 31)); err == nil {
		t.Error("a short seed was taken")
	}
}

// TestHead_roundTrip signs any head and reads it back.
func TestHead_roundTrip(t *testing.T) {
	s := signer(t)
	rapid.Check(t, func(t *rapid.T) {
		h := ballotlog.Head{Origin: ballotlog.PromiseOrigin(slug, rapid.SampledFrom([]string{"once", "2026-05-01", "17"}).Draw(t, "period"))}
		h.N = rapid.Int64Min(0).Draw(t, "size")
		copy(h.Hash[:], rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "root"))
		if rapid.Bool().Draw(t, "timed") {
			h.At = time.UnixMicro(rapid.Int64Range(0, 1<<51).Draw(t, "at")).UTC()
		}
		text, err := s.Sign(h)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := s.Public().Open(text); err != nil || got != h {
			t.Fatalf("%+v is read as %+v, %v", h, got, err)
		}
	})
}
