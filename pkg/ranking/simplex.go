package ranking

import "math"

// simplex is a dual simplex method for the relaxation of a program: is there an
// x in fractions? Its variables are moves away from a start within the bounds,
// up and down for each column, and each costs something, so that it looks near
// the start first; with every variable between two bounds any basis is dual
// feasible, and none is ever lost when bounds change.
//
// Floating point only guides: what is found is checked in whole numbers
// (program.holds, program.certify). So that all machines are guided alike,
// products are rounded before they are added: float64(a*b) + c.
//
// The basis is kept as its kernel: the rows that are at a limit (tight) and as
// many moves that are not (basic). All other rows stand by themselves.
type simplex struct {
	p     *program
	b     bounds // as the search has tightened them
	start []int64
	cost  []float64 // by move
	*effort

	high    []bool    // by move: at its upper bound, where not basic
	at      []int64   // by move: its value, where not basic
	where   []int     // by move: its place among basic; -1
	basic   []int     // moves
	tight   []int     // rows
	place   []int     // by row: its place among tight; -1
	rowHigh []bool    // by row: at its most, where tight
	inverse []float64 // of tight × basic: by basic, then by tight, each of stride numbers
	stride  int
	fixed   []int64   // by row: its sum without the basic moves
	value   []float64 // by basic
	sum     []float64 // by row
	stale   bool      // value and sum are to be computed anew
	weight  []float64 // by basic: of the Devex rule, how far a step there reaches
	heavy   []float64 // by row: the same of rows that are not tight
	price   []float64 // by row; 0 where not tight
	priced  []float64 // by column: Σ price × entry

	// of one step
	multiplier []float64 // by row
	used       []int     // rows with one
	slope      []float64 // by column: Σ multiplier × entry
	touched    []int     // columns with one
	seen       []bool    // by column
	open       [][]entry // by row: its columns that are not fixed
	choices    []choice
	passed     []choice
	along      []float64 // by basic: how it falls by one more of what enters
	rising     []float64 // by row: how it rises by that
	reached    []int     // rows that do
	met        []bool    // by row: whether among them
	since      int       // steps since the inverse was made anew
	off        float64   // how far off is what no step brings within its bounds
}

// rise and fall are a column's moves.
func rise(column int) int { return 2 * column }
func fall(column int) int { return 2*column + 1 }

func sign(move int) int64 { return 1 - 2*int64(move&1) }

func newSimplex(p *program, cost []float64, e *effort) *simplex {
	n, m := len(p.lower), len(p.least)
	return &simplex{
		p: p, cost: cost, effort: e,
		high: make([]bool, 2*n), at: make([]int64, 2*n), where: make([]int, 2*n),
		place: make([]int, m), rowHigh: make([]bool, m), fixed: make([]int64, m), sum: make([]float64, m),
		heavy: make([]float64, m), rising: make([]float64, m), met: make([]bool, m),
		price: make([]float64, m), priced: make([]float64, n),
		multiplier: make([]float64, m), slope: make([]float64, n), open: make([][]entry, m), seen: make([]bool, n),
	}
}

// begin sets the simplex to a start, whose rows' sums are given, under bounds.
func (s *simplex) begin(start, sums []int64, b bounds) {
	s.start, s.b = start, b
	s.basic, s.tight, s.since, s.stale = s.basic[:0], s.tight[:0], 0, true
	s.value, s.weight = s.value[:0], s.weight[:0]
	for i := range s.heavy {
		s.heavy[i] = 1
	}
	copy(s.fixed, sums)
	clear(s.price)
	clear(s.priced)
	for i := range s.place {
		s.place[i] = -1
	}
	for v := range s.where {
		s.where[v], s.at[v], s.high[v] = -1, 0, false
	}
	for i, entries := range s.p.byRow {
		s.open[i] = s.open[i][:0]
		for _, e := range entries {
			if b.lower[e.at] < b.upper[e.at] {
				s.open[i] = append(s.open[i], e)
			}
		}
		s.Work += int64(len(entries))
	}
	for j := range start {
		if start[j] < b.lower[j] || start[j] > b.upper[j] {
			s.moved(j)
		}
	}
	s.Work += int64(len(s.where) + len(s.place))
}

// box is a move's bounds.
func (s *simplex) box(move int) (low, high int64) {
	j := move / 2
	low, high = s.b.lower[j]-s.start[j], s.b.upper[j]-s.start[j]
	if move&1 == 1 {
		low, high = -high, -low
	}
	if high <= 0 {
		return 0, 0
	}
	return max(low, 0), high
}

// due is a move's reduced cost.
func (s *simplex) due(move int) float64 {
	if move&1 == 1 {
		return s.cost[move] + s.priced[move/2]
	}
	return s.cost[move] - s.priced[move/2]
}

// moved puts a column's moves to their bounds, when these have changed.
func (s *simplex) moved(column int) {
	for _, v := range [2]int{rise(column), fall(column)} {
		if s.where[v] >= 0 {
			continue
		}
		low, high := s.box(v)
		s.high[v] = s.due(v) < 0 && high > low
		if s.high[v] {
			s.set(v, high)
		} else {
			s.set(v, low)
		}
	}
}

// set gives a move that is not basic its value.
func (s *simplex) set(move int, value int64) {
	by := (value - s.at[move]) * sign(move)
	s.at[move] = value
	if by != 0 {
		s.stale = true
		for _, e := range s.p.byColumn[move/2] {
			s.fixed[e.at] += e.by * by
		}
	}
}

// limited puts a tight row to its limit, when this has changed.
func (s *simplex) limited(row int) {
	if s.place[row] >= 0 {
		s.rowHigh[row] = s.price[row] < 0
		s.stale = true
	}
}

func (s *simplex) target(row int) int64 {
	if s.rowHigh[row] {
		return s.b.most[row]
	}
	return s.b.least[row]
}

// solve computes the basic moves and all rows' sums.
func (s *simplex) solve() {
	s.stale = false
	t := len(s.basic)
	s.value = append(s.value[:0], make([]float64, t)...)
	for p, row := range s.tight {
		rest := float64(s.target(row) - s.fixed[row])
		if rest == 0 {
			continue
		}
		for k := range t {
			s.value[k] += float64(s.inverse[k*s.stride+p] * rest)
		}
	}
	for i, n := range s.fixed {
		s.sum[i] = float64(n)
	}
	for k, v := range s.basic {
		for _, e := range s.p.byColumn[v/2] {
			s.sum[e.at] += float64(float64(e.by*sign(v)) * s.value[k])
		}
	}
	for _, row := range s.tight {
		s.sum[row] = float64(s.target(row))
	}
	s.Work += int64(t*t + len(s.fixed) + 8*t)
}

const (
	tolerance = 1e-7 // what counts as within a bound
	smallest  = 1e-6 // what counts as a slope
)

// worst finds the variable that is furthest off its bounds, by the Devex rule:
// a place among the basic moves, or a row.
func (s *simplex) worst() (place, row int, off float64) {
	place, row = -1, -1
	most := 0.0
	for k, v := range s.basic {
		low, high := s.box(v)
		if d := outside(s.value[k], low, high); d != 0 && d*d > most*s.weight[k] {
			place, off, most = k, d, d*d/s.weight[k]
		}
	}
	for i, v := range s.sum {
		if s.place[i] >= 0 {
			continue
		}
		if d := outside(v, s.b.least[i], s.b.most[i]); d != 0 && d*d > most*s.heavy[i] {
			place, row, off, most = -1, i, d, d*d/s.heavy[i]
		}
	}
	s.Work += int64(len(s.sum))
	return place, row, off
}

// outside is how far a value is off its bounds: below them positive.
func outside(v float64, low, high int64) float64 {
	if d := float64(low) - v; d > tolerance {
		return d
	}
	if d := v - float64(high); d > tolerance {
		return -d
	}
	return 0
}

// state is how a run of the simplex ends.
type state int

const (
	optimal state = iota
	empty         // no x keeps the bounds: the multipliers say why
	stuck         // numbers too rough to tell, or no work left
)

// maxSteps bounds a run; one that needs more turns in a circle.
const maxSteps = 20_000

// run looks for an x in fractions within the bounds.
func (s *simplex) run() state {
	for range maxSteps {
		if s.stale {
			s.solve()
		}
		place, row, off := s.worst()
		if off == 0 && s.since > 0 {
			s.solve() // without what steps have added up
			place, row, off = s.worst()
		}
		if off == 0 {
			return optimal
		}
		if s.spent() {
			return stuck
		}
		s.combine(place, row)
		if !s.enter(place, row, off) {
			s.off = off
			return empty
		}
	}
	return stuck
}

// combine computes the multipliers with which the tight rows, and the row
// itself, express the variable that leaves by those that are not basic, and
// the slopes, which are its change by each column.
func (s *simplex) combine(place, row int) {
	for _, i := range s.used {
		s.multiplier[i] = 0
	}
	for _, j := range s.touched {
		s.slope[j], s.seen[j] = 0, false
	}
	s.used, s.touched = s.used[:0], s.touched[:0]
	t := len(s.tight)
	if place >= 0 {
		for p, i := range s.tight {
			s.multiplier[i] = -s.inverse[place*s.stride+p]
		}
	} else {
		s.multiplier[row] = 1
		s.used = append(s.used, row)
		for k, v := range s.basic {
			if by := s.coefficient(row, v); by != 0 {
				for p, i := range s.tight {
					s.multiplier[i] -= float64(by * s.inverse[k*s.stride+p])
				}
			}
		}
	}
	for _, i := range s.tight {
		if math.Abs(s.multiplier[i]) < 1e-11 {
			s.multiplier[i] = 0
			continue
		}
		s.used = append(s.used, i)
	}
	for _, i := range s.used {
		y := s.multiplier[i]
		for _, e := range s.open[i] {
			if !s.seen[e.at] {
				s.seen[e.at] = true
				s.touched = append(s.touched, e.at)
			}
			s.slope[e.at] += float64(y * float64(e.by))
		}
		s.Work += int64(len(s.open[i]))
	}
	s.Work += int64(t * 10)
}

func (s *simplex) coefficient(row, move int) float64 {
	for _, e := range s.p.byColumn[move/2] {
		if e.at == row {
			return float64(e.by * sign(move))
		}
	}
	return 0
}
