package verify

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
	"github.com/laurel-awards/laurel/pkg/bundle"
	"github.com/laurel-awards/laurel/pkg/receipt"
	"github.com/laurel-awards/laurel/pkg/rulebook"
)

const slug = "courier-2"

const rules = `{"laurel": 1, "timezone": "Asia/Shanghai",
	"voting": {"voters": ["device"], "frequency": "once", "picks": {"min": 1, "max": 3}, "counts": "live"}}`

// vote is a small one as a service exports it.
type vote struct {
	files   map[string]string // by name
	signer  ballotlog.Signer
	ballots []ballotlog.Ballot
	hashes  []tlog.Hash
}

// export is what TestVerify begins with.
func export(t *testing.T) map[string]string { return newVote(t).files }

func newVote(t *testing.T) *vote {
	t.Helper()
	signer, err := ballotlog.NewSigner(bytes.Repeat([]byte{3}, 32))
	if err != nil {
		t.Fatal(err)
	}
	v := &vote{signer: signer}
	var leaves, ballots strings.Builder
	ballots.WriteString("index,period,voter,picks\n")
	votes := map[int]int64{1: 0, 2: 0, 3: 0, 4: 0}
	for i := range 9 {
		b := ballotlog.Ballot{Period: "once", Picks: []int{1 + i%2, 3}}
		b.Voter[0], b.Salt[0] = byte(i), byte(i+1)
		for _, n := range b.Picks {
			votes[n]++
		}
		fmt.Fprintln(&leaves, b)
		fmt.Fprintf(&ballots, "%d,once,%x,%d 3\n", i, b.Voter, b.Picks[0])
		v.ballots, v.hashes = append(v.ballots, b), append(v.hashes, ballotlog.Hash([]byte(b.String())))
	}
	tree := v.tree(9)
	keys, err := signer.Keys()
	if err != nil {
		t.Fatal(err)
	}
	sums := "candidate,votes\n"
	for _, n := range slices.Sorted(maps.Keys(votes)) {
		sums += fmt.Sprintf("%d,%d\n", n, votes[n])
	}
	rb, err := rulebook.Parse([]byte(rules))
	if err != nil {
		t.Fatal(err)
	}
	const scores = "panel,juror,candidate,criterion,score\nexperts,J1,1,skill,90\n"
	v.files = map[string]string{
		"leaves.txt": leaves.String(), "ballots.csv": ballots.String(), "checkpoint.txt": v.sign(t, ballotlog.CheckpointOrigin(slug), tree), "key.txt": keys,
		"statement.txt": v.state(t, tree, ballotlog.Entry{Period: "once", Voter: v.ballots[8].Voter, Ballot: true, Index: 8, Hash: v.hashes[8]},
			ballotlog.Entry{Period: "once", Voter: [16]byte{99}}),
		"votes.csv": sums, "scores.csv": scores, "rulebook.json": rules, "receipt.json": v.receipt(t, 8, tree),
		"selection.json": fmt.Sprintf(`{"slug":%q,"title":{"en":"Courier"},"rulebook_hash":%q,"frozen_at":"2026-05-01T00:00:00Z","phases":[],"ballots":3}`,
			slug, rb.Hash()),
		"results.json": fmt.Sprintf(`{"slug":%q,"title":{"en":"Courier"},"rulebook_hash":%q,"votes_hash":"%x","scores_hash":"%x","ballots":9,
			"ranking":[{"number":3,"name":"C"},{"number":1,"name":"A"},{"number":2,"name":"B"},{"number":4,"name":"D"}]}`,
			slug, rb.Hash(), sha256.Sum256([]byte(sums)), sha256.Sum256([]byte(scores))),
	}
	return v
}

// tree is that of the first n ballots.
func (v *vote) tree(n int) tlog.Tree {
	var edge ballotlog.Edge
	for _, h := range v.hashes[:n] {
		edge.Append(h, nil)
	}
	return edge.Tree()
}

func (v *vote) sign(t *testing.T, origin string, tree tlog.Tree) string {
	t.Helper()
	text, err := v.signer.Sign(ballotlog.Head{Origin: origin, Tree: tree})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func (v *vote) state(t *testing.T, tree tlog.Tree, entries ...ballotlog.Entry) string {
	t.Helper()
	text, err := v.signer.SignStatement(ballotlog.Statement{
		Head:    ballotlog.Head{Origin: ballotlog.StatementOrigin(slug), Tree: tree, At: time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC)},
		Entries: entries,
	})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// code is the receipt of a ballot.
func code(index int) string {
	return receipt.NewKey([]byte("k")).Issue(slug, receipt.Place{Batch: 4, Rank: index}).String()
}

// receipt is what is recorded behind a ballot, its proof being of the log of tree.
func (v *vote) receipt(t *testing.T, index int, tree tlog.Tree) string {
	t.Helper()
	path, err := ballotlog.Tiles(func(tile tlog.Tile) ([]byte, error) { return ballotlog.Join(v.hashes[:tile.W]), nil }).Prove(tree, int64(index))
	if err != nil {
		t.Fatal(err)
	}
	proof := ballotlog.NewInclusion(v.sign(t, ballotlog.CheckpointOrigin(slug), tree), int64(index), path)
	at := int64(index)
	b := v.ballots[index]
	return paper(t, bundle.Recorded{Slug: slug, Receipt: code(index), Period: b.Period, Index: &at, Evidence: v.evidence(t, b, &proof)})
}

// evidence promises a ballot.
func (v *vote) evidence(t *testing.T, b ballotlog.Ballot, proof *ballotlog.Inclusion) ballotlog.Receipt {
	t.Helper()
	promise, err := v.signer.Promise(slug, b)
	if err != nil {
		t.Fatal(err)
	}
	return ballotlog.Receipt{Leaf: b.String(), Promise: promise, Proof: proof}
}

func paper(t *testing.T, r bundle.Recorded) string {
	t.Helper()
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// verify runs the command on files.
func verify(t *testing.T, c Command, contents map[string]string) (string, error) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range contents {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c.Files = append(c.Files, file)
	}
	var out bytes.Buffer
	c.out = &out
	err := c.Run()
	return out.String(), err
}

func TestVerify(t *testing.T) {
	out, err := verify(t, Command{}, export(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		slug, "9 lines", "9 ballots;", "keep to the rulebook", "exported ballots", "receipt " + code(8) + " is proved: line 8",
		"statement.txt is borne out: once 08", "none", "4 candidates", "votes.csv is the file", "scores.csv is the file",
		"whose keys these are", "the same checkpoint", "who is a voter", "code and line belong together",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("the report lacks %q:\n%s", want, out)
		}
	}
	without := export(t)
	delete(without, "votes.csv")
	delete(without, "results.json")
	if out, err = verify(t, Command{Selection: slug}, without); err != nil || !strings.Contains(out, "     3 9\n") {
		t.Errorf("without votes: %v\n%s", err, out)
	}
}

func TestVerify_refused(t *testing.T) {
	for name, c := range map[string]struct {
		file, old, new string
		command        Command
	}{
		"a vote more":           {file: "votes.csv", old: "3,9", new: "3,10"},
		"a candidate more":      {file: "votes.csv", old: "4,0", new: "4,0\n5,1"},
		"a candidate less":      {file: "votes.csv", old: "3,9\n", new: ""},
		"a candidate twice":     {file: "votes.csv", old: "3,9\n", new: "3,9\n3,9\n"},
		"votes of words":        {file: "votes.csv", old: "3,9", new: "3,nine"},
		"negative":              {file: "votes.csv", old: "4,0", new: "4,-0x"},
		"another pick":          {file: "leaves.txt", old: " 1,3 ", new: " 1,4 "},
		"a voter twice":         {file: "leaves.txt", old: "ballot once 01", new: "ballot once 00"},
		"a line less":           {file: "leaves.txt", old: "ballot once 00000000000000000000000000000000 1,3 01000000000000000000000000000000\n", new: ""},
		"too many picks":        {file: "rulebook.json", old: `"max": 3`, new: `"max": 1`},
		"ballot exchanged":      {file: "ballots.csv", old: "0,once,", new: "0,2026-05-01,"},
		"ballot more":           {file: "ballots.csv", old: "8,once", new: "7,once"},
		"size":                  {file: "checkpoint.txt", old: "\n9\n", new: "\n8\n"},
		"another selection":     {command: Command{Selection: "courier-3"}},
		"struck and with votes": {command: Command{Struck: []int{3}}},
		"another leaf":          {file: "receipt.json", old: "ballot once 08", new: "ballot once 07"},
		"another period":        {file: "receipt.json", old: "/promise/once", new: "/promise/2026-05-01"},
		"a promise of before":   {file: "receipt.json", old: "/promise/once", new: "/promise/4"},
		"key":                   {file: "key.txt", old: "laurel+", new: "laurel+0"},
		"a statement's place":   {file: "statement.txt", old: " 8 ", new: " 7 "},
		"a statement's none":    {file: "statement.txt", old: "once 63", new: "once 01"},
		"another rulebook hash": {command: Command{RulebookHash: strings.Repeat("0", 64)}},
		"another frequency":     {file: "rulebook.json", old: "once", new: "daily"},
		"no checkpoint":         {file: "checkpoint.txt"},
		"no key":                {file: "key.txt"},
		"unknown":               {file: "rulebook.json", old: "laurel", new: "wreath"},
	} {
		t.Run(name, func(t *testing.T) {
			contents := export(t)
			switch {
			case c.file != "" && c.old == "":
				delete(contents, c.file)
			case c.file != "":
				text := strings.Replace(contents[c.file], c.old, c.new, 1)
				if text == contents[c.file] {
					t.Fatalf("%s has no %q", c.file, c.old)
				}
				contents[c.file] = text
			}
			if out, err := verify(t, c.command, contents); err == nil {
				t.Errorf("accepted:\n%s", out)
			}
		})
	}
	twice := export(t)
	twice["votes2.csv"] = twice["votes.csv"]
	if _, err := verify(t, Command{}, twice); err == nil {
		t.Error("two files of votes were taken")
	}
}
