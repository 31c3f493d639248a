// Command demo-input writes the invented selection that the demo runs:
// rulebook, entries as an organizer keeps them, the departments' refusals and
// the staff. The same seed gives the same files.
//
//	go run ./scripts/demo-input
package main

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// defaultSeed is the one of the files in the repository.
const defaultSeed = 2

func main() {
	dir := flag.String("out", "deploy/examples/most-beautiful-courier", "directory to write to")
	seed := flag.Uint64("seed", defaultSeed, "what the invention starts from")
	flag.Parse()
	if err := write(*dir, *seed); err != nil {
		fmt.Fprintln(os.Stderr, "demo-input:", err)
		os.Exit(1)
	}
}

// write makes every file of the example.
func write(dir string, seed uint64) error {
	people, err := invent(rand.New(rand.NewPCG(seed, 1)))
	if err != nil {
		return err
	}
	rows, err := typedAll(people)
	if err != nil {
		return err
	}
	good, err := goodBook(rows)
	if err != nil {
		return err
	}
	bad, err := badBook(rows)
	if err != nil {
		return err
	}
	opinions, err := opinionsCSV()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, f := range []struct {
		name string
		body []byte
	}{
		{"rulebook.yaml", rulebookYAML},
		{"staff.yaml", staffYAML},
		{"entries.xlsx", good},
		{"entries-bad.xlsx", bad},
		{"opinions.csv", opinions},
		{"README.md", readme()},
	} {
		if err := os.WriteFile(filepath.Join(dir, f.name), f.body, 0o644); err != nil {
			return err
		}
	}
	return nil
}
