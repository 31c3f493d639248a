package table

import (
	"encoding/csv"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"

	"github.com/laurel-awards/laurel/pkg/table/cell"
)

// Guard keeps a spreadsheet from running a text: cell.Guard.
func Guard(s string) string { return cell.Guard(s) }

// CSVWriter writes CSV in UTF-8, every cell guarded. All exports are written by
// it or by WriteXLSX.
type CSVWriter struct {
	w       *csv.Writer
	guarded []string
}

// NewCSV writes CSV to w, which gets it when Flush is called. It begins without a
// byte-order mark, as programs expect it.
func NewCSV(w io.Writer) *CSVWriter { return &CSVWriter{w: csv.NewWriter(w)} }

// Write writes a row.
func (c *CSVWriter) Write(cells ...string) error {
	c.guarded = c.guarded[:0]
	for _, text := range cells {
		c.guarded = append(c.guarded, Guard(text))
	}
	if err := c.w.Write(c.guarded); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	return nil
}

// Flush hands over what has been written, and tells what failed.
func (c *CSVWriter) Flush() error {
	c.w.Flush()
	if err := c.w.Error(); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	return nil
}

// Sheet is what to write: a heading and rows in its order.
type Sheet struct {
	Name    string // of the XLSX sheet, at most 31 characters; "" leaves Sheet1
	Header  []string
	Numeric []bool // by column: XLSX stores its decimals as numbers, where that loses no digit
	Rows    iter.Seq[[]string]
}

// WriteCSV writes a sheet with a byte-order mark, by which spreadsheets know the
// encoding.
func WriteCSV(w io.Writer, s Sheet) error {
	if _, err := io.WriteString(w, "\uFEFF"); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	c := NewCSV(w)
	if err := c.Write(s.Header...); err != nil {
		return err
	}
	for row := range s.Rows {
		if err := c.Write(row...); err != nil {
			return err
		}
	}
	return c.Flush()
}

// WriteXLSX writes a workbook of one sheet. Text is stored as text and guarded:
// it would run as a formula once somebody saves the workbook as CSV.
func WriteXLSX(w io.Writer, s Sheet) (err error) {
	f := excelize.NewFile()
	defer func() {
		if e := f.Close(); err == nil && e != nil {
			err = fmt.Errorf("write XLSX: %w", e)
		}
	}()
	sheet := "Sheet1"
	if s.Name != "" {
		if err := f.SetSheetName(sheet, s.Name); err != nil {
			return fmt.Errorf("write XLSX: %w", err)
		}
		sheet = s.Name
	}
	stream, err := f.NewStreamWriter(sheet)
	if err != nil {
		return fmt.Errorf("write XLSX: %w", err)
	}
	line := 0
	write := func(row []string, numeric []bool) error {
		line++
		cells := make([]any, len(row))
		for i, text := range row {
			cells[i] = Guard(text)
			if i < len(numeric) && numeric[i] && cell.IsNumber(text) && len(strings.Trim(text, "-0.")) <= kept {
				if v, err := strconv.ParseFloat(text, 64); err == nil {
					cells[i] = v
				}
			}
		}
		ref, err := excelize.CoordinatesToCellName(1, line)
		if err != nil {
			return err
		}
		return stream.SetRow(ref, cells)
	}
	if err := write(s.Header, nil); err != nil {
		return fmt.Errorf("write XLSX: %w", err)
	}
	for row := range s.Rows {
		if err := write(row, s.Numeric); err != nil {
			return fmt.Errorf("write XLSX: row %d: %w", line, err)
		}
	}
	if err := stream.Flush(); err != nil {
		return fmt.Errorf("write XLSX: %w", err)
	}
	if _, err := f.WriteTo(w); err != nil {
		return fmt.Errorf("write XLSX: %w", err)
	}
	return nil
}
