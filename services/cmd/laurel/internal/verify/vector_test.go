package verify

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
	"github.com/laurel-awards/laurel/pkg/bundle"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/testkit"
)

const (
	vectors = "../../../../../docs/vectors"
	page    = "../../../../../docs/receipts.md"
)

// vector is a case: what a verifier says of files.
type vector struct {
	Name    string   `json:"name"`
	Files   []string `json:"files"`
	Verdict string   `json:"verdict"` // holds, refused, broken
}

// vectorRules are the rulebook of the vectors.
const vectorRules = `{"laurel": 1, "timezone": "Asia/Shanghai",
	"voting": {"voters": ["device"], "frequency": "daily", "picks": {"min": 1, "max": 3}, "counts": "hidden"}}`

// vectorVote is the vote of the vectors: eleven ballots of two days.
func vectorVote(t *testing.T) *vote {
	t.Helper()
	signer, err := ballotlog.NewSigner(bytes.Repeat([]byte{3}, 32))
	if err != nil {
		t.Fatal(err)
	}
	v := &vote{signer: signer, files: map[string]string{}}
	for i := range 11 {
		b := ballotlog.Ballot{Period: "2026-05-0" + strconv.Itoa(1+i/6), Picks: [][]int{{1}, {2, 3}, {1, 3, 12}}[i%3]}
		id := sha256.Sum256([]byte("laurel vector " + strconv.Itoa(i)))
		copy(b.Voter[:], id[:16])
		copy(b.Salt[:], id[16:])
		v.add(b)
	}
	return v
}

func (v *vote) add(b ballotlog.Ballot) {
	v.ballots, v.hashes = append(v.ballots, b), append(v.hashes, ballotlog.Hash([]byte(b.String())))
}

func (v *vote) leaves() string {
	var text strings.Builder
	for _, b := range v.ballots {
		text.WriteString(b.String() + "\n")
	}
	return text.String()
}

func (v *vote) checkpoint(t *testing.T, n int) string {
	t.Helper()
	return v.sign(t, ballotlog.CheckpointOrigin(slug), v.tree(n))
}

// rightVectors are the files that hold.
func rightVectors(t *testing.T, v *vote) map[string]string {
	t.Helper()
	rb, err := rulebook.Parse([]byte(vectorRules))
	if err != nil {
		t.Fatal(err)
	}
	canonical, err := rb.Canonical()
	if err != nil {
		t.Fatal(err)
	}
	keys, err := v.signer.Keys()
	if err != nil {
		t.Fatal(err)
	}
	both, err := ballotlog.ReadSigner(fmt.Sprintf("%064x\n%s", 4, strings.Repeat("03", 32)))
	if err != nil {
		t.Fatal(err)
	}
	handover, err := both.Keys()
	if err != nil {
		t.Fatal(err)
	}
	signedByBoth, err := both.Sign(ballotlog.Head{Origin: ballotlog.CheckpointOrigin(slug), Tree: v.tree(11)})
	if err != nil {
		t.Fatal(err)
	}
	path, err := ballotlog.Tiles(func(tile tlog.Tile) ([]byte, error) { return ballotlog.Join(v.hashes[:tile.W]), nil }).ProveConsistency(v.tree(11), 7, 11)
	if err != nil {
		t.Fatal(err)
	}
	grown, err := json.Marshal(map[string]any{"from": 7, "to": 11, "path": ballotlog.Hex(path)})
	if err != nil {
		t.Fatal(err)
	}
	ballots, sums := "index,period,voter,picks\n", map[int]int{2: 0, 4: 0}
	for i, b := range v.ballots {
		ballots += fmt.Sprintf("%d,%s,%x,%s\n", i, b.Period, b.Voter, strings.Trim(fmt.Sprint(b.Picks), "[]"))
		for _, n := range b.Picks {
			sums[n]++
		}
	}
	votes, ranking := "candidate,votes\n", []string{}
	for _, n := range slices.Sorted(maps.Keys(sums)) {
		votes += fmt.Sprintf("%d,%d\n", n, sums[n])
		ranking = append(ranking, fmt.Sprintf(`{"number":%d,"name":"Candidate %d","rank":1,"total":"%d","components":{"votes":"%d"}}`, n, n, sums[n], sums[n]))
	}
	const scores = "panel,juror,candidate,criterion,score\n"
	at := v.ballots[9]
	pending := bundle.Recorded{Slug: slug, Receipt: code(3), Period: v.ballots[3].Period, Evidence: v.evidence(t, v.ballots[3], nil)}
	return map[string]string{
		"key.txt": keys, "key-handover.txt": handover, "rulebook.json": string(canonical),
		"leaves.txt": v.leaves(), "ballots.csv": ballots, "votes.csv": votes, "scores.csv": scores,
		"checkpoint.txt": v.checkpoint(t, 11), "checkpoint-7.txt": v.checkpoint(t, 7), "checkpoint-handover.txt": signedByBoth,
		"consistency-7-11.json": string(grown) + "\n",
		"receipt.json":          v.receipt(t, 9, v.tree(11)) + "\n", "receipt-last.json": v.receipt(t, 10, v.tree(11)) + "\n",
		"receipt-early.json": v.receipt(t, 2, v.tree(7)) + "\n", "receipt-pending.json": paper(t, pending) + "\n",
		"statement.txt":  v.state(t, v.tree(11), ballotlog.Entry{Period: at.Period, Voter: at.Voter, Ballot: true, Index: 9, Hash: v.hashes[9]}),
		"selection.json": fmt.Sprintf("{\"slug\":%q,\"rulebook_hash\":%q,\"frozen_at\":\"2026-04-01T00:00:00Z\",\"phases\":[]}\n", slug, rb.Hash()),
		"results.json": fmt.Sprintf("{\"slug\":%q,\"rulebook_hash\":%q,\"votes_hash\":\"%x\",\"scores_hash\":\"%x\",\"ballots\":11,\"ranking\":[%s]}\n",
			slug, rb.Hash(), sha256.Sum256([]byte(votes)), sha256.Sum256([]byte(scores)), strings.Join(ranking, ",")),
	}
}

// wrongVectors are files that do not, with what a verifier says of them.
func wrongVectors(t *testing.T, v *vote, right map[string]string) (files map[string]string, cases []vector) {
	t.Helper()
	files = map[string]string{}
	cases = []vector{
		{"everything", slices.DeleteFunc(slices.Sorted(maps.Keys(right)), func(name string) bool {
			return strings.Contains(name, "handover") || strings.HasPrefix(name, "checkpoint-") || strings.HasPrefix(name, "consistency")
		}), "holds"},
		{"signed by two keys", []string{"key-handover.txt", "checkpoint-handover.txt", "leaves.txt"}, "holds"},
		{"signed by two keys, of which one is known", []string{"key.txt", "checkpoint-handover.txt", "leaves.txt"}, "holds"},
		{"signed by one key of two", []string{"key-handover.txt", "checkpoint.txt", "leaves.txt", "receipt.json"}, "holds"},
		{"an earlier checkpoint", []string{"key.txt", "checkpoint-7.txt", "leaves.txt"}, "refused"},
	}
	// with adds a case in which a wrong file stands in the place of a right one.
	with := func(name, file, text, verdict string, others ...string) {
		files["wrong/"+file] = text
		all := append([]string{"wrong/" + file}, others...)
		for _, base := range []string{"key.txt", "checkpoint.txt", "leaves.txt"} {
			if kind, _, _ := strings.Cut(base, "."); !slices.ContainsFunc(all, func(f string) bool { return strings.HasPrefix(f, "wrong/"+kind) }) {
				all = append(all, base)
			}
		}
		slices.Sort(all)
		cases = append(cases, vector{name, all, verdict})
	}
	in := func(file, old, changed string) string {
		text := strings.Replace(right[file], old, changed, 1)
		if text == right[file] {
			t.Fatalf("%s has no %q", file, old)
		}
		return text
	}
	// remade writes a receipt anew.
	remade := func(change func(r *bundle.Recorded)) string {
		var r bundle.Recorded
		if err := json.Unmarshal([]byte(right["receipt.json"]), &r); err != nil {
			t.Fatal(err)
		}
		change(&r)
		return paper(t, r) + "\n"
	}
	with("another selection's receipt", "receipt-slug.json", in("receipt.json", `"slug":"courier-2"`, `"slug":"courier-3"`), "refused")
	with("a period that is not the line's", "receipt-period.json", in("receipt.json", `"period":"2026-05-02"`, `"period":"2026-05-01"`), "refused")
	with("an index that is not the proof's", "receipt-index.json", in("receipt.json", `"index":9`, `"index":8`), "refused")
	with("another line", "receipt-leaf.json", in("receipt.json", "ballot 2026-05-02", "ballot 2026-05-01"), "refused")
	with("a field that is there twice", "receipt-twice.json", in("receipt.json", `"period":`, `"period":"once","period":`), "refused")
	with("a hash more in the path", "receipt-long.json",
		remade(func(r *bundle.Recorded) {
			r.Evidence.Proof.Path = append(r.Evidence.Proof.Path, r.Evidence.Proof.Path[0])
		}), "refused")
	with("a hash less in the path", "receipt-short.json", remade(func(r *bundle.Recorded) { r.Evidence.Proof.Path = r.Evidence.Proof.Path[1:] }), "refused")
	with("a path in capitals", "receipt-capitals.json",
		remade(func(r *bundle.Recorded) { r.Evidence.Proof.Path[0] = strings.ToUpper(r.Evidence.Proof.Path[0]) }), "refused")
	with("a promise of another period", "receipt-promise.json", remade(func(r *bundle.Recorded) {
		r.Evidence.Promise = ballotlog.NewInclusion(v.sign(t, ballotlog.PromiseOrigin(slug, "once"), tlog.Tree{N: 1, Hash: v.hashes[9]}), 0, nil)
	}), "refused")
	with("a checkpoint for a promise", "receipt-checkpoint.json", remade(func(r *bundle.Recorded) { r.Evidence.Promise = *r.Evidence.Proof }), "refused")
	stranger, err := ballotlog.NewSigner(bytes.Repeat([]byte{5}, 32))
	if err != nil {
		t.Fatal(err)
	}
	forger := *v
	forger.signer = stranger
	with("a receipt signed by another key", "receipt-key.json", forger.receipt(t, 9, v.tree(11))+"\n", "refused")

	fork := vectorVote(t)
	fork.hashes[0], fork.hashes[1] = fork.hashes[1], fork.hashes[0]
	fork.ballots[0], fork.ballots[1] = fork.ballots[1], fork.ballots[0]
	with("a proof of another log of the same size", "receipt-fork.json", fork.receipt(t, 9, fork.tree(11))+"\n", "broken")
	lost := v.ballots[9]
	lost.Salt[0] ^= 1
	with("a promise that no line keeps", "receipt-broken.json",
		paper(t, bundle.Recorded{Slug: slug, Receipt: code(9), Period: lost.Period, Evidence: v.evidence(t, lost, nil)})+"\n", "broken")
	with("a statement of none that a line refutes", "statement.txt",
		v.state(t, v.tree(11), ballotlog.Entry{Period: v.ballots[9].Period, Voter: v.ballots[9].Voter}), "broken")
	with("a statement of another place", "statement-place.txt",
		v.state(t, v.tree(11), ballotlog.Entry{Period: v.ballots[9].Period, Voter: v.ballots[9].Voter, Ballot: true, Index: 8, Hash: v.hashes[9]}), "broken")

	with("a checkpoint that was changed", "checkpoint-size.txt", in("checkpoint.txt", "\n11\n", "\n10\n"), "refused")
	with("a checkpoint of another log", "checkpoint-fork.txt", fork.checkpoint(t, 11), "refused")
	with("a list of keys that one of them did not sign", "key.txt",
		right["key-handover.txt"][:strings.LastIndex(strings.TrimSpace(right["key-handover.txt"]), "\n")+1], "refused")
	with("a line in the place of another", "leaves.txt", fork.leaves(), "refused")
	twice := vectorVote(t)
	again := twice.ballots[0]
	again.Salt[0] ^= 1
	twice.add(again)
	files["wrong/checkpoint-twice.txt"] = twice.checkpoint(t, 12)
	with("a voter with two ballots of a day", "leaves-twice.txt", twice.leaves(), "refused", "rulebook.json", "wrong/checkpoint-twice.txt")
	with("a ballot with too many picks", "rulebook.json", strings.Replace(right["rulebook.json"], `"max":"3"`, `"max":"2"`, 1), "refused")
	with("a rulebook that was not the frozen one", "rulebook-4.json",
		strings.Replace(right["rulebook.json"], `"max":"3"`, `"max":"4"`, 1), "refused", "selection.json")
	with("a vote more", "votes.csv", in("votes.csv", "\n1,7\n", "\n1,8\n"), "refused")
	with("votes that are not the result's", "votes-crlf.csv", strings.ReplaceAll(right["votes.csv"], "\n", "\r\n"), "refused", "results.json")
	with("results of another number of ballots", "results.json", in("results.json", `"ballots":11`, `"ballots":12`), "refused")
	return files, cases
}

// TestVectors makes docs/vectors, and says of each case what it says.
func TestVectors(t *testing.T) {
	v := vectorVote(t)
	files := rightVectors(t, v)
	wrong, cases := wrongVectors(t, v, files)
	maps.Copy(files, wrong)
	list, err := json.MarshalIndent(cases, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	files["cases.json"] = string(list) + "\n"
	if err := os.MkdirAll(filepath.Join(vectors, "wrong"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		testkit.Golden(t, filepath.Join(vectors, name), files[name])
	}
	if err := fs.WalkDir(os.DirFS(vectors), ".", func(name string, d fs.DirEntry, err error) error {
		if _, known := files[name]; err == nil && !d.IsDir() && !known && name != "README.md" {
			t.Errorf("docs/vectors/%s is of no case", name)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		command := Command{Selection: slug, out: new(bytes.Buffer)}
		for _, name := range c.Files {
			command.Files = append(command.Files, filepath.Join(vectors, name))
		}
		verdict := map[int]string{0: "holds", exitRefused: "refused", exitBroken: "broken", exitUnread: "refused"}
		err := command.Run()
		if got := verdict[status(err)]; got != c.Verdict {
			t.Errorf("%s: %s, want %s: %v", c.Name, got, c.Verdict, err)
		}
	}
}

// commands are those of a chapter of docs/receipts.md.
func commands(t *testing.T, chapter string) string {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(text), "\n## "+chapter+"\n")
	rest, _, _ = strings.Cut(rest, "\n## ")
	blocks := regexp.MustCompile("(?ms)^```bash\n(.*?)^```$").FindAllStringSubmatch(rest, -1)
	if !found || len(blocks) == 0 {
		t.Fatalf("docs/receipts.md has no commands under %q", chapter)
	}
	var all strings.Builder
	for _, b := range blocks {
		all.WriteString(b[1])
	}
	return all.String()
}

// TestVectors_byHand runs the commands of docs/receipts.md on the receipts and
// checkpoints of the vectors: what Bash and openssl say is what the cases say.
func TestVectors_byHand(t *testing.T) {
	t.Parallel()
	file := func(name string) string {
		text, err := os.ReadFile(filepath.Join(vectors, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	key, _, _ := strings.Cut(file("key.txt"), "\n")
	tools := commands(t, "Checking by hand")
	run := func(chapter string, variables ...string) (string, error) {
		cmd := exec.CommandContext(t.Context(), "bash", "-c", tools+commands(t, chapter))
		cmd.Env = append(os.Environ(), append(variables, "KEY="+key, "SLUG="+slug)...)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	for name, says := range map[string]string{ // what is not told by the receipt's own lines is left to the other ways
		"receipt.json": "", "receipt-last.json": "", "receipt-early.json": "", "wrong/receipt-fork.json": "",
		"wrong/receipt-leaf.json": "it is of", "wrong/receipt-long.json": "too long", "wrong/receipt-short.json": "too short",
		"wrong/receipt-capitals.json": "is no hash", "wrong/receipt-promise.json": "it is of", "wrong/receipt-key.json": "not signed by the key",
	} {
		var r bundle.Recorded
		if err := json.Unmarshal([]byte(file(name)), &r); err != nil {
			t.Fatal(err)
		}
		out, err := run("A receipt by hand", "LEAF="+r.Evidence.Leaf, "PROMISE="+r.Evidence.Promise.Head, "HEAD="+r.Evidence.Proof.Head,
			"INDEX="+strconv.FormatInt(r.Evidence.Proof.Index, 10), "PATH_HASHES="+strings.Join(r.Evidence.Proof.Path, " "))
		if (err == nil) != (says == "") || !strings.Contains(out, says) || err == nil && !strings.Contains(out, "in the log") {
			t.Errorf("%s: %v, want %q\n%s", name, err, says, out)
		}
	}
	var grown struct {
		Path []string `json:"path"`
	}
	if err := json.Unmarshal([]byte(file("consistency-7-11.json")), &grown); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		older, newer string
		path         []string
		says         string
	}{
		{"checkpoint-7.txt", "checkpoint.txt", grown.Path, ""},
		{"checkpoint.txt", "checkpoint.txt", nil, ""},
		{"checkpoint-7.txt", "checkpoint.txt", grown.Path[1:], "too short"},
		{"checkpoint-7.txt", "checkpoint.txt", append(slices.Clone(grown.Path), grown.Path[0]), "too long"},
		{"checkpoint-7.txt", "wrong/checkpoint-fork.txt", grown.Path, "another log"},
		{"checkpoint.txt", "wrong/checkpoint-fork.txt", nil, "another log"},
		{"checkpoint.txt", "checkpoint-7.txt", nil, "shrunk"},
		{"checkpoint-7.txt", "wrong/checkpoint-size.txt", grown.Path, "not signed by the key"},
	} {
		out, err := run("Checking that the log has only grown", "OLDER="+file(c.older), "NEWER="+file(c.newer), "PATH_HASHES="+strings.Join(c.path, " "))
		if (err == nil) != (c.says == "") || !strings.Contains(out, c.says) {
			t.Errorf("%s to %s: %v, want %q\n%s", c.older, c.newer, err, c.says, out)
		}
	}
}
