package compute

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/ranking"
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

// TestCommand_awards computes again what was decided where the search ended
// undecided, from the file of who gets which award.
func TestCommand_awards(t *testing.T) {
	c := interlocked(t, 24, 150)
	run := func() (out ranking.Result, err error) {
		t.Helper()
		var b bytes.Buffer
		c.Format, c.out = "json", &b
		if err := c.Run(t.Context()); err != nil {
			return out, err
		}
		return out, json.Unmarshal(b.Bytes(), &out)
	}
	found, err := run()
	if err != nil {
		t.Fatal(err)
	}
	c.Budget = 1000
	if _, err := run(); err == nil || !strings.Contains(err.Error(), "is used up") {
		t.Fatalf("err = %v", err)
	}
	write := func(list []string) {
		t.Helper()
		c.Awards = filepath.Join(t.TempDir(), "awards.csv")
		rows := "award,candidate\n"
		for _, one := range list {
			rows += "winner," + one + "\n"
		}
		if err := os.WriteFile(c.Awards, []byte(rows), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	winners := found.Awards[0].Candidates
	write(winners)
	decided, err := run()
	if err != nil {
		t.Fatal(err)
	}
	if !decided.Decided || found.Decided || !cmp.Equal(decided.Awards, found.Awards) {
		t.Errorf("decided %v: %v, found %v", decided.Decided, decided.Awards, found.Awards)
	}
	c.Sensitivity = true
	if _, err := run(); err == nil || !strings.Contains(err.Error(), "--awards: ") {
		t.Errorf("with a sensitivity: %v", err)
	}
	c.Sensitivity = false
	for want, list := range map[string][]string{
		"award winner has 24 seats, not 23": winners[1:],
		"there is no candidate c999":        append([]string{"c999"}, winners[1:]...),
	} {
		write(list)
		if _, err := run(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("err = %v, want %q", err, want)
		}
	}
}
