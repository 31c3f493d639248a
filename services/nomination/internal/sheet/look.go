package sheet

import (
	"context"
	"errors"
	"io"
	"slices"

	"github.com/laurel-awards/laurel/pkg/table"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/nomination/internal/form"
)

const (
	samples   = 3  // cells of a column that are shown
	sampleLen = 60 // characters of each
)

// Looked is what a file's first rows say.
type Looked struct {
	Sheets  []string // that are visible; none where the file is text
	Sheet   string
	Header  int // the line of the columns' names
	Columns []nomination.Column
}

// Look finds a file's sheets, the one that is meant where the caller does not
// say, the line that names the columns, and what each of them may be. Its faults
// are those of Read.
func Look(ctx context.Context, r io.ReadSeeker, f form.Form, options Options) (Looked, error) {
	var out Looked
	listed, err := table.List(ctx, r, tableOptions(f, Options{}))
	if err != nil {
		return out, err
	}
	for _, s := range listed {
		if !s.Hidden {
			out.Sheets = append(out.Sheets, s.Name)
		}
	}
	if options.Sheet == "" {
		if i := slices.IndexFunc(listed, func(s table.Listed) bool { return s.Headed && !s.Hidden }); i >= 0 {
			options.Sheet = listed[i].Name
		}
	}
	if options.Header == 0 {
		if options.Header, err = guessHeader(ctx, r, f, options); err != nil {
			return out, err
		}
	}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return out, err
	}
	t, err := table.Open(ctx, r, tableOptions(f, options))
	if err != nil {
		return out, err
	}
	defer t.Close()
	h := heading{Header: t.Header()}
	out.Sheet, out.Header = t.Sheet(), h.Row.Line
	out.Columns = make([]nomination.Column, len(h.Row.Cells))
	seen := make(map[string]bool)
	for i := range out.Columns {
		c := nomination.Column{Name: h.label(i), Use: nomination.UseLeave}
		if field := h.Fields[i]; field == marks {
			c.Guessed = true
		} else if field != "" && !seen[field] {
			seen[field] = true
			c.Use, c.Guessed = field, true
		} else if c.Name != "" {
			c.Use = nomination.UseNote
		}
		out.Columns[i] = c
	}
	return out, addSamples(t, &out)
}

// addSamples gives each column its first texts.
func addSamples(t *table.Reader, out *Looked) error {
	for range around {
		row, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		for i := range row.Cells {
			text := []rune(form.Prose(row.Cell(i)))
			if len(text) > sampleLen {
				text = append(text[:sampleLen], '…')
			}
			for len(out.Columns) <= i {
				out.Columns = append(out.Columns, nomination.Column{Use: nomination.UseLeave})
			}
			if c := &out.Columns[i]; len(text) > 0 && len(c.Samples) < samples && !row.Repeated(i) {
				c.Samples = append(c.Samples, string(text))
			}
		}
	}
	return nil
}

// guessHeader is the line that names columns which the form has; where none does,
// the first of the rows near the top that have most cells.
func guessHeader(ctx context.Context, r io.ReadSeeker, f form.Form, options Options) (int, error) {
	within := tableOptions(f, options)
	for _, within.Field = range []func(string) string{within.Field, nil} {
		if _, err := r.Seek(0, io.SeekStart); err != nil {
			return 0, err
		}
		t, err := table.Open(ctx, r, within)
		if err != nil {
			return 0, err
		}
		if t.Header().Found {
			return t.Header().Row.Line, t.Close()
		}
		if within.Field != nil {
			if err := t.Close(); err != nil {
				return 0, err
			}
			continue
		}
		line, err := widest(t)
		return line, errors.Join(err, t.Close())
	}
	return 1, nil
}

func widest(t *table.Reader) (line int, err error) {
	most := 0
	for range 10 {
		row, err := t.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return 0, err
		}
		filled := 0
		for i, text := range row.Cells {
			if table.Text(text) != "" && !row.Repeated(i) {
				filled++
			}
		}
		if filled > most {
			most, line = filled, row.Line
		}
	}
	return max(line, 1), nil
}

// Known are the uses that a column may have in a form, but for those of the
// contract: running numbers first, then the form's fields.
func Known(f form.Form) []string {
	fields := []string{
		serial, form.Name, form.Gender, form.Category, form.Employer, form.Region, form.Years, form.Deeds, form.RecommendedBy, form.Photo,
	}
	for _, id := range f.Attributes() {
		fields = append(fields, form.Attribute(id))
	}
	return fields
}

// HeadingKey is a heading as it is remembered.
func HeadingKey(heading string) string { return headingKey(heading) }
