package table

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"
)

// Mark is what is said about a place in a file. Lines and columns are from 1; 0
// is the whole file, or the whole row.
type Mark struct {
	Line, Column int
	Text         string
}

// Marking is what is said about a file, and where.
type Marking struct {
	Sheet    string   // of a workbook
	Header   int      // the line of the columns' names; at least 1
	Heading  string   // of the column of marks
	Headings []string // what that column is called in other languages
	Author   string   // of the comments
	Marks    []Mark
}

const (
	markFill    = "FFC7CE" // of a marked cell, RRGGBB
	markWidth   = 60       // of the column of marks, in characters
	maxComments = 1000     // more make a workbook slow to open; fill and column say the same
)

// WriteMarked writes a table that Open has read, with what is said about it: in a
// column of its own at the right end, and in a workbook also on the cells, by
// their fill and a comment. All else of a workbook stays as it is: formats,
// pictures, other sheets. Marks of an earlier time go. Text stays text, in UTF-8.
func WriteMarked(ctx context.Context, w io.Writer, body []byte, m Marking) error {
	texts := make(map[int][]string)
	for _, mark := range m.Marks {
		text := mark.Text
		if mark.Line == 0 {
			mark.Line = m.Header
		} else if mark.Column > 0 {
			text = columnName(mark.Column-1) + ": " + text
		}
		texts[mark.Line] = append(texts[mark.Line], text)
	}
	rows := make(map[int]string, len(texts)+1)
	for line, said := range texts {
		rows[line] = strings.Join(said, "\n")
	}
	// The part in brackets is no part of a column's name.
	rows[m.Header] = m.Heading
	if said := texts[m.Header]; len(said) > 0 {
		rows[m.Header] += "（" + strings.Join(said, "; ") + "）"
	}
	if bytes.HasPrefix(body, []byte("PK")) {
		return markWorkbook(w, body, m, rows)
	}
	return markText(ctx, w, body, m, rows)
}

// isMarks tells the name of a column of marks.
func (m Marking) isMarks(name string) bool {
	name, _, _ = strings.Cut(name, "（")
	return Text(name) == m.Heading || slices.Contains(m.Headings, Text(name))
}

// markText writes a text again with its column of marks: the same cells, with the
// delimiter that it had.
func markText(ctx context.Context, w io.Writer, body []byte, m Marking, rows map[int]string) error {
	var width int
	marks := -1
	each := func(f func(row Row) error) (delimiter rune, err error) {
		t, err := Open(ctx, bytes.NewReader(body), Options{})
		if err != nil {
			return 0, err
		}
		defer t.Close()
		delimiter = ','
		if src, ok := t.src.(*csvRows); ok {
			delimiter = src.r.Comma
		}
		for {
			row, err := t.Next()
			if errors.Is(err, io.EOF) {
				return delimiter, nil
			}
			if err == nil {
				err = f(row)
			}
			if err != nil {
				return delimiter, err
			}
		}
	}
	delimiter, err := each(func(row Row) error {
		width = max(width, len(row.Cells))
		if row.Line == m.Header {
			marks = slices.IndexFunc(row.Cells, m.isMarks)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if marks < 0 {
		marks = width
	}
	if _, err := io.WriteString(w, "\uFEFF"); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	out := &CSVWriter{w: csv.NewWriter(w)}
	out.w.Comma = delimiter
	line := 1
	if _, err := each(func(row Row) error {
		for ; line < row.Line; line++ { // blank lines, so that lines keep their numbers
			out.w.Flush()
			if _, err := io.WriteString(w, "\n"); err != nil {
				return fmt.Errorf("write CSV: %w", err)
			}
		}
		cells := slices.Clone(row.Cells)
		for len(cells) <= marks {
			cells = append(cells, "")
		}
		cells[marks] = rows[row.Line]
		line++
		for _, text := range row.Cells {
			line += strings.Count(text, "\n")
		}
		return out.Write(cells...)
	}); err != nil {
		return err
	}
	return out.Flush()
}

// markWorkbook writes a workbook again with its marks.
func markWorkbook(w io.Writer, body []byte, m Marking, rows map[int]string) (err error) {
	f, err := excelize.OpenReader(bytes.NewReader(body), excelize.Options{UnzipSizeLimit: Limits{}.orDefaults().Unzipped})
	if err != nil {
		return fmt.Errorf("mark workbook: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	b := &marked{File: f, m: m, styles: make(map[int]int)}
	if err := b.write(rows); err != nil {
		return fmt.Errorf("mark workbook: %w", err)
	}
	if _, err := f.WriteTo(w); err != nil {
		return fmt.Errorf("mark workbook: %w", err)
	}
	return nil
}

// marked is a workbook that is being marked.
type marked struct {
	*excelize.File

	m      Marking
	styles map[int]int // with the fill, by style without
}

func (b *marked) write(rows map[int]string) error {
	column, again, err := b.column()
	if err != nil {
		return err
	}
	if again {
		if err := b.clear(column); err != nil {
			return err
		}
	}
	wrap, err := b.NewStyle(&excelize.Style{Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"}})
	if err != nil {
		return err
	}
	if err := b.SetColWidth(b.m.Sheet, columnName(column), columnName(column), markWidth); err != nil {
		return err
	}
	for _, line := range slices.Sorted(maps.Keys(rows)) {
		cell := cellName(column, line)
		if err := errors.Join(b.SetCellStr(b.m.Sheet, cell, Guard(rows[line])), b.SetCellStyle(b.m.Sheet, cell, cell, wrap)); err != nil {
			return err
		}
	}
	return b.cells()
}

// column is where the marks go, from 0: beside the widest row, hidden cells
// included, or where they were before.
func (b *marked) column() (column int, again bool, err error) {
	rows, err := b.Rows(b.m.Sheet)
	if err != nil {
		return 0, false, err
	}
	defer rows.Close()
	for line := 1; rows.Next(); line++ {
		cells, err := rows.Columns(excelize.Options{RawCellValue: true})
		if err != nil {
			return 0, false, err
		}
		if line == b.m.Header {
			if i := slices.IndexFunc(cells, b.m.isMarks); i >= 0 {
				return i, true, nil
			}
		}
		column = max(column, len(cells))
	}
	return min(column, gridColumns-1), false, rows.Error()
}

// clear takes away what an earlier marking has left.
func (b *marked) clear(column int) error {
	comments, err := b.GetComments(b.m.Sheet)
	if err != nil {
		return err
	}
	for _, c := range comments {
		if c.Author == b.m.Author {
			if err := b.DeleteComment(b.m.Sheet, c.Cell); err != nil {
				return err
			}
		}
	}
	rows, err := b.GetRows(b.m.Sheet, excelize.Options{RawCellValue: true})
	if err != nil {
		return err
	}
	without := make(map[int]int)
	for i := range rows {
		for c := range max(len(rows[i]), column) {
			if err := b.unfill(cellName(c, i+1), without); err != nil {
				return err
			}
		}
		if i+1 >= b.m.Header {
			if err := b.SetCellStr(b.m.Sheet, cellName(column, i+1), ""); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *marked) unfill(cell string, without map[int]int) error {
	id, err := b.GetCellStyle(b.m.Sheet, cell)
	if err != nil || id == 0 {
		return err
	}
	plain, seen := without[id]
	if !seen {
		style, err := b.GetStyle(id)
		if err != nil {
			return err
		}
		plain = id
		if slices.Equal(style.Fill.Color, []string{markFill}) {
			style.Fill = excelize.Fill{}
			if plain, err = b.NewStyle(style); err != nil {
				return err
			}
		}
		without[id] = plain
	}
	if plain == id {
		return nil
	}
	return b.SetCellStyle(b.m.Sheet, cell, cell, plain)
}

// cells marks the cells themselves.
func (b *marked) cells() error {
	said := make(map[string]string)
	var order []string
	for _, m := range b.m.Marks {
		if m.Line == 0 || m.Column == 0 || m.Line > gridRows || m.Column > gridColumns {
			continue
		}
		cell := cellName(m.Column-1, m.Line)
		if _, ok := said[cell]; !ok {
			order = append(order, cell)
			said[cell] = m.Text
		} else {
			said[cell] += "\n" + m.Text
		}
	}
	commented := b.hasComments()
	for i, cell := range order {
		if err := b.fill(cell); err != nil {
			return err
		}
		if commented || i >= maxComments {
			continue
		}
		comment := excelize.Comment{Cell: cell, Author: b.m.Author, Text: said[cell], Width: 280, Height: 100}
		if err := b.AddComment(b.m.Sheet, comment); err != nil {
			return err
		}
	}
	return nil
}

// hasComments tells whether the workbook has comments or old controls of its own.
// Beside them none are added: the library would not keep them apart.
func (b *marked) hasComments() (found bool) {
	b.Pkg.Range(func(name, _ any) bool {
		part, _ := name.(string)
		found = strings.HasPrefix(part, "xl/comments") || strings.HasPrefix(part, "xl/drawings/vmlDrawing") ||
			strings.HasPrefix(part, "xl/threadedComments")
		return !found
	})
	return found
}

// fill gives a cell the colour of a mark, and leaves the rest of its style.
func (b *marked) fill(cell string) error {
	id, err := b.GetCellStyle(b.m.Sheet, cell)
	if err != nil {
		return err
	}
	filled, ok := b.styles[id]
	if !ok {
		style, err := b.GetStyle(id)
		if err != nil {
			return err
		}
		style.Fill = excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{markFill}}
		if filled, err = b.NewStyle(style); err != nil {
			return err
		}
		b.styles[id] = filled
	}
	return b.SetCellStyle(b.m.Sheet, cell, cell, filled)
}
