package table

import (
	"cmp"
	"slices"
)

// grid is where the rows and columns of a sheet begin, in EMU.
type grid struct {
	layout *layout
	starts []int64 // of layout.rows, in order
}

func newGrid(l *layout) *grid {
	slices.SortFunc(l.rows, func(a, b rowShape) int { return cmp.Compare(a.line, b.line) })
	g := &grid{l, make([]int64, len(l.rows))}
	var at int64
	next := 1
	for i, r := range l.rows {
		at += int64(r.line-next) * g.defaultHeight()
		g.starts[i] = at
		at += r.height
		next = r.line + 1
	}
	return g
}

func (g *grid) defaultHeight() int64 {
	if g.layout.zero {
		return 0
	}
	return g.layout.height
}

// row gives the edges of a row, counted from 1.
func (g *grid) row(line int) (top, bottom int64) {
	i, own := slices.BinarySearchFunc(g.layout.rows, line, func(r rowShape, line int) int { return cmp.Compare(r.line, line) })
	if own {
		return g.starts[i], g.starts[i] + g.layout.rows[i].height
	}
	if i == 0 {
		top = int64(line-1) * g.defaultHeight()
	} else {
		before := g.layout.rows[i-1]
		top = g.starts[i-1] + before.height + int64(line-before.line-1)*g.defaultHeight()
	}
	return top, top + g.defaultHeight()
}

// rowAt is the row, counted from 1, that holds a height; rows without height
// hold none.
func (g *grid) rowAt(at int64) int {
	low, high := 1, gridRows
	for low < high {
		middle := (low + high) / 2
		if _, bottom := g.row(middle); bottom > at {
			high = middle
		} else {
			low = middle + 1
		}
	}
	return low
}

func (g *grid) columnAt(at int64) int {
	low, high := 0, gridColumns-1
	for low < high {
		middle := (low + high) / 2
		if _, right := g.layout.edges(middle); right > at {
			high = middle
		} else {
			low = middle + 1
		}
	}
	return low
}

// place is a point in EMU. An offset beyond its cell ends with the cell, as
// spreadsheets draw it.
func (g *grid) place(p point) (x, y int64) {
	left, right := g.layout.edges(p.column)
	top, bottom := g.row(p.row + 1)
	return min(left+p.columnOffset, right), min(top+p.rowOffset, bottom)
}

// measure finds where the columns begin. A width of n characters is 7n+5 pixels
// in the default font (ECMA-376 part 1, 18.3.1.13).
func (l *layout) measure() {
	widths := make([]int64, gridColumns)
	byDefault := int64(64 * emuPixel)
	if l.width >= 0 {
		byDefault = columnEMU(l.width)
	}
	for i := range widths {
		widths[i] = byDefault
	}
	for _, c := range l.columns {
		for i := c.from; i <= c.to; i++ {
			switch {
			case c.hidden:
				widths[i] = 0
			case c.width >= 0:
				widths[i] = columnEMU(c.width)
			default:
				widths[i] = byDefault
			}
		}
	}
	l.columnEdges = make([]int64, gridColumns+1)
	for i, w := range widths {
		l.columnEdges[i+1] = l.columnEdges[i] + w
	}
}

// edges are the left and right edge of a column, counted from 0.
func (l *layout) edges(column int) (left, right int64) {
	return l.columnEdges[column], l.columnEdges[column+1]
}

// hiddenColumn tells whether a column, counted from 0, is hidden.
func (l *layout) hiddenColumn(column int) bool {
	return len(l.columns) > 0 && l.columnEdges[column] == l.columnEdges[column+1]
}

func columnEMU(characters float64) int64 {
	return int64((256*min(characters, 255)+128.0/7)/256*7) * emuPixel
}

// most finds the row that holds most of what is between two heights, the upper
// one where two hold the same; 0 where it covers too many. Rows that a merged cell joins in a column of the picture
// count as one, from its first to its last.
func (g *grid) most(top, bottom int64, p Picture) (line, last int) {
	const widest = 5000 // rows; what covers more is no portrait
	first, end := g.rowAt(top), g.rowAt(max(top, bottom-1))
	if end-first > widest {
		return 0, 0
	}
	joined := g.joined(first, end, p)
	var best int64 = -1
	for row := first; row <= end; row++ {
		from, until := row, row
		for _, m := range joined {
			if m.top <= row && row <= m.bottom {
				from, until = m.top, m.bottom
			}
		}
		upper, _ := g.row(from)
		_, lower := g.row(until)
		if held := min(bottom, lower) - max(top, upper); held > best {
			best, line, last = held, from, until
		}
		row = until
	}
	return line, last
}

// joined are the merged cells of several rows over which a picture is.
func (g *grid) joined(first, end int, p Picture) []area {
	var out []area
	for _, m := range g.layout.merges {
		if m.top > end {
			break
		}
		if m.bottom < first || m.top == m.bottom {
			continue
		}
		left, _ := g.layout.edges(m.left)
		_, right := g.layout.edges(m.right)
		if p.left < right && p.right > left {
			out = append(out, m)
		}
	}
	return out
}
