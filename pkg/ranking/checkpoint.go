package ranking

import "slices"

// Checkpoint is what a search about quotas has found out so far, as JSON. A
// search that is given one does not look again for what is in it, and goes on
// where the earlier one ended. It may come from anywhere: a filling is summed
// again and a proof added up again before either is believed.
type Checkpoint struct {
	// Work is how much had been done.
	Work    int64    `json:"work"`
	Answers []passed `json:"answers"`
	// Round is where the search was at a question that is not answered yet.
	Round *passed `json:"round,omitempty"`
}

// Empty tells whether nothing has been found that is worth keeping.
func (c *Checkpoint) Empty() bool { return len(c.Answers) == 0 && c.Round == nil }

// passed is a question that took long, or a round of one: what was found, and
// where the search stood after it.
type passed struct {
	Question int        `json:"question"` // its place among all that were asked
	Filling  [][2]int64 `json:"filling,omitempty"`
	Proof    *kept      `json:"proof,omitempty"`
	Nodes    int        `json:"nodes,omitempty"` // of the round that comes next
	Rate     float64    `json:"rate,omitempty"`  // and how fast it is to believe
	Work     int64      `json:"work"`
	Walks    uint64     `json:"walks"`
	Walk     int64      `json:"walk"`
}

// kept is a tree as a checkpoint has it.
type kept struct {
	Terms  [][2]int64 `json:"terms,omitempty"` // rows, and how often
	Column int        `json:"column,omitempty"`
	At     int64      `json:"at,omitempty"`
	Low    *kept      `json:"low,omitempty"`
	High   *kept      `json:"high,omitempty"`
}

// worthKeeping is from how much work on an answer is kept.
const worthKeeping = 100_000

// find looks for a complete filling within the bounds, from a start; an
// impossible one comes with its proof. What a checkpoint has is not looked for.
func (s *seating) find(b bounds, start []int64) (answer, []int64, *tree) {
	question, before := s.asked, s.Work
	s.asked++
	if s.kept == nil {
		return s.search(b, start, nil)
	}
	if a, x, t, ok := s.again(&b, question); ok {
		return a, x, t
	}
	var from *passed
	if r := s.kept.Round; r != nil && r.Question == question && r.Nodes > 0 {
		from = r
	}
	a, x, t := s.search(b, start, from)
	s.kept.Work = s.Work
	if a != undecided {
		s.kept.Round = nil
		if s.Work-before > worthKeeping {
			p := s.passed(question, x)
			if a == impossible {
				p.Proof = t.kept()
			}
			s.kept.Answers = append(s.kept.Answers, *p)
		}
	}
	return a, x, t
}

// passed notes where the search stands.
func (s *seating) passed(question int, x []int64) *passed {
	p := &passed{Question: question, Work: s.Work, Walks: s.walks, Walk: s.walk}
	for j, v := range x {
		if v != 0 {
			p.Filling = append(p.Filling, [2]int64{int64(j), v})
		}
	}
	return p
}

// resume sets the search to where it stood, and gives the filling noted.
func (s *seating) resume(p *passed) ([]int64, bool) {
	x := make([]int64, len(s.m.lower))
	for _, v := range p.Filling {
		if v[0] < 0 || v[0] >= int64(len(x)) {
			return nil, false
		}
		x[v[0]] = v[1]
	}
	s.Work, s.walks, s.walk = max(s.Work, p.Work), p.Walks, p.Walk
	return x, true
}

// again gives the answer that the checkpoint has, if it holds.
func (s *seating) again(b *bounds, question int) (answer, []int64, *tree, bool) {
	i, found := slices.BinarySearchFunc(s.kept.Answers, question, func(p passed, q int) int { return p.Question - q })
	if !found {
		return undecided, nil, nil, false
	}
	p := &s.kept.Answers[i]
	if p.Proof != nil {
		if t, ok := s.m.prove(b, p.Proof, true); ok {
			s.resume(p)
			return impossible, nil, t, true
		}
	} else if x, ok := s.resume(p); ok && s.m.holds(b, x) {
		return possible, x, nil, true
	}
	s.kept.Answers = s.kept.Answers[:i] // it is of another selection
	s.kept.Round = nil
	return undecided, nil, nil, false
}

func (t *tree) kept() *kept {
	if t.leaf == nil {
		return &kept{Column: t.column, At: t.at, Low: t.low.kept(), High: t.high.kept()}
	}
	k := &kept{Terms: [][2]int64{}}
	for _, term := range t.leaf.terms {
		k.Terms = append(k.Terms, [2]int64{int64(term.row), term.by})
	}
	return k
}

// prove makes a tree of what was kept, and tells whether it proves that nothing
// keeps the bounds.
func (p *program) prove(b *bounds, k *kept, whole bool) (*tree, bool) {
	if k == nil {
		return nil, false
	}
	if k.Low == nil && k.High == nil {
		var terms []term
		seen := make(map[int64]bool)
		for _, t := range k.Terms {
			if t[0] < 0 || t[0] >= int64(len(p.least)) || max(t[1], -t[1]) > farthestTerm || seen[t[0]] {
				return nil, false
			}
			seen[t[0]] = true
			terms = append(terms, term{int(t[0]), t[1]})
		}
		c, ok := p.certify(b, terms)
		if !whole {
			c.cost = nil
		}
		return &tree{leaf: c, column: -1, row: -1}, ok
	}
	if k.Column < 0 || k.Column >= len(p.lower) || k.At < b.lower[k.Column]-1 || k.At > b.upper[k.Column] {
		return nil, false
	}
	lower, upper := b.lower[k.Column], b.upper[k.Column]
	defer func() { b.lower[k.Column], b.upper[k.Column] = lower, upper }()
	b.upper[k.Column] = k.At
	low, ok := p.prove(b, k.Low, false)
	if !ok {
		return nil, false
	}
	b.lower[k.Column], b.upper[k.Column] = k.At+1, upper
	high, ok := p.prove(b, k.High, false)
	return &tree{column: k.Column, row: -1, at: k.At, low: low, high: high}, ok
}

// farthestTerm keeps the sums of a kept proof within 63 bits, as scales does.
const farthestTerm = 1 << 25
