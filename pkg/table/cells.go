package table

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/table/cell"
)

// What is known of a cell beside its text.
type mark uint8

const (
	inexactNumber mark = 1 << iota // stored as a number that may have lost digits
	fromLeft                       // repeats the merged cell that begins to its left
	fromAbove                      // repeats the merged cell that begins above
)

// sheetRows reads the rows of a sheet from its part.
type sheetRows struct {
	book   *workbook
	sheet  sheetPart
	layout *layout
	limits Limits
	body   io.Closer
	s      *scanner

	inData bool
	line   int
	row    Row
	cells  int // with content, repeated ones too
	text   int64
	buf    []byte
	merged mergedCells

	// What was seen and is not in the rows.
	hiddenRows    []int
	hiddenColumns map[int]bool
	covered       []string      // cells whose text lies under a merged one
	pictures      []cellPicture // in cells
	drawn         *drawn        // nil until somebody asks
}

// cellPicture is a picture that a cell holds: by its name in the workbook's
// list of pictures, or by its place among its rich values.
type cellPicture struct {
	line, column int
	name         string
	rich         int // from 1; 0 where it is by name
}

func (b *workbook) rows(p sheetPart, l *layout, limits Limits) (*sheetRows, error) {
	body, err := b.open(p.part)
	if err != nil {
		return nil, err
	}
	return &sheetRows{
		book: b, sheet: p, layout: l, limits: limits, body: body, s: newScanner(body),
		merged: mergedCells{coming: l.merges}, hiddenColumns: map[int]bool{},
	}, nil
}

func (x *sheetRows) close() error { return x.body.Close() }

// next gives the next visible row that says something of its own: one whose
// texts are all those of merged cells above continues the row before.
func (x *sheetRows) next() (Row, error) {
	for {
		hidden, err := x.readRow()
		if err != nil {
			if !errors.Is(err, io.EOF) {
				err = x.book.failed(x.sheet.part, err)
			}
			return Row{}, err
		}
		if x.line%64 == 0 {
			if err := x.book.ctx.Err(); err != nil {
				return Row{}, err
			}
		}
		if err := x.expand(); err != nil {
			return Row{}, err
		}
		if hidden {
			if x.row.own() {
				x.hiddenRows = append(x.hiddenRows, x.line)
			}
			continue
		}
		x.hideColumns()
		if x.row.own() {
			return x.row, nil
		}
	}
}

// readRow reads a row's cells as they are stored.
func (x *sheetRows) readRow() (hidden bool, err error) {
	for {
		t, err := x.s.next()
		if err != nil {
			return false, err
		}
		name := string(x.s.name())
		switch {
		case name == "sheetData":
			x.inData = t == startTag
			if t == endTag {
				return false, io.EOF
			}
		case t == startTag && name == "row" && x.inData:
			return x.cellsOf()
		case t == startTag && !x.inData && name != "worksheet":
			if err := x.s.skip(); err != nil {
				return false, err
			}
		}
	}
}

func (x *sheetRows) cellsOf() (hidden bool, err error) {
	line := x.line + 1
	if n := x.s.number("r"); n > 0 {
		line = n
	}
	if line <= x.line || line > gridRows {
		return false, broken(fmt.Sprintf("row %d of the sheet %s does not follow row %d", line, x.sheet.name, x.line))
	}
	x.line = line
	x.row = Row{Line: line, Cells: x.row.Cells[:0], sheet: true}
	hidden, _ = x.layout.shape(x.s)
	column := -1
	return hidden, x.s.each(func(element string) error {
		if element != "c" {
			return x.s.skip()
		}
		column++
		if ref := x.s.bare("r"); len(ref) > 0 {
			at, row, ok := parseCell(ref)
			if !ok || row != line || at < column {
				return broken(fmt.Sprintf("a cell of row %d is in no order: %q", line, ref))
			}
			column = at
		}
		return x.cell(column)
	})
}

// cell reads the cell whose start was read.
func (x *sheetRows) cell(column int) error {
	if x.s.empty { // as most cells are that have but a style
		return x.s.skip()
	}
	kind, style, rich := x.s.attr("t"), x.s.number("s"), x.s.number("vm")
	var formula, value string
	var hasFormula, hasValue, hasText bool
	err := x.s.each(func(element string) (err error) {
		switch element {
		case "f":
			hasFormula = true
			x.buf, err = x.s.within(x.buf[:0])
			formula = string(x.buf)
		case "v":
			hasValue = true
			x.buf, err = x.s.within(x.buf[:0])
			value = string(x.buf)
		case "is":
			x.buf, err = x.s.richText(x.buf[:0])
			value = string(x.buf)
		default:
			err = x.s.skip()
		}
		return err
	})
	hasText = value != "" || hasValue && kind == "str"
	if err != nil || !hasText && !hasFormula {
		return err
	}
	if x.cells++; x.cells > x.limits.Cells {
		return beyond("table_cells", "the sheet {sheet} has more than {max} cells", "sheet", x.sheet.name, "max", x.limits.Cells)
	}
	if name, ok := pictureFormula(formula); ok {
		x.pictures = append(x.pictures, cellPicture{line: x.line, column: column, name: name})
		return nil
	}
	if kind == "e" && rich > 0 && value == "#VALUE!" && x.book.has("xl/richData/rdrichvalue.xml") {
		x.pictures = append(x.pictures, cellPicture{line: x.line, column: column, rich: rich})
		return nil
	}
	if !hasText { // an empty text has a value, so nobody has calculated this
		x.wrong(column, "formula_without_value",
			"the formula ={formula} has not been calculated: open the file in a spreadsheet and save it", "formula", formula)
		return nil
	}
	return x.put(column, kind, style, value)
}

// put converts a stored value.
func (x *sheetRows) put(column int, kind string, style int, value string) error {
	var m mark
	switch kind {
	case "s":
		place, err := strconv.Atoi(strings.TrimSpace(value))
		if err != nil {
			place = -1
		}
		text, ok, err := x.book.strings.text(x.book.archive, place)
		if err != nil {
			return err
		}
		if !ok {
			return broken(fmt.Sprintf("the cell %s has no text", cellName(column, x.line)))
		}
		value = text
	case "str", "inlineStr":
		value = cellText([]byte(value))
	case "b":
		value = map[bool]string{true: "TRUE", false: "FALSE"}[strings.TrimSpace(value) == "1" || value == "true"]
	case "e":
		x.wrong(column, "error_cell", "holds the error {value}: mend the formula, or type the value", "value", value)
		return nil
	case "d":
		value = isoDate(value)
	case "", "n":
		if value = strings.TrimSpace(value); !cell.IsNumber(value) {
			return broken(fmt.Sprintf("the cell %s holds no number: %q", cellName(column, x.line), value))
		}
		if inexact(value) {
			m = inexactNumber
		}
		value = x.book.shownAs(value, style)
	default:
		x.wrong(column, "cell_unknown", "holds a value of the kind {kind}, which is not read", "kind", kind)
		return nil
	}
	if x.text += int64(len(value)); x.text > x.limits.Unzipped {
		return beyond("table_text", "the cells of the sheet {sheet} have more than {max} bytes of text", "sheet", x.sheet.name, "max", x.limits.Unzipped)
	}
	if column >= x.limits.Columns {
		if Text(value) == "" {
			return nil
		}
		return beyond("table_columns", "row {row} has more than {max} columns", "row", x.line, "max", x.limits.Columns)
	}
	x.row.set(column, value, m)
	return nil
}

func (x *sheetRows) wrong(column int, code, message string, params ...any) {
	x.row.Problems = append(x.row.Problems,
		fault.Wrong(cellName(column, x.line), code, message, params...).In(x.line, column+1))
}

// hideColumns takes out the cells of hidden columns, and what was wrong with them.
func (x *sheetRows) hideColumns() {
	if len(x.layout.columns) == 0 {
		return
	}
	hide := func(column int) bool {
		if !x.layout.hiddenColumn(column) {
			return false
		}
		x.hiddenColumns[column] = true
		return true
	}
	for i, text := range x.row.Cells {
		if Text(text) != "" && x.row.mark(i)&(fromLeft|fromAbove) == 0 && hide(i) {
			x.row.Cells[i] = ""
		} else if x.layout.hiddenColumn(i) {
			x.row.Cells[i] = ""
		}
	}
	kept := x.row.Problems[:0]
	for _, p := range x.row.Problems {
		if !hide(p.Column - 1) {
			kept = append(kept, p)
		}
	}
	x.row.Problems = kept
}
