package verify

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
	"github.com/laurel-awards/laurel/pkg/bundle"
)

// status is that of the program for an error.
func status(err error) int {
	var r refusal
	if errors.As(err, &r) {
		return r.ExitCode()
	}
	return 0
}

// TestVerify_mutated changes each word of each file in turn: it is refused, with
// the file named, or the report names what of the file it did not look at.
func TestVerify_mutated(t *testing.T) {
	t.Parallel()
	right := export(t)
	var c Command
	paths := map[string]string{}
	dir := t.TempDir()
	put := func(name, text string) {
		if err := os.WriteFile(paths[name], []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(right)) {
		paths[name] = filepath.Join(dir, name)
		c.Files = append(c.Files, paths[name])
		put(name, right[name])
	}
	words := regexp.MustCompile(`[\p{L}\p{N}+/=_-]+`)
	runs := 0
	for _, name := range slices.Sorted(maps.Keys(right)) {
		text := right[name]
		for _, at := range words.FindAllStringIndex(text, -1) {
			if lines := strings.Count(text[:at[0]], "\n"); lines > 2 && (name == "leaves.txt" || name == "ballots.csv") {
				break // the others are alike
			}
			middle := (at[0] + at[1]) / 2
			changed := byte('1')
			if c := text[middle]; c == '1' || c == '0' {
				changed = '2'
			} else if c >= 0x80 {
				continue // the dash of a signature, and no word
			}
			bad := text[:middle] + string(changed) + text[middle+1:]
			put(name, bad)
			var report bytes.Buffer
			c.out = &report
			runs++
			err := c.Run()
			out, told := report.String(), unused(t, name, text, bad)
			switch {
			case told != "" && (err != nil || !strings.Contains(out, told)):
				t.Errorf("%s, %q: the report does not say %q: %v\n%s", name, text[at[0]:at[1]], told, err, out)
			case told == "" && (err == nil || status(err) == 0):
				t.Errorf("%s, %q changed to %q: accepted:\n%s", name, text[at[0]:at[1]], bad[at[0]:at[1]], out)
			case told == "" && !strings.ContainsAny(err.Error(), ":"):
				t.Errorf("%s, %q: refused without a reason: %v", name, text[at[0]:at[1]], err)
			}
		}
		put(name, text)
	}
	if runs < 150 {
		t.Errorf("%d changes were tried", runs)
	}
}

// unused is what a report says of a change in what it does not use of a file.
func unused(t *testing.T, name, before, after string) string {
	t.Helper()
	said := map[string]string{
		"results.json":   "results.json: its ranks, totals, awards and decision",
		"selection.json": "selection.json: all but its slug",
	}
	if said[name] == "" {
		return ""
	}
	var a, b published
	if json.Unmarshal([]byte(before), &a) != nil || json.Unmarshal([]byte(after), &b) != nil {
		return ""
	}
	if name == "selection.json" { // its ballots are as of some time
		a.Ballots, b.Ballots = 0, 0
		if a.FrozenAt != nil && b.FrozenAt != nil {
			b.FrozenAt = a.FrozenAt
		}
		if strings.Contains(before, "phases") != strings.Contains(after, "phases") {
			return ""
		}
	}
	if !reflect.DeepEqual(a, b) {
		return ""
	}
	return said[name]
}

// TestVerify_forged tries what takes the log's own key, or files that each hold by
// themselves.
func TestVerify_forged(t *testing.T) {
	v := newVote(t)
	stranger := v.ballots[8]
	stranger.Voter[0] = 77 // a ballot that no line has
	pending := func(b ballotlog.Ballot, n int) string {
		return paper(t, bundle.Recorded{Slug: slug, Receipt: code(n), Period: "once", Evidence: v.evidence(t, b, nil)})
	}
	other := newVote(t) // a log whose ballots are in another order, signed with the same key
	other.hashes[0], other.hashes[1] = other.hashes[1], other.hashes[0]
	other.ballots[0], other.ballots[1] = other.ballots[1], other.ballots[0]
	longer := newVote(t)
	longer.hashes, longer.ballots = append(longer.hashes, ballotlog.Hash([]byte(stranger.String()))), append(longer.ballots, stranger)
	removal := newVote(t)
	taken := ballotlog.Removal{Index: 8, Reason: "joined"}
	removal.hashes = append(removal.hashes, ballotlog.Hash([]byte(taken.String())))
	removed := map[string]string{
		"leaves.txt": v.files["leaves.txt"] + taken.String() + "\n", "key.txt": v.files["key.txt"],
		"checkpoint.txt": v.sign(t, ballotlog.CheckpointOrigin(slug), removal.tree(10)), "receipt.json": v.files["receipt.json"],
	}
	receipts := func(text ...string) map[string]string {
		files := maps.Clone(v.files)
		delete(files, "receipt.json")
		for i, one := range text {
			files[fmt.Sprintf("receipt%d.json", i)] = one
		}
		return files
	}
	in := func(name, old, with string) map[string]string {
		files := maps.Clone(v.files)
		if files[name] = strings.Replace(files[name], old, with, 1); files[name] == v.files[name] {
			t.Fatalf("%s has no %q", name, old)
		}
		return files
	}
	without := func(names ...string) map[string]string {
		files := maps.Clone(v.files)
		for _, name := range names {
			delete(files, name)
		}
		return files
	}
	bare := without("results.json", "selection.json")
	bare["rulebook.json"] = strings.Replace(rules, `"max": 3`, `"max": 4`, 1)
	for name, c := range map[string]struct {
		files  map[string]string
		status int
		says   string
	}{
		"a receipt of an earlier log":   {receipts(v.receipt(t, 3, v.tree(5))), 0, "is proved: line 3"},
		"a receipt without a proof yet": {receipts(pending(v.ballots[3], 3)), 0, "its promise is kept by line 3"},
		"a promise that no line keeps":  {receipts(pending(stranger, 3)), exitBroken, "promise broken"},
		"a proof of another log":        {receipts(other.receipt(t, 0, other.tree(9))), exitBroken, "evidence.proof.head: it is signed, and not of these lines"},
		"a proof of a longer log":       {receipts(longer.receipt(t, 9, longer.tree(10))), exitBroken, "a log of 10 lines is signed"},
		"a ballot that was taken out":   {removed, exitBroken, "promise broken: the ballot of line 8 was taken out of the count: joined"},
		"a ballot that was taken out, no receipt": {func() map[string]string {
			files := maps.Clone(removed)
			delete(files, "receipt.json")
			return files
		}(), 0, "the ballot of line 8 was taken out of the count: joined"},
		"one code of two lines":          {receipts(pending(v.ballots[3], 3), pending(v.ballots[4], 3)), exitRefused, "one code has two lines"},
		"one line of two codes":          {receipts(pending(v.ballots[3], 3), pending(v.ballots[3], 4)), exitRefused, "one line has two codes"},
		"the same receipt twice":         {receipts(pending(v.ballots[3], 3), pending(v.ballots[3], 3)), 0, "its promise is kept by line 3"},
		"an index without a proof":       {in("receipt.json", `"proof":{`, `"proof":null,"poof":{`), exitRefused, "index: there is one, and no evidence.proof"},
		"a field that is there twice":    {in("receipt.json", `"period":"once"`, `"period":"2026-05-01","period":"once"`), exitUnread, "period: it is there twice"},
		"a field of other letters":       {in("receipt.json", `"period":"once"`, `"Period":"once"`), exitUnread, "Period: it is written in other letters"},
		"a field of letters like those":  {in("receipt.json", `"slug"`, `"\u017flug"`), exitUnread, "in other letters"},
		"a field that nobody knows":      {in("receipt.json", `"period":`, `"place":8,"period":`), 0, `its field "place", which is not used`},
		"a receipt of another selection": {in("receipt.json", `"slug":"courier-2"`, `"slug":"courier-3"`), exitRefused, `slug: it is "courier-3"`},
		"a receipt of another period":    {in("receipt.json", `"period":"once"`, `"period":"2026-05-01"`), exitRefused, "period: it is"},
		"another code":                   {in("receipt.json", code(8), code(7)), 0, "code and line belong together"},
		"a statement that a line refutes": {func() map[string]string {
			files := maps.Clone(v.files)
			files["statement.txt"] = v.state(t, v.tree(9), ballotlog.Entry{Period: "once", Voter: v.ballots[8].Voter})
			return files
		}(), exitBroken, "of which the statement knows nothing"},
		"a statement of another log": {func() map[string]string {
			files := maps.Clone(v.files)
			files["statement.txt"] = v.state(t, other.tree(9), ballotlog.Entry{Period: "once", Voter: [16]byte{99}})
			return files
		}(), exitBroken, "not those of the statement"},
		"a signature of a stranger":   {in("checkpoint.txt", "\n\n", "\n\n— laurel AAAAAAAA\n"), 0, "checkpoint.txt: 1 of the signatures"},
		"a rulebook of no known hash": {bare, 0, "rulebook.json: whether it is the frozen one"},
		"a changed rulebook":          {in("rulebook.json", `"max": 3`, `"max": 4`), exitRefused, "the rulebook's hash is"},
		"a rulebook without a vote": {func() map[string]string {
			files := maps.Clone(bare)
			files["rulebook.json"] = `{"laurel": 1}`
			return files
		}(), exitRefused, "it has no vote"},
		"a rulebook that is not frozen": {in("selection.json", `"2026-05-01T00:00:00Z"`, "null"), exitRefused, "not frozen"},
		"two hashes and no rulebook": {func() map[string]string {
			files := without("rulebook.json")
			files["selection.json"] = strings.Replace(files["selection.json"], `"rulebook_hash":"5`, `"rulebook_hash":"4`, 1)
			return files
		}(), exitRefused, "the rulebook's hash is"},
		"results that lack a candidate": {in("results.json", `,{"number":4,"name":"D"}`, ""), exitRefused, "lacks candidate 4"},
		"results with one more":         {in("results.json", `"number":4`, `"number":5`), exitRefused, "candidate 5"},
		"scores without results":        {without("results.json"), 0, "scores.csv, which is not used"},
		"results without the scores":    {without("scores.csv"), 0, "its scores_hash, for no such file"},
		"a column more in the ballots":  {in("ballots.csv", "picks\n", "picks,x\n"), exitRefused, "other columns"},
		"a column of other votes":       {in("votes.csv", "candidate,votes", "candidate,votes2"), exitUnread, "other columns"},
		"a number of another form":      {in("votes.csv", "3,9", "3,+9"), exitUnread, "line 4"},
		"a key list that nobody signed": {func() map[string]string {
			files := maps.Clone(v.files)
			files["key.txt"] = v.signer.Public().String()
			return files
		}(), 0, "whose keys these are"},
		"no file of the name": {map[string]string{"leaves.txt": ""}, exitUnread, "there is no file with the checkpoint"},
	} {
		out, err := verify(t, Command{}, c.files)
		if status(err) != c.status || (err == nil) != (c.status == 0) {
			t.Errorf("%s: status %d, want %d: %v", name, status(err), c.status, err)
		}
		if !strings.Contains(out+fmt.Sprint(err), c.says) {
			t.Errorf("%s: it does not say %q: %v\n%s", name, c.says, err, out)
		}
	}
}
