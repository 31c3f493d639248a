package selection

import (
	"strings"
	"time"

	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/fault"
)

// How an objection came.
const (
	ViaForm   = "form"   // the public's page
	ViaLetter = "letter" // what follows is entered by staff
	ViaCall   = "call"
	ViaVisit  = "visit"
)

// Vias are those that staff enter.
func Vias() []string { return []string{ViaLetter, ViaCall, ViaVisit} }

// The states of an objection.
const (
	ObjectionOpen    = "open"
	ObjectionUpheld  = "upheld"  // founded: the candidate is struck
	ObjectionRefused = "refused" // unfounded
	ObjectionClosed  = "closed"  // not examined, by a rule
)

// Outcomes are how an objection ends.
func Outcomes() []string { return []string{ObjectionUpheld, ObjectionRefused, ObjectionClosed} }

// The rules by which an objection is closed without being examined.
const (
	RuleLate  = "late"  // it was not within the notice
	RuleVague = "vague" // it names no facts that can be examined
	RuleScope = "scope" // it is not about whether the candidate may have the award
)

// ObjectionRuleNames are all of them.
func ObjectionRuleNames() []string { return []string{RuleLate, RuleVague, RuleScope} }

// What is noted of an objection.
const (
	NoteHearing = "hearing" // the person concerned was heard, on that day
	NoteOther   = "note"
)

// Notes are all of them.
func Notes() []string { return []string{NoteHearing, NoteOther} }

// The limits of an objection.
const (
	MaxObjection      = 5000 // characters
	MaxObjectionFiles = 5
	MaxObjectionFile  = 10 << 20 // bytes
	maxObjector       = 200      // characters of a name or address
)

// FileObjection is an objection to a candidate on notice.
type FileObjection struct {
	Slug       string            `json:"slug"`
	Candidate  int               `json:"candidate"`
	Text       string            `json:"text"`
	Name       string            `json:"name,omitempty"`
	Contact    string            `json:"contact,omitempty"`
	Anonymous  bool              `json:"anonymous,omitempty"`   // without Name and Contact, and with evidence
	Via        string            `json:"via,omitempty"`         // of staff: one of Vias
	ReceivedOn string            `json:"received_on,omitempty"` // of staff: its day, 2026-05-01; empty: today
	Postmark   string            `json:"postmark,omitempty"`    // of a letter: its day
	Files      []ObjectionUpload `json:"files,omitempty"`
}

// ObjectionUpload is a file that comes with an objection.
type ObjectionUpload struct {
	Name string `json:"name"`
	Blob string `json:"blob"` // of the uploads
}

// Filed is the receipt of an objection.
type Filed struct {
	Number int    `json:"number"`
	Code   string `json:"code"` // by which it is followed; told this once
	Late   bool   `json:"late"` // it was not within the notice
}

// FollowObjection asks how far an objection is.
type FollowObjection struct {
	Slug string `json:"slug"`
	Code string `json:"code"`
}

// Followed is how far an objection is, as whoever made it is told.
type Followed struct {
	Number     int        `json:"number"`
	Candidate  int        `json:"candidate"`
	State      string     `json:"state"`
	ReceivedAt time.Time  `json:"received_at"`
	DueAt      *time.Time `json:"due_at,omitempty"` // exclusive
	Rule       string     `json:"rule,omitempty"`
	Reasons    string     `json:"reasons,omitempty"`
	DecidedAt  *time.Time `json:"decided_at,omitempty"`
}

// Objection is one as its handlers see it.
type Objection struct {
	Followed

	Name       string           `json:"name,omitempty"`
	Contact    string           `json:"contact,omitempty"`
	Anonymous  bool             `json:"anonymous,omitempty"`
	Text       string           `json:"text"`
	Via        string           `json:"via"`
	ReceivedOn string           `json:"received_on"`
	Postmark   string           `json:"postmark,omitempty"`
	Late       bool             `json:"late,omitempty"`
	DecidedBy  string           `json:"decided_by,omitempty"`
	Struck     bool             `json:"struck,omitempty"` // the candidate is
	Files      []ObjectionFile  `json:"files"`
	Notes      []ObjectionNote  `json:"notes"`
	Excluded   []ExcludedPerson `json:"excluded"`
	ErasedAt   *time.Time       `json:"erased_at,omitempty"` // what it told of people is
}

// ObjectionFile is evidence.
type ObjectionFile struct {
	Name  string `json:"name"`
	Media string `json:"media"` // image/jpeg, image/png, application/pdf
	Size  int64  `json:"size"`
	Blob  string `json:"blob"`
}

// ObjectionNote is what a handler noted.
type ObjectionNote struct {
	Kind string    `json:"kind"`
	On   string    `json:"on"` // day
	Text string    `json:"text"`
	By   string    `json:"by"`
	At   time.Time `json:"at"`
}

// ExcludedPerson is one of staff who is party to an objection, and sees nothing of it.
type ExcludedPerson struct {
	Account string `json:"account"`
	Name    string `json:"name"`
	Reason  string `json:"reason"`
}

// OfObjection names an objection.
type OfObjection struct {
	Slug   string `json:"slug"`
	Number int    `json:"number"`
}

// NoteObjection notes a hearing, or something else.
type NoteObjection struct {
	Slug   string `json:"slug"`
	Number int    `json:"number"`
	Kind   string `json:"kind"`
	On     string `json:"on"` // day; empty: today
	Text   string `json:"text"`
}

// ExcludeHandler keeps an objection from one of staff, for good.
type ExcludeHandler struct {
	Slug    string `json:"slug"`
	Number  int    `json:"number"`
	Account string `json:"account"`
	Name    string `json:"name"`
	Reason  string `json:"reason"`
}

// DecideObjection ends an objection.
type DecideObjection struct {
	Slug    string `json:"slug"`
	Number  int    `json:"number"`
	Outcome string `json:"outcome"`
	Rule    string `json:"rule,omitempty"` // of a closed one
	Reasons string `json:"reasons"`        // whoever made it is told
}

// ObjectionCounts is what the public is told of objections.
type ObjectionCounts struct {
	Received  int `json:"received"`
	Founded   int `json:"founded"`
	Unfounded int `json:"unfounded"` // refused or closed
	Pending   int `json:"pending"`
}

// The faults of objections.
var (
	ErrNoticeOver = fault.New(fault.Conflict, "notice_over", "the notice is over; objections to it are not taken any more")
	ErrObjected   = fault.New(fault.NotFound, "objection_unknown", "there is no such objection")
	ErrCode       = fault.New(fault.NotFound, "objection_code_unknown", "no objection has this code")
	ErrEnded      = fault.New(fault.Conflict, "objection_ended", "this objection has been decided, and stays so")
	// ErrObjectionsOpen has the params open and unstruck.
	ErrObjectionsOpen = fault.New(fault.Conflict, "objections_open",
		"nothing is published while an objection is open or an upheld one waits for its candidate to be struck")
)

// Check returns the fields that break a rule, whatever the rulebook says.
func (f FileObjection) Check() []fault.Field {
	fields := append(required("text", f.Text), fault.Text("text", f.Text, MaxObjection)...)
	if !f.Anonymous {
		fields = append(fields, required("name", f.Name)...)
		fields = append(fields, required("contact", f.Contact)...)
	}
	fields = append(fields, fault.Text("name", f.Name, maxObjector)...)
	fields = append(fields, fault.Text("contact", f.Contact, maxObjector)...)
	if len(f.Files) > MaxObjectionFiles {
		fields = append(fields, fault.Wrong("files", "too_many", "has {count} items; the most is {max}", "count", len(f.Files), "max", MaxObjectionFiles))
	}
	return fields
}

// Check returns the fields that break a rule.
func (n NoteObjection) Check() []fault.Field {
	fields := append(required("text", n.Text), fault.Text("text", n.Text, MaxObjection)...)
	return append(fields, oneOf("kind", n.Kind, Notes())...)
}

// Check returns the fields that break a rule.
func (e ExcludeHandler) Check() []fault.Field {
	return append(required("account", e.Account), audit.Reason(e.Reason)...)
}

// Check returns the fields that break a rule.
func (d DecideObjection) Check() []fault.Field {
	fields := append(oneOf("outcome", d.Outcome, Outcomes()), required("reasons", d.Reasons)...)
	fields = append(fields, fault.Text("reasons", d.Reasons, audit.MaxReason)...)
	if d.Outcome == ObjectionClosed {
		fields = append(fields, oneOf("rule", d.Rule, ObjectionRuleNames())...)
	}
	return fields
}

func required(name, value string) []fault.Field {
	if strings.TrimSpace(value) == "" {
		return []fault.Field{fault.Required(name)}
	}
	return nil
}

func oneOf(name, value string, words []string) []fault.Field {
	for _, w := range words {
		if w == value {
			return nil
		}
	}
	return []fault.Field{fault.OneOf(name, words...)}
}
