package identity

import (
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/table"
)

// ImportRoster adds members to a selection's roster from a CSV or XLSX with
// the columns member[,name][,constituency] (编号, 姓名, 选区), all or nothing.
type ImportRoster struct {
	Slug           string   `json:"slug"`
	Blob           string   `json:"blob"`                     // SHA-256 of the file in the blob store
	Constituencies []string `json:"constituencies,omitempty"` // those of the rulebook; none: the column may say anything
	Divided        bool     `json:"divided,omitempty"`        // each member must have a constituency
	Sheet          string   `json:"sheet,omitempty"`          // of a workbook where several name the columns
}

// RosterImported says what an import did.
type RosterImported struct {
	Added   int          `json:"added"`
	Kept    int          `json:"kept"`    // rows of members who were on the roster: nothing of them changed
	Differs []KeptMember `json:"differs"` // of those kept, the first 1,000 whose row says something else

	Sheet    string          `json:"sheet,omitempty"`    // of the workbook, that was read
	Warnings []table.Warning `json:"warnings,omitempty"` // what was seen in the file and not read
}

// KeptMember is a member who stays as they are although a row differs.
type KeptMember struct {
	Line         int    `json:"line"` // of the file, from 1
	Member       string `json:"member"`
	Name         string `json:"name"`         // as kept
	Constituency string `json:"constituency"` // as kept
}

// OfRoster names a selection.
type OfRoster struct {
	Slug string `json:"slug"`
}

// Roster is a selection's roster in figures. It does not tell who has voted,
// and how many have, only after the vote: nothing is recorded before.
type Roster struct {
	Slug    string `json:"slug"`
	Members int    `json:"members"`
	Coded   int    `json:"coded"`           // members whose code has been handed out
	Voted   *int   `json:"voted,omitempty"` // members whose ballot is counted; absent until some moments after the vote
	Exports int    `json:"exports"`         // lists of codes handed out
}

// ExportCodes makes the codes of the members who have none. With a reason it
// also replaces all others: nobody knows which have been used.
type ExportCodes struct {
	Slug   string `json:"slug"`
	Reason string `json:"reason,omitempty"` // at most 1,000 characters
	Form   string `json:"form"`             // in which they are handed out, for the audit log
	Most   int    `json:"most"`             // members that the caller can take; more are refused, and nothing is done
}

// CodesExported is where the new codes are: sealed in the blob store under a
// key that is kept nowhere (package codelist).
type CodesExported struct {
	Blob    string `json:"blob"` // SHA-256
	Key     []byte `json:"key"`
	Members int    `json:"members"`
	Export  int    `json:"export"` // 1 for the first

	Replacements int64 `json:"replacements"` // of the roster's codes so far
}

// ReplaceCode gives one member a new code; the old one is no longer valid, nor
// is what was issued for it. The member stays the same voter.
type ReplaceCode struct {
	Slug   string `json:"slug"`
	Member string `json:"member"`
	Reason string `json:"reason"` // 1 to 1,000 characters
}

// CodeReplaced is what ReplaceCode did.
type CodeReplaced struct {
	Coded
	Replacements int64 `json:"replacements"` // of the roster's codes so far
}

// Coded is a member with a code, in plain text.
type Coded struct {
	Member       string `json:"member"`
	Name         string `json:"name"`
	Constituency string `json:"constituency"`
	Code         string `json:"code"` // K7M3-9TQX-2HFP
}

// MaxMembers is how many a selection's roster holds.
const MaxMembers = 100_000

// The faults of rosters and their codes.
var (
	ErrRosterInvalid = fault.New(fault.Invalid, "roster_invalid", "the roster has mistakes; nothing was imported")
	ErrRosterFull    = fault.New(fault.TooLarge, "roster_full", "the roster would have more than 100,000 members; nothing was imported")
	ErrNoRoster      = fault.New(fault.NotFound, "roster_unknown", "no roster has been imported")
	ErrNoMember      = fault.New(fault.NotFound, "member_unknown", "there is no such member on the roster")
	ErrCodesExported = fault.New(fault.Conflict, "codes_exported", "every member has a code, and codes are shown once; with a reason all are replaced")
	ErrCodesTooMany  = fault.New(fault.Invalid, "codes_too_many", "there are more codes than this form can hold")
	ErrVoteOver      = fault.New(fault.Conflict, "vote_over", "the vote is over: codes are neither taken, given out nor replaced")
	ErrCodeMistyped  = fault.New(fault.Invalid, "code_mistyped", "the code cannot be right: a character is missing or wrong")
	ErrCode          = fault.New(fault.Unauthorized, "code_unknown", "the code is not good for this selection: never given out, or replaced by another")
)
