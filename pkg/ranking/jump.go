package ranking

// jump looks for an x near a start by changing a column or two at a time: always
// for a row that is off its limits, by what helps the rows most. Rows that stay
// off weigh more and more. It finds nothing where there is nothing, and proves
// nothing; where fillings are many it is much faster than branching.
type jump struct {
	p      *program
	b      *bounds
	x      []int64
	sums   []int64
	weight []int64 // by row
	off    []int   // rows off their limits
	place  []int   // by row: its place among these; -1
	last   []int   // by column: the step that changed it last
	seed   uint64
	work   *int64
}

// singly is how many steps change one column each. Where that does not do, caps
// are so full that whoever comes in has to be exchanged for somebody: two
// columns of a row change at once (jump.exchange).
const singly = 200

// choicesCompared is how many columns of a row are looked at in one step.
const choicesCompared = 48

// jump walks for so much work, or singly.
func (s *seating) jump(b *bounds, start []int64, work int64) ([]int64, bool) {
	s.walks++
	j := &jump{
		p: s.m.program, b: b, x: make([]int64, len(start)), weight: make([]int64, len(s.m.least)),
		place: make([]int, len(s.m.least)), last: make([]int, len(start)), seed: s.walks, work: &s.Work,
	}
	for c, v := range start {
		j.x[c] = max(b.lower[c], min(v, b.upper[c]))
		j.last[c] = -1 << 20
	}
	j.sums = j.p.activity(j.x)
	for i := range j.weight {
		j.weight[i], j.place[i] = 1, -1
		j.note(i)
	}
	s.Work += int64(len(start) + 8*len(j.weight))
	for step, end := 0, s.Work+work; step < singly || s.Work < end; step++ {
		s.Work += 8
		switch {
		case len(j.off) == 0:
			return j.x, j.p.holds(b, j.x)
		case step < singly:
			j.step(step)
		default:
			j.exchange(step)
		}
	}
	return j.x, false
}

// chance gives a number below n; the same ones in the same order every time.
func (j *jump) chance(n int) int {
	j.seed += 0x9E3779B97F4A7C15
	x := j.seed
	x ^= x >> 30
	x *= 0xBF58476D1CE4E5B9
	x ^= x >> 27
	x *= 0x94D049BB133111EB
	x ^= x >> 31
	return int(x % uint64(n))
}

// beyond is how far a row's sum is off its limits.
func (j *jump) beyond(row int, sum int64) int64 {
	return max(j.b.least[row]-sum, sum-j.b.most[row], 0)
}

// note keeps the list of rows that are off their limits.
func (j *jump) note(row int) {
	off, place := j.beyond(row, j.sums[row]) > 0, j.place[row]
	switch {
	case off && place < 0:
		j.place[row] = len(j.off)
		j.off = append(j.off, row)
	case !off && place >= 0:
		last := j.off[len(j.off)-1]
		j.off[place], j.place[last] = last, place
		j.off, j.place[row] = j.off[:len(j.off)-1], -1
	}
}

// want picks a row that is off, and the way in which its sum has to go.
func (j *jump) want() (row int, way int64) {
	row = j.off[j.chance(len(j.off))]
	if j.sums[row] > j.b.most[row] {
		return row, -1
	}
	return row, 1
}

// may tells whether a column may change so, having rested for some steps.
func (j *jump) may(column int, by int64, step, rest int) bool {
	v := j.x[column] + by
	return v >= j.b.lower[column] && v <= j.b.upper[column] && step-j.last[column] >= rest+j.chance(2*rest)
}

// step changes a column of a row that is off.
func (j *jump) step(step int) {
	row, way := j.want()
	entries := j.p.byRow[row]
	first := j.chance(len(entries) + 1)
	best, bestBy, bestScore, compared := -1, int64(0), int64(0), 0
	for n := range entries {
		e := entries[(first+n)%len(entries)]
		by := way
		if e.by < 0 {
			by = -way
		}
		if !j.may(e.at, by, step, 4) {
			continue
		}
		score := j.score(e.at, by)
		if best < 0 || score < bestScore || score == bestScore && j.last[e.at] < j.last[best] {
			best, bestBy, bestScore = e.at, by, score
		}
		if compared++; compared == choicesCompared {
			break
		}
	}
	*j.work += int64(len(entries)/4 + 8*compared)
	j.weigh(best >= 0 && bestScore < 0)
	if best >= 0 {
		j.change(best, bestBy, step)
	}
}

// weigh lets rows that stay off weigh more, where no change makes things better.
func (j *jump) weigh(better bool) {
	if !better {
		for _, i := range j.off {
			j.weight[i]++
		}
	}
}

func (j *jump) change(column int, by int64, step int) {
	j.last[column] = step
	j.add(column, by)
	for _, e := range j.p.byColumn[column] {
		j.note(e.at)
	}
}

func (j *jump) add(column int, by int64) {
	j.x[column] += by
	for _, e := range j.p.byColumn[column] {
		j.sums[e.at] += e.by * by
	}
}

// score is how much worse the rows are after a change, by their weights.
func (j *jump) score(column int, by int64) int64 {
	score := int64(0)
	for _, e := range j.p.byColumn[column] {
		score += j.weight[e.at] * (j.beyond(e.at, j.sums[e.at]+e.by*by) - j.beyond(e.at, j.sums[e.at]))
	}
	return score
}
