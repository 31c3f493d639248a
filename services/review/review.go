// Package review is the contract of the room where panels score, the rulebook
// computes the composite and the committee decides.
package review

//go:generate go run ../../scripts/generate-client

import (
	"context"
	"time"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/phase"
)

// Name of the service.
const Name = event.Review

// Person is an account on a panel or the committee.
type Person struct {
	ID       string `json:"id"` // account
	Name     string `json:"name"`
	Employer string `json:"employer,omitempty"` // a juror's; finds conflicts
	Category string `json:"category,omitempty"` // a juror's, where the rulebook assigns by category
}

// Of names a selection.
type Of struct {
	Slug string `json:"slug"`
}

// Service is what review does. Any call about a selection whose rulebook has
// not arrived gives ErrNotYet.
//
// Who acts by a seat, as a juror or as one of the committee (actor.As), is held
// to the seats of this room: whoever has left is refused from that moment on
// (ErrNotJuror, ErrNotMember), before any other room has heard of it.
//
// Until the result is public, jurors neither watch nor run a panel that they
// sit on (ErrOwnPanel). A juror who is recused from a candidate watches and runs
// no panel of the selection (ErrRecused), whatever further role they have: no
// part of such a view is safe to give, because ranks, counts and a spread past
// the limit reveal the candidate that is left out. The audit log leaves out what
// they may not see, without a fault.
type Service interface {
	// SeatPanel names the jurors, before any of them has submitted. Here as
	// wherever a juror comes or leaves, juror_seated and juror_left tell identity,
	// which gives and takes the role. Faults: ErrNoPanel, ErrInvalid (jurors,
	// jurors[0].category), ErrSeated.
	SeatPanel(ctx context.Context, in SeatPanel) (Panel, error)
	// GetPanel tells how far a panel is. Faults: ErrNoPanel, ErrOwnPanel, ErrRecused.
	GetPanel(ctx context.Context, in OfPanel) (Panel, error)
	// AssignByHand replaces the candidates that a juror scores, where the
	// rulebook leaves that to the organizer. Faults: ErrPhase once review has
	// closed, ErrNoPanel, ErrNotJuror, ErrInvalid (panel, candidates[2]).
	AssignByHand(ctx context.Context, in AssignByHand) (Panel, error)
	// UnseatJuror takes a juror off a panel, and hands what they have not submitted
	// to a successor or, where the rulebook draws, to the others. Faults:
	// ErrPhase, ErrNoPanel, ErrNotJuror, ErrInvalid.
	UnseatJuror(ctx context.Context, in UnseatJuror) (Panel, error)
	// CallFurther has a further juror score a candidate whose spread is past
	// the rulebook's limit, or who is short of jurors. Faults: ErrPhase,
	// ErrNoPanel, ErrWithinLimit, ErrInvalid (juror).
	CallFurther(ctx context.Context, in CallFurther) (Panel, error)
	// ListAssignments gives what the acting juror is to score, in an order of
	// their own. Faults: ErrNoPanel, ErrNotJuror.
	ListAssignments(ctx context.Context, in OfPanel) ([]Assignment, error)
	// GetSheets is ListAssignments in short, with one assignment whole; where the
	// candidate is empty, with none. Faults: ErrNoPanel, ErrNotJuror, ErrUnassigned.
	GetSheets(ctx context.Context, in OfSheet) (OwnSheets, error)
	// SaveSheet saves the acting juror's sheet; a submitted one may be amended
	// until review closes. Faults: ErrPhase, ErrNoPanel, ErrNotJuror,
	// ErrUnassigned, ErrInvalid with the fields (scores.deeds, comments.deeds),
	// ErrChanged.
	SaveSheet(ctx context.Context, in SaveSheet) (Sheet, error)
	// SubmitSheets submits drafts as they were read, all or none; a sheet that is
	// submitted already stays as it is. Faults: ErrPhase, ErrNoPanel, ErrNotJuror,
	// ErrUnassigned; ErrInvalid with every score that is missing
	// (sheets[1].scores.deeds); ErrChanged with every sheet that has changed since.
	SubmitSheets(ctx context.Context, in SubmitSheets) (OwnSheets, error)
	// ListRevisions gives every revision of the acting juror's sheet, drafts too, the
	// first one first. Faults: ErrNoPanel, ErrNotJuror, ErrUnassigned.
	ListRevisions(ctx context.Context, in OfSheet) ([]Sheet, error)
	// GetHistory gives every submitted revision of all sheets of a candidate, by
	// seat, those of recused and departed jurors included. Faults: ErrNoPanel,
	// ErrOwnPanel, ErrRecused, ErrUnassigned.
	GetHistory(ctx context.Context, in OfCandidate) ([]Revision, error)
	// ListPeers gives the others' submitted sheets of a candidate, once the acting
	// juror has submitted scores. Faults: ErrNoPanel, ErrNotJuror,
	// ErrUnassigned, ErrPeersHidden, ErrOwnFirst.
	ListPeers(ctx context.Context, in OfSheet) ([]Peer, error)
	// SendBack asks a juror for a second look at a submitted sheet, which
	// counts as it is until it is submitted again. Faults: ErrPhase,
	// ErrNoPanel, ErrNotJuror, ErrNoSheet, ErrInvalid (reason).
	SendBack(ctx context.Context, in SendBack) (Panel, error)
	// GetOversight measures how the jurors of a panel agree. Faults: ErrNoPanel,
	// ErrOwnPanel, ErrRecused.
	GetOversight(ctx context.Context, in OfPanel) (Oversight, error)
	// DeclareConflict records the acting juror's statement that they must not
	// score a candidate. It holds until an organizer overrules it. Again is fine.
	// Faults: ErrPhase from the notice on, ErrNoPanel, ErrNotJuror,
	// ErrUnassigned, ErrInvalid (reason).
	DeclareConflict(ctx context.Context, in DeclareConflict) (Declared, error)
	// PinConflict records an organizer's decision about a conflict, either way.
	// It overrules what was declared or found. Faults: as DeclareConflict, ErrOwnPanel, ErrRecused.
	PinConflict(ctx context.Context, in PinConflict) (Conflict, error)
	// ListConflicts gives all of a panel, by juror's seat and candidate. Faults:
	// ErrNoPanel, ErrOwnPanel, ErrRecused.
	ListConflicts(ctx context.Context, in OfPanel) ([]Conflict, error)
	// RecuseJuror takes a candidate from a juror, until the notice is posted.
	// Again is fine. Faults: ErrPhase, ErrNoPanel, ErrNotJuror, ErrUnassigned, ErrInvalid.
	RecuseJuror(ctx context.Context, in RecuseJuror) (Panel, error)
	// ListGaps names every score that is missing, "experts: 王芳: 7", and every
	// candidate who has too few, "experts: 7: 1 of 2 scores". Those who may not
	// watch the panel get their number: "experts: 3 gaps".
	ListGaps(ctx context.Context, in Of) ([]string, error)
	// FindGaps is ListGaps by juror, for people to read.
	FindGaps(ctx context.Context, in Of) ([]Gap, error)
	// RecordLot records the value that lots are drawn from, as read where the
	// rulebook says. It is open from the sealing of the vote until a motion is
	// put. Every value is kept; the last one is in force. Faults: ErrPhase, ErrInvalid (value,
	// reason), ErrMoved.
	RecordLot(ctx context.Context, in RecordLot) (Lot, error)
	// GetLot gives the value in force. Faults: ErrLot, ErrNotMember.
	GetLot(ctx context.Context, in Of) (Lot, error)
	// GetResult gives the computed result, once voting is sealed and review
	// closed. Faults: ErrNotMember; ErrRecused; ErrUncomputed; ErrMissing with every gap; ErrLot.
	GetResult(ctx context.Context, in Of) (Result, error)
	// OrderSearch goes on with the search about quotas, where what is spent at once
	// did not decide who can be seated: a job, which ends in a result, or undecided
	// again. Faults: those of GetResult but quotas_undecided; ErrDecided, ErrInvalid
	// (budget), ErrMoved while the committee votes, job.ErrOther.
	OrderSearch(ctx context.Context, in OrderSearch) (Search, error)
	// CancelSearch ends the search that is at work; what it has found is kept. Fault:
	// job.ErrUnknown.
	CancelSearch(ctx context.Context, in Of) (Search, error)
	// GetSearch tells how far the search is. Faults: those of GetResult but
	// quotas_undecided.
	GetSearch(ctx context.Context, in Of) (Search, error)
	// TryResult computes what the result would be under other rules. It is never a
	// result: nothing of it is kept. Faults: those of GetResult; ErrInvalid with the
	// fields weights.SOURCE, converts.SOURCE, without[2]; quotas_infeasible and
	// quotas_undecided, of the trial; ErrBusy.
	TryResult(ctx context.Context, in TryResult) (Trial, error)
	// GetSensitivity tells how far each weight and each quota can move, all else
	// staying, before an award changes hands. Faults: those of GetResult; ErrBusy.
	GetSensitivity(ctx context.Context, in Of) (Sensitivities, error)
	// ExportScores writes panel,juror,candidate,criterion,score of the
	// submitted sheets as CSV. Faults: ErrPhase before review is closed; ErrRecused.
	ExportScores(ctx context.Context, in Of) (Exported, error)
	// SeatCommittee names who decides, before a motion. Faults: ErrInvalid, ErrMoved.
	SeatCommittee(ctx context.Context, in SeatCommittee) (Decision, error)
	// PutMotion puts the result to the vote; a motion that was not adopted may be
	// followed by another. Where the search about quotas ended undecided, a motion may
	// fill the seats instead: adopted, it makes that the result. Faults: ErrPhase,
	// those of GetResult, ErrMoved, ErrInvalid (motion, seats, members, kind,
	// reason, out, in), ErrDecided, ErrSearching.
	PutMotion(ctx context.Context, in PutMotion) (Decision, error)
	// VoteMotion votes, once; a secret vote is not kept with its member. A vote on
	// a motion that is closed is ErrNoMotion.
	// Faults: ErrPhase, ErrNoMotion, ErrNotMember, ErrInvalid, ErrVoted, ErrRecusedOf.
	VoteMotion(ctx context.Context, in VoteMotion) (Decision, error)
	// RecuseMotion says that a member takes no part in a motion, before they vote on
	// it; again is fine. Faults: ErrPhase, ErrNoMotion, ErrNotMember, ErrInvalid
	// (reason), ErrVoted.
	RecuseMotion(ctx context.Context, in RecuseMotion) (Decision, error)
	// CloseMotion counts the votes against the rulebook's quorum (of the
	// members) and majority (of those who voted, abstentions included), and
	// records the decision. Again is fine, and closes no later motion. Faults:
	// ErrPhase, ErrNoMotion, ErrQuorum.
	CloseMotion(ctx context.Context, in CloseMotion) (Decision, error)
	// SignDecision signs for a host what the committee has approved. When all hosts
	// have signed, it is decided. A host that has signed keeps its first signature.
	// Faults: ErrPhase, ErrInvalid (host, signer), ErrNothingToSign, ErrOtherHash.
	SignDecision(ctx context.Context, in SignDecision) (Signing, error)
	// RefuseDecision returns what was approved to the committee, who may put another
	// motion. Faults: those of SignDecision, ErrInvalid (reason), ErrSigned.
	RefuseDecision(ctx context.Context, in RefuseDecision) (Signing, error)
	// GetSigning gives what hosts sign. Fault: ErrRecused.
	GetSigning(ctx context.Context, in Of) (Signing, error)
	// GetDecision gives the state of the meeting. Fault: ErrNotMember.
	GetDecision(ctx context.Context, in Of) (Decision, error)
	// GetMeeting gives the meeting as its room shows it, and notes that a member
	// who asks is there. Fault: ErrNotMember.
	GetMeeting(ctx context.Context, in OfMeeting) (Meeting, error)
}

// The faults of this room.
var (
	ErrNotYet      = phase.ErrNotYet
	ErrPhase       = phase.ErrNotOpen
	ErrNoPanel     = fault.New(fault.NotFound, "panel_unknown", "the rulebook has no such panel")
	ErrInvalid     = fault.New(fault.Invalid, "review_invalid", "the input breaks a rule")
	ErrSeated      = fault.New(fault.Conflict, "panel_seated", "a juror has submitted; the panel can no longer be changed as a whole")
	ErrNotJuror    = fault.New(fault.Forbidden, "not_a_juror", "you are not on this panel")
	ErrUnassigned  = fault.New(fault.Forbidden, "candidate_not_assigned", "this candidate is not yours to score")
	ErrChanged     = fault.New(fault.Conflict, "sheet_changed", "the sheet has been changed since it was read")
	ErrNoSheet     = fault.New(fault.NotFound, "sheet_unknown", "this juror has not submitted a sheet of this candidate")
	ErrOwnFirst    = fault.New(fault.Conflict, "own_sheet_first", "others' scores can be seen after submitting one's own")
	ErrOwnPanel    = fault.New(fault.Forbidden, "own_panel", "who sits on a panel neither watches nor runs it")
	ErrRecused     = fault.New(fault.Forbidden, "recused", "you are recused from a candidate: until the result is public, others watch and run this")
	ErrUncomputed  = fault.New(fault.Conflict, "result_uncomputed", "the result is computed when voting is sealed and review closed")
	ErrBusy        = fault.NewUnavailable("result_busy", "this is still being computed", 2*time.Second)
	ErrMissing     = fault.New(fault.Conflict, "scores_missing", "the rulebook refuses to compute while scores are missing")
	ErrLot         = fault.New(fault.Conflict, "lot_unread", "the value that lots are drawn from has yet to be recorded")
	ErrDecided     = fault.New(fault.Conflict, "search_decided", "it is decided who can be seated: no search is needed")
	ErrSearching   = fault.New(fault.Conflict, "search_running", "the search about quotas is at work: it ends first, or is cancelled")
	ErrMoved       = fault.New(fault.Conflict, "motion_put", "a motion has been put")
	ErrNoMotion    = fault.New(fault.Conflict, "no_motion", "no motion has been put")
	ErrNotMember   = fault.New(fault.Forbidden, "not_a_member", "you are not on the committee")
	ErrVoted       = fault.New(fault.Conflict, "member_voted", "you have voted on this motion")
	ErrPeersHidden = fault.New(fault.Forbidden, "peers_hidden", "the rulebook keeps jurors' scores from one another")
	ErrWithinLimit = fault.New(fault.Conflict, "spread_within_limit", "the spread of this candidate is not past the rulebook's limit, and it has its jurors")
	ErrBallotKey   = fault.New(fault.Conflict, "ballot_key", "the key that sealed the counts of this secret ballot is gone; give it back (AUDIT_KEY_FILE)")
	ErrRecusedOf   = fault.New(fault.Conflict, "motion_recused", "you have declared that you take no part in this motion")
	// What hosts sign.
	ErrNothingToSign = fault.New(fault.Conflict, "nothing_to_sign", "no approved result waits for the signatures of hosts")
	ErrOtherHash     = fault.New(fault.Conflict, "other_result", "the result that was signed is not the one in force; read it again")
	ErrSigned        = fault.New(fault.Conflict, "host_signed", "the host has signed; a signature is not taken back")

	ErrQuorum = fault.New(fault.Conflict, "no_quorum", "too few members have voted")
)
