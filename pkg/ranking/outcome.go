package ranking

import (
	"iter"
	"slices"

	"github.com/laurel-awards/laurel/pkg/norm"
	"github.com/laurel-awards/laurel/pkg/reason"
	"github.com/laurel-awards/laurel/pkg/rulebook"
)

// Outcome is a computed result whose ranking is written down one candidate at
// a time: a hundred thousand need not be in memory at once.
type Outcome struct {
	Result // but for its Ranking

	rk     *ranking
	s      *seating
	filled *seated
	open   map[int]reason.Reason
	proofs map[*tree]int // their places, from 1
}

// outcome fills the awards.
func (rk *ranking) outcome() (*Outcome, error) {
	in := rk.in
	s, filled, ties, open, err := rk.fill()
	if err != nil {
		return nil, err
	}
	o := &Outcome{Result{Rulebook: in.rb.Hash(), Ties: ties, Rounds: rk.rounds, Shortlist: rk.shortlist()}, rk, s, filled, open, nil}
	o.Decided, o.Changed = rk.seats != nil && !rk.freely, rk.freely
	o.prove()
	if rk.drawn {
		o.Lot = rk.lot
	}
	for a, rules := range in.rb.Awards {
		o.Awards = append(o.Awards, AwardList{Award: rules.ID, Seats: rules.Seats, Candidates: []string{}, Open: s.need[a]})
	}
	for _, c := range rk.order {
		if a := o.award(c); a != noAward {
			o.Awards[a].Candidates = append(o.Awards[a].Candidates, in.ids[c])
			o.Awards[a].Open--
		}
	}
	return o, nil
}

// fill gives the awards by the search, with the ties that it leaves open, or as
// was decided otherwise.
func (rk *ranking) fill() (s *seating, filled *seated, ties []Tie, open map[int]reason.Reason, err error) {
	if rk.seats != nil {
		s, filled, err = rk.asDecided()
		return s, filled, nil, nil, err
	}
	if s, err = newSeating(rk.in, rk.order, rk.effort); err != nil {
		return nil, nil, nil, nil, err
	}
	s.reasons = true
	if filled, err = s.fill(rk.order); err != nil {
		return nil, nil, nil, nil, err
	}
	s.reasons = false
	ties, open, err = rk.ties(s, filled)
	return s, filled, ties, open, err
}

// displaced is why a candidate was passed over. While a tie is open nothing is said
// of that: who gets its seats decides who else is passed over, and by what.
func (o *Outcome) displaced(c int) []displaced {
	if len(o.Ties) > 0 {
		return nil
	}
	return o.filled.displaced[c]
}

// prove collects the proofs of who was passed over, in the order of the ranking.
func (o *Outcome) prove() {
	o.proofs = make(map[*tree]int)
	for _, c := range o.rk.order {
		for _, d := range o.displaced(c) {
			if d.proof != nil && o.proofs[d.proof] == 0 {
				o.Proofs = append(o.Proofs, o.s.m.proof(d.proof, o.s.classOf, o.rk.in.ids))
				o.proofs[d.proof] = len(o.Proofs)
			}
		}
	}
}

// award gives the award that a candidate gets by the computation.
func (o *Outcome) award(c int) int {
	if _, open := o.open[c]; open {
		return noAward
	}
	return o.filled.award[c]
}

// Sources gives the components' sources, sorted.
func (o *Outcome) Sources() []string {
	out := make([]string, len(o.rk.components))
	for i, k := range o.rk.components {
		out[i] = k.source()
	}
	slices.Sort(out)
	return out
}

// Rows gives the ranking, best first.
func (o *Outcome) Rows() iter.Seq[Ranked] {
	return func(yield func(Ranked) bool) {
		taken := make([]int, len(o.Awards))
		last := o.last()
		for place, c := range o.rk.order {
			r := o.rk.ranked(c)
			for _, d := range o.displaced(c) {
				displacement := o.rk.displacement(o.s, o.filled, c, d)
				displacement.Proof = o.proofs[d.proof]
				r.Displaced = append(r.Displaced, displacement)
				if r.Explain = append(r.Explain, displacement.Reason); !displacement.Numbers.IsZero() {
					r.Explain = append(r.Explain, displacement.Numbers)
				}
			}
			if why, open := o.open[c]; open {
				r.Explain = append(r.Explain, why)
			} else if len(o.Ties) > 0 && len(o.filled.displaced[c]) > 0 {
				r.Explain = append(r.Explain, reason.New("passed_open", reason.Number("place", reason.Place, o.Ties[0].Rank)))
			}
			if a := o.award(c); a != noAward {
				taken[a]++
				r.Award = o.Awards[a].Award
				code := "seat"
				if len(r.Displaced) > 0 {
					code = "seat_instead"
				}
				r.Explain = append(r.Explain, reason.New(code, reason.Of("award", reason.Award, r.Award),
					reason.Number("seat", reason.Seats, taken[a]), reason.Number("seats", reason.Seats, o.Awards[a].Seats)))
			}
			switch {
			case r.Award != "" && o.Decided:
				r.Explain = append(r.Explain, reason.New("seat_decided"))
			case r.Award != "" && o.Changed:
				r.Explain = append(r.Explain, reason.New("seat_changed"))
			}
			for a := range last {
				own, code := o.award(c), "passed_decided"
				if o.Changed {
					code = "passed_changed"
				}
				if (o.Decided || o.Changed) && place < last[a] && (own == noAward || own > a) {
					r.Explain = append(r.Explain, reason.New(code, reason.Of("award", reason.Award, o.Awards[a].Award)))
				}
			}
			if !yield(r) {
				return
			}
		}
	}
}

// last gives, by award, the place of who got it last.
func (o *Outcome) last() []int {
	last := make([]int, len(o.Awards))
	for place, c := range o.rk.order {
		if a := o.award(c); a != noAward {
			last[a] = place
		}
	}
	return last
}

// whole gives the result with its ranking.
func (o *Outcome) whole() *Result {
	result := o.Result
	result.Ranking = slices.AppendSeq(make([]Ranked, 0, len(o.rk.order)), o.Rows())
	return &result
}

func (rk *ranking) ranked(c int) Ranked {
	r := Ranked{
		Candidate: rk.in.ids[c], Rank: rk.ranks[c], Total: rk.totals[c].String(),
		Components: make(map[string]string, len(rk.components)), Explain: rk.reasons(c),
	}
	terms := make(map[string]number, len(rk.components))
	for _, k := range rk.components {
		terms[k.source()] = terms[k.source()].add(k.points[c].mul(k.weight))
	}
	for source, term := range terms {
		r.Components[source] = term.String()
	}
	for _, p := range rk.in.panels {
		scores, ok := rk.panels[p.rules.ID]
		if !ok || scores[c].scores == 0 {
			continue
		}
		score := PanelScore{Score: scores[c].value.String(), Scores: scores[c].scores}
		for k, v := range scores[c].criteria {
			if score.Criteria == nil {
				score.Criteria = make(map[string]string, len(scores[c].criteria))
			}
			score.Criteria[p.rules.Criteria[k].ID] = v.String()
		}
		if r.Panels == nil {
			r.Panels = make(map[string]PanelScore, len(rk.panels))
		}
		r.Panels[p.rules.ID] = score
	}
	return r
}

// reasons explains a candidate's total and place.
func (rk *ranking) reasons(c int) []reason.Reason {
	out := make([]reason.Reason, 0, len(rk.components)+len(rk.explain[c])+2)
	for _, k := range rk.components {
		if k.rules.Source != rulebook.SourceRanked {
			out = append(out, rk.tell(k, c))
		}
	}
	if len(rk.rules.Components) > 1 || rk.rules.Round.IsSet() {
		out = append(out, rk.total(c))
	}
	return append(out, rk.explain[c]...)
}

// shortlist gives the best candidates that the rulebook's ratio asks for, and
// all who may have one of their places.
func (rk *ranking) shortlist() []string {
	size := min(rk.in.rb.Shortlist.Size(rk.in.rb.Seats("")), len(rk.order))
	var out []string
	for _, c := range rk.order {
		if rk.ranks[c] <= size {
			out = append(out, rk.in.ids[c])
		}
	}
	return out
}

// displacement puts the reason for passing over a candidate into words.
func (rk *ranking) displacement(s *seating, filled *seated, c int, d displaced) Displacement {
	in := rk.in
	out := Displacement{Award: in.rb.Awards[d.award].ID, InFavour: in.ids[d.favoured], Committed: []string{}, Numbers: d.numbers}
	var why []reason.Reason
	for _, i := range d.counters {
		k, hit := s.qs.counters[i], s.qs.hit(i)
		out.Quotas = append(out.Quotas, hit)
		place := 0
		for _, other := range rk.order {
			if in.values[k.attribute][other] != k.value {
				continue
			}
			place++
			if other == c {
				break
			}
			if a := filled.award[other]; a != noAward && a <= d.award && (k.award == allAwards || k.award == a) {
				out.Committed = append(out.Committed, in.ids[other])
			}
		}
		where := reason.Because("where", reason.New("over_all"))
		if hit.Of != "" {
			where = inAward(hit.Of)
		}
		why = append(why, reason.New("cap_reached", reason.Number("nth", reason.Nth, place), reason.Of("attribute", reason.Attribute, hit.Attribute),
			reason.Of("value", reason.Value, k.shown), reason.Number("max", reason.Seats, k.max), where))
	}
	for _, q := range d.quotas {
		hit := QuotaHit{Quota: q + 1, Attribute: in.rb.Quotas[q].Attribute, Value: in.rb.Quotas[q].Value, Of: in.rb.Quotas[q].Of}
		for i, k := range s.qs.counters {
			if k.quota == q && k.value == norm.Key(hit.Value) {
				hit = s.qs.hit(i)
			}
		}
		out.Quotas = append(out.Quotas, hit)
		why = append(why, reason.New("quota_needs", reason.Because("quota", s.qs.reason(q))))
	}
	out.Reason = reason.New("passed_over", reason.Of("award", reason.Award, out.Award), reason.Because("why", why...),
		reason.Of("candidate", reason.Candidate, out.InFavour), reason.Number("place", reason.Place, rk.ranks[d.favoured]))
	return out
}
