package sheet

import (
	"fmt"
	"slices"
	"strings"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/table"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/nomination/internal/form"
)

// isEntry tells a nominee's row from a numbered blank one, from a note and from a
// total. What a merged cell repeats to its right does not count.
func (s *Sheet) isEntry(row table.Row) bool {
	filled, only := s.filled(row)
	return filled > 1 && !s.isTotal(row) || filled == 1 && !isNote(only) && !table.IsTotal(only) || filled == 0 && len(row.Problems) > 0
}

// filled counts the cells that say something beside a running number, and gives
// the last of them.
func (s *Sheet) filled(row table.Row) (n int, last string) {
	for i := range row.Cells {
		text := table.Text(row.Cell(i))
		if text == "" || row.Repeated(i) || s.field(i) == marks || s.field(i) == serial && !table.IsTotal(text) {
			continue
		}
		n++
		last = text
	}
	return n, last
}

func (s *Sheet) field(column int) string {
	if column < len(s.heading.Fields) {
		return s.heading.Fields[column]
	}
	return ""
}

// isTotal tells a row that adds the others up: its first text or its name is the
// label of a total, and it lacks what a nominee has.
func (s *Sheet) isTotal(row table.Row) bool {
	label := s.cell(row, form.Name)
	for _, text := range row.Cells {
		if table.Text(text) != "" {
			if table.IsTotal(text) {
				label = text
			}
			break
		}
	}
	return table.IsTotal(label) && (table.Text(s.cell(row, form.Employer)) == "" || table.Text(s.cell(row, form.Deeds)) == "" ||
		row.Repeated(s.heading.Column(form.Deeds)) || !table.IsTotal(s.cell(row, form.Name)))
}

// isNote tells what organizers write below a table.
func isNote(text string) bool {
	key := form.Key(text)
	for _, start := range []string{"注:", "备注", "说明", "填表", "填报", "制表", "审核", "联系", "note:", "notes:", "remark"} {
		if strings.HasPrefix(key, start) {
			return true
		}
	}
	return false
}

// add reads a row, and notes every mistake in it.
func (s *Sheet) add(row table.Row) {
	if !s.isEntry(row) {
		s.pass(row)
		return
	}
	bad := s.broken(row)
	n := nomination.Nominee{
		Name:          s.cell(row, form.Name),
		Gender:        s.cell(row, form.Gender),
		Category:      s.cell(row, form.Category),
		Employer:      s.cell(row, form.Employer),
		Region:        s.cell(row, form.Region),
		Deeds:         s.cell(row, form.Deeds),
		RecommendedBy: s.cell(row, form.RecommendedBy),
	}
	if s.heading.Column(form.RecommendedBy) < 0 {
		n.RecommendedBy = s.options.RecommendedBy
	}
	for _, id := range s.form.Attributes() {
		if v := s.cell(row, form.Attribute(id)); v != "" {
			if n.Attributes == nil {
				n.Attributes = make(map[string]string)
			}
			n.Attributes[id] = v
		}
	}
	years, badYears := form.ParseYears(s.cell(row, form.Years))
	n.Years = years
	n, wrong := s.form.Clean(n)
	if badYears != nil {
		wrong = slices.DeleteFunc(wrong, func(f fault.Field) bool { return f.Name == form.Years }) // not also missing
		wrong = append(wrong, *badYears)
	}
	if table.IsTotal(n.Name) {
		wrong = append(wrong, fault.Wrong(form.Name, "is_total", "{value} is the label of a total: leave out this row", "value", n.Name))
	}
	for _, f := range wrong {
		// A column that is missing has been named once, and so has a cell that
		// cannot be read.
		if column := s.heading.Column(f.Name); column >= 0 && !bad[column] {
			s.Problems = append(s.Problems, s.At(row.Line, f.Name, f))
		}
	}
	s.Rows = append(s.Rows, Row{Line: row.Line, Nominee: n, Notes: s.notes(row, bad), Serial: s.serial(row), photo: table.Text(s.cell(row, form.Photo))})
}

// pass tells of a row that is no nominee's, unless it has but a running number.
func (s *Sheet) pass(row table.Row) {
	n, only := s.filled(row)
	switch {
	case s.isTotal(row) || table.IsTotal(only):
		s.warn(row.Line, "rows", "total_row", "the row adds others up, and is not read: {text}", "text", said(row))
	case n > 0 || isNote(said(row)):
		s.warn(row.Line, "rows", "note_row", "the row is a note, and is not read: {text}", "text", said(row))
	}
}

// said is a row's text, shortened.
func said(row table.Row) string {
	var words []string
	for i, text := range row.Cells {
		if text = strings.Join(strings.Fields(text), " "); text != "" && !row.Repeated(i) {
			words = append(words, text)
		}
	}
	r := []rune(strings.Join(words, " "))
	if len(r) > 80 {
		r = append(r[:80], '…')
	}
	return string(r)
}

func (s *Sheet) warn(line int, field, code, message string, params ...any) {
	s.Warnings = append(s.Warnings, table.Warn(line, field, code, message, params...))
}

// serial is a row's running number; what is none is left.
func (s *Sheet) serial(row table.Row) string {
	const most = 32 // characters
	if text := form.Key(s.cell(row, serial)); len([]rune(text)) <= most {
		return text
	}
	return ""
}

func (s *Sheet) cell(row table.Row, field string) string { return row.Cell(s.heading.Column(field)) }

// broken notes the cells of a row that cannot be taken as they are, and gives
// their columns: errors, numbers in the place of text that have lost digits, and
// text under no heading, which would be lost.
func (s *Sheet) broken(row table.Row) map[int]bool {
	bad := make(map[int]bool)
	for _, p := range row.Problems {
		if s.left(p.Column - 1) {
			continue
		}
		bad[p.Column-1] = true
		s.Problems = append(s.Problems, p)
	}
	for i, text := range row.Cells {
		switch field := s.field(i); {
		case table.Text(text) == "" || field == serial || field == marks || field == form.Years || s.left(i):
		case table.Text(s.heading.Row.Cell(i)) == "" && field == "":
			if !row.Repeated(i) {
				s.Problems = append(s.Problems, row.Wrong(i, fmt.Sprintf("column %d", i+1),
					"unnamed_column", "{value} stands in a column without a name", "value", form.Quote(text)))
			}
		default:
			if wrong, ok := row.Inexact(i, s.heading.label(i)); ok {
				bad[i] = true
				s.Problems = append(s.Problems, wrong)
			}
		}
	}
	return bad
}
