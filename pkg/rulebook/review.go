package rulebook

import "slices"

// Review is the panels of jurors.
type Review struct {
	Panels []Panel
}

// Panel returns the panel with the id.
func (r Review) Panel(id string) (Panel, bool) {
	i := slices.IndexFunc(r.Panels, func(p Panel) bool { return p.ID == id })
	if i < 0 {
		return Panel{}, false
	}
	return r.Panels[i], true
}

// Panel is a group of jurors who score by the same criteria.
type Panel struct {
	ID          string
	Title       Text
	Jurors      int      // how many; 0 where the scores alone tell
	Blind       []string // fields of the entry that jurors do not see; `true` in the document is BlindFields
	Assign      string   // who scores whom: the Assign… words, default AssignAll
	Scale       Scale
	Criteria    []Criterion
	Aggregate   Aggregate
	Missing     string // what an absent score does: the Missing… words, default MissingRefuse
	MinScores   int    // scores that a candidate needs at least; 0: no minimum
	SeesOthers  string // SeesNever (default) or SeesAfterOwn
	SpreadLimit Number // highest − lowest sheet total past which a further juror is called in; unset: never
}

// Hides tells whether jurors of the panel do not see the entry's field.
func (p Panel) Hides(field string) bool { return slices.Contains(p.Blind, field) }

// BlindFields are the fields of an entry that `blind: true` hides: those that
// tell who the nominee is.
func BlindFields() []string {
	return []string{"name", "photo", "employer", "recommended_by"}
}

// Who scores whom.
const (
	AssignAll      = "all"      // everyone scores every candidate
	AssignRandom   = "random"   // balanced, at least MinScores scores each
	AssignCategory = "category" // jurors score the candidates of their category
	AssignHand     = "hand"     // the organizer assigns
)

// What an absent score does. Recused or unassigned is not absent.
const (
	MissingRefuse = "refuse" // stops the computation
	MissingSkip   = "skip"   // the rest is aggregated
	MissingZero   = "zero"   // counts as 0
)

// What a juror sees of others' scores.
const (
	SeesNever    = "never"
	SeesAfterOwn = "after_own" // after submitting one's own
)

// Scale is the scores that a juror may give: Min, Min+Step, … Max. An unset
// bound or step does not restrict.
type Scale struct {
	Min  Number
	Max  Number
	Step Number
}

// Criterion is what a juror scores; Weight is a factor as written, default 1.
type Criterion struct {
	ID     string
	Title  Text
	Weight Number
}

// Aggregate is how a panel's scores become one number.
type Aggregate struct {
	Method   string // the Aggregate… words, default AggregateMean
	DropHigh int    // trimmed_mean: how many of the highest are left out
	DropLow  int    // trimmed_mean: how many of the lowest are left out
	Over     string // OverSheet (default) or OverCriterion
	Round    Rounding
}

// The methods of aggregation.
const (
	AggregateMean         = "mean"
	AggregateTrimmedMean  = "trimmed_mean"
	AggregateMedian       = "median"
	AggregateStandardized = "standardized"
)

// What is aggregated.
const (
	OverSheet     = "sheet"     // the jurors' weighted totals
	OverCriterion = "criterion" // each criterion, which is then rounded, weighed, rounded and summed
)

// Rounding says where and how numbers are rounded. The zero value does not round.
type Rounding struct {
	Digits int    // decimals, 0 to 34
	Mode   string // the Round… words; empty: no rounding
}

// IsSet tells whether there is rounding.
func (r Rounding) IsSet() bool { return r.Mode != "" }

// The modes of rounding.
const (
	RoundHalfUp   = "half_up"   // 0.5 away from zero
	RoundHalfEven = "half_even" // 0.5 to the even neighbour
	RoundTruncate = "truncate"  // towards zero
)
