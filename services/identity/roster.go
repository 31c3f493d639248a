package identity

import (
	"time"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/table"
)

// ImportRoster adds members to a selection's roster from a CSV or XLSX with
// the columns member[,name][,constituency][,email] (编号, 姓名, 选区, 电子邮箱),
// all or nothing. Of members who are there it adds the address where they have
// none.
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
	Kept    int          `json:"kept"`    // rows of members who were on the roster: nothing of them changed but an address that they had not
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
	Email        string `json:"email,omitempty"`
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
	Lists   []List `json:"lists"`           // of these the last 50, the newest first

	Addressed int      `json:"addressed"`         // members with an email; none once it is known who voted
	Mailed    Mailed   `json:"mailed"`            // codes by mail
	Slips     int      `json:"slips"`             // members whose code was printed by the office alone
	Private   int      `json:"private"`           // members whose code no organizer could have read
	Printer   string   `json:"printer,omitempty"` // public key that slips were last encrypted for
	Failed    []Failed `json:"failed"`            // members whose letter was given up, the first 1,000
}

// List is what is known of a list of codes that was handed out.
type List struct {
	Export   int       `json:"export"` // 1 for the first
	At       time.Time `json:"at"`
	By       string    `json:"by"`   // name
	Form     string    `json:"form"` // in which it was handed out
	Codes    int       `json:"codes"`
	Replaced int       `json:"replaced"` // of these, in place of an earlier code
	LeftOut  int       `json:"left_out"` // members who are not on it
	Reason   string    `json:"reason,omitempty"`
}

// Mailed is what became of the letters with codes, of each member the last.
type Mailed struct {
	Waiting int `json:"waiting"`
	Sent    int `json:"sent"` // the mail server took it
	Failed  int `json:"failed"`
}

// Failed is a member whose letter was given up.
type Failed struct {
	Member string `json:"member" db:"member"`
	Error  string `json:"error,omitempty" db:"error"` // the mail server's words; kept for a week
}

// FormSealed is slips that the printing office alone can read.
const FormSealed = "sealed"

// ExportCodes makes the codes of the members who have none, and of those whose
// letter was given up. With a reason it also replaces the others: nobody knows
// which have been used. Codes that no organizer could have read are left out, but
// for slips that are printed anew by the office.
type ExportCodes struct {
	Slug   string            `json:"slug"`
	Reason string            `json:"reason,omitempty"` // at most 1,000 characters
	Form   string            `json:"form"`             // in which they are handed out: FormSealed, or any other for the audit log
	Most   int               `json:"most"`             // members that the caller can take; more are refused, and nothing is done
	Title  map[string]string `json:"title,omitempty"`  // of the selection by language, for slips that are sealed
}

// CodesExported is where the new codes are: sealed in the blob store under a
// key that is kept nowhere, or for the printing office (package codelist).
type CodesExported struct {
	Blob    string `json:"blob"`          // SHA-256
	Key     []byte `json:"key,omitempty"` // none for the printing office's
	Members int    `json:"members"`
	Export  int    `json:"export"` // 1 for the first
	Left    int    `json:"left"`   // members who were left out: their code is private, or in a letter that waits

	Replacements int64 `json:"replacements"` // of the roster's codes so far
}

// MailCodes sends codes to the members with an address who have none; with a
// reason, also to those whose code went through an organizer's hands, in place of
// it. Of one member it sends another letter, with a reason unless it is the first.
// The code is drawn when the letter is sent, and is kept nowhere.
type MailCodes struct {
	Slug   string `json:"slug"`
	Member string `json:"member,omitempty"`
	Email  string `json:"email,omitempty"`  // of the member, in place of the one there is; the code is not private then
	Reason string `json:"reason,omitempty"` // at most 1,000 characters
}

// CodesMailed is what MailCodes did.
type CodesMailed struct {
	Letters int `json:"letters"` // queued
	Left    int `json:"left"`    // members without a code of their own by mail who got none: no address, or a code from a list
}

// CodeOf names a code, as typed.
type CodeOf struct {
	Slug string `json:"slug"`
	Code string `json:"code"`
}

// CodeUsed is the bare answer about a code's member.
type CodeUsed struct {
	Ballot bool `json:"ballot"` // one is counted
}

// ReplaceCode gives one member a new code; the old one is no longer valid, nor
// is what was issued for it. The member stays the same voter, and the code is not
// private.
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
	ErrNoPrinter     = fault.New(fault.Conflict, "printer_missing", "whoever runs this installation has named no printing office: PRINTING_KEY")
	ErrNoneToMail    = fault.New(fault.Conflict, "nobody_to_mail", "no member with an address is without a code; with a reason, codes from lists are replaced")
	ErrLetters       = fault.New(fault.TooMany, "too_many_letters", "this address has had as many letters with a code in the last hour as it gets")
	ErrCodeRead      = fault.New(fault.Forbidden, "code_not_private",
		"whoever gave out the code could have read it: it does not prove who asks. Send the ballot's receipt",
		fault.Wrong("code", "code_not_private", "could have been read by who gave it out; send the ballot's receipt"))
	ErrNotOver      = fault.New(fault.Conflict, "vote_not_over", "whether a ballot is counted is told by code after the vote alone")
	ErrCodesTooMany = fault.New(fault.Invalid, "codes_too_many", "there are more codes than this form can hold")
	ErrVoteOver     = fault.New(fault.Conflict, "vote_over", "the vote is over: codes are neither taken, given out nor replaced")
	ErrCodeMistyped = fault.New(fault.Invalid, "code_mistyped", "the code cannot be right: a character is missing or wrong")
	ErrCode         = fault.New(fault.Unauthorized, "code_unknown", "the code is not good for this selection: never given out, or replaced by another")
)
