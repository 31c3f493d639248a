package ranking

import (
	"slices"

	"github.com/laurel-awards/laurel/pkg/reason"
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
func (f *filling) tell(j int, rows []term) reason.Reason {
	counts := slices.Clone(f.counts)
	for _, e := range f.m.byColumn[j] {
		counts[e.at] += e.by
	}
	var seats, floors []reason.Reason
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
			left := reason.New("seats_left", reason.Number("seats", reason.Seats, f.m.most[t.row]-counts[t.row]), f.m.ofGroup(t.row))
			seats = append(seats, left)
		case i >= len(f.qs.counters):
		case t.by < 0:
			k := f.qs.counters[i]
			hit := f.qs.hit(i)
			floors = append(floors, reason.New("still_needed", reason.Of("attribute", reason.Attribute, hit.Attribute), reason.Of("value", reason.Value, k.shown),
				reason.Number("seats", reason.Seats, max(0, f.m.least[t.row]-counts[t.row])), inAward(hit.Of)))
		default:
			k := f.qs.counters[i]
			if n := len(caps); n == 0 || caps[n-1].quota != k.quota {
				caps = append(caps, most{quota: k.quota})
			}
			last := &caps[len(caps)-1]
			last.values, last.left = append(last.values, k.shown), last.left+f.m.most[t.row]-counts[t.row]
		}
	}
	parts := append(slices.CompactFunc(seats, reason.Reason.Equal), floors...)
	for _, c := range caps {
		q := f.qs.rb.Quotas[c.quota]
		attribute, left := reason.Of("attribute", reason.Attribute, q.Attribute), reason.Number("seats", reason.Seats, c.left)
		if len(c.values) > 1 {
			parts = append(parts, reason.New("could_have_together", reason.Number("n", reason.Count, len(c.values)), attribute, left, inAward(q.Of)))
		} else {
			parts = append(parts, reason.New("could_have", attribute, reason.Of("value", reason.Value, c.values[0]), left, inAward(q.Of)))
		}
	}
	return reason.New("needs", reason.Because("what", parts...))
}

// inAward says which award, where it is one.
func inAward(id string) reason.Param {
	if id == "" {
		return reason.Because("where")
	}
	return reason.Because("where", reason.New("in_award", reason.Of("award", reason.Award, id)))
}

// ofGroup names a group of awards, where there are several.
func (m *model) ofGroup(group int) reason.Param {
	if len(m.groups) == 1 {
		return reason.Because("where")
	}
	var ids []string
	for _, a := range m.groups[group] {
		ids = append(ids, m.qs.rb.Awards[a].ID)
	}
	return reason.Because("where", reason.New("in_awards", reason.Of("awards", reason.Award, ids...)))
}
