package sheet

import (
	"errors"
	"strings"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/table"
	"github.com/laurel-awards/laurel/services/nomination/internal/form"
	"github.com/laurel-awards/laurel/services/nomination/internal/photo"
)

// place gives each portrait to the nominee in whose row most of it is. What fits
// no row, or comes second, is told by its name.
func (s *Sheet) place(t *table.Reader) error {
	pictures, err := t.Pictures()
	if err != nil {
		return err
	}
	column := s.heading.Column(form.Photo)
	rows := make(map[int]int, len(s.Rows)) // index by line
	for i, r := range s.Rows {
		rows[r.Line] = i
	}
	found := make(map[int][]table.Picture) // by index
	for _, p := range pictures {
		switch at := covered(rows, p); {
		case column < 0:
			s.warn(0, s.Label(form.Photo), "picture_no_column", "there is no column of photos, and the picture {picture} is not read", "picture", named(p))
		case !p.In(column):
			s.warn(p.Line, s.Label(form.Photo), "picture_outside", "the picture {picture} is not in the column of photos, and is not read", "picture", named(p))
		case len(at) != 1:
			s.warn(p.Line, s.Label(form.Photo), "picture_unplaced", "the picture {picture} is in no nominee's row, and is not read", "picture", named(p))
		default:
			found[at[0]] = append(found[at[0]], p)
		}
	}
	for i := range s.Rows {
		if err := s.portrait(&s.Rows[i], found[i]); err != nil {
			return err
		}
	}
	return nil
}

// covered are the nominees whose rows a picture's cell has.
func covered(rows map[int]int, p table.Picture) []int {
	var out []int
	for line := p.Line; line > 0 && line <= p.Last; line++ {
		if i, ok := rows[line]; ok {
			out = append(out, i)
		}
	}
	return out
}

func named(p table.Picture) string { return strings.TrimSpace(p.Name + " " + p.Ref) }

// portrait looks at the pictures of a row.
func (s *Sheet) portrait(row *Row, found []table.Picture) error {
	refuse := func(wrong fault.Field) { s.Problems = append(s.Problems, s.At(row.Line, form.Photo, wrong)) }
	switch {
	case len(found) > 1:
		for _, p := range found {
			s.warn(row.Line, s.Label(form.Photo), "pictures_several", "the row has {count} pictures, and {picture} is not read",
				"count", len(found), "picture", named(p))
		}
		return nil
	case len(found) == 0:
		if row.photo != "" {
			s.warn(row.Line, s.Label(form.Photo), "no_picture_here",
				"there is no picture in this cell, and its text {value} is not read", "value", form.Quote(row.photo))
		}
		return nil
	}
	body, err := found[0].Body()
	if broken, ok := errors.AsType[*fault.Error](err); ok {
		s.warn(row.Line, s.Label(form.Photo), "picture_unreadable", "{picture} cannot be read: {reason}", "picture", named(found[0]), "reason", broken.Message)
		return nil
	}
	if err != nil {
		return err
	}
	p, err := photo.Open(body)
	if refusal, ok := errors.AsType[photo.Refusal](err); ok {
		refuse(refusal.Field)
		return nil
	}
	if err != nil {
		return err
	}
	if s.pixels += p.Pixels(); s.pixels > MaxPixels {
		refuse(fault.Wrong("", "too_many_pixels_together", "the pictures of one file have more than {max} million pixels together",
			"max", MaxPixels/1_000_000))
		return nil
	}
	row.Picture = &p
	return nil
}
