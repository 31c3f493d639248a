package ranking

// jump looks for an x near a start by changing one column at a time: always for
// a row that is off its limits, by what helps the rows most. Rows that stay off
// weigh more and more. It finds nothing where there is nothing, and proves
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

// choicesCompared is how many columns of a row are looked at in one step.
const choicesCompared = 48

func (s *seating) jump(b *bounds, start []int64, steps int) ([]int64, bool) {
	j := &jump{
		p: s.m.program, b: b, x: make([]int64, len(start)), weight: make([]int64, len(s.m.least)),
		place: make([]int, len(s.m.least)), last: make([]int, len(start)), seed: 1, work: &s.Work,
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
	for step := range steps {
		if len(j.off) == 0 {
			return j.x, j.p.holds(b, j.x)
		}
		j.step(step)
	}
	return nil, false
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

// step changes a column of a row that is off.
func (j *jump) step(step int) {
	row := j.off[j.chance(len(j.off))]
	way := int64(1)
	if j.sums[row] > j.b.most[row] {
		way = -1
	}
	entries := j.p.byRow[row]
	first := j.chance(len(entries) + 1)
	best, bestBy, bestScore, compared := -1, int64(0), int64(0), 0
	for n := range entries {
		e := entries[(first+n)%len(entries)]
		by := way
		if e.by < 0 {
			by = -way
		}
		if v := j.x[e.at] + by; v < j.b.lower[e.at] || v > j.b.upper[e.at] || step-j.last[e.at] < 4+j.chance(8) {
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
	if best < 0 || bestScore >= 0 {
		for _, i := range j.off {
			j.weight[i]++
		}
	}
	if best < 0 {
		return
	}
	j.last[best] = step
	j.x[best] += bestBy
	for _, e := range j.p.byColumn[best] {
		j.sums[e.at] += e.by * bestBy
		j.note(e.at)
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
