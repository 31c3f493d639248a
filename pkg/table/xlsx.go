package table

import (
	"errors"
	"fmt"
	"io"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"
)

// xlsxSource reads a workbook's first sheet.
type xlsxSource struct {
	file  *excelize.File
	sheet string
	rows  *excelize.Rows
	line  int
	dates map[int]bool // style → shows a date; empty where the book has no such style

	pictured map[string]bool // cells that have pictures; nil until they are asked for
}

func openXLSX(r io.Reader, limits Limits) (source, error) {
	f, err := excelize.OpenReader(r, excelize.Options{
		RawCellValue: true, UnzipSizeLimit: limits.Unzipped, UnzipXMLSizeLimit: min(limits.Unzipped, 16<<20),
	})
	if err != nil {
		if strings.Contains(err.Error(), "unzip size exceeds") {
			return nil, tooLarge(fmt.Sprintf("the workbook unpacks to more than the %d bytes taken", limits.Unzipped))
		}
		return nil, unreadable("the workbook cannot be read: " + err.Error())
	}
	s := &xlsxSource{file: f}
	sheets := f.GetSheetList()
	if len(sheets) == 0 {
		return nil, errors.Join(unreadable("the workbook has no sheet"), f.Close())
	}
	s.sheet = sheets[0]
	if s.rows, err = f.Rows(s.sheet); err != nil {
		return nil, errors.Join(unreadable("the first sheet cannot be read: "+err.Error()), f.Close())
	}
	s.dates = dateStyles(f)
	return s, nil
}

func (s *xlsxSource) next() (Row, error) {
	if !s.rows.Next() {
		if err := s.rows.Error(); err != nil {
			return Row{}, unreadable("the sheet cannot be read: " + err.Error())
		}
		return Row{}, io.EOF
	}
	s.line++
	cells, err := s.rows.Columns(excelize.Options{RawCellValue: true})
	if err != nil {
		return Row{}, unreadable(fmt.Sprintf("row %d cannot be read: %v", s.line, err))
	}
	for i, text := range cells {
		if cells[i], err = s.typed(i, text); err != nil {
			return Row{}, unreadable(fmt.Sprintf("row %d cannot be read: %v", s.line, err))
		}
	}
	return Row{Line: s.line, Cells: cells, sheet: true}, nil
}

// typed gives a stored cell as it was typed. Spreadsheets store a typed 7.3 as
// 7.2999999999999998, small numbers with an exponent and dates as a count of
// days; whether a cell is a number is asked only where that matters, because
// asking reads the whole sheet into memory.
func (s *xlsxSource) typed(column int, text string) (string, error) {
	noisy := looksNoisy(text)
	if !noisy && (len(s.dates) == 0 || !looksNumeric(text)) {
		return text, nil
	}
	ref, err := excelize.CoordinatesToCellName(column+1, s.line)
	if err != nil {
		return "", err
	}
	kind, err := s.file.GetCellType(s.sheet, ref)
	if err != nil {
		return "", err
	}
	if kind != excelize.CellTypeUnset && kind != excelize.CellTypeNumber {
		return text, nil
	}
	if len(s.dates) > 0 {
		style, err := s.file.GetCellStyle(s.sheet, ref)
		if err != nil {
			return "", err
		}
		if s.dates[style] {
			return dateText(text, s.file)
		}
	}
	if noisy {
		return plainNumber(text), nil
	}
	return text, nil
}

func looksNumeric(text string) bool {
	if text == "" || len(text) > 32 {
		return false
	}
	_, err := strconv.ParseFloat(text, 64)
	return err == nil
}

// looksNoisy tells a number that has an exponent, or a fraction and more than
// the fifteen digits that a spreadsheet keeps of what was typed.
func looksNoisy(text string) bool {
	if len(text) < 3 || !strings.ContainsAny(text, ".eE") || !looksNumeric(text) {
		return false
	}
	return strings.ContainsAny(text, "eE") || len(strings.Trim(text, "-0.")) > 16
}

// plainNumber is the shortest decimal that a spreadsheet stores as text does.
func plainNumber(text string) string {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return text
	}
	short := strconv.FormatFloat(v, 'g', 15, 64)
	if back, err := strconv.ParseFloat(short, 64); err != nil || back != v {
		short = strconv.FormatFloat(v, 'g', -1, 64)
	}
	exact, ok := new(big.Rat).SetString(short)
	if !ok {
		return text
	}
	digits, _ := exact.FloatPrec()
	return exact.FloatString(digits)
}

// dateText shows a count of days as 2026-05-01, with the time where it has one.
func dateText(text string, f *excelize.File) (string, error) {
	days, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return text, nil //nolint:nilerr // not a number, so it is what was typed
	}
	props, err := f.GetWorkbookProps()
	if err != nil {
		return "", err
	}
	at, err := excelize.ExcelDateToTime(days, props.Date1904 != nil && *props.Date1904)
	if err != nil {
		return text, nil //nolint:nilerr // outside the calendar, so a plain number
	}
	at = at.Round(time.Second)
	if at.Equal(at.Truncate(24 * time.Hour)) {
		return at.Format("2006-01-02"), nil
	}
	return at.Format("2006-01-02 15:04:05"), nil
}

// dateStyles finds the cell styles that show a number as a date: the built-in
// formats 14 to 22, 27 to 36 and 50 to 58 (ECMA-376 part 1, 18.8.30), and own
// formats with a year or a day.
func dateStyles(f *excelize.File) map[int]bool {
	dates := make(map[int]bool)
	if f.Styles == nil || f.Styles.CellXfs == nil {
		return dates
	}
	for id, xf := range f.Styles.CellXfs.Xf {
		if xf.NumFmtID == nil {
			continue
		}
		n := *xf.NumFmtID
		if n >= 14 && n <= 22 || n >= 27 && n <= 36 || n >= 50 && n <= 58 {
			dates[id] = true
			continue
		}
		if f.Styles.NumFmts == nil {
			continue
		}
		for _, format := range f.Styles.NumFmts.NumFmt {
			if format.NumFmtID == n && showsDate(format.FormatCode) {
				dates[id] = true
			}
		}
	}
	return dates
}

// showsDate tells whether a number format has a year or a day outside its
// quoted and bracketed parts.
func showsDate(code string) bool {
	var quote, bracket, escaped bool
	for _, r := range code {
		switch {
		case escaped:
			escaped = false
		case r == '\\' || r == '_' || r == '*':
			escaped = true
		case r == '"':
			quote = !quote
		case quote:
		case r == '[':
			bracket = true
		case r == ']':
			bracket = false
		case bracket:
		case r == 'y' || r == 'Y' || r == 'd' || r == 'D':
			return true
		}
	}
	return false
}

func (s *xlsxSource) pictures(row Row, column int) ([]Picture, error) {
	ref, err := excelize.CoordinatesToCellName(column+1, row.Line)
	if err != nil {
		return nil, fmt.Errorf("pictures: %w", err)
	}
	// Each look at a cell walks all pictures of the sheet, so cells without one
	// are not looked at.
	if s.pictured == nil {
		cells, err := s.file.GetPictureCells(s.sheet)
		if err != nil {
			return nil, unreadable("the pictures cannot be read: " + err.Error())
		}
		s.pictured = make(map[string]bool, len(cells))
		for _, cell := range cells {
			s.pictured[cell] = true
		}
	}
	if !s.pictured[ref] {
		return nil, nil
	}
	found, err := s.file.GetPictures(s.sheet, ref)
	if err != nil {
		return nil, unreadable(fmt.Sprintf("the pictures of %s cannot be read: %v", ref, err))
	}
	pictures := make([]Picture, 0, len(found))
	for _, p := range found {
		pictures = append(pictures, Picture{Extension: p.Extension, Body: p.File})
	}
	return pictures, nil
}

func (s *xlsxSource) close() error {
	return errors.Join(s.rows.Close(), s.file.Close())
}
