package ranking

import (
	"cmp"
	"maps"
	"math"
	"slices"
)

// answer of a search.
type answer int

const (
	possible answer = iota
	impossible
	undecided
)

// hunt looks for an x in whole numbers: the relaxation, then branch and bound.
type hunt struct {
	p         *program
	lp        *simplex
	b         bounds
	decisions []decision
	found     []int64
	nodes     int // that may still be looked at
}

// decision is a bound tightened on the way down: a column's, or a row's limit.
type decision struct {
	column, row int // one of them -1
	high        bool
	old, now    int64
}

// tree proves that there is no x: a certificate, or two trees that each have
// one more bound: at most `at`, and more than that.
type tree struct {
	leaf        *certificate
	column, row int
	at          int64
	low, high   *tree
}

// rows gives the rows that a proof rests on, each with the sign of its
// multipliers, in order.
func (t *tree) rows() []term {
	signs := make(map[term]bool)
	t.collect(signs)
	out := slices.Collect(maps.Keys(signs))
	slices.SortFunc(out, func(a, b term) int { return cmp.Or(cmp.Compare(a.row, b.row), cmp.Compare(a.by, b.by)) })
	return out
}

func (t *tree) collect(signs map[term]bool) {
	if t.leaf == nil {
		t.low.collect(signs)
		t.high.collect(signs)
		return
	}
	for _, m := range t.leaf.terms {
		signs[term{m.row, max(-1, min(m.by, 1))}] = true
	}
}

// levels is the set of decisions that a proof rests on.
type levels map[int]bool

// within searches at most so many nodes.
func (h *hunt) within(nodes int) (answer, *tree, levels) {
	h.nodes = nodes
	return h.search()
}

// search looks below the decisions taken. An impossible one comes with its
// proof, and the decisions that it rests on.
func (h *hunt) search() (answer, *tree, levels) {
	if h.nodes--; h.nodes < 0 {
		return undecided, nil, nil
	}
	switch h.lp.run() {
	case empty:
		if t, on := h.proof(h.lp.certificate()); t != nil {
			return impossible, t, on
		}
	case optimal:
		if column, value, ok := h.fraction(); ok {
			return h.branch(column, int64(math.Floor(value)), true)
		}
		if x := h.lp.rounded(); h.p.holds(&h.b, x) {
			h.found = x
			return possible, nil, nil
		}
	case stuck:
		if h.lp.spent() {
			return undecided, nil, nil
		}
	}
	// Floating point does not get further: any column is as good.
	for j := range h.b.lower {
		if h.b.lower[j] < h.b.upper[j] {
			return h.branch(j, h.b.lower[j], false)
		}
	}
	if h.p.holds(&h.b, h.b.lower) {
		h.found = append([]int64(nil), h.b.lower...)
		return possible, nil, nil
	}
	for j := range h.b.lower {
		if h.b.lower[j] > h.b.upper[j] {
			t, on := h.proof(h.p.certify(&h.b, nil))
			return impossible, t, on
		}
	}
	for i, sum := range h.p.activity(h.b.lower) {
		by := int64(0)
		if sum < h.b.least[i] {
			by = -1
		} else if sum > h.b.most[i] {
			by = 1
		}
		if by != 0 {
			t, on := h.proof(h.p.certify(&h.b, []term{{i, by}}))
			return impossible, t, on
		}
	}
	return undecided, nil, nil // not reached: what does not hold breaks a row
}

// fraction finds the column that is furthest from whole; not ok: all are whole.
func (h *hunt) fraction() (column int, value float64, ok bool) {
	best := 0.0
	for _, v := range h.lp.basic {
		x := h.lp.x(v / 2)
		if math.Abs(x-math.Round(x)) <= 1e-6 {
			continue
		}
		if part := 0.5 - math.Abs(x-math.Floor(x)-0.5); part > best {
			column, value, best = v/2, x, part
		}
	}
	return column, value, best > 0
}

// branch looks at both sides of a column: more than at, and at most that.
func (h *hunt) branch(column int, at int64, highFirst bool) (answer, *tree, levels) {
	t := &tree{column: column, row: -1, at: at}
	all := levels{}
	for _, high := range [2]bool{highFirst, !highFirst} {
		level := len(h.decisions)
		d := decision{column: column, row: -1, high: high, old: h.b.upper[column], now: at}
		if high {
			d.old, d.now = h.b.lower[column], at+1
		}
		h.decide(d)
		a, proof, on := h.search()
		h.undo()
		if a != impossible || !on[level] {
			return a, proof, on
		}
		for l := range on {
			if l != level {
				all[l] = true
			}
		}
		if high {
			t.high = proof
		} else {
			t.low = proof
		}
	}
	return impossible, t, all
}

func (h *hunt) decide(d decision) {
	h.decisions = append(h.decisions, d)
	h.bound(d, d.now)
}

func (h *hunt) undo() {
	last := len(h.decisions) - 1
	h.bound(h.decisions[last], h.decisions[last].old)
	h.decisions = h.decisions[:last]
}

func (h *hunt) bound(d decision, to int64) {
	switch {
	case d.column >= 0 && d.high:
		h.b.lower[d.column] = to
	case d.column >= 0:
		h.b.upper[d.column] = to
	case d.high:
		h.b.least[d.row] = to
	default:
		h.b.most[d.row] = to
	}
	if d.column >= 0 {
		h.lp.moved(d.column)
	} else {
		h.lp.limited(d.row)
	}
}

// proof is a leaf of the tree, and the decisions that it rests on: as few of
// the last ones as may be.
func (h *hunt) proof(c *certificate, ok bool) (*tree, levels) {
	if !ok {
		return nil, nil
	}
	spare := c.least - c.most - 1
	on := levels{}
	for l := len(h.decisions) - 1; l >= 0; l-- {
		d := h.decisions[l]
		loss := int64(0)
		if d.column >= 0 {
			if by := c.cost[d.column]; (by > 0) == d.high {
				loss = by * (d.now - d.old)
			}
		} else {
			for _, t := range c.terms {
				if t.row == d.row && (t.by < 0) == d.high {
					loss = t.by * (d.old - d.now)
				}
			}
		}
		if loss > spare {
			on[l] = true
		} else {
			spare -= loss
		}
	}
	if len(h.decisions) > 0 {
		c.cost = nil // a part of a tree is used once; it may be one of many
	}
	return &tree{leaf: c, column: -1, row: -1}, on
}

// x is a column's value.
func (s *simplex) x(column int) float64 {
	v := float64(s.start[column])
	for _, move := range [2]int{rise(column), fall(column)} {
		if k := s.where[move]; k >= 0 {
			v += float64(float64(sign(move)) * s.value[k])
		} else {
			v += float64(sign(move) * s.at[move])
		}
	}
	return v
}

// rounded gives the nearest whole x.
func (s *simplex) rounded() []int64 {
	x := make([]int64, len(s.start))
	for j := range x {
		x[j] = int64(math.Round(s.x(j)))
	}
	return x
}

// certificate makes one of the multipliers with which a run has ended empty.
func (s *simplex) certificate() (*certificate, bool) {
	guess := make([]float64, len(s.used))
	for k, i := range s.used {
		guess[k] = -s.off * s.multiplier[i]
	}
	return s.p.whole(&s.b, s.used, guess)
}
