// Package sheet reads the spreadsheets in which organizers keep nominations: a
// title above the columns, notes below the rows, names spread by spaces,
// portraits laid over their cells.
package sheet

import (
	"context"
	"errors"
	"io"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/table"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/nomination/internal/form"
	"github.com/laurel-awards/laurel/services/nomination/internal/photo"
)

// The bounds of a file.
const (
	MaxBytes = 20 << 20
	MaxRows  = 5000 // of nominees
	// MaxPixels is of all portraits together: a small file can hold many that
	// are costly to decode.
	MaxPixels = 1_000_000_000

	headingWithin = 10 // rows from the top
	unzipped      = 128 << 20
	columns       = 64
	around        = 50 // rows that are no nominees: titles, notes, blank lines with a number
)

// Row is one nominee of the file.
type Row struct {
	Line    int // in the file, from 1
	Nominee nomination.Nominee
	Picture *photo.Picture // nil where the cell has none
}

// Sheet is what a file says, with every mistake in it.
type Sheet struct {
	Rows     []Row
	Problems []fault.Field
	Warnings []nomination.Warning

	heading heading
	form    form.Form
	pixels  int64
}

// Label is the heading of a field's column as it stands in the file.
func (s *Sheet) Label(field string) string {
	if column, ok := s.heading.column[field]; ok {
		return s.heading.label(column)
	}
	return s.heading.title(field)
}

// At puts a mistake in a field of a row, which it names by the column's heading.
func (s *Sheet) At(line int, field string, wrong fault.Field) fault.Field {
	wrong.Name = s.Label(field)
	if column, ok := s.heading.column[field]; ok {
		return wrong.In(line, column+1)
	}
	return wrong.In(line, 0)
}

// Read reads a CSV or XLSX for a form. Mistakes of rows are in the sheet; an
// error is a file that cannot be read as a whole: table_unreadable,
// table_too_large, or one that is no fault. It gives up when ctx ends: finding
// the pictures of a sheet takes time that grows with the square of their number.
func Read(ctx context.Context, r io.Reader, f form.Form) (*Sheet, error) {
	t, err := table.Open(r, table.Limits{Bytes: MaxBytes, Unzipped: unzipped, Rows: MaxRows + around, Columns: columns})
	if err != nil {
		return nil, err
	}
	s, err := read(ctx, t, f)
	return s, errors.Join(err, t.Close())
}

func read(ctx context.Context, t *table.Reader, f form.Form) (*Sheet, error) {
	s := &Sheet{form: f}
	found, err := s.findHeading(t)
	if err != nil {
		return nil, err
	}
	if !found {
		s.Problems = []fault.Field{fault.Wrong("header", "no_header", "none of the first {rows} rows names the columns: "+
			"姓名, 性别, 工作单位, 所在市州, 主要事迹 … or name, gender, employer, region, deeds …", "rows", headingWithin)}
		return s, nil
	}
	s.Problems = s.heading.problems(f.Required())
	for {
		row, err := t.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = ctx.Err()
		}
		if err == nil && len(s.Rows) == MaxRows && s.isEntry(row) {
			s.Problems = append(s.Problems, fault.Wrong("rows", "too_many_rows", "the file has more than {max} nominees", "max", MaxRows).In(row.Line, 0))
			break
		}
		if err == nil {
			err = s.add(t, row)
		}
		if err != nil {
			return nil, err
		}
	}
	if len(s.Rows) == 0 && len(s.Problems) == 0 {
		s.Problems = append(s.Problems, fault.Wrong("rows", "no_rows", "there is no nominee below the columns' names").In(s.heading.row.Line, 0))
	}
	return s, nil
}

// findHeading takes the first row near the top that names two columns.
func (s *Sheet) findHeading(t *table.Reader) (bool, error) {
	for {
		row, err := t.Next()
		if errors.Is(err, io.EOF) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		if row.Line > headingWithin {
			return false, nil
		}
		if h := readHeading(row, s.form.Attributes()); len(h.column) >= 2 {
			s.heading = h
			return true, nil
		}
	}
}
