package event

// ResultComputed says that the rulebook has computed a result, and from what.
type ResultComputed struct {
	ResultHash   string `json:"result_hash"`   // blob of the result, SHA-256, hex
	RulebookHash string `json:"rulebook_hash"` // canonical rulebook
	VotesHash    string `json:"votes_hash"`    // the votes as exported
	ScoresHash   string `json:"scores_hash"`   // the scores as exported
}

// EventType implements Payload.
func (ResultComputed) EventType() Type { return Type{"result_computed", 1} }

// DecisionMade is the committee's word on a computed result.
type DecisionMade struct {
	ResultHash string `json:"result_hash"`
	Approved   bool   `json:"approved"`
	Members    int    `json:"members"` // seats on the committee
	For        int    `json:"for"`
	Against    int    `json:"against"`
	Abstained  int    `json:"abstained"`
}

// EventType implements Payload.
func (DecisionMade) EventType() Type { return Type{"decision_made", 1} }

func reviewEvents() []Spec {
	from, to := []string{Review}, []string{Selection}
	const hash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
	return []Spec{
		{ResultComputed{hash, hash, hash, hash}, "result", from, to, "The rulebook computed a result; the hashes say from what."},
		{DecisionMade{hash, true, 9, 8, 0, 1}, "decision", from, to, "The committee voted on a computed result."},
	}
}
