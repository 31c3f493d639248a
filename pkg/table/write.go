package table

import (
	"encoding/csv"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
)

// Sheet is what to write: a heading and rows in its order.
type Sheet struct {
	Name    string // of the XLSX sheet, at most 31 characters; "" leaves Sheet1
	Header  []string
	Numeric []bool // by column: XLSX stores its decimals as numbers, where that loses no digit
	Rows    iter.Seq[[]string]
}

// WriteCSV writes UTF-8 with a byte-order mark, by which spreadsheets know the
// encoding. Callers Guard text that others typed.
func WriteCSV(w io.Writer, s Sheet) error {
	if _, err := io.WriteString(w, "\uFEFF"); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	c := csv.NewWriter(w)
	if err := c.Write(s.Header); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	for row := range s.Rows {
		if err := c.Write(row); err != nil {
			return fmt.Errorf("write CSV: %w", err)
		}
	}
	c.Flush()
	if err := c.Error(); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	return nil
}

// WriteXLSX writes a workbook of one sheet. Text is stored as text, so nothing
// in it runs as a formula.
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
			cells[i] = text
			if i < len(numeric) && numeric[i] {
				if v, err := strconv.ParseFloat(text, 64); err == nil && len(strings.Trim(text, "-0.")) <= 15 {
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
