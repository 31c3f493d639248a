package gateway

import (
	"time"

	"github.com/laurel-awards/laurel/pkg/job"
)

// Job is long work of a service: how far it is.
type Job struct {
	ID        string     `json:"id"`
	Slug      string     `json:"slug"`
	Service   string     `json:"service"`
	Kind      string     `json:"kind"`
	State     job.State  `json:"state"`
	Done      int64      `json:"done" doc:"Of total"`
	Total     int64      `json:"total" doc:"0: not known"`
	Attempts  int        `json:"attempts"`
	Code      string     `json:"code,omitempty" doc:"Of the fault that the last attempt ended with"`
	Message   string     `json:"message,omitempty"`
	CreatedAt time.Time  `json:"created_at"`
	StartedAt *time.Time `json:"started_at,omitempty"`
	EndedAt   *time.Time `json:"ended_at,omitempty"`
}

// Check is what a check of the ballots found: that tally, log and batches are those
// of the ballots, or why not.
type Check struct {
	Ballots   int64     `json:"ballots" doc:"All; until the tally is final, those that are public"`
	Sequenced int64     `json:"sequenced" doc:"Ballots in the public tally, and lines of the log"`
	At        time.Time `json:"at" doc:"What was there at this time was checked"`
	Problems  []string  `json:"problems" doc:"None: everything holds"`
	Job       *Job      `json:"job,omitempty" doc:"Of a later check, which is at work, was cancelled or failed"`
}

// OrderSearch asks for a longer search for who can be seated under the quotas.
type OrderSearch struct {
	Budget int64 `json:"budget" minimum:"1" maximum:"10000000000000" doc:"Work in all, what has been spent included; 1,000,000,000 take about a second"`
}

// Search is how far it is decided who can be seated under the quotas.
type Search struct {
	Undecided bool  `json:"undecided" doc:"There is no result because what has been spent did not decide who can be seated"`
	Work      int64 `json:"work" doc:"That has been spent; what it found is kept"`
	Budget    int64 `json:"budget" doc:"That has been given; 0: no search was needed"`
	Job       *Job  `json:"job,omitempty" doc:"The last search that was ordered"`
}
