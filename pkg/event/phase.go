package event

import "github.com/laurel-awards/laurel/pkg/rulebook"

// PhaseApplied is an enforcing service's answer to PhaseChanged.
type PhaseApplied struct {
	Phase      string `json:"phase"`
	Action     string `json:"action"`               // open | close
	Change     int64  `json:"change"`               // the version of the PhaseChanged that it answers
	Candidates int    `json:"candidates,omitempty"` // nomination, vetting closed: how many were admitted
}

// EventType implements Payload.
func (PhaseApplied) EventType() Type { return Type{"phase_applied", 1} }

func phaseApplied() Spec {
	return Spec{
		PhaseApplied{rulebook.PhaseVetting, Close, 4, 52},
		"phases",
		Enforcers(),
		[]string{Selection},
		"An enforcing room has applied a `phase_changed`, named by its version.",
	}
}
