package selection

import (
	"time"

	"github.com/laurel-awards/laurel/pkg/fault"
)

// Plan is what may be done with the phases of a selection, and what has been.
type Plan struct {
	Selection Selection `json:"selection"`
	Steps     []Step    `json:"steps"` // of each phase its opening and its close, in order
	At        time.Time `json:"at"`    // it was so at this time, by the database's clock
}

// Step gives that of a phase; the zero Step where there is none.
func (p Plan) Step(phase, action string) Step {
	for _, s := range p.Steps {
		if s.Phase == phase && s.Action == action {
			return s
		}
	}
	return Step{}
}

// Step is one change of a phase. Each is ordered once.
type Step struct {
	Phase    string       `json:"phase"`
	Action   string       `json:"action"`              // event.Open, event.Close
	Ordered  *Ordered     `json:"ordered,omitempty"`   // absent: it has not been
	Refused  *fault.Error `json:"refused,omitempty"`   // what the order would be refused for now; absent: for nothing, or it was ordered
	ClosesAt *time.Time   `json:"closes_at,omitempty"` // of an opening that may be ordered: when the clock would close the phase
}

// Ready tells whether the step may be ordered now.
func (s Step) Ready() bool { return s.Phase != "" && s.Ordered == nil && s.Refused == nil }

// Ordered is who ordered a step, and why.
type Ordered struct {
	By     string    `json:"by,omitempty"` // name; empty: the clock
	At     time.Time `json:"at"`
	Reason string    `json:"reason,omitempty"`
}
