package rulebook

import "slices"

// Quota caps or floors how many of an award's seats go to one value of an
// attribute. Without Value it holds for each value by itself.
type Quota struct {
	Attribute string
	Value     string // empty: each value; required with Min
	Max       Number // seats, or a share of them such as 40%; unset: no cap
	Min       Number // seats, or a share of them; unset: no floor
	Of        string // an award's id; empty: all awards together
}

// Cap is the most seats of the given number that the quota allows, a share
// rounded down; ok is false without a cap.
func (q Quota) Cap(seats int) (n int, ok bool) { return q.Max.seats(seats, false), q.Max.IsSet() }

// Floor is the least seats of the given number that the quota demands, a share
// rounded up; ok is false without a floor.
func (q Quota) Floor(seats int) (n int, ok bool) { return q.Min.seats(seats, true), q.Min.IsSet() }

// Shortlist is 差额: more candidates than seats go to the decision.
type Shortlist struct {
	Ratio Number // candidates a seat, 1 or more; unset: no shortlist
}

// IsSet tells whether there is a shortlist.
func (s Shortlist) IsSet() bool { return s.Ratio.IsSet() }

// Size is how many candidates of a ranking make the shortlist for the given
// seats: ratio × seats, rounded up; 0 without a shortlist.
func (s Shortlist) Size(seats int) int {
	if !s.IsSet() {
		return 0
	}
	return ceil(times(s.Ratio, seats))
}

// KnownAttributes are the fields of an entry that a quota may name beside the
// rulebook's own `attributes`.
func KnownAttributes() []string {
	return []string{"employer", "region", "gender", "category", "recommended_by", "years"}
}

// Counts tells whether a quota is about an attribute: then every entry must say it.
func (rb *Rulebook) Counts(attribute string) bool {
	return slices.ContainsFunc(rb.Quotas, func(q Quota) bool { return q.Attribute == attribute })
}
