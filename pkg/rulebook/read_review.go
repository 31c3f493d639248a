package rulebook

import (
	"math/big"
	"slices"
	"strings"
)

func (r *reader) review(f field, rb *Rulebook) Review {
	var rev Review
	once := unique()
	for _, item := range f.mapping("panels").get("panels").all() {
		item = item.mapping("id", "title", "jurors", "blind", "assign", "scale", "criteria", "aggregate",
			"missing", "min_scores", "sees_others", "spread_limit")
		p := Panel{
			ID:          r.newID(item.get("id"), once),
			Title:       item.get("title").localized(),
			Jurors:      item.get("jurors").whole(1, maxSeats),
			Blind:       r.blind(item.get("blind"), rb),
			Assign:      item.get("assign").choice(AssignAll, AssignAll, AssignRandom, AssignCategory, AssignHand),
			Scale:       r.scale(item.get("scale")),
			Criteria:    r.criteria(item.get("criteria")),
			Missing:     item.get("missing").choice(MissingRefuse, MissingRefuse, MissingSkip, MissingZero),
			MinScores:   item.get("min_scores").whole(1, maxSeats),
			SeesOthers:  item.get("sees_others").choice(SeesNever, SeesNever, SeesAfterOwn),
			SpreadLimit: item.get("spread_limit").atLeastZero(Number{}),
		}
		p.Aggregate = r.aggregate(item.get("aggregate"), p)
		r.scores(item, p)
		if p.Assign == AssignCategory && len(rb.Categories) == 0 {
			item.get("assign").fail("categories_missing", "there are no categories")
		}
		rev.Panels = append(rev.Panels, p)
	}
	return rev
}

// scores checks the number of scores against the panel.
func (r *reader) scores(f field, p Panel) {
	switch least := f.get("min_scores"); {
	case p.Jurors > 0 && p.MinScores > p.Jurors:
		least.fail("above_jurors", "the panel has {jurors} jurors, fewer than {value}", "jurors", p.Jurors, "value", p.MinScores)
	case p.Assign == AssignRandom && !least.has():
		least.fail("required", "is required with assign: random: how many jurors score a candidate")
	}
}

// blind reads the fields to hide. A misspelt one would show what must not be
// seen, so unknown ones are mistakes.
func (r *reader) blind(f field, rb *Rulebook) []string {
	if !f.has() && f.r.shape == nil {
		return nil
	}
	if f.kind == boolean {
		if f.truth() {
			return BlindFields()
		}
		return nil
	}
	known := slices.Concat([]string{"name", "photo", "deeds"}, KnownAttributes(), rb.Attributes)
	var fields []string
	once := unique()
	for _, item := range f.all() {
		name := item.id()
		once(item, name)
		if !slices.Contains(known, name) {
			item.fail("not_one_of", `unknown field "{value}"; known are {values}`, "value", escaped(name), "values", strings.Join(known, ", "))
		}
		fields = append(fields, name)
	}
	return fields
}

func (r *reader) scale(f field) Scale {
	f = f.mapping("min", "max", "step")
	s := Scale{Min: f.get("min").number(), Max: f.get("max").number(), Step: f.get("step").number()}
	if s.Step.IsSet() && s.Step.Sign() <= 0 {
		f.get("step").fail("not_above_zero", "{value} is not above 0", "value", s.Step)
		return s
	}
	if !s.Min.IsSet() || !s.Max.IsSet() {
		return s
	}
	if s.Min.Cmp(s.Max) >= 0 {
		f.get("max").fail("max_not_above_min", "max {max} is not above min {min}", "max", s.Max, "min", s.Min)
		return s
	}
	if s.Step.IsSet() {
		steps := new(big.Rat).Sub(s.Max.Rat(), s.Min.Rat())
		if steps.Quo(steps, s.Step.Rat()); !steps.IsInt() {
			f.get("step").fail("step_uneven", "steps of {step} do not lead from {min} to {max}", "step", s.Step, "min", s.Min, "max", s.Max)
		}
	}
	return s
}

func (r *reader) criteria(f field) []Criterion {
	var criteria []Criterion
	once := unique()
	weighs := false
	for _, item := range f.all() {
		item = item.mapping("id", "title", "weight")
		c := Criterion{
			ID:     r.newID(item.get("id"), once),
			Title:  item.get("title").localized(),
			Weight: item.get("weight").atLeastZero(Whole(1)),
		}
		weighs = weighs || c.Weight.Sign() > 0
		criteria = append(criteria, c)
	}
	if f.some("a panel scores at least one criterion") && len(criteria) > 0 && !weighs {
		f.fail("weights_zero", "the weights sum to 0")
	}
	return criteria
}

func (r *reader) aggregate(f field, p Panel) Aggregate {
	f = f.mapping("method", "drop_high", "drop_low", "over", "round")
	a := Aggregate{
		Method:   f.get("method").choice(AggregateMean, AggregateMean, AggregateTrimmedMean, AggregateMedian, AggregateStandardized),
		DropHigh: f.get("drop_high").whole(0, maxSeats),
		DropLow:  f.get("drop_low").whole(0, maxSeats),
		Over:     f.get("over").choice(OverSheet, OverSheet, OverCriterion),
		Round:    r.rounding(f.get("round")),
	}
	drop := a.DropHigh + a.DropLow
	at := f.get("drop_high")
	if !at.has() {
		at = f.get("drop_low")
	}
	switch {
	case a.Method != AggregateTrimmedMean && drop > 0:
		at.fail("drop_without_trimming", "only method trimmed_mean drops scores")
	case a.Method == AggregateTrimmedMean && drop == 0 && !at.has():
		f.get("method").fail("trimming_without_drop", "trimmed_mean needs drop_high or drop_low")
	case p.Jurors > 0 && drop >= p.Jurors:
		at.fail("drop_leaves_none", "dropping {drop} of {scores} jurors' scores leaves none", "drop", drop, "scores", p.Jurors)
	case p.MinScores > 0 && drop >= p.MinScores:
		at.fail("drop_leaves_none", "dropping {drop} of min_scores {scores} scores leaves none", "drop", drop, "scores", p.MinScores)
	}
	return a
}

func (r *reader) rounding(f field) Rounding {
	f = f.mapping("digits", "mode")
	if !f.has() && f.r.shape == nil {
		return Rounding{}
	}
	round := Rounding{Mode: f.get("mode").choice(RoundHalfUp, RoundHalfUp, RoundHalfEven, RoundTruncate)}
	if digits := f.get("digits"); digits.require() {
		round.Digits = digits.whole(0, 34)
	}
	return round
}
