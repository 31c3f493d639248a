// Package identity is the contract of the room that knows who people are:
// staff accounts with their roles, and voters with their credentials.
package identity

//go:generate go run ../../scripts/generate-client

import (
	"context"
	"time"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/fault"
)

// Name of the service.
const Name = event.Identity

// Role is what an account may do in a selection.
type Role string

// The roles.
const (
	Organizer Role = "organizer" // runs the selection
	Vetter    Role = "vetter"    // speaks for a department; the scope is its id
	Juror     Role = "juror"     // scores in a panel; the scope is its id
	Committee Role = "committee" // decides
	Signer    Role = "signer"    // signs for a host what the committee has approved; the scope is its id
	Auditor   Role = "auditor"   // reads everything, changes nothing
)

// Roles are all roles.
func Roles() []Role { return []Role{Organizer, Vetter, Juror, Committee, Signer, Auditor} }

// AnySelection is the slug of a grant that holds for every selection. An
// organizer of every selection may create new ones.
const AnySelection = "*"

// Grant is a role in a selection.
type Grant struct {
	Slug  string `json:"slug"`
	Role  Role   `json:"role"`
	Scope string `json:"scope,omitempty"` // department's, panel's or host's id
	// Until is when the role ends by itself; zero: it does not.
	Until time.Time `json:"until,omitzero"`
}

// Same tells whether two grants are of one role, whenever it ends.
func (g Grant) Same(other Grant) bool {
	g.Until = other.Until
	return g == other
}

// SignIn proves an account by its password.
type SignIn struct {
	Email    string `json:"email"`
	Password string `json:"password"`
	Network  string `json:"network"` // from where, as the gateway has found out: an address or a household's /64
	Around   string `json:"around"`  // what is around that: a /24 or a site's /48
}

// Token names a session.
type Token struct {
	Token string `json:"token"`
}

// Lookup finds an account by its email.
type Lookup struct {
	Email string `json:"email"`
	Slug  string `json:"slug,omitempty"` // of the selection whose staff are asked for; empty: any account
}

// Change grants or revokes a role of the account with an email.
type Change struct {
	Email string `json:"email"`
	Grant
}

// ListStaff asks for the accounts with a role in a selection; AnySelection: in
// all of them.
type ListStaff struct {
	Slug string `json:"slug"`
}

// Service is what identity does.
type Service interface {
	// Invite gives a role to whoever has an address; again is fine. Where the
	// address is not proved, its holder gets a link to claim the account. Until the
	// holder comes, by a link or by signing in, whoever asks in the selection is told
	// what they said themselves, and not whether there was an account. Faults:
	// ErrInvalid with the fields.
	Invite(ctx context.Context, in Invite) (Invited, error)
	// ReadPeople reads a list of people who may be invited, with each mistake at its
	// line. Faults: ErrInvalid for the upload, people_too_large; table_unreadable,
	// table_too_large.
	ReadPeople(ctx context.Context, in ReadPeople) (PeopleRead, error)
	// InvitePeople is Invite for many at once, all or none; the answers are in the
	// order of the list. Fault: ErrInvalid with the fields, people[3].email.
	InvitePeople(ctx context.Context, in InvitePeople) ([]Invited, error)
	// ListPeople gives who has a role in a selection, by name, and whether they
	// have been told.
	ListPeople(ctx context.Context, in ListStaff) ([]StaffMember, error)
	// ReadLink tells what a link is good for, and leaves it as it is. Fault: ErrLink.
	ReadLink(ctx context.Context, in Link) (LinkRead, error)
	// ClaimAccount uses a link. Faults: ErrLink; ErrInvalid with the fields; and of
	// a link that takes the present password, ErrTooManyTries and ErrPassword.
	ClaimAccount(ctx context.Context, in ClaimAccount) (Account, error)
	// AskReset mails a link to set a new password, if there is such an account. It
	// does not tell, nor by its time, whether there is. Faults: ErrInvalid for what
	// is no address, ErrNoMail.
	AskReset(ctx context.Context, in Lookup) (ResetAsked, error)
	// ChangePassword sets the password of the session's account, and ends its other
	// sessions. Faults: ErrSession, ErrInvalid, ErrTooManyTries, ErrPassword.
	ChangePassword(ctx context.Context, in ChangePassword) (Account, error)
	// ListSessions gives the sessions of the session's account, the last first.
	// Fault: ErrSession.
	ListSessions(ctx context.Context, in Token) ([]OpenSession, error)
	// EndSessions ends other sessions of the session's account, and gives those
	// that are left. An unknown one is fine. Fault: ErrSession.
	EndSessions(ctx context.Context, in EndSessions) ([]OpenSession, error)
	// DisableAccount ends an account's sessions and keeps it from opening others;
	// again is fine. Faults: ErrInvalid for the reason, ErrNoAccount, ErrLastOperator.
	DisableAccount(ctx context.Context, in ChangeAccess) (Account, error)
	// EnableAccount undoes DisableAccount. Faults: ErrInvalid, ErrNoAccount.
	EnableAccount(ctx context.Context, in ChangeAccess) (Account, error)
	// SignIn opens a session. A try is counted before the password is looked at, by
	// its account and its network; the holder of an account is not kept from it by
	// tries elsewhere, where they have signed in before. Faults: ErrTooManyTries
	// with when to try again; ErrSignIn, which does not tell, nor by its time,
	// whether the email is unknown or the password wrong; ErrDisabled, to whoever
	// knows the password; sign_in_busy. An account with a second factor gets a
	// challenge instead; whether it has one is told to nobody else.
	SignIn(ctx context.Context, in SignIn) (Session, error)
	// ReadChallenge gives what a challenge asks for. Fault: ErrChallenge.
	ReadChallenge(ctx context.Context, in Token) (Challenge, error)
	// ProveSecond answers a challenge and opens the session. A try is counted before
	// it is looked at, five of a challenge and ten of an account, which come back
	// slowly. A code is taken once. Faults: ErrInvalid where it is not one answer,
	// ErrChallenge, ErrSecond, ErrTooManyTries, ErrDisabled.
	ProveSecond(ctx context.Context, in ProveSecond) (Session, error)
	// AskPasskey begins a sign-in by a passkey alone. Fault: ErrNoPasskeys.
	AskPasskey(ctx context.Context, in PasskeyAsked) (PasskeyWanted, error)
	// SignInByPasskey opens a session for the holder of a passkey who has shown a
	// PIN or the like to it. Faults: ErrChallenge, ErrSecond, ErrDisabled.
	SignInByPasskey(ctx context.Context, in SignInByPasskey) (Session, error)
	// ListFactors gives the factors of the session's account. Fault: ErrSession.
	ListFactors(ctx context.Context, in Token) (Factors, error)
	// BeginFactor and FinishFactor add a factor to the session's account, and prove
	// the session by it. A TOTP takes the place of the one before. Other sessions
	// that no factor proves end. Faults of the first: ErrSession, ErrInvalid,
	// ErrTooManyTries, ErrPassword, ErrNoPasskeys, ErrFactorsFull; of the second:
	// ErrSession, ErrInvalid, ErrCeremony, ErrSecond, ErrFactorsFull.
	BeginFactor(ctx context.Context, in BeginFactor) (FactorBegun, error)
	FinishFactor(ctx context.Context, in FinishFactor) (FactorAdded, error)
	// RemoveFactor takes a factor away. Faults: ErrSession, ErrTooManyTries,
	// ErrPassword, ErrNoFactor, ErrFactorRequired.
	RemoveFactor(ctx context.Context, in RemoveFactor) (Factors, error)
	// RenewRecovery makes new codes for an account with a factor. Faults:
	// ErrSession, ErrTooManyTries, ErrPassword, ErrNoFactor.
	RenewRecovery(ctx context.Context, in Present) (RecoveryCodes, error)
	// AskFresh tells what the session's holder is to show before an act that takes a
	// proof at that moment. Fault: ErrSession.
	AskFresh(ctx context.Context, in Token) (Fresh, error)
	// ShowFresh looks at it. Tries are counted like those of SignIn and ProveSecond,
	// and a code or a passkey's answer is taken once. Faults: ErrSession, ErrInvalid
	// where a code is lacking, ErrTooManyTries, ErrPassword, ErrSecond,
	// ErrChallenge, ErrNoPasskeys.
	ShowFresh(ctx context.Context, in ShowFresh) (Account, error)
	// ReadSetup tells whether a link to set up is good. Fault: ErrSetupLink.
	ReadSetup(ctx context.Context, in Link) (SetupRead, error)
	// SetUp creates the first organizer of all selections, whose address counts as
	// proved: the link was printed on the machine. Faults: ErrSetupLink, ErrInvalid.
	SetUp(ctx context.Context, in SetUp) (Account, error)
	// SignOut ends a session; an unknown one is fine.
	SignOut(ctx context.Context, in Token) (Account, error)
	// Authenticate gives the account of a session. Fault: ErrSession.
	Authenticate(ctx context.Context, in Token) (Account, error)
	// FindAccount looks an account up by email. Fault: ErrNoAccount, also, in the
	// same way and time, for one that has no role in the selection that is named.
	FindAccount(ctx context.Context, in Lookup) (Account, error)
	// GrantRole gives a role to an account that is there; again is fine. Faults:
	// ErrInvalid, ErrNoAccount.
	GrantRole(ctx context.Context, in Change) (Account, error)
	// RevokeRole takes a role back, and the links of an invitation that has become
	// void with it; one that the account has not is fine, as long as
	// it has others in the selection. Faults: ErrInvalid, and ErrNoAccount also for
	// an account that has none there: whoever asks learns of no others;
	// ErrLastOperator.
	RevokeRole(ctx context.Context, in Change) (Account, error)
	// ListStaff gives the accounts with a role in a selection, by name.
	ListStaff(ctx context.Context, in ListStaff) ([]Account, error)
	// ProveVoter issues a credential. Faults: ErrInvalid for a way that is not
	// known or a proof that belongs to another; ErrCodeMistyped, ErrCode,
	// ErrVoteOver; ErrWorkUsed, ErrWorkExpired. The caller limits the tries that
	// end in ErrCode, and sees that the rulebook takes the way at this time; so
	// does the voting service with each ballot. Nothing is written at the use of
	// a code.
	ProveVoter(ctx context.Context, in ProveVoter) (Credential, error)
	// ImportRoster adds members to a selection's roster, all or nothing. Members
	// who are on it stay as they are. Faults: ErrRosterInvalid with every mistake by
	// line and column, ErrRosterFull, ErrVoteOver; table_unreadable,
	// table_too_large.
	ImportRoster(ctx context.Context, in ImportRoster) (RosterImported, error)
	// GetRoster gives a roster's figures. Fault: ErrNoRoster.
	GetRoster(ctx context.Context, in OfRoster) (Roster, error)
	// ExportCodes makes codes, which are shown this once. Faults: ErrNoRoster,
	// ErrRosterInvalid for the reason, ErrCodesExported, ErrVoteOver, ErrNoPrinter,
	// ErrCodesTooMany with the parameters codes and most; nothing was done.
	ExportCodes(ctx context.Context, in ExportCodes) (CodesExported, error)
	// MailCodes queues letters with codes. Faults: ErrNoMail, ErrNoRoster, ErrNoMember,
	// ErrRosterInvalid with the fields, ErrNoneToMail, ErrLetters, ErrVoteOver.
	MailCodes(ctx context.Context, in MailCodes) (CodesMailed, error)
	// ReadCode tells whether a ballot of a code's member is counted, after the vote,
	// and to nobody who could have got the code by giving it out. Faults: ErrInvalid,
	// ErrCodeMistyped, ErrCode, ErrCodeRead, ErrNotOver. The caller limits the tries
	// that end in ErrCode.
	ReadCode(ctx context.Context, in CodeOf) (CodeUsed, error)
	// ListMail gives letters of a selection or of the installation, and how many
	// there are. Whether an invitation went to somebody with an account it does not
	// tell. Fault: ErrMail with the fields.
	ListMail(ctx context.Context, in ListMail) (MailPage, error)
	// ReadLetter gives a letter with what it says, and never with its link or code.
	// Fault: ErrNoLetter.
	ReadLetter(ctx context.Context, in OfLetter) (LetterRead, error)
	// ChangeMail holds, releases, withdraws or sends again one letter or all. One
	// that is being sent at that moment may be taken by the mail server all the same,
	// and then counts as sent. Faults: ErrMail with the fields, ErrNoLetter,
	// ErrLetterSettled, ErrLetterKept.
	ChangeMail(ctx context.Context, in ChangeMail) (MailChanged, error)
	// ReadWording gives how a selection words a letter. Fault: ErrMail.
	ReadWording(ctx context.Context, in OfWording) (Wording, error)
	// SaveWording changes it; letters that wait keep the one with which they were
	// made. Faults: ErrMail with each mistake at its field and line,
	// ErrWordingChanged.
	SaveWording(ctx context.Context, in SaveWording) (Wording, error)
	// TryWording gives the letter to a made-up reader, and writes nothing. Fault:
	// ErrMail with each mistake.
	TryWording(ctx context.Context, in TryWording) (LetterText, error)
	// ReplaceCode gives a member a new code. Faults: ErrRosterInvalid for the
	// reason, ErrNoMember, ErrVoteOver.
	ReplaceCode(ctx context.Context, in ReplaceCode) (CodeReplaced, error)
}

// The faults of this room.
var (
	ErrInvalid      = fault.New(fault.Invalid, "account_invalid", "the input breaks a rule")
	ErrSignIn       = fault.New(fault.Unauthorized, "sign_in_failed", "email or password is wrong")
	ErrTooManyTries = fault.New(fault.TooMany, "too_many_tries", "too many failed tries for this email or from this network; wait a little")
	ErrSession      = fault.New(fault.Unauthorized, "session_invalid", "the session is unknown or has ended")
	ErrNoAccount    = fault.New(fault.NotFound, "account_unknown", "there is no account with this email")
	ErrDisabled     = fault.New(fault.Forbidden, "account_disabled", "the account is disabled; ask whoever runs the installation")
	ErrPassword     = fault.New(fault.Forbidden, "password_wrong", "this is not the account's present password")
	ErrLink         = fault.New(fault.Gone, "link_invalid", "the link has been used, has expired or was never given out; ask for another")
	ErrLastOperator = fault.New(fault.Conflict, "last_operator",
		"nobody else who can sign in runs this installation; give somebody else the role first")
	ErrNoMail = fault.New(fault.Conflict, "mail_missing", "this installation sends no mail; ask whoever runs it")
)
