// Command convert-data turns the public figures that the tests rest on into
// the columns of `laurel compute`: the points of two Eurovision finals, the
// component scores of a figure skating final (one file a programme, because a
// programme is one run), and a steering committee's ranked ballots.
//
//	go run ./scripts/convert-data SOURCE services/cmd/laurel/internal/compute/testdata
//
// SOURCE has the folders eurovision, skating and kubernetes-steering with the
// files named in the destination's README.
package main

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: convert-data SOURCE DESTINATION")
		os.Exit(2)
	}
	c := converter{source: os.Args[1], dest: os.Args[2]}
	for _, year := range []string{"2016", "2017"} {
		c.eurovision(year)
	}
	c.skating()
	c.steering()
	if c.err != nil {
		fmt.Fprintln(os.Stderr, "convert-data:", c.err)
		os.Exit(1)
	}
}

// converter keeps the first error, after which it does nothing.
type converter struct {
	source, dest string
	err          error
}

// read gives a file's rows by column name.
func (c *converter) read(path string) []map[string]string {
	f, err := os.Open(filepath.Join(c.source, path))
	if err != nil {
		c.fail(err)
		return nil
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	c.fail(err)
	if len(rows) == 0 {
		return nil
	}
	out := make([]map[string]string, 0, len(rows))
	for _, row := range rows[1:] {
		m := make(map[string]string, len(row))
		for i, cell := range row {
			m[rows[0][i]] = cell
		}
		out = append(out, m)
	}
	return out
}

func (c *converter) fail(err error) {
	if c.err == nil {
		c.err = err
	}
}

func (c *converter) write(path string, rows [][]string) {
	if c.err != nil {
		return
	}
	path = filepath.Join(c.dest, path)
	c.fail(os.MkdirAll(filepath.Dir(path), 0o755)) // public figures
	f, err := os.Create(path)
	if err != nil {
		c.fail(err)
		return
	}
	c.fail(csv.NewWriter(f).WriteAll(rows))
	c.fail(f.Close())
}

// eurovision makes each country's public a constituency, and its jury a panel
// of one juror whose score is the points given.
func (c *converter) eurovision(year string) {
	votes := [][]string{{"candidate", "votes", "constituency"}}
	scores := [][]string{{"panel", "juror", "candidate", "criterion", "score"}}
	for _, r := range c.read("eurovision/" + year + "-final-points.csv") {
		votes = append(votes, []string{r["to"], r["televote_points"], r["from"]})
		scores = append(scores, []string{r["from"], "jury", r["to"], "points", r["jury_points"]})
	}
	official := [][]string{{"candidate", "jury", "televote", "total"}}
	for _, r := range c.read("eurovision/" + year + "-final-official.csv") {
		official = append(official, []string{r["entry"], r["jury_points"], r["televote_points"], r["total_points"]})
	}
	c.write("eurovision/"+year+"-votes.csv", votes)
	c.write("eurovision/"+year+"-scores.csv", scores)
	c.write("eurovision/"+year+"-official.csv", official)
}

// slug makes a programme or criterion an id.
func slug(name string) string {
	if strings.HasPrefix(name, "Interpretation") { // ice dance calls it …/Timing
		return "interpretation"
	}
	return strings.ReplaceAll(strings.ToLower(name), " ", "-")
}

// skating makes each programme a panel with a file of its own.
func (c *converter) skating() {
	programmes := make(map[string][][]string)
	for _, r := range c.read("skating/panel-scores.csv") {
		panel := slug(r["program"])
		programmes[panel] = append(programmes[panel], []string{panel, r["judge"], r["entry"], slug(r["criterion"]), r["score"]})
	}
	for panel, rows := range programmes {
		c.write("skating/"+panel+"-scores.csv", slices.Insert(rows, 0, []string{"panel", "juror", "candidate", "criterion", "score"}))
	}
	official := [][]string{{"panel", "candidate", "criterion", "panel_score", "total"}}
	for _, r := range c.read("skating/official.csv") {
		official = append(official, []string{slug(r["program"]), r["entry"], slug(r["criterion"]), r["panel_score"], r["entry_component_total"]})
	}
	c.write("skating/official.csv", official)
}

// steering copies the ballots, which have compute's columns already.
func (c *converter) steering() {
	body, err := os.ReadFile(filepath.Join(c.source, "kubernetes-steering/2024-ballots.csv"))
	c.fail(err)
	if c.err != nil {
		return
	}
	c.fail(os.MkdirAll(filepath.Join(c.dest, "kubernetes-steering"), 0o755))                         // public figures
	c.fail(os.WriteFile(filepath.Join(c.dest, "kubernetes-steering/2024-ballots.csv"), body, 0o644)) // public figures
}
