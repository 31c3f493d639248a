package ranking

import (
	"maps"
	"slices"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/reason"
	"github.com/laurel-awards/laurel/pkg/rulebook"
)

// ranking is a result while it is computed; slices are by candidate.
type ranking struct {
	in         *Input
	rules      rulebook.Composite
	components []component
	panels     map[string][]score
	votes      []number // raw, over all constituencies
	totals     []number // rounded
	exact      []number // before rounding
	order      []int    // candidates, best first
	ranks      []int    // the best place that each can get
	groups     []span   // of places among which the rules leave the order open
	beats      [][]bool // by path; nil where totals rank
	latest     []int    // where beats is there: the last place that each can get
	lot        string
	drawn      bool              // a lot told two apart
	explain    [][]reason.Reason // beside what components and totals say
	rounds     []Round
	effort     *effort
	seats      []Seat // as decided; nil: the search fills them
	freely     bool   // they are another list than the rules make
}

// component is one term of the totals.
type component struct {
	rules   rulebook.Component
	convert conversion
	groups  int // inside each of which the source is converted
	weight  number
	points  []number // converted
}

func (k component) source() string { return k.rules.Source }

// Options are the choices of one computation.
type Options struct {
	// Lot is the value that lots are drawn from, where the rulebook names the
	// source from which it is read after the vote.
	Lot string
	// Budget bounds the search about quotas, in the units of Progress; 0 is
	// DefaultBudget. What ends as quotas_undecided may be decided by a larger one.
	Budget int64
	// Progress is called now and then in a long search, which an error ends; nil: by
	// nobody.
	Progress func(Progress) error
	// Checkpoint is what an earlier computation of the same inputs has found; this
	// one begins where that ended, and adds to it. The zero value has nothing yet;
	// nil: nothing is kept. Reports and sensitivities do not use it.
	Checkpoint *Checkpoint
	// Seats is who gets which award by a decision that was taken because the search
	// ended undecided; nil: the search decides. A tie is decided by it, too.
	Seats []Seat
	// Changed says that Seats are another list than the rules make: seats may stay
	// empty, and candidates be passed over. The quotas hold all the same.
	Changed bool
}

// Rank computes the result. It answers scores_missing with every gap,
// quotas_infeasible with the quotas in conflict, quotas_undecided, seats_refused
// where Options.Seats breaks what can be checked, or lot_fixed where Options.Lot
// differs from the rulebook's own value.
func (in *Input) Rank(o Options) (*Result, error) {
	outcome, err := in.Compute(o, Scenario{})
	if err != nil {
		return nil, err
	}
	return outcome.whole(), nil
}

// Compute is Rank, or WhatIf where the scenario changes something, for many
// candidates.
func (in *Input) Compute(o Options, s Scenario) (*Outcome, error) {
	if err := s.check(in); err != nil {
		return nil, err
	}
	rk, err := in.ranking(o, s)
	if err != nil {
		return nil, err
	}
	return rk.outcome()
}

// ranking computes the ranking without the awards.
func (in *Input) ranking(o Options, s Scenario) (*ranking, error) {
	rules, err := s.apply(in.rb)
	if err != nil {
		return nil, err
	}
	rk := &ranking{in: in, rules: rules, explain: make([][]reason.Reason, len(in.ids)), effort: o.effort(), seats: o.Seats, freely: o.Changed}
	if rk.lot, err = lotValue(in.rb, o.Lot); err != nil {
		return nil, err
	}
	rk.votes = in.rawVotes()
	if err := rk.aggregate(s.Without); err != nil {
		return nil, err
	}
	if err := rk.compose(); err != nil {
		return nil, err
	}
	rk.arrange()
	return rk, nil
}

func (in *Input) rawVotes() []number {
	out := make([]number, len(in.ids))
	for _, counts := range in.votes {
		for c, n := range counts {
			out[c] = out[c].add(whole(n))
		}
	}
	return out
}

// aggregate computes the panels that a component or a tie-break names.
func (rk *ranking) aggregate(without []Juror) error {
	rk.panels = make(map[string][]score)
	wanted := make(map[string]bool)
	sources := slices.Clone(rk.rules.TieBreak)
	for _, c := range rk.rules.Components {
		sources = append(sources, c.Source)
	}
	for _, source := range sources {
		if id, ok := rulebook.SourcePanel(source); ok {
			wanted[id] = true
		} else if source == rulebook.SourcePanels {
			for _, p := range rk.in.panels {
				wanted[p.rules.ID] = true
			}
		}
	}
	gaps := new(missing)
	for _, p := range rk.in.panels {
		if !wanted[p.rules.ID] {
			continue
		}
		out := make(map[string]bool)
		for _, j := range without {
			if j.Panel == p.rules.ID {
				out[j.Juror] = true
			}
		}
		rk.panels[p.rules.ID] = p.aggregate(rk.in.ids, out, gaps)
	}
	return gaps.err()
}

func (rk *ranking) compose() error {
	n := len(rk.in.ids)
	rk.exact = make([]number, n)
	for _, rules := range rk.rules.Components {
		if rules.Source == rulebook.SourceRanked {
			return rk.fromBallots(rules)
		}
		weight := whole(1)
		if rules.Weight.IsSet() {
			weight = fraction(rules.Weight.Rat())
		}
		convert := newConversion(rules.Convert)
		groups, err := rk.amounts(rules)
		if err != nil {
			return err
		}
		points := make([]number, n)
		for _, group := range groups {
			for c, p := range convert.apply(group) {
				points[c] = points[c].add(p)
			}
		}
		for c, p := range points {
			rk.exact[c] = rk.exact[c].add(p.mul(weight))
		}
		rk.components = append(rk.components, component{rules, convert, len(groups), weight, points})
	}
	rk.totals = make([]number, n)
	for c, v := range rk.exact {
		rk.totals[c] = rounded(v, rk.rules.Round)
	}
	return nil
}

// total explains a candidate's total.
func (rk *ranking) total(c int) reason.Reason {
	exact, r := reason.Of("exact", reason.Points, rk.exact[c].String()), rk.rules.Round
	if !r.IsSet() {
		return reason.New("total", exact)
	}
	return reason.New("total_rounded", exact, reason.Of("mode", reason.Mode, r.Mode), reason.Number("digits", reason.Digits, r.Digits),
		reason.Of("total", reason.Points, rk.totals[c].String()))
}

// amounts gives the amounts of a component's source, in one group or in each of
// those inside which they are converted.
func (rk *ranking) amounts(rules rulebook.Component) ([][]amount, error) {
	n := len(rk.in.ids)
	if rules.Source == rulebook.SourceVotes {
		if rules.Per != rulebook.PerConstituency {
			return [][]amount{voteAmounts(rk.votes)}, nil
		}
		var groups [][]amount
		for _, name := range slices.Sorted(maps.Keys(rk.in.votes)) {
			counts := make([]number, n)
			for c, count := range rk.in.votes[name] {
				counts[c] = whole(count)
			}
			groups = append(groups, voteAmounts(counts))
		}
		return groups, nil
	}
	var panels [][]score
	if id, ok := rulebook.SourcePanel(rules.Source); ok {
		scores, ok := rk.panels[id]
		if !ok {
			return nil, fault.NewInvalid("ranking_unknown", "the rulebook names a panel that it does not have",
				fault.Wrong(rules.Source, "not_in_rulebook", "no such panel", "value", id))
		}
		panels = append(panels, scores)
	} else {
		for _, p := range rk.in.panels {
			panels = append(panels, rk.panels[p.rules.ID])
		}
	}
	var groups [][]amount
	for i, scores := range panels {
		if i == 0 || rules.Per == rulebook.PerPanel {
			groups = append(groups, make([]amount, n))
		}
		group := groups[len(groups)-1]
		for c, s := range scores {
			group[c].value = group[c].value.add(s.value)
			group[c].given = group[c].given || s.given
		}
	}
	return groups, nil
}

func voteAmounts(counts []number) []amount {
	out := make([]amount, len(counts))
	for c, v := range counts {
		out[c] = amount{value: v, given: v.sign() > 0, vote: true}
	}
	return out
}

// raw is a source's number of a candidate as ties compare it.
func (rk *ranking) raw(source string, c int) number {
	if source == rulebook.SourceVotes {
		return rk.votes[c]
	}
	if id, ok := rulebook.SourcePanel(source); ok {
		if scores := rk.panels[id]; scores != nil {
			return scores[c].value
		}
		return number{}
	}
	var sum number
	for _, scores := range rk.panels {
		sum = sum.add(scores[c].value)
	}
	return sum
}

// tell explains one component of a candidate.
func (rk *ranking) tell(k component, c int) reason.Reason {
	var of reason.Reason
	if id, ok := rulebook.SourcePanel(k.source()); ok {
		p := rk.in.panels[slices.IndexFunc(rk.in.panels, func(p *panel) bool { return p.rules.ID == id })]
		of = p.tell(rk.panels[id][c])
	} else {
		unit := reason.Points
		if k.source() == rulebook.SourceVotes {
			unit = reason.Votes
		}
		amount := reason.Of("amount", unit, rk.raw(k.source(), c).String())
		switch k.rules.Per {
		case rulebook.PerConstituency:
			of = reason.New("amount_by_constituency", amount, reason.Number("groups", reason.Count, k.groups))
		case rulebook.PerPanel:
			of = reason.New("amount_by_panel", amount, reason.Number("groups", reason.Count, k.groups))
		default:
			of = reason.New("amount", amount)
		}
	}
	points, weighted := reason.Of("points", reason.Points, k.points[c].String()), reason.Because("weighted")
	if k.weight.cmp(whole(1)) != 0 {
		weighted = reason.Because("weighted", reason.New("weighted", reason.Of("weight", reason.Factor, k.weight.String()),
			reason.Of("points", reason.Points, k.points[c].mul(k.weight).String())))
	}
	return reason.New("component", reason.Of("source", reason.Source, k.source()), reason.Because("of", of), k.convert.tell(points), weighted)
}
