package ranking

import "math"

// follow computes how the basic moves fall, and the rows that are not tight
// rise, by one more of what enters.
func (s *simplex) follow(place, row int, c choice) {
	for _, i := range s.reached {
		s.rising[i], s.met[i] = 0, false
	}
	s.reached = s.reached[:0]
	if c.move >= 0 {
		s.alongside(c.move)
		s.raise(c.move, 1)
	} else {
		s.along = append(s.along[:0], make([]float64, len(s.basic))...)
		p := s.place[c.row]
		for k := range s.along {
			s.along[k] = -s.inverse[k*s.stride+p]
		}
	}
	for k, v := range s.basic {
		if math.Abs(s.along[k]) < 1e-12 {
			s.along[k] = 0
			continue
		}
		s.raise(v, -s.along[k])
	}
	s.Work += int64(8 * len(s.basic))
}

func (s *simplex) raise(move int, by float64) {
	for _, e := range s.p.byColumn[move/2] {
		if s.place[e.at] < 0 {
			if !s.met[e.at] {
				s.met[e.at] = true
				s.reached = append(s.reached, e.at)
			}
			s.rising[e.at] += float64(float64(e.by*sign(move)) * by)
		}
	}
}

// pivot lets the chosen variable enter the basis for the one that leaves: a
// basic move, or a row that becomes tight.
func (s *simplex) pivot(place, row int, high bool, c choice) {
	due, entering := 0.0, 0.0
	if c.move >= 0 {
		due, entering = s.due(c.move), float64(s.at[c.move])
	} else {
		due, entering = s.price[c.row], float64(s.target(c.row))
	}
	step := due / c.slope
	for _, i := range s.used {
		s.price[i] += float64(step * s.multiplier[i])
	}
	for _, j := range s.touched {
		s.priced[j] += float64(step * s.slope[j])
	}
	entering += s.advance(place, row, high, c)
	weight := max(1, s.weigh(place, row, c))
	switch {
	case place >= 0 && c.move >= 0:
		s.exchangeMoves(place, c.move, high)
		s.value[place], s.weight[place] = entering, weight
	case place >= 0:
		s.shrink(place, c.row, high)
		s.sum[c.row], s.heavy[c.row] = entering, weight
	case c.move >= 0:
		s.grow(row, c.move, c.slope)
		s.value, s.weight = append(s.value, entering), append(s.weight, weight)
	default:
		s.exchangeRows(row, c.row)
		s.sum[c.row], s.heavy[c.row] = entering, weight
	}
	if place < 0 {
		s.rowHigh[row] = high
		s.sum[row] = float64(s.target(row))
	}
	s.stale = false // what has changed is in the values
	if s.since++; s.since >= 400 {
		s.renew()
		s.stale = true
	}
}

// advance moves what enters until what leaves is at its bound, everything else
// with it, and gives by how much.
func (s *simplex) advance(place, row int, high bool, c choice) float64 {
	var gap float64
	if place >= 0 {
		low, most := s.box(s.basic[place])
		if high {
			low = most
		}
		gap = float64(low) - s.value[place]
	} else {
		limit := s.b.least[row]
		if high {
			limit = s.b.most[row]
		}
		gap = float64(limit) - s.sum[row]
	}
	by := gap / c.slope
	for k, w := range s.along {
		s.value[k] -= float64(w * by)
	}
	for _, i := range s.reached {
		s.sum[i] += float64(s.rising[i] * by)
	}
	return by
}

// weigh brings the weights of the Devex rule up to date, and gives that of what
// enters.
func (s *simplex) weigh(place, row int, c choice) float64 {
	var own float64
	if place >= 0 {
		own = s.weight[place]
	} else {
		own = s.heavy[row]
	}
	own /= float64(c.slope * c.slope)
	for k, w := range s.along {
		if w != 0 {
			s.weight[k] = max(s.weight[k], float64(float64(w*w)*own))
		}
	}
	for _, i := range s.reached {
		s.heavy[i] = max(s.heavy[i], float64(float64(s.rising[i]*s.rising[i])*own))
	}
	return own
}

// left puts a move that has left the basis to the bound that it was off.
func (s *simplex) left(move int, high bool) {
	s.where[move], s.at[move], s.high[move] = -1, 0, high
	low, most := s.box(move)
	if high {
		low = most
	}
	s.set(move, low)
}

// entered takes a move's value, which is from now on computed, out of the sums.
func (s *simplex) entered(move, place int) {
	s.set(move, 0)
	s.where[move] = place
}

// alongside computes how the basic moves change by one of the move, negated.
func (s *simplex) alongside(move int) {
	t := len(s.basic)
	s.along = append(s.along[:0], make([]float64, t)...)
	for _, e := range s.p.byColumn[move/2] {
		if p := s.place[e.at]; p >= 0 {
			by := float64(e.by * sign(move))
			for k := range t {
				s.along[k] += float64(by * s.inverse[k*s.stride+p])
			}
		}
	}
}

func (s *simplex) line(k int) []float64 {
	return s.inverse[k*s.stride : k*s.stride+len(s.tight)]
}

// exchangeMoves puts a move in the place of a basic one.
func (s *simplex) exchangeMoves(place, move int, high bool) {
	w := s.along
	pivot := w[place]
	own := s.line(place)
	for p := range own {
		own[p] /= pivot
	}
	for k := range s.basic {
		if k == place || w[k] == 0 {
			continue
		}
		other := s.line(k)
		for p, v := range own {
			other[p] -= float64(w[k] * v)
		}
	}
	old := s.basic[place]
	s.basic[place] = move
	s.entered(move, place)
	s.left(old, high)
	s.Work += int64(len(s.basic) * len(s.basic))
}

// exchangeRows makes a row tight instead of another.
func (s *simplex) exchangeRows(row, other int) {
	place := s.place[other]
	t := len(s.tight)
	// The row in terms of the tight rows is its multipliers, negated.
	pivot := -s.multiplier[other]
	for k := range s.basic {
		line := s.line(k)
		v := line[place] / pivot
		line[place] = v
		if v == 0 {
			continue
		}
		for p, i := range s.tight {
			if p != place {
				line[p] += float64(s.multiplier[i] * v)
			}
		}
	}
	s.tight[place] = row
	s.place[row], s.place[other] = place, -1
	s.price[other] = 0
	s.Work += int64(t * t)
}

// grow adds a row and a move to the kernel.
func (s *simplex) grow(row, move int, slope float64) {
	w := s.along
	t := len(s.basic)
	if t+1 > s.stride {
		s.widen(max(16, 2*s.stride))
	}
	for k := range t {
		line := s.inverse[k*s.stride : k*s.stride+t+1]
		f := w[k] / slope
		line[t] = -f
		if f == 0 {
			continue
		}
		for p, i := range s.tight {
			line[p] -= float64(f * s.multiplier[i])
		}
	}
	last := s.inverse[t*s.stride : t*s.stride+t+1]
	for p, i := range s.tight {
		last[p] = s.multiplier[i] / slope
	}
	last[t] = 1 / slope
	s.basic, s.tight = append(s.basic, move), append(s.tight, row)
	s.place[row] = t
	s.entered(move, t)
	s.Work += int64(t * t)
}

func (s *simplex) widen(stride int) {
	inverse := make([]float64, stride*stride)
	for k := range s.basic {
		copy(inverse[k*stride:], s.line(k))
	}
	s.inverse, s.stride = inverse, stride
}

// shrink takes a basic move and a tight row out of the kernel.
func (s *simplex) shrink(place, row int, high bool) {
	gone, last := s.place[row], len(s.basic)-1
	own := s.line(place)
	pivot := own[gone]
	for k := range s.basic {
		line := s.line(k)
		f := line[gone] / pivot
		if k == place || f == 0 {
			continue
		}
		for p, v := range own {
			line[p] -= float64(f * v)
		}
	}
	// The last take the free places.
	for k := range s.basic {
		line := s.line(k)
		line[gone] = line[last]
	}
	copy(s.line(place), s.line(last))
	move := s.basic[place]
	s.basic[place], s.tight[gone] = s.basic[last], s.tight[last]
	s.value[place], s.weight[place] = s.value[last], s.weight[last]
	s.value, s.weight = s.value[:last], s.weight[:last]
	s.where[s.basic[place]], s.place[s.tight[gone]] = place, gone
	s.basic, s.tight = s.basic[:last], s.tight[:last]
	s.place[row], s.price[row] = -1, 0
	s.left(move, high)
	s.Work += int64(last * last)
}

// renew computes the inverse anew by elimination, and the prices from it.
func (s *simplex) renew() {
	s.since = 0
	t := len(s.basic)
	matrix := make([]float64, t*2*t) // by tight: its basic moves, then the unit matrix
	for k, v := range s.basic {
		for _, e := range s.p.byColumn[v/2] {
			if p := s.place[e.at]; p >= 0 {
				matrix[p*2*t+k] = float64(e.by * sign(v))
			}
		}
	}
	for p := range t {
		matrix[p*2*t+t+p] = 1
	}
	line := func(p int) []float64 { return matrix[p*2*t : (p+1)*2*t] }
	for k := range t {
		best := k
		for p := k + 1; p < t; p++ {
			if math.Abs(line(p)[k]) > math.Abs(line(best)[k]) {
				best = p
			}
		}
		if math.Abs(line(best)[k]) < 1e-9 {
			return // as good as singular: what was computed stepwise stays
		}
		if best != k {
			a, b := line(best), line(k)
			for i := range a {
				a[i], b[i] = b[i], a[i]
			}
		}
		own := line(k)
		pivot := own[k]
		for i := range own {
			own[i] /= pivot
		}
		for p := range t {
			if f := line(p)[k]; p != k && f != 0 {
				other := line(p)
				for i := k; i < 2*t; i++ {
					if own[i] != 0 {
						other[i] -= float64(f * own[i])
					}
				}
			}
		}
	}
	for k := range t {
		copy(s.line(k), line(k)[t:])
	}
	s.Work += int64(t * t * t)
	clear(s.price)
	for k, v := range s.basic {
		for p, i := range s.tight {
			s.price[i] += float64(s.cost[v] * s.inverse[k*s.stride+p])
		}
	}
	clear(s.priced)
	for _, i := range s.tight {
		for _, e := range s.open[i] {
			s.priced[e.at] += float64(s.price[i] * float64(e.by))
		}
	}
}
