package ranking

import (
	"fmt"
	"slices"
	"strings"
)

// cited gives the quotas that rows are of.
func (m *model) cited(rows []term) []int {
	var out []int
	for _, t := range rows {
		if i := t.row - m.first; i >= 0 && i < len(m.qs.counters) && !slices.Contains(out, m.qs.counters[i].quota) {
			out = append(out, m.qs.counters[i].quota)
		}
	}
	slices.Sort(out)
	return out
}

// tell puts the rows of a proof into numbers: what would be left and what would
// still be needed if the column had one more.
func (f *filling) tell(j int, rows []term) string {
	counts := slices.Clone(f.counts)
	for _, e := range f.m.byColumn[j] {
		counts[e.at] += e.by
	}
	var seats, floors []string
	type most struct {
		quota  int
		values []string
		left   int64
	}
	var caps []most
	for _, t := range rows {
		i := t.row - f.m.first
		switch {
		case i < 0:
			seats = append(seats, fmt.Sprintf("%s would be left%s", plural(f.m.most[t.row]-counts[t.row], "seat"), f.m.ofGroup(t.row)))
		case i >= len(f.qs.counters):
		case t.by < 0:
			k := f.qs.counters[i]
			hit := f.qs.hit(i)
			floors = append(floors, fmt.Sprintf("%s %s would still need %d%s", hit.Attribute, k.shown, max(0, f.m.least[t.row]-counts[t.row]), inAward(hit.Of)))
		default:
			k := f.qs.counters[i]
			if n := len(caps); n == 0 || caps[n-1].quota != k.quota {
				caps = append(caps, most{quota: k.quota})
			}
			last := &caps[len(caps)-1]
			last.values, last.left = append(last.values, k.shown), last.left+f.m.most[t.row]-counts[t.row]
		}
	}
	parts := append(slices.Compact(seats), floors...)
	for _, c := range caps {
		q := f.qs.rb.Quotas[c.quota]
		who := q.Attribute + " " + c.values[0]
		if len(c.values) > 1 {
			who = fmt.Sprintf("%d values of %s together", len(c.values), q.Attribute)
		}
		parts = append(parts, fmt.Sprintf("%s could have %d more%s", who, c.left, inAward(q.Of)))
	}
	return "with this seat given, " + strings.Join(parts, ", ") + ": no choice of the others does all of that"
}

func inAward(id string) string {
	if id == "" {
		return ""
	}
	return " in " + id
}

func plural(n int64, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

// ofGroup names a group of awards, where there are several.
func (m *model) ofGroup(group int) string {
	if len(m.groups) == 1 {
		return ""
	}
	var ids []string
	for _, a := range m.groups[group] {
		ids = append(ids, m.qs.rb.Awards[a].ID)
	}
	return " in " + strings.Join(ids, ", ")
}
