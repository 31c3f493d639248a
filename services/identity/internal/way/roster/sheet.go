package roster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/laurel-awards/laurel/pkg/blob"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/norm"
	"github.com/laurel-awards/laurel/pkg/table"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/identity/internal/mail"
)

// The columns, and the headings by which they are known.
const (
	columnMember       = "member"
	columnName         = "name"
	columnConstituency = "constituency"
	columnEmail        = "email"

	columnsTaken = "member[,name][,constituency][,email]"
)

// columnOf is what a heading means, "" if nothing. docs/files.md lists them.
func columnOf(heading string) string {
	switch strings.ToLower(strings.Join(strings.Fields(table.Fold(heading)), "")) {
	case columnMember, "编号", "工号", "会员号", "会员编号", "会员证号", "员工号", "员工编号", "memberno", "membernumber":
		return columnMember
	case columnName, "姓名":
		return columnName
	case columnConstituency, "选区", "单位":
		return columnConstituency
	case columnEmail, "e-mail", "mail", "电子邮箱", "电子邮件", "邮箱", "邮件":
		return columnEmail
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
	line                              int
	member, name, constituency, email string
}

// sheet is a roster's file on its way through the checks.
type sheet struct {
	columns  map[string]int    // index from 0, by column
	labels   map[string]string // heading as typed, by column
	headings map[int]bool      // the columns that have one
	emails   map[string]int    // row, by address
	members  []member
	problems []fault.Field
	mistakes int // problems has the first of them
}

// roll is what a file says.
type roll struct {
	members  []member
	email    column // of the addresses
	sheet    string // of the workbook
	warnings []table.Warning
}

// column is one of a sheet, as faults name it.
type column struct {
	heading string
	number  int // from 1
}

// readSheet reads a file and says every mistake in it. Faults:
// ErrRosterInvalid, ErrRosterFull, those of package table.
func readSheet(ctx context.Context, blobs blob.Store, in identity.ImportRoster) (out roll, err error) {
	body, _, err := blobs.In(blob.Uploads).Open(ctx, in.Blob)
	if errors.Is(err, blob.ErrNotFound) || errors.Is(err, blob.ErrHash) {
		return out, identity.ErrRosterInvalid.At(fault.Wrong("blob", "upload_unknown", "there is no such upload"))
	}
	if err != nil {
		return out, fmt.Errorf("import roster: %w", err)
	}
	defer func() { err = errors.Join(err, body.Close()) }()
	t, err := table.Open(ctx, body, table.Options{
		Limits: table.Limits{Bytes: maxBytes, Rows: identity.MaxMembers + 20, Columns: 64}, Sheet: in.Sheet, Field: columnOf,
	})
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, t.Close()) }()
	s := sheet{columns: map[string]int{}, labels: map[string]string{}, headings: map[int]bool{}, emails: map[string]int{}}
	if head := t.Header().Row; head.Line == 0 {
		s.wrong(fault.Wrong("header", "empty_file", "the file is empty; the first row names the columns: {columns}", "columns", columnsTaken).In(1, 1))
	} else {
		s.header(head, in.Divided)
		err = s.read(t, in)
	}
	if err != nil {
		return out, err
	}
	if s.mistakes > len(s.problems) {
		return out, identity.ErrRosterInvalid.At(s.problems...).With("mistakes", strconv.Itoa(s.mistakes))
	}
	email := column{s.labels[columnEmail], s.columns[columnEmail] + 1}
	return roll{s.members, email, t.Sheet(), t.Warnings()}, identity.ErrRosterInvalid.Check(s.problems)
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
		s.headings[i] = heading != ""
		switch _, twice := s.columns[column]; {
		case heading == "":
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

// read reads the members, where the file has a column of them.
func (s *sheet) read(t *table.Reader, in identity.ImportRoster) error {
	if _, ok := s.columns[columnMember]; !ok {
		return nil
	}
	lines := make(map[string]int)
	before := s.mistakes
	for {
		row, err := t.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		s.member(row, in, lines)
	}
	if len(s.members) == 0 && s.mistakes == before {
		s.wrong(t.Header().Row.Wrong(0, "header", "no_members", "no member follows"))
	}
	return nil
}

func (s *sheet) member(row table.Row, in identity.ImportRoster, lines map[string]int) {
	for _, p := range row.Problems {
		s.wrong(p)
	}
	for i, text := range row.Cells {
		if table.IsTotal(text) && (i == s.columns[columnMember] || s.cell(row, columnMember) == "") {
			s.wrong(row.Wrong(i, s.labels[columnMember], "is_total", "{value} is the label of a total: leave out this row", "value", table.Text(text)))
			return
		}
	}
	m := member{
		row.Line, table.Fold(s.cell(row, columnMember)), table.Text(s.cell(row, columnName)), table.Text(s.cell(row, columnConstituency)),
		mail.Normalize(table.Text(s.cell(row, columnEmail))),
	}
	if i := slices.IndexFunc(in.Constituencies, func(c string) bool { return norm.Same(c, m.constituency) }); i >= 0 {
		m.constituency = in.Constituencies[i] // as the rulebook writes it
	}
	first, twice := lines[m.member]
	inexact, lost := row.Inexact(s.columns[columnMember], s.labels[columnMember])
	switch {
	case lost:
		s.wrong(inexact)
	case m.member == "":
		if !s.broken(row, columnMember) {
			s.wrongIn(row, columnMember, "required", "is required")
		}
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
	_, divided := s.columns[columnConstituency]
	switch {
	case !divided || s.broken(row, columnConstituency):
	case m.constituency == "" && in.Divided:
		s.wrongIn(row, columnConstituency, "required", "is required")
	case m.constituency != "" && len(in.Constituencies) > 0 && !slices.Contains(in.Constituencies, m.constituency):
		s.wrongIn(row, columnConstituency, "not_one_of", "is one of {values}", "values", strings.Join(in.Constituencies, ", "))
	case !printable(m.constituency, maxText):
		s.unprintable(row, columnConstituency, maxText)
	}
	s.email(row, m)
	for i := range row.Cells {
		if table.Text(row.Cells[i]) != "" && !s.headings[i] && !row.Repeated(i) {
			s.wrong(row.Wrong(i, "header", "heading_empty", "this column has no heading"))
		}
	}
	s.members = append(s.members, m)
}

// email checks a member's address: one is one member's, for whoever reads its
// mail has the code.
func (s *sheet) email(row table.Row, m member) {
	if m.email == "" {
		return
	}
	if !mail.IsAddress(m.email) {
		s.wrongIn(row, columnEmail, "not_an_email", "is not an email address")
		return
	}
	if first, twice := s.emails[m.email]; twice {
		s.wrongIn(row, columnEmail, "row_twice", "{value} is in row {row} already", "value", m.email, "row", first)
		return
	}
	s.emails[m.email] = row.Line
}

// broken tells whether a cell cannot be read, which has been noted.
func (s *sheet) broken(row table.Row, column string) bool {
	return slices.ContainsFunc(row.Problems, func(p fault.Field) bool { return p.Column == s.columns[column]+1 })
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

// printable tells whether a text can be shown on a page and on paper.
func printable(s string, most int) bool {
	return utf8.ValidString(s) && utf8.RuneCountInString(s) <= most && strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) < 0
}
