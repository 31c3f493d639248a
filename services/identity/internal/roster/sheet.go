package roster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/laurel-awards/laurel/pkg/blob"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/table"
	"github.com/laurel-awards/laurel/services/identity"
)

// The columns, and the headings by which they are known.
const (
	columnMember       = "member"
	columnName         = "name"
	columnConstituency = "constituency"
)

func columnOf(heading string) string {
	switch strings.ToLower(table.Fold(heading)) {
	case columnMember, "编号", "工号", "会员号":
		return columnMember
	case columnName, "姓名":
		return columnName
	case columnConstituency, "选区", "单位":
		return columnConstituency
	}
	return ""
}

const (
	maxMember = 64  // characters
	maxText   = 100 // characters of a name or constituency
	// maxReported bounds the mistakes in one answer; their number is told all
	// the same.
	maxReported = 10_000
	maxBytes    = 32 << 20
)

// member is a row.
type member struct {
	line                       int
	member, name, constituency string
}

// sheet is a roster's file on its way through the checks.
type sheet struct {
	columns  map[string]int    // place from 0, by column
	labels   map[string]string // heading as typed, by column
	members  []member
	problems []fault.Field
	mistakes int // problems has the first of them
}

// readSheet reads a file and says every mistake in it. Faults:
// ErrRosterInvalid, ErrRosterFull, those of package table.
func readSheet(ctx context.Context, blobs blob.Store, in identity.ImportRoster) (members []member, err error) {
	body, _, err := blobs.Open(ctx, in.Blob)
	if errors.Is(err, blob.ErrNotFound) || errors.Is(err, blob.ErrHash) {
		return nil, identity.ErrRosterInvalid.At(fault.Field{Name: "blob", Message: "there is no such upload"})
	}
	if err != nil {
		return nil, fmt.Errorf("import roster: %w", err)
	}
	defer func() { err = errors.Join(err, body.Close()) }()
	rows, err := table.ReadAll(body, table.Limits{Bytes: maxBytes, Rows: identity.MaxMembers + 1, Columns: 64})
	if err != nil {
		return nil, err
	}
	s := sheet{columns: map[string]int{}, labels: map[string]string{}}
	if len(rows) == 0 {
		s.wrong(fault.Field{Name: "header", Message: "the file is empty; the first row names the columns: member[,name][,constituency]", Line: 1, Column: 1})
	} else if s.header(rows[0], in.Divided); len(s.problems) == 0 {
		s.read(rows[1:], in)
		if len(rows) == 1 {
			s.wrong(rows[0].Fault(0, "header", "no member follows"))
		}
	}
	if s.mistakes > len(s.problems) {
		return nil, identity.ErrRosterInvalid.At(s.problems...).With("mistakes", strconv.Itoa(s.mistakes))
	}
	return s.members, identity.ErrRosterInvalid.Check(s.problems)
}

func (s *sheet) wrong(f fault.Field) {
	if s.mistakes++; len(s.problems) < maxReported {
		s.problems = append(s.problems, f)
	}
}

func (s *sheet) header(row table.Row, divided bool) {
	for i, text := range row.Cells {
		heading := table.Text(text)
		column := columnOf(heading)
		switch _, twice := s.columns[column]; {
		case column == "":
			s.wrong(row.Fault(i, "header", fmt.Sprintf("%q is not a column of a roster: member[,name][,constituency]", heading)))
		case twice:
			s.wrong(row.Fault(i, "header", fmt.Sprintf("%q is there twice", heading)))
		default:
			s.columns[column], s.labels[column] = i, heading
		}
	}
	if _, ok := s.columns[columnMember]; !ok {
		s.wrong(row.Fault(0, "header", "there is no column member"))
	}
	if _, ok := s.columns[columnConstituency]; !ok && divided {
		s.wrong(row.Fault(0, "header", "there is no column constituency, by which the rulebook divides the voters"))
	}
}

func (s *sheet) read(rows []table.Row, in identity.ImportRoster) {
	lines := make(map[string]int, len(rows))
	s.members = make([]member, 0, len(rows))
	for _, row := range rows {
		m := member{row.Line, table.Fold(s.cell(row, columnMember)), table.Text(s.cell(row, columnName)), table.Text(s.cell(row, columnConstituency))}
		first, twice := lines[m.member]
		switch {
		case m.member == "":
			s.wrongIn(row, columnMember, "is empty")
		case !printable(m.member, maxMember):
			s.wrongIn(row, columnMember, fmt.Sprintf("takes at most %d characters, none of them unprintable", maxMember))
		case twice:
			s.wrongIn(row, columnMember, fmt.Sprintf("%s is in row %d already", m.member, first))
		default:
			lines[m.member] = row.Line
		}
		if !printable(m.name, maxText) {
			s.wrongIn(row, columnName, fmt.Sprintf("takes at most %d characters, none of them unprintable", maxText))
		}
		switch {
		case m.constituency == "" && in.Divided:
			s.wrongIn(row, columnConstituency, "is empty")
		case m.constituency != "" && len(in.Constituencies) > 0 && !slices.Contains(in.Constituencies, m.constituency):
			s.wrongIn(row, columnConstituency, "is not one of "+strings.Join(in.Constituencies, ", "))
		case !printable(m.constituency, maxText):
			s.wrongIn(row, columnConstituency, fmt.Sprintf("takes at most %d characters, none of them unprintable", maxText))
		}
		for i := range row.Cells {
			if table.Text(row.Cells[i]) != "" && !s.known(i) {
				s.wrong(row.Fault(i, "header", "this column has no heading"))
			}
		}
		s.members = append(s.members, m)
	}
}

func (s *sheet) cell(row table.Row, column string) string {
	place, ok := s.columns[column]
	if !ok {
		return ""
	}
	return row.Cell(place)
}

func (s *sheet) wrongIn(row table.Row, column, message string) {
	s.wrong(row.Fault(s.columns[column], s.labels[column], message))
}

func (s *sheet) known(place int) bool {
	for _, p := range s.columns {
		if p == place {
			return true
		}
	}
	return false
}

// printable tells whether a text can be shown on a page and on paper.
func printable(s string, most int) bool {
	return utf8.ValidString(s) && utf8.RuneCountInString(s) <= most && strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) < 0
}
