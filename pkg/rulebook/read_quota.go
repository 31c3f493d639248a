package rulebook

import (
	"slices"
	"strings"
)

func (r *reader) shortlist(f field) Shortlist {
	f = f.mapping("ratio")
	ratio := f.get("ratio")
	s := Shortlist{Ratio: ratio.number()}
	switch {
	case f.has() && !ratio.require():
	case s.Ratio.IsSet() && (s.Ratio.Cmp(Whole(1)) < 0 || s.Ratio.Cmp(Whole(100)) > 0):
		ratio.fail("not_between", "{value} is not between {min} and {max} candidates a seat", "value", s.Ratio, "min", 1, "max", 100)
	}
	return s
}

func (r *reader) quotas(f field, rb *Rulebook) []Quota {
	var quotas []Quota
	var places []field
	for _, item := range f.atMost(maxQuotas) {
		item = item.mapping("attribute", "value", "max", "min", "of")
		quotas = append(quotas, r.quota(item, rb))
		places = append(places, item)
	}
	if len(r.flaws) == 0 { // otherwise seats and shares may be wrong
		r.feasible(quotas, places, rb)
	}
	return quotas
}

func (r *reader) quota(f field, rb *Rulebook) Quota {
	q := Quota{Value: f.get("value").words(), Max: r.seatCount(f.get("max")), Min: r.seatCount(f.get("min"))}
	known := append(KnownAttributes(), rb.Attributes...)
	if attribute := f.get("attribute"); attribute.require() {
		if q.Attribute = attribute.id(); !slices.Contains(known, q.Attribute) {
			attribute.fail("attribute_unknown", `unknown attribute "{value}"; known are {values}; others are declared under attributes`,
				"value", escaped(q.Attribute), "values", strings.Join(known, ", "))
		}
	}
	f.get("of").note(KindText)
	if of := f.get("of"); of.has() {
		if q.Of = of.id(); !slices.ContainsFunc(rb.Awards, func(a Award) bool { return a.ID == q.Of }) {
			of.fail("not_in_rulebook", `there is no award "{value}"`, "value", escaped(q.Of))
		}
	}
	if q.Attribute == "category" && q.Value != "" && len(rb.Categories) > 0 && !rb.hasCategory(q.Value) {
		f.get("value").fail("not_in_rulebook", `there is no category "{value}"`, "value", escaped(q.Value))
	}
	switch {
	case !f.get("max").has() && !f.get("min").has():
		f.fail("quota_without_limit", "a quota has a max or a min")
	case f.get("min").has() && !f.get("value").has():
		f.get("min").fail("min_without_value", "a min needs a value: which {attribute}?", "attribute", escaped(q.Attribute))
	}
	return q
}

// seatCount reads a number of seats, or a share of them.
func (r *reader) seatCount(f field) Number {
	n := f.number()
	switch {
	case !n.IsSet():
	case n.Sign() < 0:
		f.fail("negative", "{value} is negative", "value", n)
	case n.IsShare() && n.Cmp(Whole(1)) > 0:
		f.fail("above_all_seats", "{value} is more than all seats", "value", n)
	case !n.IsShare() && !n.Rat().IsInt():
		f.fail("seats_not_whole", "{value} is not a whole number of seats; write a share as 40% or 2/5", "value", n)
	case n.Cmp(Whole(maxSeats)) > 0:
		f.fail("above_max", "{value} is above {max}", "value", n, "max", maxSeats)
	default:
		return n
	}
	return Number{}
}
