package event

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
		PhaseApplied{Vetting, Close, 4, 52},
		"phases",
		[]string{"nomination", "voting", "review"},
		[]string{"selection"},
		"An enforcing room has applied a `phase_changed`, named by its version.",
	}
}
