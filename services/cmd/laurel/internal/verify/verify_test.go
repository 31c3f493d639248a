package verify

import (
	"bytes"
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
	"github.com/laurel-awards/laurel/pkg/receipt"
)

const slug = "courier-2"

const rules = `{"laurel": 1, "timezone": "Asia/Shanghai",
	"voting": {"voters": ["device"], "frequency": "once", "picks": {"min": 1, "max": 3}, "counts": "live"}}`

// export is a small vote as a service exports it: by file name.
func export(t *testing.T) map[string]string {
	t.Helper()
	signer, err := ballotlog.NewSigner(bytes.Repeat([]byte{3}, 32))
	if err != nil {
		t.Fatal(err)
	}
	var leaves, ballots strings.Builder
	var hashes []tlog.Hash
	var last ballotlog.Ballot
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
		hashes, last = append(hashes, ballotlog.Hash([]byte(b.String()))), b
	}
	var edge ballotlog.Edge
	for _, h := range hashes {
		edge.Append(h, nil)
	}
	tree := edge.Tree()
	path, err := ballotlog.Tiles(func(tile tlog.Tile) ([]byte, error) { return ballotlog.Join(hashes[:tile.W]), nil }).Prove(tree, 8)
	if err != nil {
		t.Fatal(err)
	}
	promise, err := signer.Promise(slug, last)
	if err != nil {
		t.Fatal(err)
	}
	sign := func(origin string) string {
		text, err := signer.Sign(ballotlog.Head{Origin: origin, Tree: tree})
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	checkpoint := sign(ballotlog.CheckpointOrigin(slug))
	proof := ballotlog.NewInclusion(checkpoint, 8, path)
	index := int64(8)
	paper, err := json.Marshal(recorded{receipt.NewKey([]byte("k")).Issue(slug, receipt.Place{Batch: 4}).String(), &index, &ballotlog.Receipt{
		Leaf: last.String(), Promise: promise, Proof: &proof,
	}})
	if err != nil {
		t.Fatal(err)
	}
	stated, err := signer.SignStatement(ballotlog.Statement{
		Head: ballotlog.Head{Origin: ballotlog.StatementOrigin(slug), Tree: tree, At: time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC)},
		Entries: []ballotlog.Entry{
			{Period: "once", Voter: last.Voter, Ballot: true, Index: 8, Hash: hashes[8]},
			{Period: "once", Voter: [16]byte{99}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	refuted, err := signer.SignStatement(ballotlog.Statement{
		Head:    ballotlog.Head{Origin: ballotlog.StatementOrigin(slug), Tree: tree, At: time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC)},
		Entries: []ballotlog.Entry{{Period: "once", Voter: last.Voter}},
	})
	if err != nil {
		t.Fatal(err)
	}
	keys, err := signer.Keys()
	if err != nil {
		t.Fatal(err)
	}
	sums := "candidate,votes\n"
	for _, n := range slices.Sorted(maps.Keys(votes)) {
		sums += fmt.Sprintf("%d,%d\n", n, votes[n])
	}
	return map[string]string{
		"leaves.txt": leaves.String(), "ballots.csv": ballots.String(), "checkpoint.txt": checkpoint, "key.txt": keys, "statement.txt": stated, "refuted": refuted,
		"votes.csv": sums, "rulebook.json": rules, "receipt.json": string(paper),
	}
}

// verify runs the command on files.
func verify(t *testing.T, c Command, contents map[string]string) (string, error) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range contents {
		if name == "refuted" { // a test puts it in another's place
			continue
		}
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
		slug, "9 lines", "9 ballots, 0 removed", "keep to the rulebook", "exported ballots",
		"receipt " + receipt.NewKey([]byte("k")).Issue(slug, receipt.Place{Batch: 4}).String() + " is proved",
		"statement.txt is borne out: once 08", "none", "4 candidates",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("the report lacks %q:\n%s", want, out)
		}
	}
	without := export(t)
	delete(without, "votes.csv")
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
	refuted := export(t)
	refuted["statement.txt"] = refuted["refuted"]
	if _, err := verify(t, Command{}, refuted); err == nil || !strings.Contains(err.Error(), "of which the statement knows nothing") {
		t.Errorf("a statement of none that a leaf refutes: %v", err)
	}
	twice := export(t)
	twice["votes2.csv"] = twice["votes.csv"]
	if _, err := verify(t, Command{}, twice); err == nil {
		t.Error("two files of votes were taken")
	}
}
