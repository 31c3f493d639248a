package ranking

import (
	"math"
	"slices"
)

// program is an integer program: columns, each a whole number between two
// bounds, and rows, each a sum of columns that must lie between two limits.
type program struct {
	lower, upper []int64   // by column
	least, most  []int64   // by row
	low, high    []int64   // by row: what the columns' bounds imply
	byColumn     [][]entry // by column: the rows that it counts in
	byRow        [][]entry // by row: its columns
}

// entry is one number of the matrix: how much one of the other side counts.
type entry struct {
	at int
	by int64
}

// free is a limit that a row does not have.
const free = math.MinInt64

func (p *program) column(lower, upper int64) int {
	p.lower, p.upper = append(p.lower, lower), append(p.upper, upper)
	p.byColumn = append(p.byColumn, nil)
	return len(p.lower) - 1
}

func (p *program) row(least, most int64) int {
	p.least, p.most = append(p.least, least), append(p.most, most)
	p.byRow = append(p.byRow, nil)
	return len(p.least) - 1
}

func (p *program) put(row, column int, by int64) {
	p.byRow[row] = append(p.byRow[row], entry{column, by})
	p.byColumn[column] = append(p.byColumn[column], entry{row, by})
}

// close ends the making of a program: limits that rows do not have become what
// the columns' bounds imply.
func (p *program) close() {
	p.low, p.high = make([]int64, len(p.least)), make([]int64, len(p.least))
	for i, entries := range p.byRow {
		for _, e := range entries {
			p.low[i] += min(e.by*p.lower[e.at], e.by*p.upper[e.at])
			p.high[i] += max(e.by*p.lower[e.at], e.by*p.upper[e.at])
		}
		if p.least[i] == free {
			p.least[i] = p.low[i]
		}
		if p.most[i] == free {
			p.most[i] = p.high[i]
		}
	}
}

// activity gives each row's sum.
func (p *program) activity(x []int64) []int64 {
	out := make([]int64, len(p.least))
	for j, v := range x {
		if v != 0 {
			for _, e := range p.byColumn[j] {
				out[e.at] += e.by * v
			}
		}
	}
	return out
}

// bounds are limits of a program's columns and rows, its own or tighter ones.
type bounds struct{ lower, upper, least, most []int64 }

// bounds gives a copy of the program's own.
func (p *program) bounds() bounds {
	return bounds{slices.Clone(p.lower), slices.Clone(p.upper), slices.Clone(p.least), slices.Clone(p.most)}
}

// holds tells whether x keeps the bounds.
func (p *program) holds(b *bounds, x []int64) bool {
	for j, v := range x {
		if v < b.lower[j] || v > b.upper[j] {
			return false
		}
	}
	for i, s := range p.activity(x) {
		if s < b.least[i] || s > b.most[i] {
			return false
		}
	}
	return true
}

// term is a row's multiplier in a certificate.
type term struct {
	row int
	by  int64
}

// certificate proves that no x, not even in fractions, keeps the bounds: the
// rows times their multipliers add up to Σ cost·x ≤ most, but the columns'
// bounds keep that sum at least or above. It is checked in whole numbers.
type certificate struct {
	terms []term
	cost  []int64 // by column
	least int64   // of the sum, by the columns' bounds
	most  int64   // by the rows' limits
}

// certify makes a certificate of multipliers and tells whether it holds. A
// limit that the columns' bounds imply adds nothing to it, and is left out.
func (p *program) certify(b *bounds, y []term) (*certificate, bool) {
	c := &certificate{cost: make([]int64, len(p.lower))}
	for _, t := range y {
		limit := b.least[t.row]
		if t.by > 0 {
			limit = b.most[t.row]
		}
		if t.by == 0 || t.by > 0 && limit >= p.high[t.row] || t.by < 0 && limit <= p.low[t.row] {
			continue
		}
		c.terms = append(c.terms, t)
		c.most += t.by * limit
		for _, e := range p.byRow[t.row] {
			c.cost[e.at] += t.by * e.by
		}
	}
	for j, v := range c.cost {
		c.least += min(v*b.lower[j], v*b.upper[j])
	}
	return c, c.least > c.most
}

// scales are the numbers that a guess of multipliers is tried to be whole by.
// The last keeps every sum within 63 bits: a program has fewer than 2^19 columns
// and rows, and its numbers are below 2^19.
var scales = []float64{1, 2, 3, 4, 5, 6, 8, 12, 24, 60, 120, 840, 1 << 12, 1 << 16, 1 << 20, 1 << 25}

// whole turns guessed multipliers into whole ones that prove, small ones where
// there are any.
func (p *program) whole(b *bounds, rows []int, guess []float64) (*certificate, bool) {
	top := 0.0
	for _, v := range guess {
		top = max(top, math.Abs(v))
	}
	if top == 0 {
		return nil, false
	}
	y := make([]term, len(rows))
	for _, scale := range scales {
		for i, v := range guess {
			y[i] = term{rows[i], int64(math.Round(v / top * scale))}
		}
		if c, ok := p.certify(b, y); ok {
			return c, true
		}
	}
	return nil, false
}

// settle computes the certificate's sums for bounds.
func (c *certificate) settle(b *bounds) {
	c.least, c.most = 0, 0
	for j, by := range c.cost {
		c.least += min(by*b.lower[j], by*b.upper[j])
	}
	for _, t := range c.terms {
		if t.by > 0 {
			c.most += t.by * b.most[t.row]
		} else {
			c.most += t.by * b.least[t.row]
		}
	}
}
