package table

import (
	"slices"
	"strings"
)

// Header is the row or rows that name the columns.
type Header struct {
	Row    Row      // its first line, and the names as cells; Line 0: the table is empty
	Last   int      // its last line
	Fields []string // by column: what Options.Field says of its name; "" is unknown or blank
	Found  bool     // it names as many fields as it should
}

// Column is the first column of a field, from 0; -1 where there is none.
func (h Header) Column(field string) int { return slices.Index(h.Fields, field) }

// headingWithin is how many rows from the top may stand before the names of
// the columns: titles, who filled it in.
const headingWithin = 10

// HeadingWithin is down to which line the caller may say that the names stand.
const HeadingWithin = 50

// readHeader finds the first row near the top that names enough fields, with the
// second row of its names where there is one; or the row that the caller names.
// Where there is none, it is the row that names most, or the first. What stands
// above it is passed.
func (r *Reader) readHeader() (Header, error) {
	var best Header
	within := headingWithin
	if r.options.Header > 0 {
		within = min(r.options.Header, HeadingWithin)
	}
	count, used := -1, 0
	for i := 0; ; i++ {
		row, err := r.peek(i)
		if err != nil {
			return Header{}, err
		}
		if row.Line == 0 || row.Line > within && i > 0 {
			break
		}
		if row.Line < r.options.Header {
			continue
		}
		h, n, rows, err := r.headerAt(i)
		if err != nil {
			return Header{}, err
		}
		if n > count {
			best, count, used = h, n, i+rows
		}
		if n >= r.options.least() || r.options.Header > 0 {
			best.Found = true
			break
		}
	}
	r.ahead = r.ahead[min(used, len(r.ahead)):]
	return best, nil
}

// headerAt reads the names of columns from row i on, over as many rows as they
// have, and counts the fields that they name.
func (r *Reader) headerAt(i int) (h Header, fields, rows int, err error) {
	first, err := r.peek(i)
	if err != nil {
		return h, 0, 0, err
	}
	parts := []Row{first}
	h, fields = r.named(parts)
	for len(parts) < 3 {
		below, err := r.peek(i + len(parts))
		if err != nil {
			return h, 0, 0, err
		}
		if !continues(parts[len(parts)-1], below) {
			break
		}
		more, n := r.named(append(parts, below))
		if n < fields || n == fields && !belowGroups(parts[len(parts)-1], below) {
			break
		}
		parts, h, fields = append(parts, below), more, n
	}
	return h, fields, len(parts), nil
}

// group tells whether a cell is merged with others of its row.
func group(row Row, column int) bool {
	return row.mark(column)&fromLeft != 0 || row.mark(column+1)&fromLeft != 0
}

// continues tells whether a row may be a further row of names: it says something
// of its own only below blank cells and below those that are merged over several
// columns.
func continues(above, below Row) bool {
	if below.Line != above.Line+1 {
		return false
	}
	for c, text := range below.Cells {
		if Text(text) == "" || below.mark(c)&fromAbove != 0 {
			continue
		}
		if Text(above.Cell(c)) != "" && !group(above, c) {
			return false
		}
	}
	return true
}

// belowGroups tells whether all that a row says of its own is below cells that
// are merged over several columns.
func belowGroups(above, below Row) bool {
	some := false
	for c, text := range below.Cells {
		if Text(text) == "" || below.mark(c)&fromAbove != 0 {
			continue
		}
		if !group(above, c) || Text(above.Cell(c)) == "" {
			return false
		}
		some = true
	}
	return some
}

// named gives the header of one or more rows. A column's name is its lowest own
// cell; together with the cell above it may mean a field of its own, as 推荐单位
// above 名称.
func (r *Reader) named(rows []Row) (Header, int) {
	h := Header{Row: rows[0], Last: rows[len(rows)-1].Line}
	width := 0
	for _, row := range rows {
		width = max(width, len(row.Cells))
	}
	h.Row.Cells, h.Row.marks = make([]string, width), nil
	h.Fields = make([]string, width)
	seen := make(map[string]bool)
	for c := range width {
		upper, lower := "", ""
		for _, row := range rows {
			switch text := strings.Join(strings.Fields(Text(row.Cell(c))), " "); {
			case text == "" || row.mark(c)&fromAbove != 0:
			case row.mark(c)&fromLeft != 0: // the name of a group, which its first column has
				upper = text
			default:
				if lower != "" {
					upper = lower
				}
				lower = text
			}
		}
		h.Row.Cells[c] = lower
		if lower == "" || r.options.Field == nil {
			continue
		}
		if h.Fields[c] = r.options.Field(upper + lower); h.Fields[c] == "" || upper == "" {
			h.Fields[c] = r.options.Field(lower)
		}
		if h.Fields[c] != "" {
			seen[h.Fields[c]] = true
		}
	}
	return h, len(seen)
}
