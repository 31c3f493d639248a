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
	shows map[int]shown // style → how it shows a number; empty where none is special

	uncalculated uncalculated    // cells that may have formulas without values
	pictured     map[string]bool // cells that have pictures; nil until they are asked for
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
	s.shows = styles(f)
	s.uncalculated = findUncalculated(f)
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
		if text == "" && s.uncalculated != none {
			if err := s.calculated(i); err != nil {
				return Row{}, err
			}
		}
		if cells[i], err = s.typed(i, text); err != nil {
			return Row{}, unreadable(fmt.Sprintf("row %d cannot be read: %v", s.line, err))
		}
	}
	return Row{Line: s.line, Cells: cells, sheet: true}, nil
}

// typed gives a stored cell as it was typed. Spreadsheets store a typed 7.3 as
// 7.2999999999999998, small numbers with an exponent, 85% as 0.85 and dates as a
// count of days; whether a cell is a number is asked only where that matters, because
// asking reads the whole sheet into memory.
func (s *xlsxSource) typed(column int, text string) (string, error) {
	noisy := looksNoisy(text)
	if !noisy && (len(s.shows) == 0 || !looksNumeric(text)) {
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
	if len(s.shows) > 0 {
		style, err := s.file.GetCellStyle(s.sheet, ref)
		if err != nil {
			return "", err
		}
		switch s.shows[style] {
		case aDate:
			return dateText(text, s.file)
		case aPercentage:
			return percentText(text), nil
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
