package gateway

// FileObjection is an objection to a candidate on notice; files come with the form
// of the pages alone.
type FileObjection struct {
	Candidate int    `json:"candidate" minimum:"1" maximum:"1000000"`
	Text      string `json:"text" lines:"true" maxLength:"5000"`
	Name      string `json:"name" maxLength:"200"`
	Contact   string `json:"contact" maxLength:"200" doc:"Telephone or mail"`
}

// EnterObjection is one that staff enter for whoever wrote, called or came.
type EnterObjection struct {
	FileObjection
	Via        string `json:"via" enum:"letter,call,visit"`
	ReceivedOn string `json:"received_on,omitempty" maxLength:"10" doc:"Day, in the selection's timezone; today where absent" example:"2026-05-01"`
	Postmark   string `json:"postmark,omitempty" maxLength:"10" doc:"Day, of a letter" example:"2026-04-30"`
}

// FollowObjection asks how far an objection is.
type FollowObjection struct {
	Code string `json:"code" maxLength:"64" doc:"From the answer to the objection"`
}

// NoteObjection notes a hearing, or something else.
type NoteObjection struct {
	Kind string `json:"kind" enum:"hearing,note"`
	On   string `json:"on,omitempty" maxLength:"10" doc:"Day; today where absent" example:"2026-05-01"`
	Text string `json:"text" lines:"true" maxLength:"5000"`
}

// ExcludeHandler keeps an objection from one of its handlers.
type ExcludeHandler struct {
	Email  string `json:"email" maxLength:"254"`
	Reason string `json:"reason" lines:"true" maxLength:"1000"`
}

// DecideObjection ends an objection.
type DecideObjection struct {
	Outcome string `json:"outcome" enum:"upheld,refused,closed"`
	Rule    string `json:"rule,omitempty" enum:"late,vague,scope" doc:"Of one that is closed without being examined"`
	Reasons string `json:"reasons" lines:"true" maxLength:"1000" doc:"Whoever made it is told; of an upheld one, that the candidate is struck for"`
}
