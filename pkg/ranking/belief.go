package ranking

import (
	"math"
	"slices"
)

// beliefs guess how likely each column has one more, by messages between rows
// and columns. A row tells each of its columns by how much one more of it is more
// likely than not, if the other columns are as likely as they seem; a column
// tells each row what the other rows make of it. What seems likely is believed a
// little more in each round, until all is said to be so or not so: where most
// rows are used up to the last, that is near a filling, more often than what the
// relaxation rounds to.
//
// The method is belief propagation with reinforcement: Braunstein and Zecchina,
// Learning by message passing in networks of discrete synapses, 2006.
type beliefs struct {
	p       *program
	b       *bounds
	columns []column
	rows    []row
	heard   []float64 // by message: the odds that a row gives a column
	work    *int64

	forward, backward []float64 // of one row
}

// column is one that is not fixed.
type column struct {
	at     int     // in the program
	copies int     // how many more there may be
	owned  float64 // the odds that it is believed to have by itself
	odds   float64 // with those that its rows give
}

// row is one whose limits may bind.
type row struct {
	columns     []int
	first       int // of its messages
	copies      int // of its columns
	least, most int
	loose       bool    // too long to be counted out: one odds for all
	odds        float64 // these
}

const (
	// countedOut is how many sums a row may have that are looked at one by one.
	countedOut = 2048
	// farthest keeps odds within numbers.
	farthest = 1e12
	// keep is how much of a message stays as it was.
	keep = 0.3
	// guessed is after how many rounds a guess is made; one that has been made
	// settled times more is the last.
	guessed, settled = 8, 6
)

func (s *seating) newBeliefs(b *bounds) *beliefs {
	k := &beliefs{p: s.m.program, b: b, work: &s.Work}
	place := make([]int, len(b.lower))
	for j := range b.lower {
		if place[j] = -1; b.upper[j] > b.lower[j] {
			place[j] = len(k.columns)
			k.columns = append(k.columns, column{at: j, copies: int(b.upper[j] - b.lower[j]), owned: 1, odds: 1})
		}
	}
	sums, floors := k.p.activity(b.lower), s.m.implied(b)
	for i, entries := range k.p.byRow {
		r := row{first: len(k.heard), odds: 1}
		for _, e := range entries {
			if c := place[e.at]; c >= 0 {
				r.columns = append(r.columns, c)
				r.copies += k.columns[c].copies
			}
		}
		r.least, r.most = max(0, int(floors[i]-sums[i])), min(r.copies, int(b.most[i]-sums[i]))
		if r.least == 0 && r.most == r.copies || r.most < 0 {
			continue
		}
		r.loose = r.copies*min(r.most+1, r.copies) > countedOut
		for range r.columns {
			k.heard = append(k.heard, 1)
		}
		k.rows = append(k.rows, r)
	}
	s.Work += int64(len(place) + 4*len(k.heard))
	return k
}

// implied gives the rows' least, where the seats leave them no choice: what the
// other values of an attribute cannot take has to be of this one.
func (m *model) implied(b *bounds) []int64 {
	least := slices.Clone(b.least)
	top := make([]int64, len(least)) // what the row may come to
	for i, entries := range m.byRow {
		for _, e := range entries {
			top[i] += e.by * b.upper[e.at]
		}
	}
	for i := 0; i < len(m.qs.counters); {
		k := m.qs.counters[i]
		past := i + 1
		for past < len(m.qs.counters) && m.qs.counters[past].quota == k.quota {
			past++
		}
		// All that the seats ask for but what may come from elsewhere.
		rest := int64(0)
		for g, awards := range m.groups {
			if k.award == allAwards || slices.Contains(awards, k.award) {
				rest += b.least[g] - top[g]
			}
		}
		for row := m.first + i; row < m.first+past; row++ {
			rest += top[row] - min(top[row], b.most[row])
		}
		for row := m.first + i; row < m.first+past; row++ {
			least[row] = max(least[row], rest+min(top[row], b.most[row]))
		}
		i = past
	}
	return least
}

// believe guesses until all is certain; the lower the rate the more slowly, and
// the more often rightly.
func (s *seating) believe(b *bounds, rate float64) ([]int64, bool) {
	s.walks++
	k := s.newBeliefs(b)
	for i := range k.columns {
		k.columns[i].owned = 0.5 + noise(int(s.walks)*len(b.lower)+i)
		k.columns[i].odds = k.columns[i].owned
	}
	doubt := 1.0
	var last []int64
	same := 0 // how often the last guess has been made
	for n := range int(5 / rate) {
		for i := range k.rows {
			k.tell(&k.rows[i])
		}
		doubt *= 1 - rate
		k.gather(1 - doubt)
		if s.spent() {
			break
		}
		if n%guessed > 0 {
			continue
		}
		x := k.guess()
		s.Work += int64(len(k.heard))
		if k.p.holds(b, x) {
			return x, true
		}
		if same++; !slices.Equal(x, last) {
			same = 0
		}
		if last = x; same == settled && doubt < 0.3 {
			break
		}
	}
	return k.guess(), false
}

func likely(odds float64) float64 { return odds / (1 + odds) }

func within(odds float64) float64 {
	if odds > 1/farthest {
		return min(odds, farthest)
	}
	return 1 / farthest // also what is not a number
}

// tell computes what a row tells its columns.
func (k *beliefs) tell(r *row) {
	if r.loose {
		k.tellAll(r)
		return
	}
	width, n := r.most+1, 0
	size := (r.copies + 1) * width
	if len(k.forward) < size {
		k.forward, k.backward = make([]float64, size), make([]float64, size)
	}
	k.chance(r, k.forward, width, false)
	k.chance(r, k.backward, width, true)
	for m, c := range r.columns {
		f, b := k.forward[n*width:(n+1)*width], k.backward[(r.copies-1-n)*width:(r.copies-n)*width]
		with, without := 0.0, 0.0
		for s, v := range f {
			if v == 0 {
				continue
			}
			for o := max(0, r.least-1-s); o < width-s; o++ {
				v := float64(v * b[o])
				if s+o >= r.least {
					without += v
				}
				if s+o < r.most {
					with += v
				}
			}
		}
		now := within(with / without)
		old := &k.heard[r.first+m]
		// The mean of what is likely, not of the odds.
		p := float64(keep*likely(*old)) + float64((1-keep)*likely(now))
		*old = within(p / (1 - p))
		n += k.columns[c].copies
	}
	*k.work += int64(3 * size)
}

// chance computes, for the first so many copies of a row, how likely they come to
// which sum.
func (k *beliefs) chance(r *row, out []float64, width int, back bool) {
	line := out[:width]
	clear(line)
	line[0] = 1
	n := 0
	for m := range r.columns {
		at := m
		if back {
			at = len(r.columns) - 1 - m
		}
		c := k.columns[r.columns[at]]
		p := likely(within(c.odds / k.heard[r.first+at]))
		for range c.copies {
			next := out[(n+1)*width : (n+2)*width]
			next[0] = float64(line[0] * (1 - p))
			for s := 1; s < width; s++ {
				next[s] = float64(line[s]*(1-p)) + float64(line[s-1]*p)
			}
			line = next
			n++
		}
	}
}

// tellAll moves the odds that a long row gives all its columns towards where their
// sum is within its limits.
func (k *beliefs) tellAll(r *row) {
	sum, n := 0.5, float64(r.copies)+1
	for _, c := range r.columns {
		sum += float64(float64(k.columns[c].copies) * likely(k.columns[c].odds))
	}
	to := max(float64(r.least)+0.5, min(sum, float64(r.most)+0.5))
	if to == sum { // towards none
		switch {
		case r.odds < 1:
			to = float64(r.most) + 0.5
		case r.odds > 1:
			to = float64(r.least) + 0.5
		}
	}
	old := r.odds
	r.odds = within(old * math.Sqrt(to/(n-to)*((n-sum)/sum)))
	if r.least == 0 {
		r.odds = min(r.odds, 1)
	}
	if r.most == r.copies {
		r.odds = max(r.odds, 1)
	}
	for m := range r.columns {
		k.heard[r.first+m] = r.odds
	}
	*k.work += int64(2 * len(r.columns))
}

// gather computes the columns' odds, and lets them be believed: the more so the
// nearer certainty is to 1.
func (k *beliefs) gather(certainty float64) {
	for i := range k.columns {
		k.columns[i].owned = rooted(k.columns[i].odds, certainty)
		k.columns[i].odds = k.columns[i].owned
	}
	for _, r := range k.rows {
		for m, c := range r.columns {
			k.columns[c].odds = within(k.columns[c].odds * k.heard[r.first+m])
		}
	}
	*k.work += int64(10*len(k.columns) + len(k.heard))
}

// rooted is x to the exponent, which is below 1; by roots, which all machines
// compute alike.
func rooted(x, exponent float64) float64 {
	out := 1.0
	for range 10 {
		x, exponent = math.Sqrt(x), 2*exponent
		if exponent >= 1 {
			out, exponent = out*x, exponent-1
		}
	}
	return out
}

func (k *beliefs) guess() []int64 {
	x := make([]int64, len(k.b.lower))
	copy(x, k.b.lower)
	for _, c := range k.columns {
		x[c.at] += int64(math.Round(float64(float64(c.copies) * likely(c.odds))))
	}
	return x
}
