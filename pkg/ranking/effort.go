package ranking

import "github.com/laurel-awards/laurel/pkg/fault"

// DefaultBudget is how much work the search about quotas may do if nothing else
// is said. Selections of real size take a thousandth of it, or less.
const DefaultBudget = 100_000_000_000

// Progress is what a long search about quotas tells. Work counts numbers looked
// at, a billion or so in a second, and is the same on every machine.
type Progress struct {
	Work, Budget int64
}

// effort is the work of one computation.
type effort struct {
	Progress
	told  int64
	tell  func(Progress) error
	ended error       // by whom the progress is told to
	kept  *Checkpoint // nil: nothing is kept
	asked int         // how many questions
}

// often is after how much work progress is told again.
const often = 1 << 25

func (o Options) effort() *effort {
	e := &effort{Progress: Progress{Budget: o.Budget}, tell: o.Progress, kept: o.Checkpoint}
	if e.Budget <= 0 {
		e.Budget = DefaultBudget
	}
	return e
}

// spent tells whether the budget is used up, or the search is to end.
func (e *effort) spent() bool {
	if e.tell != nil && e.ended == nil && e.Work-e.told > often {
		e.told = e.Work
		e.ended = e.tell(e.Progress)
	}
	return e.Work > e.Budget || e.ended != nil
}

// part is an effort of its own, of a part of the budget.
func (e *effort) part(share int64) *effort {
	return &effort{Progress: Progress{Budget: e.Budget / share}}
}

func (e *effort) undecided() error {
	if e.ended != nil {
		return e.ended
	}
	return Undecided(e.Budget)
}

// Undecided is the fault of a search that has used up its budget.
func Undecided(budget int64) error {
	return fault.NewInvalid(CodeUndecided, "whether the quotas can be met could not be decided within the search's budget",
		fault.Wrong("budget", "budget_too_small", "of {budget} is used up: a larger one lets the search go on", "budget", budget))
}
