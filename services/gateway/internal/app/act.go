package app

import (
	"slices"

	"github.com/laurel-awards/laurel/services/identity"
)

// Act is what a caller asks for. Every route of the API and every page has one.
type Act string

// The acts.
const (
	ListSelections  Act = "list_selections"
	ReadSelection   Act = "read_selection"
	ReadRulebook    Act = "read_rulebook"
	ListCandidates  Act = "list_candidates"
	ReadCandidate   Act = "read_candidate"
	ReadPhoto       Act = "read_photo"
	ReadTally       Act = "read_tally"
	FollowTally     Act = "follow_tally"
	ReadTurnout     Act = "read_turnout"
	ReadResults     Act = "read_results"
	ReadNotice      Act = "read_notice"
	FileObjection   Act = "file_objection"
	FollowObjection Act = "follow_objection" // with its code
	ReadReceipt     Act = "read_receipt"
	ReadLog         Act = "read_log"
	ReadBundle      Act = "read_bundle" // and by which keys it is signed
	ReadJob         Act = "read_job"
	ReadDescription Act = "read_description" // of the installation: whether it is up, its API, what pages are made of

	ProveVoter    Act = "prove_voter"
	CastBallot    Act = "cast_ballot"
	ReadStatement Act = "read_statement"

	SignIn         Act = "sign_in"
	SignOut        Act = "sign_out"
	ReadAccount    Act = "read_account"
	ReadDesk       Act = "read_desk"
	ClaimAccount   Act = "claim_account"
	ForgotPassword Act = "forgot_password"
	ChangePassword Act = "change_password"
	ReadSessions   Act = "read_sessions"
	EndSessions    Act = "end_sessions"
	SetUp          Act = "set_up"
	ReadFactors    Act = "read_factors"
	ChangeFactors  Act = "change_factors"

	ListOperators   Act = "list_operators"
	ChangeOperators Act = "change_operators"
	ChangeAccess    Act = "change_access"
	ListStaff       Act = "list_staff"
	ChangeRole      Act = "change_role"
	DraftRulebook   Act = "draft_rulebook"
	ReadGiven       Act = "read_given"
	CreateSelection Act = "create_selection"
	ReadPhases      Act = "read_phases" // who ordered each change, and what stands in the way of the next
	ChangePhase     Act = "change_phase"

	SubmitEntry     Act = "submit_entry"
	ImportEntries   Act = "import_entries" // and read the private notes that files brought along
	ReadEntries     Act = "read_entries"
	SetPhoto        Act = "set_photo"
	GiveOpinion     Act = "give_opinion"
	WithdrawOpinion Act = "withdraw_opinion"
	ReadDocket      Act = "read_docket" // what waits for a department
	WithdrawEntry   Act = "withdraw_entry"
	RestoreEntry    Act = "restore_entry"
	CorrectEntry    Act = "correct_entry" // without a session: with the entry's key
	ReadVetting     Act = "read_vetting"
	CheckSeats      Act = "check_seats"
	StrikeCandidate Act = "strike_candidate"

	ImportRoster Act = "import_roster"
	ReadRoster   Act = "read_roster"
	ExportCodes  Act = "export_codes"
	ReplaceCode  Act = "replace_code"
	MailCodes    Act = "mail_codes"

	ReadMail      Act = "read_mail"
	ChangeMail    Act = "change_mail"
	WordLetters   Act = "word_letters"
	ReadOwnMail   Act = "read_own_mail" // of the installation
	ChangeOwnMail Act = "change_own_mail"

	SeatPanel       Act = "seat_panel"
	ReadPanel       Act = "read_panel"
	AssignByHand    Act = "assign_by_hand"
	UnseatJuror     Act = "unseat_juror"
	CallFurther     Act = "call_further"
	SendBack        Act = "send_back"
	RecuseJuror     Act = "recuse_juror"
	PinConflict     Act = "pin_conflict"
	ReadConflicts   Act = "read_conflicts"
	ReadOversight   Act = "read_oversight"
	ReadGaps        Act = "read_gaps"
	ReadHistory     Act = "read_history"
	ReadSheets      Act = "read_sheets"
	SaveSheet       Act = "save_sheet"
	ReadPeers       Act = "read_peers"
	DeclareConflict Act = "declare_conflict"

	RecordLot     Act = "record_lot"
	ReadLot       Act = "read_lot"
	ReadResult    Act = "read_result"
	ReadSearch    Act = "read_search"
	OrderSearch   Act = "order_search"
	TryResult     Act = "try_result" // compute what other rules would make of it
	SeatCommittee Act = "seat_committee"
	PutMotion     Act = "put_motion"
	VoteMotion    Act = "vote_motion"
	CloseMotion   Act = "close_motion"
	ReadDecision  Act = "read_decision"
	ReadSigning   Act = "read_signing" // what hosts sign
	SignDecision  Act = "sign_decision"
	PublishResult Act = "publish_result"

	EnterObjection  Act = "enter_objection"  // that came by letter, call or visit
	HandleObjection Act = "handle_objection" // read, note, decide; not who is party to it

	ExportFile     Act = "export_file"
	ReadDeliveries Act = "read_deliveries"
	ReadAudit      Act = "read_audit"
	ReadErasures   Act = "read_erasures"
	ReadWholeAudit Act = "read_whole_audit"
	CheckAudit     Act = "check_audit"
	CheckTally     Act = "check_tally"
)

// Who may do an act beside the accounts with one of its roles.
type Who string

// Those who may.
const (
	NobodyElse Who = ""
	Anybody    Who = "anybody"
	Voters     Who = "whoever has a voter's credential of the selection"
	SignedIn   Who = "whoever is signed in"
	Holders    Who = "whoever has a session's token, ended or not"
	Strangers  Who = "whoever is not signed in"
	Published  Who = "anybody, once the result is public"
)

// Scope is where an account must have the role.
type Scope string

// The scopes.
const (
	Selection  Scope = "" // in the selection
	Department Scope = "own department"
	Panel      Scope = "own panel"
	Host       Scope = "own host"
	Everywhere Scope = "in all selections" // a grant for identity.AnySelection
)

// Rule is who may do an act.
type Rule struct {
	Who   Who
	Roles []identity.Role // who has several acts in the first of them; those that take a seat are last
	In    Scope
	First bool // of whoever is signed in: also before the second factor that the account's roles take
}

// Rules is the table of who may do what: all there is of it.
func Rules() map[Act]Rule {
	anybody := Rule{Who: Anybody}
	organizer := Rule{Roles: []identity.Role{identity.Organizer}}
	operator := Rule{Roles: organizer.Roles, In: Everywhere}
	overseer := Rule{Roles: []identity.Role{identity.Organizer, identity.Auditor}}
	auditor := Rule{Roles: []identity.Role{identity.Auditor}, In: Everywhere}
	vetting := Rule{Roles: []identity.Role{identity.Organizer, identity.Vetter, identity.Auditor}}
	vetter := Rule{Roles: []identity.Role{identity.Vetter}, In: Department}
	deciding := Rule{Roles: []identity.Role{identity.Organizer, identity.Auditor, identity.Committee}}
	juror := Rule{Roles: []identity.Role{identity.Juror}, In: Panel}
	return map[Act]Rule{
		ListSelections: anybody, ReadSelection: anybody, ReadRulebook: anybody, ListCandidates: anybody, ReadCandidate: anybody,
		ReadPhoto: anybody, ReadTally: anybody, FollowTally: anybody, ReadResults: anybody, ReadReceipt: anybody, ReadLog: anybody,
		ReadNotice: anybody, FileObjection: anybody, FollowObjection: anybody, ReadBundle: anybody, ReadJob: anybody, ReadDescription: anybody,

		ProveVoter: anybody, CastBallot: {Who: Voters}, ReadStatement: anybody,
		SignIn: anybody, SignOut: {Who: Holders}, ReadAccount: {Who: SignedIn, First: true}, ReadDesk: {Roles: identity.Roles()},
		ReadFactors: {Who: SignedIn, First: true}, ChangeFactors: {Who: SignedIn, First: true},
		ClaimAccount: anybody, SetUp: anybody, // the link decides
		ForgotPassword: anybody, ChangePassword: {Who: SignedIn}, ReadSessions: {Who: SignedIn}, EndSessions: {Who: SignedIn},

		ListOperators: operator, ChangeOperators: operator, ChangeAccess: operator, CreateSelection: operator, DraftRulebook: operator,
		ListStaff: overseer, ReadGiven: overseer, ChangeRole: organizer, ReadPhases: overseer, ChangePhase: organizer, ReadTurnout: overseer,

		SubmitEntry: {Who: Strangers, Roles: organizer.Roles}, ImportEntries: organizer, SetPhoto: organizer, WithdrawEntry: organizer,
		RestoreEntry: organizer, CorrectEntry: {Who: Strangers, Roles: organizer.Roles},
		ReadEntries: vetting, ReadVetting: vetting, CheckSeats: vetting, GiveOpinion: vetter, WithdrawOpinion: vetter, ReadDocket: vetter,
		StrikeCandidate: organizer,

		ImportRoster: organizer, ReadRoster: overseer, ExportCodes: organizer, ReplaceCode: organizer, MailCodes: organizer,
		ReadMail: overseer, ChangeMail: organizer, WordLetters: organizer, ReadOwnMail: operator, ChangeOwnMail: operator,

		SeatPanel: organizer, AssignByHand: organizer, UnseatJuror: organizer, CallFurther: organizer, SendBack: organizer,
		RecuseJuror: organizer, PinConflict: organizer,
		ReadPanel: overseer, ReadGaps: overseer, ReadConflicts: overseer, ReadOversight: overseer, ReadHistory: overseer,
		ReadSheets: juror, SaveSheet: juror, ReadPeers: juror, DeclareConflict: juror,

		RecordLot: organizer, ReadLot: deciding, ReadResult: deciding, ReadDecision: deciding, TryResult: overseer,
		ReadSearch: deciding, OrderSearch: organizer,
		SeatCommittee: organizer, PutMotion: organizer, CloseMotion: organizer, PublishResult: organizer,
		EnterObjection: organizer, HandleObjection: organizer,
		VoteMotion:  {Roles: []identity.Role{identity.Committee}},
		ReadSigning: {Roles: []identity.Role{identity.Signer}}, SignDecision: {Roles: []identity.Role{identity.Signer}, In: Host},

		ExportFile: {Who: Published, Roles: overseer.Roles}, ReadDeliveries: overseer, ReadAudit: overseer, ReadErasures: overseer, CheckTally: overseer,
		ReadWholeAudit: auditor, CheckAudit: auditor,
	}
}

// ForStaff tells whether an act is one of staff, for which some session's token
// is shown at some time.
func (r Rule) ForStaff() bool {
	switch r.Who {
	case NobodyElse, SignedIn, Holders, Published:
		return true
	}
	return false
}

// AtOnce tells whether nobody does the act without a session, so that a request
// without one is refused before it is read.
func (r Rule) AtOnce() bool { return r.Who == NobodyElse || r.Who == SignedIn }

// allows gives the first of the rule's roles that an account has.
func (r Rule) allows(account identity.Account, slug, scope string) (role identity.Role, ok bool) {
	i := slices.IndexFunc(r.Roles, func(role identity.Role) bool {
		switch r.In {
		case Everywhere:
			return account.May(identity.AnySelection, role, "")
		case Department, Panel, Host:
			return account.May(slug, role, scope)
		}
		return account.May(slug, role, "")
	})
	if i < 0 {
		return "", false
	}
	return r.Roles[i], true
}
