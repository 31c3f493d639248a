package script

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/laurel-awards/laurel/deploy/examples"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/table"
	"github.com/laurel-awards/laurel/services/identity"
)

// Each example is whole: its rules hold, its people can do all that they ask for,
// every refusal is of one entry, and enough entries are left for the seats.
func TestReadInput_examples(t *testing.T) {
	t.Parallel()
	for _, name := range examples.Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in, err := ReadInput(filepath.Join("../../../../../deploy/examples", name))
			if err != nil {
				t.Fatal(err)
			}
			rules, wrong := rulebook.Check([]byte(in.Rulebook), time.Now())
			if len(wrong) > 0 {
				t.Fatal(wrong)
			}
			count := map[string]int{}
			for _, m := range in.Staff {
				count[string(m.Role)+" "+m.Scope]++
				if !strings.HasSuffix(m.Email, "example.org") {
					t.Errorf("%s may be somebody's", m.Email)
				}
			}
			for _, p := range rules.Review.Panels {
				if n := count["juror "+p.ID]; n != p.Jurors {
					t.Errorf("%d jurors of %s, not %d", n, p.ID, p.Jurors)
				}
			}
			for _, d := range rules.Vetting.Departments {
				if count["vetter "+d.ID] != 1 {
					t.Errorf("no vetter of %s", d.ID)
				}
			}
			if len(in.With(identity.Committee)) < 3 || len(in.With(identity.Organizer)) != 1 || len(in.With(identity.Auditor)) != 1 {
				t.Errorf("staff: %v", count)
			}
			seats := rules.Seats("")
			if entries := nominees(t, in); entries-len(in.Refusals) < seats {
				t.Errorf("%d entries for %d seats", entries, seats)
			}
			next, err := in.Edition(rules.Edition + 1)
			if err != nil {
				t.Fatal(err)
			}
			again, err := rulebook.Parse([]byte(next))
			if err != nil || again.Edition != rules.Edition+1 || again.Title["zh"] == rules.Title["zh"] || again.Title["en"] == rules.Title["en"] {
				t.Errorf("the next edition is called %v, %v", again, err)
			}
		})
	}
}

// nominees counts the rows of a table of entries that name one, and finds each
// refusal's.
func nominees(t *testing.T, in Input) int {
	t.Helper()
	rows, err := table.ReadAll(bytes.NewReader(in.Entries), table.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	name, employer := -1, -1
	for len(rows) > 0 && (name < 0 || employer < 0) { // a title may stand above
		for i, c := range rows[0].Cells {
			switch c {
			case "姓名", "名称":
				name = i
			case "工作单位", "单位":
				employer = i
			}
		}
		rows = rows[1:]
	}
	refused := 0
	entries := 0
	for _, r := range rows {
		if strings.TrimSpace(r.Cell(employer)) == "" { // a blank row, or a note
			continue
		}
		entries++
		for key := range in.Refusals {
			department, _, _ := strings.Cut(key, "/")
			if refusalKey(department, r.Cell(name), r.Cell(employer)) == key {
				refused++
			}
		}
	}
	if refused != len(in.Refusals) {
		t.Errorf("%d refusals are of %d entries", len(in.Refusals), refused)
	}
	return entries
}
