package event

// PhaseApplied is an enforcing service's answer to PhaseChanged. Its version
// is that of the change it answers.
type PhaseApplied struct {
	Phase      string `json:"phase"`
	Action     string `json:"action"`               // open | close
	Candidates int    `json:"candidates,omitempty"` // nomination, vetting closed: how many were admitted
}

// EventType implements Payload.
func (PhaseApplied) EventType() Type { return Type{"phase_applied", 1} }

func phaseApplied() Spec {
	return Spec{
		PhaseApplied{Vetting, Close, 52}, "phases",
		[]string{"nomination", "voting", "review"},
		[]string{"selection"},
		"An enforcing room has applied `phase_changed` of the same version.",
	}
}
