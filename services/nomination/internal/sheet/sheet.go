// Package sheet reads the spreadsheets in which organizers keep nominations: a
// title above the columns, notes and totals below the rows, names spread by
// spaces, portraits laid over their cells, columns that no form has.
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

	unzipped = 128 << 20
	columns  = 64
	around   = 50 // rows that are no nominees: titles, notes, blank lines with a number
)

// Options are what the caller says about a file.
type Options struct {
	Sheet   string             // of a workbook; "" is the only one that names the columns
	Unknown nomination.Unknown // what becomes of columns that the form has not
	Header  int                // the line of the columns' names; 0: it is found
	// Uses say what becomes of each column, in the file's order; nil: what its
	// heading means.
	Uses []string
	// RecommendedBy is the body of all rows where the file has no column of it.
	RecommendedBy string
}

// Row is one nominee of the file.
type Row struct {
	Line    int // in the file, from 1
	Nominee nomination.Nominee
	Notes   []nomination.Note
	Serial  string         // its running number
	Picture *photo.Picture // nil where there is none

	photo string // the text of the photo cell
}

// Sheet is what a file says, with every mistake in it.
type Sheet struct {
	Name     string // of the workbook's sheet; "" where it is no workbook
	Rows     []Row
	Problems []fault.Field
	Warnings []nomination.Warning

	options Options
	heading heading
	form    form.Form
	pixels  int64
}

// Label is the heading of a field's column as it stands in the file.
func (s *Sheet) Label(field string) string {
	if column := s.heading.Column(field); column >= 0 {
		return s.heading.label(column)
	}
	return s.heading.title(field)
}

// At puts a mistake in a field of a row, which it names by the column's heading.
func (s *Sheet) At(line int, field string, wrong fault.Field) fault.Field {
	wrong.Name = s.Label(field)
	return wrong.In(line, s.heading.Column(field)+1)
}

// Read reads a CSV or XLSX for a form. Mistakes of rows are in the sheet; an
// error is a file that cannot be read as a whole: table_unreadable,
// table_too_large, table_sheet, or one that is no fault. It gives up when ctx
// ends.
func Read(ctx context.Context, r io.Reader, f form.Form, options Options) (*Sheet, error) {
	t, err := table.Open(ctx, r, tableOptions(f, options))
	if err != nil {
		return nil, err
	}
	s := &Sheet{Name: t.Sheet(), form: f, options: options, heading: heading{Header: t.Header()}}
	if options.Uses != nil {
		s.heading.use(options.Uses)
	}
	err = s.read(t)
	s.Warnings = append(t.Warnings(), s.Warnings...)
	return s, errors.Join(err, t.Close())
}

func tableOptions(f form.Form, options Options) table.Options {
	return table.Options{
		Limits: table.Limits{Bytes: MaxBytes, Unzipped: unzipped, Rows: MaxRows + around, Columns: columns, Cells: (MaxRows + around) * columns},
		Sheet:  options.Sheet, Field: fieldOf(f), Least: 2, Header: options.Header,
	}
}

func (s *Sheet) read(t *table.Reader) error {
	if !s.heading.Found {
		s.Problems = []fault.Field{fault.Wrong("header", "no_header", "none of the first {rows} rows names the columns: "+
			"姓名, 性别, 工作单位, 所在市州, 主要事迹 … or name, gender, employer, region, deeds …", "rows", 10)}
		return nil
	}
	s.unknown()
	s.Problems = append(s.Problems, s.heading.missing(s.form.Required())...)
	for {
		row, err := t.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if len(s.Rows) == MaxRows && s.isEntry(row) {
			s.Problems = append(s.Problems, fault.Wrong("rows", "too_many_rows", "the file has more than {max} nominees", "max", MaxRows).In(row.Line, 0))
			break
		}
		s.add(row)
	}
	if len(s.Rows) == 0 && len(s.Problems) == 0 {
		s.Problems = append(s.Problems, fault.Wrong("rows", "no_rows", "there is no nominee below the columns' names").In(s.heading.Row.Line, 0))
	}
	return s.place(t)
}
