package ranking

import "math"

// choice is a variable that may enter the basis: a move, or a tight row.
type choice struct {
	ratio float64
	slope float64
	width float64
	move  int // -1: a row
	row   int
}

// enter chooses what enters the basis for what leaves, turns over the moves
// and rows that are passed on the way, and changes the basis. False: even all
// turned over do not bring what leaves within its bounds.
func (s *simplex) enter(place, row int, off float64) bool {
	direction := 1.0
	if off < 0 {
		direction = -1
	}
	s.choices = s.choices[:0]
	for _, j := range s.touched {
		g := s.slope[j]
		if math.Abs(g) < smallest {
			continue
		}
		s.offer(rise(j), g, direction)
		s.offer(fall(j), -g, direction)
	}
	for _, i := range s.tight {
		g := -s.multiplier[i]
		if width := s.b.most[i] - s.b.least[i]; width > 0 && math.Abs(g) >= smallest && (direction*g > 0) != s.rowHigh[i] {
			s.choices = append(s.choices, choice{ratio(s.price[i], g, s.rowHigh[i]), g, float64(width), -1, i})
		}
	}
	s.Work += int64(len(s.touched) + len(s.tight))
	s.heap()
	s.passed = s.passed[:0]
	var chosen choice
	for rest := math.Abs(off); rest > tolerance; {
		if len(s.choices) == 0 {
			return false
		}
		if chosen.slope != 0 {
			s.passed = append(s.passed, chosen)
		}
		chosen = s.pop()
		rest -= float64(math.Abs(chosen.slope) * chosen.width)
	}
	s.follow(place, row, chosen)
	if chosen.move >= 0 && s.since > 0 && s.rough(place, row, chosen) {
		s.renew()
		return true
	}
	for _, c := range s.passed {
		s.turn(c)
	}
	if s.stale {
		s.solve()
	}
	s.pivot(place, row, off < 0, chosen)
	return true
}

// rough tells whether a slope, computed the other way round, is another: the
// inverse has lost too much by rounding.
func (s *simplex) rough(place, row int, c choice) bool {
	var other float64
	if place >= 0 {
		other = -s.along[place]
	} else {
		other = s.rising[row]
	}
	return math.Abs(other-c.slope) > tolerance*(1+math.Abs(c.slope))
}

func ratio(due, slope float64, high bool) float64 {
	if high {
		due = -due
	}
	return max(due, 0) / math.Abs(slope)
}

// offer lists a move among the choices, if it can help.
func (s *simplex) offer(move int, slope, direction float64) {
	if s.where[move] >= 0 || (direction*slope > 0) == s.high[move] {
		return
	}
	if low, high := s.box(move); high > low {
		s.choices = append(s.choices, choice{ratio(s.due(move), slope, s.high[move]), slope, float64(high - low), move, -1})
	}
}

// turn puts a variable to its other bound.
func (s *simplex) turn(c choice) {
	if c.move < 0 {
		s.rowHigh[c.row] = !s.rowHigh[c.row]
		s.stale = true
		return
	}
	low, high := s.box(c.move)
	if s.high[c.move] = !s.high[c.move]; s.high[c.move] {
		s.set(c.move, high)
	} else {
		s.set(c.move, low)
	}
}

func (a choice) before(b choice) bool {
	switch {
	case a.ratio != b.ratio:
		return a.ratio < b.ratio
	case a.move != b.move:
		return a.move < b.move
	}
	return a.row < b.row
}

func (s *simplex) heap() {
	for i := len(s.choices)/2 - 1; i >= 0; i-- {
		s.sift(i)
	}
}

func (s *simplex) sift(i int) {
	for {
		least := i
		for _, child := range [2]int{2*i + 1, 2*i + 2} {
			if child < len(s.choices) && s.choices[child].before(s.choices[least]) {
				least = child
			}
		}
		if least == i {
			return
		}
		s.choices[i], s.choices[least] = s.choices[least], s.choices[i]
		i = least
	}
}

func (s *simplex) pop() choice {
	c, last := s.choices[0], len(s.choices)-1
	s.choices[0] = s.choices[last]
	s.choices = s.choices[:last]
	s.sift(0)
	return c
}
