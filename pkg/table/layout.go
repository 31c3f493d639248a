package table

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// The sizes of Excel's grid.
const (
	gridRows    = 1 << 20
	gridColumns = 1 << 14
)

// area is a rectangle of cells; rows are from 1, columns from 0, all inclusive.
type area struct{ top, left, bottom, right int }

func (a area) String() string { return cellName(a.left, a.top) + ":" + cellName(a.right, a.bottom) }

// columnShape is the width of columns.
type columnShape struct {
	from, to int // from 0
	hidden   bool
	width    float64 // in characters; -1 where it is the default
}

// rowShape is a row that has a height of its own or is hidden.
type rowShape struct {
	line   int
	height int64 // EMU
}

// layout is what a sheet says beside its cells, most of it below them.
type layout struct {
	merges   []area // in order of their first row
	columns  []columnShape
	rows     []rowShape
	height   int64   // of a row by default, EMU
	width    float64 // of a column by default, in characters
	zero     bool    // rows are hidden by default
	drawing  string  // the part of floating pictures; "" where there is none
	comments bool    // there are some

	columnEdges []int64 // EMU, by column and one beyond
}

// The units of drawings (ECMA-376 part 1, 20.1.2.1): English Metric Units.
const (
	emuPoint = 12700
	emuPixel = 9525
)

// maxMerges bounds the merged cells of a sheet.
const maxMerges = 50_000

// survey reads a sheet's layout.
func (b *workbook) survey(p sheetPart) (*layout, error) {
	l := &layout{height: 15 * emuPoint, width: -1}
	relations, err := b.relations(p.part)
	if err != nil {
		return nil, err
	}
	line := 0
	err = b.scan(p.part, func(s *scanner, element string) error {
		switch element {
		case "row":
			if line++; s.number("r") > 0 {
				line = s.number("r")
			}
			if hidden, height := l.shape(s); hidden || height >= 0 {
				l.rows = append(l.rows, rowShape{line, max(height, 0)})
			}
			return s.skip()
		case "sheetFormatPr":
			if points, err := strconv.ParseFloat(s.attr("defaultRowHeight"), 64); err == nil && points > 0 {
				l.height = int64(points * emuPoint)
			}
			if width, err := strconv.ParseFloat(s.attr("defaultColWidth"), 64); err == nil {
				l.width = width
			}
			l.zero = s.flag("zeroHeight")
		case "col":
			width, err := strconv.ParseFloat(s.attr("width"), 64)
			if err != nil {
				width = -1
			}
			from, to := s.number("min")-1, min(s.number("max"), gridColumns)-1
			if len(l.columns) == gridColumns {
				return broken("the sheet " + p.name + " has more columns than there are")
			}
			if from >= 0 && from <= to {
				l.columns = append(l.columns, columnShape{from, to, s.flag("hidden") || width == 0, width})
			}
		case "mergeCell":
			if a, ok := parseArea(s.attr("ref")); ok {
				l.merges = append(l.merges, a)
			}
			if len(l.merges) > maxMerges {
				return beyond("table_merged", "the sheet {sheet} has more than {max} merged cells", "sheet", p.name, "max", maxMerges)
			}
		case "drawing":
			l.drawing = relations[s.attr("r:id")].part
		}
		return nil
	})
	l.measure()
	slices.SortFunc(l.merges, func(a, b area) int { return cmp.Or(a.top-b.top, a.left-b.left) })
	for _, to := range relations {
		if to.kind == "comments" || to.kind == "threadedComment" {
			l.comments = true
		}
	}
	return l, err
}

// shape tells whether the row whose start was read is hidden, and its height in
// EMU; -1 where it is the default.
func (l *layout) shape(s *scanner) (hidden bool, height int64) {
	height = -1
	if points, err := strconv.ParseFloat(string(s.bare("ht")), 64); err == nil && points >= 0 && points < 10_000 {
		height = int64(points * emuPoint)
	}
	hidden = s.flag("hidden") || height == 0 || l.zero && height < 0 && s.bare("hidden") == nil
	if hidden {
		height = 0
	}
	return hidden, height
}

// parseArea reads B2:C4.
func parseArea(ref string) (area, bool) {
	from, to, both := strings.Cut(strings.ReplaceAll(ref, "$", ""), ":")
	if !both {
		to = from
	}
	left, top, ok := parseCell([]byte(from))
	right, bottom, ok2 := parseCell([]byte(to))
	return area{min(top, bottom), min(left, right), max(top, bottom), max(left, right)}, ok && ok2
}

// parseCell reads B7: the column from 0, the row from 1.
func parseCell(ref []byte) (column, row int, ok bool) {
	i := 0
	for ; i < len(ref) && i < 4; i++ {
		c := ref[i] | 0x20
		if c < 'a' || c > 'z' {
			break
		}
		column = column*26 + int(c-'a') + 1
	}
	if i == 0 || i == len(ref) || len(ref) > i+8 {
		return 0, 0, false
	}
	for _, c := range ref[i:] {
		if c < '0' || c > '9' {
			return 0, 0, false
		}
		row = row*10 + int(c-'0')
	}
	return column - 1, row, column <= gridColumns && row >= 1 && row <= gridRows
}

// columnName is B for 1.
func columnName(column int) string {
	var b []byte
	for n := column + 1; n > 0; n = (n - 1) / 26 {
		b = append(b, byte('A'+(n-1)%26))
	}
	slices.Reverse(b)
	return string(b)
}

func cellName(column, row int) string { return columnName(column) + strconv.Itoa(row) }
