package script

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/laurel-awards/laurel/pkg/norm"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/identity"
)

// Input is what a selection is run from: a folder such as
// deploy/examples/most-beautiful-courier.
type Input struct {
	Rulebook string // text
	Entries  []byte // a table
	Staff    []Member
	Refusals map[string]Refusal // by department, name and employer: see Refusal
}

// Member is one of the staff.
type Member struct {
	Role  identity.Role `yaml:"role"`
	Scope string        `yaml:"scope"`
	Name  string        `yaml:"name"`
	Email string        `yaml:"email"`
}

// Refusal is a department's word against an entry.
type Refusal struct{ Verdict, Reason string }

// ReadInput reads the folder.
func ReadInput(dir string) (Input, error) {
	var in Input
	rules, err := os.ReadFile(filepath.Join(dir, "rulebook.yaml"))
	if err != nil {
		return in, fmt.Errorf("input: %w", err)
	}
	in.Rulebook = string(rules)
	if in.Entries, err = readEntries(dir); err != nil {
		return in, fmt.Errorf("input: %w", err)
	}
	staff, err := os.ReadFile(filepath.Join(dir, "staff.yaml"))
	if err != nil {
		return in, fmt.Errorf("input: %w", err)
	}
	var list struct {
		Staff []Member `yaml:"staff"`
	}
	if err := yaml.UnmarshalWithOptions(staff, &list, yaml.Strict()); err != nil {
		return in, fmt.Errorf("input: staff.yaml: %w", err)
	}
	in.Staff = list.Staff
	in.Refusals, err = readRefusals(filepath.Join(dir, "opinions.csv"))
	return in, err
}

// readEntries reads the table of entries, a workbook or plain text.
func readEntries(dir string) ([]byte, error) {
	body, err := os.ReadFile(filepath.Join(dir, "entries.xlsx"))
	if errors.Is(err, fs.ErrNotExist) {
		return os.ReadFile(filepath.Join(dir, "entries.csv"))
	}
	return body, err
}

func readRefusals(file string) (map[string]Refusal, error) {
	body, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("input: %w", err)
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(body), "\ufeff"))).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("input: %s: %w", file, err)
	}
	refusals := make(map[string]Refusal, len(rows))
	for _, r := range rows[1:] { // department,name,employer,verdict,reason
		refusals[refusalKey(r[0], r[1], r[2])] = Refusal{r[3], r[4]}
	}
	return refusals, nil
}

// Refusal is a department's word against an entry, where it has one.
func (in Input) Refusal(department, name, employer string) (Refusal, bool) {
	r, refused := in.Refusals[refusalKey(department, name, employer)]
	return r, refused
}

// refusalKey compares names and employers however they were typed.
func refusalKey(department, name, employer string) string {
	return department + "/" + norm.Key(name) + "/" + norm.Key(employer)
}

// With gives the members who have a role.
func (in Input) With(role identity.Role) []Member {
	var out []Member
	for _, m := range in.Staff {
		if m.Role == role {
			out = append(out, m)
		}
	}
	return out
}

var editionPattern = regexp.MustCompile(`(?m)^edition: \d+`)

// Edition gives the rulebook of another edition: its number, and the number in
// its titles.
func (in Input) Edition(n int) (string, error) {
	rb, err := rulebook.Parse([]byte(in.Rulebook))
	if err != nil {
		return "", fmt.Errorf("input: rulebook.yaml: %w", err)
	}
	text := editionPattern.ReplaceAllString(in.Rulebook, fmt.Sprintf("edition: %d", n))
	text = strings.ReplaceAll(text, "第"+chinese(rb.Edition)+"届", "第"+chinese(n)+"届")
	return strings.ReplaceAll(text, ordinal(rb.Edition)+" edition", ordinal(n)+" edition"), nil
}

// chinese writes 1 to 99 in Chinese numerals.
func chinese(n int) string {
	digits := []rune("零一二三四五六七八九")
	tens, ones := n/10, n%10
	var s string
	if tens > 1 {
		s = string(digits[tens])
	}
	if tens > 0 {
		s += "十"
	}
	if ones > 0 || tens == 0 {
		s += string(digits[ones])
	}
	return s
}

func ordinal(n int) string {
	suffix := "th"
	if n%100 < 11 || n%100 > 13 {
		switch n % 10 {
		case 1:
			suffix = "st"
		case 2:
			suffix = "nd"
		case 3:
			suffix = "rd"
		}
	}
	return fmt.Sprint(n) + suffix
}
