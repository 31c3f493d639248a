package compute

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// interlocked are files of a selection in which every value of three attributes
// must be used up.
func interlocked(t *testing.T, seats, candidates int) Command {
	t.Helper()
	chance := rand.New(rand.NewPCG(7, 7))
	caps := []int{2, 4, 8}
	people, votes := "candidate,employer,school,region\n", "candidate,votes\n"
	var dealt [][]int
	for range caps {
		dealt = append(dealt, chance.Perm(seats))
	}
	rows := make([]string, candidates)
	for c, at := range chance.Perm(candidates) {
		row := ""
		for a, most := range caps {
			value := chance.IntN(seats / most)
			if c < seats {
				value = dealt[a][c] / most
			}
			row += fmt.Sprintf(",v%d", value)
		}
		rows[at] = row
	}
	for c, row := range rows {
		people += fmt.Sprintf("c%d%s\n", c, row)
		votes += fmt.Sprintf("c%d,%d\n", c, candidates-c)
	}
	return files(t, fmt.Sprintf(`
attributes: [school]
awards: [{id: winner, seats: %d}]
composite: {components: [{source: votes, weight: 1}]}
quotas: [{attribute: employer, max: 2}, {attribute: school, max: 4}, {attribute: region, max: 8}]
`, seats), people, votes, "", "")
}

// TestCommand_state goes on where a search ended: in stretches, between which there
// is nothing but the file, the command comes to what it comes to at once.
func TestCommand_state(t *testing.T) {
	c := interlocked(t, 48, 300)
	var once, resumed bytes.Buffer
	c.Format, c.out = "json", &once
	if err := c.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.out, c.State = &resumed, filepath.Join(t.TempDir(), "state")
	ended, kept := 0, false
	for c.Budget = 250_000; ; c.Budget *= 2 {
		err := c.Run(t.Context())
		if err == nil {
			break
		}
		if !strings.Contains(err.Error(), "is used up: a larger one lets the search go on") {
			t.Fatal(err)
		}
		ended++
		if _, err := os.Stat(c.State); err == nil {
			kept = true
		}
	}
	if ended == 0 || !kept || once.String() != resumed.String() {
		t.Errorf("ended %d times, kept %v, the same %v", ended, kept, once.String() == resumed.String())
	}
	if err := os.WriteFile(c.State, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := c.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "state: ") {
		t.Errorf("with a file that is none: %v", err)
	}
}
