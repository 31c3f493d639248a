package ranking

// swap is a change of one column, or of two.
type swap struct {
	column, other int // other: -1 for none
	by, back      int64
	score         int64
	alike         int // how many had the same score
}

// firstsCompared is how many columns of the row that is off are tried as the
// first of two; maxShared is the longest row in which a second one is looked for.
const firstsCompared, maxShared = 12, 400

// exchange changes a column of a row that is off, and with it, the other way, one
// that shares another row: that row stays as it is. With every cap full no single
// change helps, but a shortage wanders from value to value by such exchanges
// until it meets a surplus. Of equally good ones chance takes one.
func (j *jump) exchange(step int) {
	row, way := j.want()
	entries := j.p.byRow[row]
	best := swap{column: -1}
	first, tried := j.chance(len(entries)+1), 0
	for n := range entries {
		e := entries[(first+n)%len(entries)]
		by := way
		if e.by < 0 {
			by = -way
		}
		if !j.may(e.at, by, step, 3) {
			continue
		}
		score := j.score(e.at, by)
		j.prefer(&best, swap{e.at, -1, by, 0, score, 1})
		j.add(e.at, by)
		for _, shared := range j.p.byColumn[e.at] {
			if others := j.p.byRow[shared.at]; shared.at != row && len(others) <= maxShared {
				j.second(&best, swap{e.at, -1, by, 0, score, 1}, shared.by*by, others, step)
			}
		}
		j.add(e.at, -by)
		if tried++; tried == firstsCompared {
			break
		}
	}
	*j.work += int64(len(entries)/4 + 24*tried)
	j.weigh(best.column >= 0 && best.score < 0)
	if best.column >= 0 {
		j.change(best.column, best.by, step)
	}
	if best.column >= 0 && best.other >= 0 {
		j.change(best.other, best.back, step)
	}
}

// second looks for a column that takes back what the first adds to a row.
func (j *jump) second(best *swap, s swap, added int64, others []entry, step int) {
	first := s.score
	for _, o := range others {
		if s.back = -added * o.by; o.at == s.column || !j.may(o.at, s.back, step, 3) {
			continue
		}
		s.other, s.score = o.at, first+j.score(o.at, s.back)
		j.prefer(best, s)
		*j.work += 24
	}
	*j.work += int64(len(others))
}

func (j *jump) prefer(best *swap, s swap) {
	switch {
	case best.column < 0 || s.score < best.score:
		*best = s
	case s.score == best.score:
		s.alike = best.alike + 1
		if j.chance(s.alike) > 0 {
			s = *best
			s.alike = best.alike + 1
		}
		*best = s
	}
}
