package event

// CandidateAdmitted gives an entry that passed vetting its public number.
type CandidateAdmitted struct {
	Number     int               `json:"number"` // from 1 without gaps in a selection
	EntryID    string            `json:"entry_id"`
	Name       string            `json:"name"`
	Category   string            `json:"category,omitempty"`   // id in the rulebook
	Attributes map[string]string `json:"attributes,omitempty"` // what quotas look at: employer, region, gender …
	Deeds      string            `json:"deeds,omitempty"`      // the story, which jurors read; at most 5,000 characters
}

// EventType implements Payload.
func (CandidateAdmitted) EventType() Type { return Type{"candidate_admitted", 1} }

// CandidateStruck takes a candidate off the list.
type CandidateStruck struct {
	Number int    `json:"number"`
	Reason string `json:"reason"`
}

// EventType implements Payload.
func (CandidateStruck) EventType() Type { return Type{"candidate_struck", 1} }

func nominationEvents() []Spec {
	from, rooms := []string{Nomination}, []string{Voting, Review, Selection}
	return []Spec{
		{
			CandidateAdmitted{
				7, "0198c0de-0000-7000-8000-000000000007", "马建国", "courier",
				map[string]string{"employer": "陇运速递", "region": "兰州"},
				"十年如一日，风雨无阻。",
			},
			"candidate/<number>", from, rooms, "An entry passed vetting and has its public number.",
		},
		{CandidateStruck{7, "withdrew"}, "candidate/<number>", from, rooms, "A candidate is off the list."},
	}
}
