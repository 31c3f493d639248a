package identity

import (
	"time"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/table"
)

// MaxPeople is how many are invited at once.
const MaxPeople = 500

// ReadPeople reads a list of names and addresses and leaves it at that: lines
// such as "Name <mail>", CSV or XLSX with a heading, vCards.
type ReadPeople struct {
	Slug string `json:"slug"`
	Blob string `json:"blob"` // SHA-256 of the file in the blob store
}

// PeopleRead is what was understood.
type PeopleRead struct {
	People   []Listed        `json:"people"`
	Mistakes []ListMistake   `json:"mistakes,omitempty"` // by line
	Warnings []table.Warning `json:"warnings,omitempty"`
}

// ListMistake is what is wrong with a line of a list. Like a field's, it is said
// in other languages by its code.
type ListMistake struct {
	Line    int               `json:"line"`  // of the file, from 1
	Field   string            `json:"field"` // email, name, or the line
	Code    string            `json:"code"`
	Message string            `json:"message"`
	Params  map[string]string `json:"params,omitempty"`
}

// Wrong is the mistake as a field's.
func (m ListMistake) Wrong() fault.Field {
	return fault.Field{Name: m.Field, Code: m.Code, Message: m.Message, Params: m.Params, Line: m.Line}
}

// Listed is one of a list.
type Listed struct {
	Line  int     `json:"line"` // of the file, from 1
	Name  string  `json:"name"`
	Email string  `json:"email"`
	Has   []Grant `json:"has,omitempty"` // roles in the selection already
}

// InvitePeople gives one role to many, all or none.
type InvitePeople struct {
	Grant

	People   []Invitee `json:"people"` // 1 to MaxPeople
	HandOver bool      `json:"hand_over,omitempty"`
}

// Invitee is one who is invited.
type Invitee struct {
	Name  string `json:"name"`
	Email string `json:"email"`
}

// StaffMember is somebody with roles in a selection, and how they were told.
type StaffMember struct {
	Account Account `json:"account"`
	Letter  *Letter `json:"letter,omitempty"` // the last invitation to it; nil: none was mailed, or it was forgotten
	// LinkUntil is how long a link that was handed over is good, that has not been
	// used; nil: there is none.
	LinkUntil *time.Time `json:"link_until,omitempty"`
}

// LetterState is how far a letter has come.
type LetterState string

// The states of letters.
const (
	LetterQueued    LetterState = "queued"    // it waits for its first try
	LetterSending   LetterState = "sending"   // a try has begun
	LetterDeferred  LetterState = "deferred"  // it waits for its next try
	LetterHeld      LetterState = "held"      // until an organizer releases it
	LetterSent      LetterState = "sent"      // the mail server took it
	LetterDropped   LetterState = "dropped"   // nobody was to get it any more
	LetterWithdrawn LetterState = "withdrawn" // by an organizer
	LetterDead      LetterState = "dead"      // refused, or given up
)

// LetterStates are all of them.
func LetterStates() []LetterState {
	return []LetterState{
		LetterQueued, LetterSending, LetterDeferred, LetterHeld, LetterSent, LetterDropped, LetterWithdrawn, LetterDead,
	}
}

// Letter is what has become of one.
type Letter struct {
	State     LetterState `json:"state"`
	CreatedAt time.Time   `json:"created_at"`
	DueAt     time.Time   `json:"due_at"` // of the next try, while it waits
	Tries     int         `json:"tries"`
	Error     string      `json:"error,omitempty"` // of the last try, in the mail server's words
}
