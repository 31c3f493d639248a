package review

import "github.com/laurel-awards/laurel/pkg/job"

// SearchJob is the kind of the job that fills the seats with a larger budget.
const SearchJob = "search"

// The budgets of the search about quotas, in numbers looked at: what is spent at
// once if the installation says nothing else, which is some seconds; and the most
// that a job may be given, which is some hours.
const (
	BudgetAtOnce = 3_000_000_000
	MostBudget   = 10_000_000_000_000
)

// OrderSearch asks for a search with a larger budget.
type OrderSearch struct {
	Slug   string `json:"slug"`
	Budget int64  `json:"budget"` // in all: what has been spent counts
}

// Search is how far it is decided who can be seated under the quotas.
type Search struct {
	// Undecided: no result, because what has been spent did not do.
	Undecided bool     `json:"undecided"`
	Work      int64    `json:"work"`   // that has been spent, and what it found is kept
	Budget    int64    `json:"budget"` // that has been given; 0: no search was needed
	Job       *job.Job `json:"job,omitempty"`
}
