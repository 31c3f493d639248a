package compute

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/laurel-awards/laurel/pkg/ranking"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/review"
)

// A published result is computed again byte for byte, in the form that it has:
// with reasons as codes and the candidates' hash, and as it was before those. Every
// change of it or of a file is found.
func TestCommand_result(t *testing.T) {
	const dir = "testdata/written/quotas"
	read := func(name string) []byte {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	sum := func(text []byte) string {
		h := sha256.Sum256(text)
		return hex.EncodeToString(h[:])
	}
	rb, err := rulebook.Parse(read("rulebook.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var was, now ranking.Result
	if err := json.Unmarshal(read("result.json"), &was); err != nil { // of before there were codes
		t.Fatal(err)
	}
	if err := json.Unmarshal(written(t, dir, Command{Format: "json"}), &now); err != nil {
		t.Fatal(err)
	}
	published := review.Result{Slug: "craftsmen", RulebookHash: rb.Hash(), VotesHash: sum(read("votes.csv")), ScoresHash: sum(nil)}
	first, err := published.Document(&was)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(first, []byte(`"explain":["votes: `)) || bytes.Contains(first, []byte("candidates_hash")) {
		t.Fatalf("the first form: %.300s", first)
	}
	published.CandidatesHash = sum(read("candidates.csv"))
	second, err := published.Document(&now)
	if err != nil {
		t.Fatal(err)
	}
	hold := func(result []byte, votes, candidates string) error {
		at := t.TempDir()
		for name, text := range map[string]string{
			"result.json": string(result), "votes.csv": votes, "candidates.csv": candidates, "rulebook.yaml": string(read("rulebook.yaml")),
		} {
			if err := os.WriteFile(filepath.Join(at, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		in := func(name string) string { return filepath.Join(at, name) }
		c := Command{
			Rulebook: in("rulebook.yaml"), Votes: in("votes.csv"), Candidates: in("candidates.csv"), Result: in("result.json"),
			out: new(bytes.Buffer), err: new(bytes.Buffer),
		}
		return c.Run(t.Context())
	}
	votes, candidates := string(read("votes.csv")), string(read("candidates.csv"))
	for name, result := range map[string][]byte{"first form": first, "second form": second} {
		if err := hold(result, votes, candidates); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for what, c := range map[string]struct {
			result            []byte
			votes, candidates string
			want              string
		}{
			"votes":      {result, strings.Replace(votes, "\n1,", "\n1,1", 1), candidates, "votes.csv is not what the result was computed from"},
			"candidates": {result, votes, strings.Replace(candidates, "male", "female", 1), "not what the r"},
			"total":      {bytes.Replace(result, []byte(`"total":"997"`), []byte(`"total":"998"`), 1), votes, candidates, "published: candidate 1, rank 1, total 998"},
			"reason":     {bytes.Replace(result, []byte("3"), []byte("4"), 1), votes, candidates, ""},
			"space":      {append(bytes.Clone(result), '\n'), votes, candidates, "what differs is in the reasons"},
		} {
			if err := hold(c.result, c.votes, c.candidates); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s, another %s: %v", name, what, err)
			}
		}
	}
}
