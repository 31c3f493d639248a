package ranking

import (
	"slices"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
)

// CodeSeats is the fault of seats that were decided otherwise and break what can
// be checked without a search.
const CodeSeats = "seats_refused"

// Seat is an award that a candidate gets by a decision.
type Seat struct {
	Candidate string `json:"candidate"`
	Award     string `json:"award"`
}

// maxRefused is how much is told of what is wrong.
const maxRefused = 20

// asDecided fills the awards as Options.Seats says. Whether a better filling exists
// is what the search could not tell; but every seat has to be filled, the quotas
// kept, and nobody may be passed over for somebody ranked after whose seat they
// could simply have. Of a list that was changed only the quotas are asked.
func (rk *ranking) asDecided() (*seating, *seated, error) {
	in := rk.in
	qs, classOf := newQuotas(in.rb, in.people())
	s := qs.unfilled(classOf, rk.order, demand(in.rb.Awards, len(in.ids)), false, rk.effort)
	out := &seated{award: make([]int, len(in.ids))}
	for c := range out.award {
		out.award[c] = noAward
	}
	var wrong []fault.Field
	refuse := func(code, message string, params ...any) {
		wrong = append(wrong, fault.Wrong("seats", code, message, params...))
	}
	left, x := slices.Clone(s.need), make([]int64, len(s.m.lower))
	for _, seat := range rk.seats {
		c, known := in.index[seat.Candidate]
		award := slices.IndexFunc(in.rb.Awards, func(a rulebook.Award) bool { return a.ID == seat.Award })
		switch {
		case !known:
			refuse("seat_candidate", "there is no candidate {candidate}", "candidate", seat.Candidate)
		case award < 0:
			refuse("seat_award", "there is no award {award}", "award", seat.Award)
		case out.award[c] != noAward:
			refuse("seat_twice", "candidate {candidate} is there twice", "candidate", seat.Candidate)
		default:
			out.award[c] = award
			left[award]--
			x[s.m.column(s.m.group[award], classOf[c])]++
		}
	}
	for a, n := range left {
		if n < 0 || n > 0 && !rk.freely {
			refuse("seat_number", "award {award} has {seats} seats, not {given}", "award", in.rb.Awards[a].ID, "seats", s.need[a], "given", s.need[a]-n)
		}
	}
	if wrong != nil {
		return nil, nil, refusedSeats(wrong)
	}
	sums := s.m.activity(x)
	for i := range qs.counters {
		if row := s.m.first + i; sums[row] < s.m.least[row] || sums[row] > s.m.most[row] {
			refuse("seat_quota", "the quota {quota} is not kept: {count} of {value}",
				"quota", qs.words(qs.counters[i].quota), "count", sums[row], "value", qs.counters[i].shown)
		}
	}
	if wrong != nil {
		return nil, nil, refusedSeats(wrong)
	}
	if rk.freely {
		return s, out, nil
	}
	var winners []int // by place
	for place, c := range rk.order {
		if out.award[c] != noAward {
			winners = append(winners, place)
		}
	}
	ex := &exchanges{s, sums, make([]int64, len(sums)), out.award}
	for place, c := range rk.order {
		if len(wrong) == maxRefused {
			break
		}
		for _, at := range winners {
			w := rk.order[at]
			if at > place && rk.ranks[c] < rk.ranks[w] && ex.could(c, w) {
				refuse("seat_passed", "candidate {candidate} is ranked before {other} and could have the award {award}: the quotas allow it",
					"candidate", in.ids[c], "other", in.ids[w], "award", in.rb.Awards[out.award[w]].ID)
				break
			}
		}
	}
	if wrong != nil {
		return nil, nil, refusedSeats(wrong)
	}
	return s, out, nil
}

// exchanges tries who could have whose seat.
type exchanges struct {
	*seating
	sums   []int64 // of the rows
	change []int64 // of them, by the exchange that is tried; else 0
	award  []int   // by candidate
}

// could tells whether a candidate could have the award of another, who has an
// earlier one, and that one theirs, if any: the rows' sums stay within limits.
func (e *exchanges) could(c, w int) bool {
	earlier, later := e.award[w], e.award[c]
	if later != noAward && later <= earlier {
		return false
	}
	moves := [4]struct {
		candidate, award int
		by               int64
	}{{c, earlier, 1}, {c, later, -1}, {w, later, 1}, {w, earlier, -1}}
	for _, m := range moves {
		for _, row := range e.rows(m.candidate, m.award) {
			e.change[row.at] += m.by * row.by
		}
	}
	ok := true
	for _, m := range moves {
		for _, row := range e.rows(m.candidate, m.award) {
			if by := e.change[row.at]; by != 0 {
				sum := e.sums[row.at] + by
				ok = ok && sum >= e.m.least[row.at] && sum <= e.m.most[row.at]
				e.change[row.at] = 0
			}
		}
	}
	return ok
}

// rows are those that a candidate counts for with an award.
func (e *exchanges) rows(c, award int) []entry {
	if award == noAward {
		return nil
	}
	return e.m.byColumn[e.m.column(e.m.group[award], e.classOf[c])]
}

func refusedSeats(wrong []fault.Field) error {
	return fault.NewInvalid(CodeSeats, "the seats cannot be filled like this", wrong...)
}
