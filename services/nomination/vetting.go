package nomination

// Show is which entries a department's list has.
type Show string

// What a list may show.
const (
	ShowDue    Show = "due"    // submitted, and without the department's opinion
	ShowGiven  Show = "given"  // with the department's opinion
	ShowFailed Show = "failed" // which the department failed
	ShowAll    Show = "all"
)

// Shows are all of them.
func Shows() []Show { return []Show{ShowDue, ShowGiven, ShowFailed, ShowAll} }

// VettingOrder is the order of a department's list.
type VettingOrder string

// The orders.
const (
	InSubmission VettingOrder = ""
	InNames      VettingOrder = "name"
	InEmployers  VettingOrder = "employer"
)

// VettingOrders are all of them.
func VettingOrders() []VettingOrder { return []VettingOrder{InSubmission, InNames, InEmployers} }

// VettingQuery is which entries a department looks at, and in which order.
type VettingQuery struct {
	Slug       string       `json:"slug"`
	Department string       `json:"department"`
	Show       Show         `json:"show,omitempty"`   // ShowDue where empty
	Search     string       `json:"search,omitempty"` // in name, employer, region, recommending body and story, without regard to case
	Order      VettingOrder `json:"order,omitempty"`
}

// ListVetting asks for a page of a department's list.
type ListVetting struct {
	VettingQuery
	Only   []string `json:"only,omitempty"` // of these entries; all where empty
	Offset int      `json:"offset,omitempty"`
	Limit  int      `json:"limit,omitempty"` // at most and by default 200
}

// VettingList is a page of a department's list.
type VettingList struct {
	Entries []VettingEntry `json:"entries"`
	Found   int            `json:"found"`  // by the query, on all pages
	Counts  map[Show]int   `json:"counts"` // without the search
	// Reasons are those that the acting vetter has failed entries with in this
	// selection, the last one first, at most ten.
	Reasons []string `json:"reasons"`
}

// VettingEntry is a line of a department's list.
type VettingEntry struct {
	ID       string   `json:"id" db:"id"`
	State    State    `json:"state" db:"state"`
	Name     string   `json:"name" db:"name"`
	Employer string   `json:"employer" db:"employer"`
	Region   string   `json:"region" db:"region"`
	Category string   `json:"category,omitempty" db:"category"`
	Warned   bool     `json:"warned,omitempty" db:"warned"` // there are warnings
	Opinion  *Opinion `json:"opinion,omitempty" db:"-"`     // the department's
}

// GetVetting asks for an entry among those of a department's list.
type GetVetting struct {
	VettingQuery
	Entry string `json:"entry"`
}

// VettingStep is an entry and its neighbours in a department's list, in which it
// stands whether the query finds it or not.
type VettingStep struct {
	Entry    Entry    `json:"entry"`
	Place    int      `json:"place"` // from 1
	Found    int      `json:"found"` // by the query, and the entry itself
	Previous string   `json:"previous,omitempty"`
	Next     string   `json:"next,omitempty"`
	Reasons  []string `json:"reasons"` // as VettingList's
}

// MaxOpinions is the most entries that one act may give an opinion on.
const MaxOpinions = 200

// GiveOpinions is a department's word on many entries, for all the same reason.
type GiveOpinions struct {
	Slug       string   `json:"slug"`
	Entries    []string `json:"entries"` // at most MaxOpinions
	Department string   `json:"department"`
	Verdict    string   `json:"verdict"`
	Reason     string   `json:"reason"` // required to fail
}

// WithdrawOpinions takes a department's word on entries back.
type WithdrawOpinions struct {
	Slug       string   `json:"slug"`
	Entries    []string `json:"entries"` // at most MaxOpinions
	Department string   `json:"department"`
}

// Vetted is what became of entries.
type Vetted struct {
	Entries []VettedEntry `json:"entries"` // in the order of the input
}

// VettedEntry is what became of one.
type VettedEntry struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	State  State  `json:"state"`
	Number int    `json:"number,omitempty"` // of a candidate
}
