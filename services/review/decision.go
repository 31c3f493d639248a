package review

import "time"

// SeatCommittee lists everybody who decides.
type SeatCommittee struct {
	Slug    string   `json:"slug"`
	Members []Person `json:"members"`
}

// PutMotion puts the computed result to the committee's vote, or a filling of the
// seats where the search about quotas ended undecided.
type PutMotion struct {
	Slug   string    `json:"slug"`
	Motion string    `json:"motion"`           // in the organizer's words
	Kind   string    `json:"kind,omitempty"`   // empty: Fill where there are seats, else Adopt
	Seats  []Awarded `json:"seats,omitempty"`  // of Fill all of them; of Choose those that the ties leave open
	Reason string    `json:"reason,omitempty"` // of a motion that changes the list; required there
	Out    int       `json:"out,omitempty"`    // of Replace and LeaveEmpty: who loses the award
	In     int       `json:"in,omitempty"`     // of Replace: who gets it
}

// The kinds of motions. The last three change the list that is in force, under the
// quotas; a later motion adopts it.
const (
	Adopt      = "adopt"       // the list that is in force
	Fill       = "fill"        // the seats, where the search about quotas ended undecided
	Replace    = "replace"     // one who has an award by one who has none
	LeaveEmpty = "leave_empty" // the seat of one who has an award
	Choose     = "choose"      // between candidates who tie
)

// Kinds are all of them.
func Kinds() []string { return []string{Adopt, Fill, Replace, LeaveEmpty, Choose} }

// Changes tells whether motions of a kind change the list.
func Changes(kind string) bool { return kind == Replace || kind == LeaveEmpty || kind == Choose }

// RecuseMotion says that the acting member takes no part in a motion.
type RecuseMotion struct {
	Slug   string `json:"slug"`
	Motion int    `json:"motion,omitempty"` // the number of the one that is meant; 0: the last
	Reason string `json:"reason"`           // required
}

// Awarded is a candidate who gets an award by a decision.
type Awarded struct {
	Candidate int    `json:"candidate"`
	Name      string `json:"name,omitempty"` // in answers
	Award     string `json:"award"`
}

// VoteMotion is the acting member's vote, once.
type VoteMotion struct {
	Slug   string `json:"slug"`
	Motion int    `json:"motion,omitempty"` // the number of the one that is meant; 0: the last
	Choice string `json:"choice"`           // for | against | abstain
}

// CloseMotion closes the vote on a motion.
type CloseMotion struct {
	Slug   string `json:"slug"`
	Motion int    `json:"motion,omitempty"` // the number of the one that is meant; 0: the last
}

// The choices.
const (
	For     = "for"
	Against = "against"
	Abstain = "abstain"
)

// Decision is the committee's meeting.
type Decision struct {
	Slug       string     `json:"slug"`
	Members    []Person   `json:"members"`
	Motion     string     `json:"motion,omitempty"`
	ResultHash string     `json:"result_hash,omitempty"` // what is put to the vote
	Voted      int        `json:"voted"`
	Outcome    string     `json:"outcome"`
	For        int        `json:"for"` // this and the next two are 0 until the vote is closed
	Against    int        `json:"against"`
	Abstained  int        `json:"abstained"`
	ClosedAt   *time.Time `json:"closed_at,omitempty"`
	Awaits     []string   `json:"awaits,omitempty"` // ids of the hosts that have yet to sign
}

// The outcomes of a motion.
const (
	NoMotion = "none"
	Moved    = "moved"
	Approved = "approved"
	Rejected = "rejected"
	// Overtaken is one that had the votes, when what it was put for was no more: the
	// search has decided, or the inputs have changed, as by a candidate who was struck.
	Overtaken = "overtaken"
	// Changed is one that had the votes and has changed the list.
	Changed = "changed"
	// AwaitsHosts is one that had the votes; it counts when all hosts have signed.
	AwaitsHosts = "signing"
	// Returned is one that a host has refused to sign.
	Returned = "returned"
	// Fallen is one whose result changed before all hosts had signed, or later by a
	// candidate who was struck.
	Fallen = "fallen"
)
