package ranking

import (
	"slices"

	"github.com/laurel-awards/laurel/pkg/norm"
)

// Seats tells whether every seat can be given to the candidates there are.
type Seats struct {
	Seats, Candidates int
	// Unmet is quotas that cannot be met together; dropping any one of them would
	// make it possible.
	Unmet []Shortfall
	// Idle is the quotas, by place in the rulebook from 1, whose value no candidate
	// has: as likely as not the value is spelled otherwise.
	Idle []int
}

// Short tells whether there are fewer candidates than seats.
func (s Seats) Short() bool { return s.Candidates < s.Seats }

// Shortfall is a quota that the candidates cannot keep with the other ones.
type Shortfall struct {
	Quota int    // its place in the rulebook, from 1
	Words string // in words
	Limit string // that is hard to keep
	Need  int    // seats: that it asks for, or that it must let be filled
	Have  int    // how many of these the candidates could fill by this quota alone
}

// Seats is Feasible in the numbers of people who have yet to find candidates.
// Fault: quotas_undecided.
func (in *Input) Seats(o Options) (Seats, error) {
	out := Seats{Seats: in.rb.Seats(""), Candidates: len(in.ids), Idle: in.idle()}
	report, err := in.Feasible(o)
	if err != nil {
		return out, err
	}
	words := quotas{rb: in.rb}
	for _, hit := range report.Conflict {
		s := Shortfall{Quota: hit.Quota, Words: words.words(hit.Quota - 1)}
		s.Limit, s.Need, s.Have = in.reach(hit.Quota - 1)
		out.Unmet = append(out.Unmet, s)
	}
	return out, nil
}

func (in *Input) idle() (places []int) {
	for i, q := range in.rb.Quotas {
		values := in.values[in.attribute(q.Attribute)]
		if q.Value != "" && len(in.ids) > 0 && !slices.Contains(values, norm.Key(q.Value)) {
			places = append(places, i+1)
		}
	}
	return places
}

// reach counts, for one quota alone, how many seats it asks to be filled, and how
// many the candidates could fill: those who count for a min, or as many as a max
// lets in. Of a quota that has both, the min is told where it is not reached.
func (in *Input) reach(i int) (limit string, need, have int) {
	q := in.rb.Quotas[i]
	seats := in.rb.Seats(q.Of)
	counts := make(map[string]int)
	a := in.attribute(q.Attribute)
	for c := range in.ids {
		counts[in.values[a][c]]++
	}
	own := counts[norm.Key(q.Value)]
	if least, ok := q.Floor(seats); ok && (own < least || !q.Max.IsSet()) {
		return LimitMin, least, own
	}
	most, _ := q.Cap(seats)
	for value, n := range counts {
		if value != "" && (q.Value == "" || value == norm.Key(q.Value)) {
			n = min(n, most)
		}
		have += n
	}
	return LimitMax, seats, min(have, seats)
}
