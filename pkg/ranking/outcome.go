package ranking

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/laurel-awards/laurel/pkg/rulebook"
)

// Outcome is a computed result whose ranking is written down one candidate at
// a time: a hundred thousand need not be in memory at once.
type Outcome struct {
	Result // but for its Ranking

	rk     *ranking
	s      *seating
	filled *seated
	open   map[int]string
	proofs map[*tree]int // their places, from 1
}

// outcome fills the awards.
func (rk *ranking) outcome() (*Outcome, error) {
	in := rk.in
	s, err := newSeating(in, rk.order, rk.effort)
	if err != nil {
		return nil, err
	}
	s.reasons = true
	filled, err := s.fill(rk.order)
	if err != nil {
		return nil, err
	}
	s.reasons = false
	ties, open, err := rk.ties(s, filled)
	if err != nil {
		return nil, err
	}
	o := &Outcome{Result{Rulebook: in.rb.Hash(), Ties: ties, Rounds: rk.rounds, Shortlist: rk.shortlist()}, rk, s, filled, open, nil}
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

// prove collects the proofs of who was passed over, in the order of the ranking.
func (o *Outcome) prove() {
	o.proofs = make(map[*tree]int)
	for _, c := range o.rk.order {
		for _, d := range o.filled.displaced[c] {
			if d.proof != nil && o.proofs[d.proof] == 0 {
				o.Proofs = append(o.Proofs, o.s.m.proof(d.proof, o.s.classOf, o.rk.in.ids))
				o.proofs[d.proof] = len(o.Proofs)
			}
		}
	}
}

// award gives the award that a candidate gets by the computation.
func (o *Outcome) award(c int) int {
	if o.open[c] != "" {
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
		for _, c := range o.rk.order {
			r := o.rk.ranked(c)
			for _, d := range o.filled.displaced[c] {
				displacement := o.rk.displacement(o.s, o.filled, c, d)
				displacement.Proof = o.proofs[d.proof]
				r.Displaced = append(r.Displaced, displacement)
				if r.Explain = append(r.Explain, displacement.Reason); displacement.Numbers != "" {
					r.Explain = append(r.Explain, displacement.Numbers)
				}
			}
			if reason := o.open[c]; reason != "" {
				r.Explain = append(r.Explain, reason)
			}
			if a := o.award(c); a != noAward {
				taken[a]++
				r.Award = o.Awards[a].Award
				instead := ""
				if len(r.Displaced) > 0 {
					instead = " instead"
				}
				r.Explain = append(r.Explain, fmt.Sprintf("award %s%s: seat %d of %d", r.Award, instead, taken[a], o.Awards[a].Seats))
			}
			if !yield(r) {
				return
			}
		}
	}
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
func (rk *ranking) reasons(c int) []string {
	out := make([]string, 0, len(rk.components)+len(rk.explain[c])+2)
	for _, k := range rk.components {
		if k.rules.Source != rulebook.SourceRanked {
			out = append(out, rk.tell(k, c))
		}
	}
	if len(rk.rules.Components) > 1 || rk.rules.Round.IsSet() {
		out = append(out, "total: "+rk.exact[c].String()+roundingNote(rk.rules.Round, rk.totals[c]))
	}
	return append(out, rk.explain[c]...)
}

// shortlist gives the best candidates that the rulebook's ratio asks for, and
// all who share the last one's rank.
func (rk *ranking) shortlist() []string {
	size := min(rk.in.rb.Shortlist.Size(rk.in.rb.Seats("")), len(rk.order))
	var out []string
	for i, c := range rk.order {
		if i >= size && (i == 0 || size == 0 || rk.ranks[c] != rk.ranks[rk.order[size-1]]) {
			break
		}
		out = append(out, rk.in.ids[c])
	}
	return out
}

// displacement puts the reason for passing over a candidate into words.
func (rk *ranking) displacement(s *seating, filled *seated, c int, d displaced) Displacement {
	in := rk.in
	out := Displacement{Award: in.rb.Awards[d.award].ID, InFavour: in.ids[d.favoured], Committed: []string{}, Numbers: d.numbers}
	var reasons []string
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
		reasons = append(reasons, fmt.Sprintf("%s of %s %s, cap %d%s", ordinal(place), hit.Attribute, k.value, k.max, where(hit.Of)))
	}
	for _, q := range d.quotas {
		hit := QuotaHit{Quota: q + 1, Attribute: in.rb.Quotas[q].Attribute, Value: in.rb.Quotas[q].Value, Of: in.rb.Quotas[q].Of}
		for i, k := range s.qs.counters {
			if k.quota == q && k.value == hit.Value {
				hit = s.qs.hit(i)
			}
		}
		out.Quotas = append(out.Quotas, hit)
		reasons = append(reasons, fmt.Sprintf("the seats left are needed for the quota %q", s.qs.words(q)))
	}
	out.Reason = fmt.Sprintf("award %s: passed over as %s, in favour of %s (rank %d)",
		out.Award, strings.Join(reasons, " and "), out.InFavour, rk.ranks[d.favoured])
	return out
}

func where(award string) string {
	if award == "" {
		return " over all awards"
	}
	return " in " + award
}

func ordinal(n int) string {
	words := []string{"first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"}
	if n >= 1 && n <= len(words) {
		return words[n-1]
	}
	suffix := "th"
	if n%100 < 11 || n%100 > 13 {
		switch n % 10 {
		case 1:
			suffix = "rk"
		case 2:
			suffix = "nd"
		case 3:
			suffix = "rd"
		}
	}
	return fmt.Sprintf("%d%s", n, suffix)
}

// ties finds the candidates of equal rank whose order, which the rules leave
// open, decides an award. It fills the awards again with the equals in other
// orders: all of them for up to five, each one first and each one last for up
// to fifty; of more, all count as open. Whoever's award differs is open, with
// the reason given by candidate.
func (rk *ranking) ties(s *seating, filled *seated) ([]Tie, map[int]string, error) {
	open := make(map[int]string)
	var ties []Tie
	for first := 0; first < len(rk.order); {
		past := first + 1
		for past < len(rk.order) && rk.ranks[rk.order[past]] == rk.ranks[rk.order[first]] {
			past++
		}
		group := rk.order[first:past]
		if mixed(group, filled.award) {
			at, err := rk.atStake(s, filled, first, past)
			if err != nil {
				return nil, nil, err
			}
			if len(at) > 0 {
				ties = append(ties, rk.tie(group, filled, at, open))
			}
		}
		first = past
	}
	return ties, open, nil
}

func mixed(group, award []int) bool {
	return slices.ContainsFunc(group, func(c int) bool { return award[c] != award[group[0]] })
}

// tie writes one tie down and marks whom it leaves open.
func (rk *ranking) tie(group []int, filled *seated, open []int, reasons map[int]string) Tie {
	t := Tie{Rank: rk.ranks[group[0]]}
	for _, c := range group {
		t.Candidates = append(t.Candidates, rk.in.ids[c])
	}
	for a, rules := range rk.in.rb.Awards {
		if slices.ContainsFunc(open, func(c int) bool { return filled.award[c] == a }) {
			t.Awards = append(t.Awards, rules.ID)
		}
	}
	t.Reason = fmt.Sprintf("%s are equal by total and every tie-break, and the last seats of %s fall between them",
		rk.names(group).but(-1, rk.in.ids), strings.Join(t.Awards, ", "))
	if slices.Contains(rk.rules.TieBreak, rulebook.SourceLot) {
		t.Reason += "; the value to draw lots from is yet to be read"
	}
	for _, c := range open {
		reasons[c] = fmt.Sprintf("no award yet: depends on the tie at rank %d", t.Rank)
	}
	return t
}

// maxPermuted and maxRotated bound how many equals are tried in other orders.
const (
	maxPermuted = 5
	maxRotated  = 50
)

// atStake gives the candidates whose award depends on the order of the equals
// from first to before past.
func (rk *ranking) atStake(s *seating, filled *seated, first, past int) ([]int, error) {
	group := rk.order[first:past]
	if len(s.qs.counters) == 0 || len(group) > maxRotated {
		return slices.Clone(group), nil
	}
	differs := make(map[int]bool)
	for arrangement := range arrangements(group) {
		order := slices.Clone(rk.order)
		copy(order[first:], arrangement)
		other, err := s.fill(order)
		if err != nil {
			return nil, err
		}
		for c := range other.award {
			if other.award[c] != filled.award[c] {
				differs[c] = true
			}
		}
	}
	var out []int
	for _, c := range rk.order {
		if differs[c] {
			out = append(out, c)
		}
	}
	return out, nil
}

// arrangements gives other orders of a group.
func arrangements(group []int) func(yield func([]int) bool) {
	if len(group) <= maxPermuted {
		return func(yield func([]int) bool) { permute(slices.Clone(group), 0, yield) }
	}
	return func(yield func([]int) bool) {
		for i := range group {
			rest := slices.Delete(slices.Clone(group), i, i+1)
			if !yield(slices.Insert(slices.Clone(rest), 0, group[i])) || !yield(append(rest, group[i])) {
				return
			}
		}
	}
}

func permute(group []int, fixed int, yield func([]int) bool) bool {
	if fixed == len(group) {
		return yield(group)
	}
	for i := fixed; i < len(group); i++ {
		group[fixed], group[i] = group[i], group[fixed]
		if !permute(group, fixed+1, yield) {
			return false
		}
		group[fixed], group[i] = group[i], group[fixed]
	}
	return true
}
