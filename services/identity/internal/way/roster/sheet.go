package roster

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/laurel-awards/laurel/pkg/blob"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/norm"
	"github.com/laurel-awards/laurel/pkg/table"
	"github.com/laurel-awards/laurel/services/identity"
)

// The columns, and the headings by which they are known.
const (
	columnMember       = "member"
	columnName         = "name"
	columnConstituency = "constituency"

	columnsTaken = "member[,name][,constituency]"
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
	// maxReported bounds the mistakes in one answer, which always tells their
	// number.
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
	columns  map[string]int    // index from 0, by column
	labels   map[string]string // heading as typed, by column
	members  []member
	problems []fault.Field
	mistakes int // problems has the first of them
}

// readSheet reads a file and says every mistake in it. Faults:
// ErrRosterInvalid, ErrRosterFull, those of package table.
func readSheet(ctx context.Context, blobs blob.Store, in identity.ImportRoster) (members []member, err error) {
	body, _, err := blobs.In(blob.Uploads).Open(ctx, in.Blob)
	if errors.Is(err, blob.ErrNotFound) || errors.Is(err, blob.ErrHash) {
		return nil, identity.ErrRosterInvalid.At(fault.Wrong("blob", "upload_unknown", "there is no such upload"))
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
		s.wrong(fault.Wrong("header", "empty_file", "the file is empty; the first row names the columns: {columns}", "columns", columnsTaken).In(1, 1))
	} else if s.header(rows[0], in.Divided); len(s.problems) == 0 {
		s.read(rows[1:], in)
		if len(rows) == 1 {
			s.wrong(rows[0].Wrong(0, "header", "no_members", "no member follows"))
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
			s.wrong(row.Wrong(i, "header", "heading_unknown", "{heading} is not one of the columns {columns}",
				"heading", strconv.Quote(heading), "columns", columnsTaken))
		case twice:
			s.wrong(row.Wrong(i, "header", "heading_twice", "{heading} is there twice", "heading", strconv.Quote(heading)))
		default:
			s.columns[column], s.labels[column] = i, heading
		}
	}
	if _, ok := s.columns[columnMember]; !ok {
		s.wrong(row.Wrong(0, "header", "heading_missing", "there is no column {column}", "column", columnMember))
	}
	if _, ok := s.columns[columnConstituency]; !ok && divided {
		s.wrong(row.Wrong(0, "header", "heading_missing", "there is no column {column}", "column", columnConstituency))
	}
}

func (s *sheet) read(rows []table.Row, in identity.ImportRoster) {
	lines := make(map[string]int, len(rows))
	s.members = make([]member, 0, len(rows))
	for _, row := range rows {
		m := member{row.Line, table.Fold(s.cell(row, columnMember)), table.Text(s.cell(row, columnName)), table.Text(s.cell(row, columnConstituency))}
		if i := slices.IndexFunc(in.Constituencies, func(c string) bool { return norm.Same(c, m.constituency) }); i >= 0 {
			m.constituency = in.Constituencies[i] // as the rulebook writes it
		}
		first, twice := lines[m.member]
		switch {
		case m.member == "":
			s.wrongIn(row, columnMember, "required", "is required")
		case !printable(m.member, maxMember):
			s.unprintable(row, columnMember, maxMember)
		case twice:
			s.wrongIn(row, columnMember, "row_twice", "{value} is in row {row} already", "value", m.member, "row", first)
		default:
			lines[m.member] = row.Line
		}
		if !printable(m.name, maxText) {
			s.unprintable(row, columnName, maxText)
		}
		switch {
		case m.constituency == "" && in.Divided:
			s.wrongIn(row, columnConstituency, "required", "is required")
		case m.constituency != "" && len(in.Constituencies) > 0 && !slices.Contains(in.Constituencies, m.constituency):
			s.wrongIn(row, columnConstituency, "not_one_of", "is one of {values}", "values", strings.Join(in.Constituencies, ", "))
		case !printable(m.constituency, maxText):
			s.unprintable(row, columnConstituency, maxText)
		}
		for i := range row.Cells {
			if table.Text(row.Cells[i]) != "" && !s.known(i) {
				s.wrong(row.Wrong(i, "header", "heading_empty", "this column has no heading"))
			}
		}
		s.members = append(s.members, m)
	}
}

func (s *sheet) cell(row table.Row, column string) string {
	index, ok := s.columns[column]
	if !ok {
		return ""
	}
	return row.Cell(index)
}

func (s *sheet) wrongIn(row table.Row, column, code, message string, params ...any) {
	s.wrong(row.Wrong(s.columns[column], s.labels[column], code, message, params...))
}

func (s *sheet) unprintable(row table.Row, column string, most int) {
	s.wrongIn(row, column, "unprintable", "takes at most {max} characters, none of them unprintable", "max", most)
}

func (s *sheet) known(index int) bool {
	return slices.Contains(slices.Collect(maps.Values(s.columns)), index)
}

// printable tells whether a text can be shown on a page and on paper.
func printable(s string, most int) bool {
	return utf8.ValidString(s) && utf8.RuneCountInString(s) <= most && strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) < 0
}
