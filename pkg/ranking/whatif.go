package ranking

import (
	"slices"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
)

// Scenario is a change to try. A what-if is never a result: it is for a
// committee that wants to know how much hangs on a rule.
type Scenario struct {
	Weights  map[string]rulebook.Number  // by a component's source
	Converts map[string]rulebook.Convert // by a component's source
	Without  []Juror                     // whose scores are left out, as if recused
}

// Juror names one juror of a panel.
type Juror struct{ Panel, Juror string }

// WhatIf computes what Rank would under the scenario; it answers
// scenario_invalid where that names what is not there.
func (in *Input) WhatIf(o Options, s Scenario) (*Result, error) {
	outcome, err := in.Compute(o, s)
	if err != nil {
		return nil, err
	}
	return outcome.whole(), nil
}

func (s Scenario) check(in *Input) error {
	for i, j := range s.Without {
		if !in.HasJuror(j) {
			return invalid(fault.Wrong("without", "juror_unknown", "panel {panel} has no juror {juror}", "panel", j.Panel, "juror", j.Juror))
		}
		if slices.Contains(s.Without[:i], j) {
			return invalid(fault.Wrong("without", "juror_twice", "juror {juror} is named twice", "juror", j.Juror))
		}
	}
	return nil
}

// apply gives the composite rules under the scenario.
func (s Scenario) apply(rb *rulebook.Rulebook) (rulebook.Composite, error) {
	rules := rb.Composite
	rules.Components = slices.Clone(rules.Components)
	for source, weight := range s.Weights {
		if !change(rules.Components, source, func(c *rulebook.Component) { c.Weight = weight }) {
			return rules, noComponent("weights", source)
		}
	}
	for source, convert := range s.Converts {
		if !change(rules.Components, source, func(c *rulebook.Component) { c.Convert = convert }) {
			return rules, noComponent("converts", source)
		}
	}
	return rules, nil
}

func change(components []rulebook.Component, source string, f func(*rulebook.Component)) bool {
	found := false
	for i := range components {
		if components[i].Source == source {
			f(&components[i])
			found = true
		}
	}
	return found
}

func noComponent(field, source string) error {
	return invalid(fault.Wrong(field, "component_unknown", "no component of the source {source}", "source", source))
}

func invalid(field fault.Field) error {
	return fault.NewInvalid("scenario_invalid", "the scenario cannot be computed", field)
}
