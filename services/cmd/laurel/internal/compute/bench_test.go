package compute

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// BenchmarkCommand_large computes 100,000 candidates with 9 jurors' scores by 5
// criteria under quotas, from CSV to JSON: wanted in 5 s and 500 MB.
func BenchmarkCommand_large(b *testing.B) {
	const candidates, jurors, criteria = 100_000, 9, 5
	dir := b.TempDir()
	chance := rand.New(rand.NewPCG(1, 2))
	write := func(name string, fill func(w *bufio.Writer)) string {
		f, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			b.Fatal(err)
		}
		w := bufio.NewWriter(f)
		fill(w)
		if err := w.Flush(); err != nil {
			b.Fatal(err)
		}
		if err := f.Close(); err != nil {
			b.Fatal(err)
		}
		return f.Name()
	}
	c := Command{Format: "json", Output: filepath.Join(dir, "result.json")}
	c.Rulebook = write("rulebook.yaml", func(w *bufio.Writer) {
		fmt.Fprint(w, `
awards: [{id: winner, seats: 10}, {id: nominated, seats: 20}]
review:
  panels:
    - {id: experts, jurors: 9, scale: {min: 0, max: 100, step: 0.5},
       criteria: [{id: c0, weight: 20%}, {id: c1, weight: 30%}, {id: c2, weight: 20%}, {id: c3, weight: 10%}, {id: c4, weight: 20%}],
       aggregate: {method: trimmed_mean, drop_high: 1, drop_low: 1, round: {digits: 2, mode: half_up}}}
composite:
  round: {digits: 2, mode: half_up}
  components: [{source: votes, weight: 40%, convert: {method: proportional}}, {source: "panel:experts", weight: 60%}]
  tie_break: ["panel:experts", votes, lot]
quotas: [{attribute: employer, max: 2}, {attribute: region, max: 40%}, {attribute: gender, value: female, min: 30%, of: winner}]
`)
	})
	c.Candidates = write("candidates.csv", func(w *bufio.Writer) {
		fmt.Fprintln(w, "candidate,employer,region,gender")
		for i := range candidates {
			fmt.Fprintf(w, "%d,e%d,r%d,%s\n", i+1, chance.IntN(3000), chance.IntN(14), []string{"female", "male", "male"}[chance.IntN(3)])
		}
	})
	c.Votes = write("votes.csv", func(w *bufio.Writer) {
		fmt.Fprintln(w, "candidate,votes")
		for i := range candidates {
			fmt.Fprintf(w, "%d,%d\n", i+1, chance.IntN(100_000))
		}
	})
	c.Scores = write("scores.csv", func(w *bufio.Writer) {
		fmt.Fprintln(w, "panel,juror,candidate,criterion,score")
		for j := range jurors {
			for i := range candidates {
				for k := range criteria {
					half := chance.IntN(201)
					fmt.Fprintf(w, "experts,J%d,%d,c%d,%d.%d\n", j+1, i+1, k, half/2, half%2*5)
				}
			}
		}
	})
	for b.Loop() {
		if err := c.Run(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(usage.Maxrss)*1024/1e6, "MB-maxrss") // in KiB on Linux
}
