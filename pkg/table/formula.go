package table

import (
	"regexp"
	"strings"

	"github.com/xuri/excelize/v2"

	"github.com/laurel-awards/laurel/pkg/fault"
)

// A cell with a formula and no value: some programs write them, and a
// spreadsheet calculates them when it saves. An empty value is one where its
// type is str.
var (
	withoutValue = regexp.MustCompile(`<f(?:[^>]*/>|[^>]*>[^<]*</f>)</c>`)
	emptyValue   = regexp.MustCompile(`<f(?:[^>]*/>|[^>]*>[^<]*</f>)<v(?:\s*/>|></v>)</c>`)
)

// uncalculated tells whether a blank cell may have a formula without a value.
type uncalculated int

const (
	none    uncalculated = iota
	untyped              // those of no type
	all
)

// findUncalculated looks through the workbook's sheets, except those of more than
// 16 MB, which are not held in memory.
func findUncalculated(f *excelize.File) uncalculated {
	found := none
	f.Pkg.Range(func(name, content any) bool {
		text, ok := content.([]byte)
		switch {
		case !ok || !strings.HasPrefix(name.(string), "xl/worksheets/"):
		case withoutValue.Match(text):
			found = all
		case emptyValue.Match(text):
			found = max(found, untyped)
		}
		return true
	})
	return found
}

// calculated refuses a blank cell that should have a formula's value: otherwise a
// score would be missing that nobody has left out.
func (s *xlsxSource) calculated(column int) error {
	ref, err := excelize.CoordinatesToCellName(column+1, s.line)
	if err != nil {
		return err
	}
	formula, err := s.file.GetCellFormula(s.sheet, ref)
	if err != nil || formula == "" {
		return err
	}
	kind, err := s.file.GetCellType(s.sheet, ref)
	if err != nil || s.uncalculated == untyped && kind != excelize.CellTypeUnset && kind != excelize.CellTypeNumber {
		return err
	}
	return unreadable("a formula has no value", fault.Wrong(ref, "formula_without_value",
		"the formula ={formula} has not been calculated: open the file in a spreadsheet and save it", "formula", formula).In(s.line, column+1))
}
