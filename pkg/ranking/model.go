package ranking

import (
	"slices"

	"github.com/laurel-awards/laurel/pkg/rulebook"
)

// model is the integer program of filling the awards: a column for each class
// in each group of awards, how many of it get one; a row for each group's
// seats, each counter, and the members of each class.
type model struct {
	qs *quotas
	*program
	groups [][]int      // awards that no quota tells apart, by group
	group  []int        // by award
	first  int          // the row of the first counter
	relax  map[side]int // the columns by which limits are relaxed, where they may be
	total  int          // the row of all that is relaxed
}

// side is one of a quota's limits.
type side struct {
	quota int
	max   bool
}

// model makes the program. A relaxed one may let more into a cap and fewer into
// a floor; how many more in all is for its bounds to say.
func (qs *quotas) model(need []int, relaxed bool) *model {
	m := &model{qs: qs, program: new(program), group: make([]int, len(need))}
	alike := -1
	for a := range need {
		own := slices.ContainsFunc(qs.rb.Quotas, func(q rulebook.Quota) bool { return q.Of == qs.rb.Awards[a].ID })
		if !own && alike >= 0 {
			m.group[a] = alike
			m.groups[alike] = append(m.groups[alike], a)
			continue
		}
		m.group[a] = len(m.groups)
		m.groups = append(m.groups, []int{a})
		if !own {
			alike = m.group[a]
		}
	}
	for range m.groups {
		for _, c := range qs.classes {
			m.program.column(0, int64(c.supply))
		}
	}
	for _, awards := range m.groups {
		seats := int64(0)
		for _, a := range awards {
			seats += int64(need[a])
		}
		m.row(seats, seats)
	}
	m.first = len(m.groups)
	for _, k := range qs.counters {
		least, most := int64(free), int64(free)
		if k.min > 0 {
			least = int64(k.min)
		}
		if k.max != noCap {
			most = int64(k.max)
		}
		m.row(least, most)
	}
	for g, awards := range m.groups {
		for c, class := range qs.classes {
			m.put(g, m.column(g, c), 1)
			for _, i := range class.hits[awards[0]] {
				m.put(m.first+i, m.column(g, c), 1)
			}
		}
	}
	if len(m.groups) > 1 {
		for c, class := range qs.classes {
			row := m.row(free, int64(class.supply))
			for g := range m.groups {
				m.put(row, m.column(g, c), 1)
			}
		}
	}
	if relaxed {
		m.loosen(need)
	}
	m.close()
	return m
}

// loosen adds the columns by which limits are relaxed, and the row of their sum.
func (m *model) loosen(need []int) {
	seats := int64(0)
	for _, n := range need {
		seats += int64(n)
	}
	m.relax = make(map[side]int)
	m.total = m.row(free, free)
	for i, k := range m.qs.counters {
		for _, l := range [2]side{{k.quota, false}, {k.quota, true}} {
			if l.max && k.max == noCap || !l.max && k.min == 0 {
				continue
			}
			column, ok := m.relax[l]
			if !ok {
				column = m.program.column(0, max(seats, int64(k.min)))
				m.relax[l] = column
				m.put(m.total, column, 1)
			}
			by := int64(1)
			if l.max {
				by = -1
			}
			m.put(m.first+i, column, by)
		}
	}
}

func (m *model) column(group, class int) int { return group*len(m.qs.classes) + class }

// without gives the program's bounds as if some quotas were not there.
func (m *model) without(ignored []bool) bounds {
	b := m.bounds()
	for i, k := range m.qs.counters {
		if ignored[k.quota] {
			b.least[m.first+i], b.most[m.first+i] = m.low[m.first+i], m.high[m.first+i]
		}
	}
	return b
}

// guess fills the awards in an order, heeding caps while it can and floors not
// at all: where a search may start.
func (m *model) guess(order, classOf, need []int) []int64 {
	x := make([]int64, len(m.lower))
	sums := make([]int64, len(m.least))
	left := slices.Clone(need)
	taken := make([]bool, len(order))
	for _, heed := range [2]bool{true, false} {
		for a := range left {
			for _, c := range order {
				j := m.column(m.group[a], classOf[c])
				if left[a] == 0 {
					break
				}
				over := func(e entry) bool { return sums[e.at]+e.by > m.most[e.at] }
				if taken[c] || heed && slices.ContainsFunc(m.byColumn[j], over) {
					continue
				}
				taken[c] = true
				left[a]--
				x[j]++
				for _, e := range m.byColumn[j] {
					sums[e.at] += e.by
				}
			}
		}
	}
	return x
}
