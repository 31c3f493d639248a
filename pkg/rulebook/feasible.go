package rulebook

import (
	"fmt"

	"github.com/laurel-awards/laurel/pkg/norm"
)

// demand is a quota with its place in the list and its limits in seats.
type demand struct {
	Quota
	key      string // of the value, as it is compared
	index    int
	at       field
	seats    int // what the quota is about
	floor    int
	cap      int
	hasFloor bool
	hasCap   bool
}

// feasible reports what no set of winners can meet, whoever the candidates
// are: mins beyond the seats, and a min above a max for the same winners. An
// entry has one value of an attribute, so the mins of its values add up.
func (r *reader) feasible(quotas []Quota, places []field, rb *Rulebook) {
	if len(rb.Awards) == 0 {
		return
	}
	demands := make([]demand, 0, len(quotas))
	for i, q := range quotas {
		d := demand{Quota: q, key: norm.Key(q.Value), index: i, at: places[i], seats: rb.Seats(q.Of)}
		d.floor, d.hasFloor = q.Floor(d.seats)
		d.cap, d.hasCap = q.Cap(d.seats)
		demands = append(demands, d)
	}
	twice(demands)
	beyondSeats(demands)
	for _, d := range demands {
		if d.hasCap {
			d.aboveCap(demands)
		}
	}
}

// Seats is how many seats the award has, or all awards together for "".
func (rb *Rulebook) Seats(award string) int {
	sum := 0
	for _, a := range rb.Awards {
		if award == "" || a.ID == award {
			sum += a.Seats
		}
	}
	return sum
}

// twice reports a quota for the same winners as an earlier one, which then
// counts for nothing else.
func twice(demands []demand) {
	type subject struct{ attribute, value, of string }
	mins, maxes := map[subject]int{}, map[subject]int{}
	for i := range demands {
		d := &demands[i]
		s := subject{d.Attribute, d.key, d.Of}
		if first, ok := mins[s]; ok && d.hasFloor {
			d.at.get("min").fail("quota_twice", "{other} has a {limit} for the same winners", "other", quotaName(first), "limit", "min")
			d.floor, d.hasFloor = 0, false
		} else if d.hasFloor {
			mins[s] = d.index
		}
		if first, ok := maxes[s]; ok && d.hasCap {
			d.at.get("max").fail("quota_twice", "{other} has a {limit} for the same winners", "other", quotaName(first), "limit", "max")
			d.cap, d.hasCap = 0, false
		} else if d.hasCap {
			maxes[s] = d.index
		}
	}
}

// beyondSeats reports the min with which an attribute's mins pass the seats.
func beyondSeats(demands []demand) {
	type subject struct{ attribute, of string }
	sums := map[subject]int{}
	for _, d := range demands {
		s := subject{d.Attribute, d.Of}
		before := sums[s]
		if sums[s] += d.floor; before <= d.seats && sums[s] > d.seats {
			d.at.get("min").fail("quotas_above_seats",
				"infeasible: the mins of attribute {attribute} demand {demanded} of the {seats} seats of {of}",
				"attribute", d.Attribute, "demanded", sums[s], "seats", d.seats, "of", awardName(d.Of))
		}
	}
}

// aboveCap reports the mins that pass the quota's max. The mins of single
// awards add up against a max over all awards.
func (d demand) aboveCap(demands []demand) {
	sums := map[string]int{} // by value
	for _, m := range demands {
		if !m.hasFloor || m.Attribute != d.Attribute || (d.key != "" && d.key != m.key) || (d.Of != "" && d.Of != m.Of) {
			continue
		}
		passed := m.floor > d.cap
		if m.Of != "" && !passed {
			before := sums[m.key]
			sums[m.key] += m.floor
			passed = before <= d.cap && sums[m.key] > d.cap
		}
		if passed {
			m.at.get("min").fail("quota_above_max",
				`infeasible: min {min} of {of} for {attribute} "{value}", against max {max} of {max_of} in {other}`,
				"min", m.Min, "of", awardName(m.Of), "attribute", m.Attribute, "value", escaped(m.Value),
				"max", d.Max, "max_of", awardName(d.Of), "other", quotaName(d.index))
		}
	}
}

func quotaName(index int) string { return fmt.Sprintf("quotas[%d]", index) }

func awardName(id string) string {
	if id == "" {
		return "all awards"
	}
	return fmt.Sprintf("award %q", id)
}
