package identity

import (
	"time"

	"github.com/laurel-awards/laurel/pkg/fault"
)

// LetterKind is what a letter is about, as whoever had it sent may know.
type LetterKind string

// The kinds of letter. To an invitation belongs what is sent in its place to
// whoever has an account: which of the two went is told to nobody.
const (
	LetterInvitation      LetterKind = "invitation"
	LetterCode            LetterKind = "code"
	LetterReset           LetterKind = "reset"
	LetterClaimed         LetterKind = "claimed"
	LetterPasswordChanged LetterKind = "password_changed"
	LetterSessionsEnded   LetterKind = "sessions_ended"
	LetterDisabled        LetterKind = "disabled"
	LetterEnabled         LetterKind = "enabled"
	LetterFactorAdded     LetterKind = "factor_added"
	LetterFactorRemoved   LetterKind = "factor_removed"
	LetterRecoveryRenewed LetterKind = "recovery_renewed"
	LetterRecoveryUsed    LetterKind = "recovery_used"
	LetterSecondFailed    LetterKind = "second_failed"
)

// SelectionLetters are the kinds that a selection sends: its organizers may hold
// them, and word them. All others are the installation's.
func SelectionLetters() []LetterKind { return []LetterKind{LetterInvitation, LetterCode} }

// LetterKinds are all of them.
func LetterKinds() []LetterKind {
	return []LetterKind{
		LetterInvitation, LetterCode, LetterReset, LetterClaimed, LetterPasswordChanged, LetterSessionsEnded, LetterDisabled, LetterEnabled,
		LetterFactorAdded, LetterFactorRemoved, LetterRecoveryRenewed, LetterRecoveryUsed, LetterSecondFailed,
	}
}

// MaxLetters is how many letters are told at once.
const MaxLetters = 100

// ListMail asks for letters, the last first.
type ListMail struct {
	Slug   string      `json:"slug,omitempty"`   // of the selection that had them sent; empty: the installation's own
	State  LetterState `json:"state,omitempty"`  // empty: all
	Kind   LetterKind  `json:"kind,omitempty"`   // empty: all
	Search string      `json:"search,omitempty"` // a part of the address
	Page   int         `json:"page,omitempty"`   // from 1; past the last one: the last
	Most   int         `json:"most,omitempty"`   // of a page, to MaxLetters; 0: the figures alone
}

// MailPage is a page of letters.
type MailPage struct {
	On      bool         `json:"on"`      // this installation sends mail
	Figures []MailFigure `json:"figures"` // of all letters that are kept, whatever was asked for
	Found   int          `json:"found"`
	Page    int          `json:"page"`
	Letters []MailLetter `json:"letters"`
}

// MailFigure counts letters.
type MailFigure struct {
	Kind    LetterKind  `json:"kind"`
	State   LetterState `json:"state"`
	Letters int         `json:"letters"`
}

// Count is the number of letters in some states; of none: of all.
func (p MailPage) Count(states ...LetterState) (n int) {
	for _, f := range p.Figures {
		if len(states) == 0 {
			n += f.Letters
		}
		for _, s := range states {
			if f.State == s {
				n += f.Letters
			}
		}
	}
	return n
}

// MailLetter is a letter and what has become of it.
type MailLetter struct {
	ID      string     `json:"id"`
	Kind    LetterKind `json:"kind"`
	Address string     `json:"address"`

	Letter

	// BegunAt is when the last try began that has not been noted; nil: none.
	BegunAt *time.Time `json:"begun_at,omitempty"`
	// SettledAt is when it was sent, refused, dropped or withdrawn. Of letters with
	// codes it is not told: their readers may vote soon after.
	SettledAt *time.Time `json:"settled_at,omitempty"`
	Reason    string     `json:"reason,omitempty"` // why it was withdrawn
	Kept      bool       `json:"kept,omitempty"`   // it may be held and withdrawn
}

// OfLetter names a letter of a selection, or of the installation.
type OfLetter struct {
	Slug   string `json:"slug,omitempty"`
	Letter string `json:"letter"`
}

// LetterRead is a letter with what it says.
type LetterRead struct {
	MailLetter

	// Texts are what it says, with secrets masked. An invitation has two: the second
	// is for whoever has an account. None: what it said is no longer kept.
	Texts []LetterText `json:"texts"`
}

// LetterText is a letter as its reader gets it.
type LetterText struct {
	Subject string `json:"subject"`
	Text    string `json:"text"`
}

// MailAct is what is done to a letter.
type MailAct string

// The acts.
const (
	HoldMail     MailAct = "hold"
	ReleaseMail  MailAct = "release"
	WithdrawMail MailAct = "withdraw" // with a reason
	RetryMail    MailAct = "retry"    // of a letter that was refused or given up
)

// MailActs are all of them.
func MailActs() []MailAct { return []MailAct{HoldMail, ReleaseMail, WithdrawMail, RetryMail} }

// ChangeMail does something to one letter of a selection or the installation, or
// to all that it can be done to; only one is withdrawn at a time.
type ChangeMail struct {
	Slug   string  `json:"slug,omitempty"`
	Letter string  `json:"letter,omitempty"` // empty: all
	Do     MailAct `json:"do"`
	Reason string  `json:"reason,omitempty"` // of 1 to 1,000 characters, where one is withdrawn
}

// MailChanged is how many letters were changed.
type MailChanged struct {
	Letters int `json:"letters"`
}

// WordingKind is a letter that a selection words itself.
type WordingKind string

// The wordings.
const (
	WordInvitation WordingKind = "invitation"
	WordRoleGiven  WordingKind = "role_given" // in place of an invitation, to whoever has an account
	WordCode       WordingKind = "code"
)

// WordingKinds are all of them.
func WordingKinds() []WordingKind { return []WordingKind{WordInvitation, WordRoleGiven, WordCode} }

// The bounds of a wording in characters.
const (
	MaxSubject = 200
	MaxWording = 4000
)

// OfWording names a wording.
type OfWording struct {
	Slug string      `json:"slug"`
	Kind WordingKind `json:"kind"`
}

// Words are what a letter says: a template with fields such as {{.Link}}. A letter
// has a text for each language, below each other; one of them may be empty.
type Words struct {
	Subject string `json:"subject"`
	ZH      string `json:"zh,omitempty"`
	EN      string `json:"en,omitempty"`
}

// Wording is how a selection words a letter.
type Wording struct {
	Kind WordingKind `json:"kind"`
	Words

	Standard Words          `json:"standard"` // the text of who has not worded it
	Own      bool           `json:"own"`      // it is not the standard's
	Version  int            `json:"version"`  // 0: it was never saved
	SavedBy  string         `json:"saved_by,omitempty"`
	SavedAt  *time.Time     `json:"saved_at,omitempty"`
	Fields   []WordingField `json:"fields"`
}

// WordingField is what may stand in a wording.
type WordingField struct {
	Name      string `json:"name"`   // {{.Link}}
	Needed    bool   `json:"needed"` // in the text of each language
	InSubject bool   `json:"in_subject"`
}

// SaveWording changes a wording for the letters that are made from then on.
type SaveWording struct {
	OfWording
	Words

	Version int  `json:"version"`         // that was read
	Reset   bool `json:"reset,omitempty"` // back to the standard text
}

// TryWording asks what a letter would say.
type TryWording struct {
	OfWording
	Words
}

// The faults of mail.
var (
	ErrMail           = fault.New(fault.Invalid, "mail_invalid", "the input breaks a rule")
	ErrNoLetter       = fault.New(fault.NotFound, "letter_unknown", "there is no such letter; letters are kept for a week")
	ErrLetterSettled  = fault.New(fault.Conflict, "letter_settled", "this cannot be done to the letter any more; look what has become of it")
	ErrLetterKept     = fault.New(fault.Conflict, "letter_of_account", "a letter that tells somebody of a change of their account is not kept from them")
	ErrWordingChanged = fault.New(fault.Conflict, "wording_changed", "somebody else has changed this letter; look at their version first")
)
