package rulebook

import (
	"fmt"
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
		ratio.fail("%s is not between 1 and 100 candidates a seat", s.Ratio)
	}
	return s
}

func (r *reader) quotas(f field, rb *Rulebook) []Quota {
	var quotas []Quota
	var places []field
	for _, item := range f.all() {
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
			attribute.fail("unknown attribute %q; known are %s; others are declared under attributes",
				q.Attribute, strings.Join(known, ", "))
		}
	}
	if of := f.get("of"); of.has() {
		if q.Of = of.id(); !slices.ContainsFunc(rb.Awards, func(a Award) bool { return a.ID == q.Of }) {
			of.fail("there is no award %q", q.Of)
		}
	}
	switch {
	case !f.get("max").has() && !f.get("min").has():
		f.fail("a quota has a max or a min")
	case f.get("min").has() && !f.get("value").has():
		f.get("min").fail("a min needs a value: which %s?", q.Attribute)
	}
	return q
}

// seatCount reads a number of seats, or a share of them.
func (r *reader) seatCount(f field) Number {
	n := f.number()
	switch {
	case !n.IsSet():
	case n.Sign() < 0:
		f.fail("%s is negative", n)
	case n.IsShare() && n.Cmp(Whole(1)) > 0:
		f.fail("%s is more than all seats", n)
	case !n.IsShare() && !n.Rat().IsInt():
		f.fail("%s is not a whole number of seats; write a share as 40%% or 2/5", n)
	case n.Cmp(Whole(maxSeats)) > 0:
		f.fail("%s is above %d", n, maxSeats)
	default:
		return n
	}
	return Number{}
}

// seatsOf is how many seats the quota is about.
func (rb *Rulebook) seatsOf(award string) int {
	sum := 0
	for _, a := range rb.Awards {
		if award == "" || a.ID == award {
			sum += a.Seats
		}
	}
	return sum
}

// feasible reports what no set of winners can meet, whoever the candidates
// are: floors of an award beyond its seats, and a floor above its cap. An entry
// has one value of an attribute, so the floors of its values add up.
func (r *reader) feasible(quotas []Quota, places []field, rb *Rulebook) {
	if len(rb.Awards) == 0 {
		return
	}
	floors := map[[2]string]int{} // by award and attribute
	for i, q := range quotas {
		seats := rb.seatsOf(q.Of)
		least, ok := q.Floor(seats)
		if !ok {
			continue
		}
		at := places[i].get("min")
		for j, other := range quotas {
			if same := i != j && other.Attribute == q.Attribute && other.Value == q.Value && other.Of == q.Of; same && j < i && other.Min.IsSet() {
				at.fail("quotas[%d] has a min for the same", j)
			}
			most, capped := other.Cap(rb.seatsOf(other.Of))
			applies := other.Attribute == q.Attribute && (other.Value == "" || other.Value == q.Value) && (other.Of == "" || other.Of == q.Of)
			if capped && applies && least > most {
				at.fail("infeasible: %s demands %d seats, but %s allows %d", describe(i, q), least, describe(j, other), most)
			}
		}
		key := [2]string{q.Of, q.Attribute}
		before := floors[key]
		if floors[key] += least; before <= seats && floors[key] > seats {
			at.fail("infeasible: the mins of attribute %s demand %d of %d seats of %s", q.Attribute, floors[key], seats, awardName(q.Of))
		}
	}
}

func describe(i int, q Quota) string {
	limit := "max " + q.Max.String()
	if q.Min.IsSet() {
		limit = "min " + q.Min.String()
	}
	return fmt.Sprintf("quotas[%d] (%s %s, %s of %s)", i, q.Attribute, q.Value, limit, awardName(q.Of))
}

func awardName(id string) string {
	if id == "" {
		return "all awards"
	}
	return "award " + id
}
