package sheet

import (
	"strings"
	"unicode/utf8"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/table"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/nomination/internal/form"
)

// The bounds of a note, in characters.
const (
	maxColumn = 100 // its column's heading
	maxNote   = 1000
)

// isUnknown tells a column that has a heading which the form has not.
func (s *Sheet) isUnknown(column int) bool {
	return s.field(column) == "" && table.Text(s.heading.Row.Cell(column)) != ""
}

// left tells a column that the caller leaves out.
func (s *Sheet) left(column int) bool {
	if s.heading.notes != nil {
		return s.field(column) == "" && !s.heading.notes[column] && (column < len(s.options.Uses) || s.isUnknown(column))
	}
	return s.options.Unknown == nomination.UnknownLeave && s.isUnknown(column)
}

// noted tells a column whose texts become private notes.
func (s *Sheet) noted(column int) bool {
	if s.heading.notes != nil {
		return s.heading.notes[column]
	}
	return s.options.Unknown == nomination.UnknownNote && s.isUnknown(column)
}

// unknown says what becomes of the columns that the form has not: by one answer
// of the caller for all of them.
func (s *Sheet) unknown() {
	var left []string
	for i := range s.heading.Row.Cells {
		label := s.heading.label(i)
		switch {
		case !s.isUnknown(i):
		case s.options.Unknown == "" && s.heading.notes == nil:
			s.Problems = append(s.Problems, s.heading.Row.Wrong(i, label, "unknown_column",
				"is not in the form: keep such columns as private notes (unknown=note), or leave them out (unknown=leave)"))
		case s.left(i):
			left = append(left, label)
		case utf8.RuneCountInString(label) > maxColumn:
			s.Problems = append(s.Problems, s.heading.Row.Wrong(i, label, "too_long", "takes at most {max} characters", "max", maxColumn))
		}
	}
	if len(left) > 0 {
		s.warn(0, "columns", "columns_left", "columns that are not in the form were left out: {columns}", "columns", strings.Join(left, ", "))
	}
}

// notes are what a row says in columns that the form has not.
func (s *Sheet) notes(row table.Row, bad map[int]bool) []nomination.Note {
	var out []nomination.Note
	for i := range s.heading.Row.Cells {
		text := form.Prose(row.Cell(i))
		if !s.noted(i) || text == "" || bad[i] {
			continue
		}
		if utf8.RuneCountInString(text) > maxNote {
			s.Problems = append(s.Problems, row.Wrong(i, s.heading.label(i), "too_long", "takes at most {max} characters", "max", maxNote))
			continue
		}
		out = append(out, nomination.Note{Column: s.heading.label(i), Text: text})
	}
	return out
}

// Unknown checks what the caller says about such columns.
func Unknown(u nomination.Unknown) []fault.Field {
	if u == "" || u == nomination.UnknownNote || u == nomination.UnknownLeave {
		return nil
	}
	return []fault.Field{fault.OneOf("unknown", nomination.Unknowns()...)}
}
