package compute

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/table"
)

// medal is the example of a labour medal: 300 candidates, 100 seats, eight quotas.
func medal() Command {
	dir := filepath.Join(examples, "labour-medal")
	return Command{
		Rulebook: filepath.Join(dir, "rulebook.yaml"), Candidates: filepath.Join(dir, "candidates.csv"),
		Votes: filepath.Join(dir, "votes.csv"), Scores: filepath.Join(dir, "scores.csv"),
	}
}

// attributes reads the candidates' attributes as anybody would.
func attributes(t *testing.T, path string) map[string]map[string]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := table.ReadAll(f, table.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	out := make(map[string]map[string]string)
	for _, r := range rows[1:] {
		out[r.Cell(0)] = make(map[string]string)
		for i, name := range rows[0].Cells {
			out[r.Cell(0)][name] = r.Cell(i)
		}
	}
	return out
}

// The labour medal's seats are all given, its eight rules kept, and whoever was
// passed over was so for a cap that is full, or with a proof that holds.
func TestCommand_labourMedal(t *testing.T) {
	c := medal()
	c.Quotas = true
	out := result(t, c)
	src, err := os.ReadFile(c.Rulebook)
	if err != nil {
		t.Fatal(err)
	}
	rb, err := rulebook.Parse(src)
	if err != nil {
		t.Fatal(err)
	}
	people := attributes(t, c.Candidates)
	for n, q := range rb.Quotas {
		counts := make(map[string]int)
		for _, list := range out.Awards {
			for _, candidate := range list.Candidates {
				counts[people[candidate][q.Attribute]]++
			}
		}
		for value, count := range counts {
			if most, ok := q.Cap(100); ok && (q.Value == "" || q.Value == value) && count > most {
				t.Errorf("quota %d: %d of %s", n, count, value)
			}
		}
		if least, ok := q.Floor(100); ok && counts[q.Value] < least {
			t.Errorf("quota %d: %d of %s", n, counts[q.Value], q.Value)
		}
	}
	if len(out.Awards[0].Candidates) != 20 || len(out.Awards[1].Candidates) != 80 || len(people) != 300 {
		t.Errorf("%d and %d of %d candidates", len(out.Awards[0].Candidates), len(out.Awards[1].Candidates), len(people))
	}
	proofs := 0
	for _, row := range out.Ranking {
		for _, d := range row.Displaced {
			if d.Proof == 0 {
				continue
			}
			proofs++
			claim, err := out.Claim(rb, people, row.Candidate, d.Award)
			if err == nil {
				err = claim.Check(out.Proofs[d.Proof-1])
			}
			if err != nil || d.Numbers.Code != "needs" {
				t.Errorf("%s: %v; %s", row.Candidate, err, d.Numbers.Code)
			}
		}
	}
	if proofs == 0 {
		t.Error("nobody was passed over by a proof")
	}
	if out.Quotas == nil || len(out.Quotas.Moves) != len(rb.Quotas) {
		t.Errorf("report on quotas: %+v", out.Quotas)
	}
}

// Quotas that cannot be met come with what would make them possible; a budget
// that is too small says so.
func TestCommand_quotas(t *testing.T) {
	c := files(t, strings.Replace(rules, "employer, max: 1", "employer, value: 中通, min: 1", 1), goodCandidates, goodVotes, goodScores, "")
	var b bytes.Buffer
	c.Format, c.out = "table", &b
	if err := c.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "it would be possible with quotas[0] (employer 中通) min 0 instead of 1") {
		t.Errorf("err = %v", err)
	}
	c = medal()
	c.Format, c.out, c.Quotas = "table", &b, true
	if err := c.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"where an award changes hands", "quotas[7] (region): max 15; stricter: 14 (gains: ", "would be left"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the table lacks %q", want)
		}
	}
	c.Budget = 100
	if err := c.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "budget: of 100 is used up") {
		t.Errorf("err = %v", err)
	}
}
