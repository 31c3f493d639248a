package sheet

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/table"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/nomination/internal/form"
	"github.com/laurel-awards/laurel/services/nomination/internal/photo"
)

// isEntry tells a nominee's row from a numbered blank one and from a note.
func (s *Sheet) isEntry(row table.Row) bool {
	filled, only := 0, ""
	for i := range row.Cells {
		text := table.Text(row.Cell(i))
		if text == "" || i < len(s.heading.fields) && s.heading.fields[i] == serial {
			continue
		}
		filled++
		only = text
	}
	return filled > 1 || filled == 1 && !isNote(only)
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
func (s *Sheet) add(t *table.Reader, row table.Row) error {
	if !s.isEntry(row) {
		return nil
	}
	s.stray(row)
	n := nomination.Nominee{
		Name:          s.cell(row, form.Name),
		Gender:        s.cell(row, form.Gender),
		Category:      s.cell(row, form.Category),
		Employer:      s.cell(row, form.Employer),
		Region:        s.cell(row, form.Region),
		Deeds:         s.cell(row, form.Deeds),
		RecommendedBy: s.cell(row, form.RecommendedBy),
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
	for _, f := range wrong {
		// A column that is missing has been named once.
		if _, ok := s.heading.column[f.Name]; ok {
			s.Problems = append(s.Problems, s.At(row.Line, f.Name, f))
		}
	}
	picture, err := s.picture(t, row)
	if err != nil {
		return err
	}
	s.Rows = append(s.Rows, Row{row.Line, n, picture})
	return nil
}

func (s *Sheet) cell(row table.Row, field string) string {
	column, ok := s.heading.column[field]
	if !ok {
		return ""
	}
	return row.Cell(column)
}

// stray finds text under no heading: it would be lost.
func (s *Sheet) stray(row table.Row) {
	for i, text := range row.Cells {
		if table.Text(text) != "" && table.Text(s.heading.row.Cell(i)) == "" {
			s.Problems = append(s.Problems, row.Wrong(i, fmt.Sprintf("column %d", i+1),
				"unnamed_column", "{value} stands in a column without a name", "value", form.Quote(text)))
		}
	}
}

// picture looks at the portrait in the row's photo cell.
func (s *Sheet) picture(t *table.Reader, row table.Row) (*photo.Picture, error) {
	column, ok := s.heading.column[form.Photo]
	if !ok {
		return nil, nil
	}
	found, err := t.Pictures(row, column)
	if err != nil {
		return nil, err
	}
	refuse := func(wrong fault.Field) (*photo.Picture, error) {
		s.Problems = append(s.Problems, s.At(row.Line, form.Photo, wrong))
		return nil, nil
	}
	switch {
	case len(found) > 1:
		return refuse(fault.Wrong("", "several_pictures", "has {count} pictures; one is taken", "count", len(found)))
	case len(found) == 0:
		if text := table.Text(row.Cell(column)); text != "" {
			s.Warnings = append(s.Warnings, nomination.Warn(row.Line, fault.Wrong(s.heading.label(column), "no_picture_here",
				"there is no picture in this cell, and its text {value} is not read", "value", form.Quote(text))))
		}
		return nil, nil
	}
	p, err := photo.Open(found[0].Body)
	if refusal, ok := errors.AsType[photo.Refusal](err); ok {
		return refuse(refusal.Field)
	}
	if err != nil {
		return nil, err
	}
	if s.pixels += p.Pixels(); s.pixels > MaxPixels {
		return refuse(fault.Wrong("", "too_many_pixels_together", "the pictures of one file have more than {max} million pixels together",
			"max", MaxPixels/1_000_000))
	}
	return &p, nil
}
