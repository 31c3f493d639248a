package nomination

import (
	"time"

	"github.com/laurel-awards/laurel/pkg/fault"
)

// CorrectEntry puts what an entry says right: staff until vetting closes, whoever
// handed it in until nominations close. The version before is kept. Opinions are
// about what was read: a correction takes them back, and each department vets the
// entry anew.
type CorrectEntry struct {
	Slug    string  `json:"slug"`
	Entry   string  `json:"entry"`
	Version int     `json:"version"`       // that was read
	Nominee Nominee `json:"nominee"`       // whole; Photo stays what it is
	Reason  string  `json:"reason"`        // required of staff
	Key     string  `json:"key,omitempty"` // of whoever handed it in, who is not staff
}

// Version is what an entry said at a time.
type Version struct {
	Number  int       `json:"version"` // from 1; the highest is what the entry says now
	Nominee Nominee   `json:"nominee"`
	Changed []string  `json:"changed,omitempty"` // fields that differ from the version before, as Nominee's JSON names them
	By      string    `json:"by,omitempty"`      // account name; empty: whoever handed the entry in, or it is not known
	At      time.Time `json:"at"`
	Reason  string    `json:"reason,omitempty"`
	// What departments said of this version: what stands, and what the next
	// correction took back.
	Opinions  []Opinion `json:"opinions"`
	TakenBack []Opinion `json:"taken_back"`
}

// The faults of corrections.
var (
	// ErrVersion is a correction of a version that is not the last; param "version"
	// is the last.
	ErrVersion = fault.New(fault.Conflict, "entry_changed", "somebody else has corrected the entry; look at the latest version first")
	ErrKey     = fault.New(fault.Forbidden, "entry_key_wrong", "this is not the key that came with the entry")
)
