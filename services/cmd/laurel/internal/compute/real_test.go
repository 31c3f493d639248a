package compute

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/ranking"
	"github.com/laurel-awards/laurel/pkg/table"
)

// examples is where the rulebooks of real contests are.
const examples = "../../../../../deploy/examples"

// result runs the command as a person would and reads its JSON.
func result(t *testing.T, c Command) document {
	t.Helper()
	var b bytes.Buffer
	c.Format, c.out = "json", &b
	if err := c.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	var out document
	if err := json.Unmarshal(b.Bytes(), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// official gives the rows of a file of outcomes, without the heading.
func official(t *testing.T, path string) []table.Row {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", path))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := table.ReadAll(f, table.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return rows[1:]
}

func TestCommand_eurovision(t *testing.T) {
	for _, year := range []string{"2016", "2017"} {
		t.Run(year, func(t *testing.T) {
			out := result(t, Command{
				Rulebook: filepath.Join(examples, "eurovision/rulebook.yaml"),
				Votes:    "testdata/eurovision/" + year + "-votes.csv", Scores: "testdata/eurovision/" + year + "-scores.csv",
			})
			var want, got [][]string
			for _, r := range official(t, "eurovision/"+year+"-official.csv") {
				want = append(want, r.Cells)
			}
			for i, r := range out.Ranking {
				if r.Rank != i+1 {
					t.Errorf("%s has rank %d in place %d", r.Candidate, r.Rank, i+1)
				}
				got = append(got, []string{r.Candidate, r.Components["panels"], r.Components["votes"], r.Total})
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("candidate, jury, televote, total (-official +computed):\n%s", diff)
			}
			if out.Ranking[0].Award != "winner" || out.Ranking[1].Award != "" {
				t.Errorf("awards %q, %q", out.Ranking[0].Award, out.Ranking[1].Award)
			}
		})
	}
}

func TestCommand_skating(t *testing.T) {
	type entry struct{ panel, candidate string }
	totals := make(map[entry]string)
	criteria := make(map[entry]map[string]string)
	for _, r := range official(t, "skating/official.csv") {
		e := entry{r.Cell(0), r.Cell(1)}
		if criteria[e] == nil {
			criteria[e] = make(map[string]string)
		}
		criteria[e][r.Cell(2)] = plain(r.Cell(3))
		totals[e] = plain(r.Cell(4))
	}
	files, err := filepath.Glob("testdata/skating/*-scores.csv")
	if err != nil || len(files) != 16 {
		t.Fatalf("%d programmes, err %v", len(files), err)
	}
	compared := 0
	for _, file := range files {
		panel := strings.TrimSuffix(filepath.Base(file), "-scores.csv")
		t.Run(panel, func(t *testing.T) {
			out := result(t, Command{Rulebook: filepath.Join(examples, "skating/rulebook.yaml"), Scores: file})
			for _, r := range out.Ranking {
				e := entry{panel, r.Candidate}
				score := r.Panels[panel]
				if diff := cmp.Diff(criteria[e], score.Criteria); diff != "" {
					t.Errorf("%s: panel scores (-official +computed):\n%s", r.Candidate, diff)
				}
				if score.Score != totals[e] || r.Total != totals[e] || r.Components["panels"] != totals[e] {
					t.Errorf("%s: component total %s, official %s", r.Candidate, r.Total, totals[e])
				}
				compared += len(score.Criteria)
			}
		})
	}
	if compared != 480 {
		t.Errorf("%d panel scores compared, want all 480", compared)
	}
}

// plain is a decimal without the zeros at its end.
func plain(decimal string) string {
	if strings.Contains(decimal, ".") {
		return strings.TrimSuffix(strings.TrimRight(decimal, "0"), ".")
	}
	return decimal
}

func TestCommand_steering(t *testing.T) {
	out := result(t, Command{
		Rulebook: filepath.Join(examples, "kubernetes-steering/rulebook.yaml"),
		Ballots:  "testdata/kubernetes-steering/2024-ballots.csv",
	})
	var got []string
	for _, r := range out.Ranking {
		got = append(got, r.Candidate)
	}
	want := []string{"bentheelder", "aojea", "saschagrunert", "natalisucks", "katcosgrove", "palnabarun", "xmudrii"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("order (-official +computed):\n%s", diff)
	}
	wantAwards := []ranking.AwardList{{Award: "member", Seats: 3, Candidates: want[:3]}}
	if diff := cmp.Diff(wantAwards, out.Awards); diff != "" {
		t.Errorf("awards (-want +got):\n%s", diff)
	}
}
