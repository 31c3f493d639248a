// Package review is the contract of the room where panels score, the rulebook
// computes the composite and the committee decides.
package review

//go:generate go run ../../scripts/generate-client

import (
	"context"
	"encoding/json"
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

// SeatPanel says who is on a panel, whole.
type SeatPanel struct {
	Slug   string   `json:"slug"`
	Panel  string   `json:"panel"`
	Jurors []Person `json:"jurors"` // as many as the rulebook says
}

// OfPanel names a panel.
type OfPanel struct {
	Slug  string `json:"slug"`
	Panel string `json:"panel"`
}

// Panel is how far a panel is.
type Panel struct {
	ID     string `json:"id"`
	Assign string `json:"assign"`         // the rulebook's word: all | random | category | hand
	Seed   string `json:"seed,omitempty"` // of a random assignment; a blind panel's ends in a secret
	// Short names the candidates with fewer jurors, abstentions aside, than the
	// rulebook's min_scores, at least one, once review has opened.
	Short  []int           `json:"short,omitempty"`
	Jurors []JurorProgress `json:"jurors"` // by seat, those who left included
}

// JurorProgress is what a juror is to score, and counts their sheets.
type JurorProgress struct {
	Person
	Seat        int        `json:"seat"`
	Further     bool       `json:"further,omitempty"` // called in for single candidates
	LeftAt      *time.Time `json:"left_at,omitempty"`
	Candidates  []int      `json:"candidates"` // without those that the juror is recused from
	Assigned    int        `json:"assigned"`
	Submitted   int        `json:"submitted"`
	Drafts      int        `json:"drafts"`
	SecondLooks int        `json:"second_looks"` // sent back and not yet submitted again
}

// Sheet is one juror's scores for one candidate.
//
// To jurors a candidate is what the panel calls it: the public number in
// decimal or, in a panel that is blind to the name or the photo, a code of the
// panel's own such as K-482, from which the number cannot be told.
type Sheet struct {
	Panel     string            `json:"panel"`
	Candidate string            `json:"candidate"` // as the panel calls it
	Scores    map[string]string `json:"scores"`    // decimal text by criterion
	Comment   string            `json:"comment,omitempty"`
	Comments  map[string]string `json:"comments,omitempty"`  // by criterion
	Abstained bool              `json:"abstained,omitempty"` // submitted without scores, which are not missing
	Submitted bool              `json:"submitted"`           // else a draft
	Revision  int               `json:"revision"`            // from 1; earlier ones are kept
	At        time.Time         `json:"at"`
}

// SaveSheet saves the acting juror's sheet, as a draft or submitted.
type SaveSheet struct {
	Slug      string            `json:"slug"`
	Panel     string            `json:"panel"`
	Candidate string            `json:"candidate"` // as the panel calls it
	Scores    map[string]string `json:"scores"`
	Comment   string            `json:"comment"`
	Comments  map[string]string `json:"comments,omitempty"` // by criterion
	Abstain   bool              `json:"abstain,omitempty"`  // takes no scores
	Submit    bool              `json:"submit"`
}

// Assignment is a candidate that the acting juror is to score, with what the
// panel may see of it and the sheet as far as it is.
type Assignment struct {
	Candidate  string            `json:"candidate"` // as the panel calls it
	Name       string            `json:"name,omitempty"`
	Category   string            `json:"category,omitempty"`
	Attributes map[string]string `json:"attributes,omitempty"`
	Deeds      string            `json:"deeds,omitempty"`       // the story; where it spells out a hidden field, ■■ stands there
	Hidden     []string          `json:"hidden,omitempty"`      // fields that the panel does not see: the rulebook's blind
	SecondLook string            `json:"second_look,omitempty"` // why the sheet was sent back
	Sheet      *Sheet            `json:"sheet,omitempty"`
}

// RecuseJuror takes a candidate from a juror; nothing of it counts as missing. It is
// PinConflict with Conflicted.
type RecuseJuror struct {
	Slug      string `json:"slug"`
	Panel     string `json:"panel"`
	Juror     string `json:"juror"` // account
	Candidate int    `json:"candidate"`
	Reason    string `json:"reason"` // required
}

// Of names a selection.
type Of struct {
	Slug string `json:"slug"`
}

// Result is the outcome of the rulebook on the sealed tally and the scores.
// Its JSON is the blob that ResultComputed names.
type Result struct {
	Slug         string          `json:"slug"`
	Hash         string          `json:"hash,omitempty"` // of the blob; absent in it
	RulebookHash string          `json:"rulebook_hash"`
	VotesHash    string          `json:"votes_hash"`  // of the CSV that compute reads
	ScoresHash   string          `json:"scores_hash"` // of the CSV that compute reads
	Ranking      json.RawMessage `json:"ranking"`     // as `laurel compute --format json` prints it
}

// Exported names what was written to the blob store.
type Exported struct {
	Blob string `json:"blob"` // SHA-256, hex
	Rows int64  `json:"rows"`
}

// SeatCommittee says who decides, whole.
type SeatCommittee struct {
	Slug    string   `json:"slug"`
	Members []Person `json:"members"`
}

// PutMotion puts the computed result to the committee's vote.
type PutMotion struct {
	Slug   string `json:"slug"`
	Motion string `json:"motion"` // in the organizer's words
}

// VoteMotion is the acting member's vote, once.
type VoteMotion struct {
	Slug   string `json:"slug"`
	Choice string `json:"choice"` // for | against | abstain
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
	For        int        `json:"for"` // counts only once the vote is closed
	Against    int        `json:"against"`
	Abstained  int        `json:"abstained"`
	ClosedAt   *time.Time `json:"closed_at,omitempty"`
}

// The outcomes of a motion.
const (
	NoMotion = "none"
	Moved    = "moved"
	Approved = "approved"
	Rejected = "rejected"
)

// Service is what review does. Any call about a selection whose rulebook has
// not arrived gives ErrNotYet.
//
// Until the result is public, watching and running a panel is not for those who
// sit on it (ErrOwnPanel) nor, in any panel of the selection, for a juror who is
// recused from a candidate (ErrRecused), whatever further role they have. No
// part of such a view is safe to give: ranks, counts and a spread past the limit
// tell of the candidate that is left out. What they may not see of the audit log
// is withheld without a fault.
type Service interface {
	// SeatPanel names the jurors, before any of them has submitted. Faults:
	// ErrNoPanel, ErrInvalid (jurors, jurors[0].category), ErrSeated.
	SeatPanel(ctx context.Context, in SeatPanel) (Panel, error)
	// GetPanel tells how far a panel is. Faults: ErrNoPanel, ErrOwnPanel, ErrRecused.
	GetPanel(ctx context.Context, in OfPanel) (Panel, error)
	// AssignByHand says which candidates a juror scores, whole, where the
	// rulebook leaves that to the organizer. Faults: ErrPhase once review has
	// closed, ErrNoPanel, ErrNotJuror, ErrInvalid (panel, candidates[2]).
	AssignByHand(ctx context.Context, in AssignByHand) (Panel, error)
	// UnseatJuror takes a juror off a panel, and hands what they have not submitted
	// to a successor or, where the rulebook draws, to the others. Faults:
	// ErrPhase, ErrNoPanel, ErrNotJuror, ErrInvalid.
	UnseatJuror(ctx context.Context, in UnseatJuror) (Panel, error)
	// CallFurther has a further juror score a candidate whose spread is past
	// the rulebook's limit, or who is short of jurors. Faults: ErrPhase, ErrNoPanel, ErrWithinLimit,
	// ErrInvalid (juror).
	CallFurther(ctx context.Context, in CallFurther) (Panel, error)
	// ListAssignments gives what the acting juror is to score, in an order of
	// their own. Faults: ErrNoPanel, ErrNotJuror.
	ListAssignments(ctx context.Context, in OfPanel) ([]Assignment, error)
	// SaveSheet saves the acting juror's sheet; a submitted one may be amended
	// until review closes. Faults: ErrPhase, ErrNoPanel, ErrNotJuror,
	// ErrUnassigned, ErrInvalid with the fields (scores.deeds, comments.deeds).
	SaveSheet(ctx context.Context, in SaveSheet) (Sheet, error)
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
	// DeclareConflict is the acting juror's word that they must not score a
	// candidate; it holds until an organizer says otherwise. Again is fine.
	// Faults: ErrPhase from the notice on, ErrNoPanel, ErrNotJuror,
	// ErrUnassigned, ErrInvalid (reason).
	DeclareConflict(ctx context.Context, in DeclareConflict) (Declared, error)
	// PinConflict is an organizer's word on a conflict, either way; it overrules
	// what was declared or found. Faults: as DeclareConflict, ErrOwnPanel, ErrRecused.
	PinConflict(ctx context.Context, in PinConflict) (Conflict, error)
	// ListConflicts gives all of a panel, by juror's seat and candidate. Faults:
	// ErrNoPanel, ErrOwnPanel, ErrRecused.
	ListConflicts(ctx context.Context, in OfPanel) ([]Conflict, error)
	// RecuseJuror takes a candidate from a juror, until the notice is posted.
	// Again is fine. Faults: ErrPhase, ErrNoPanel, ErrNotJuror, ErrUnassigned, ErrInvalid.
	RecuseJuror(ctx context.Context, in RecuseJuror) (Panel, error)
	// ListGaps names every score that is missing, "experts: 王芳: 7", and every
	// candidate who has too few, "experts: 7: 1 of 2 scores". To whom the panel is
	// closed, it counts them: "experts: 3 gaps".
	ListGaps(ctx context.Context, in Of) ([]string, error)
	// RecordLot records the value that lots are drawn from, read where the
	// rulebook says, once voting is sealed and until a motion is put. Each is
	// kept; the last one is in force. Faults: ErrPhase, ErrInvalid (value,
	// reason), ErrMoved.
	RecordLot(ctx context.Context, in RecordLot) (Lot, error)
	// GetLot gives the value in force. Fault: ErrLot.
	GetLot(ctx context.Context, in Of) (Lot, error)
	// GetResult gives the computed result, once voting is sealed and review
	// closed. Faults: ErrRecused; ErrUncomputed; ErrMissing with every gap; ErrLot.
	GetResult(ctx context.Context, in Of) (Result, error)
	// ExportScores writes panel,juror,candidate,criterion,score of the
	// submitted sheets as CSV. Faults: ErrPhase before review is closed; ErrRecused.
	ExportScores(ctx context.Context, in Of) (Exported, error)
	// SeatCommittee names who decides, before a motion. Faults: ErrInvalid, ErrMoved.
	SeatCommittee(ctx context.Context, in SeatCommittee) (Decision, error)
	// PutMotion puts the result to the vote; a rejected motion may be followed by
	// another. Faults: ErrPhase, ErrUncomputed, ErrMoved, ErrInvalid.
	PutMotion(ctx context.Context, in PutMotion) (Decision, error)
	// VoteMotion votes, once; a secret vote is not kept with its member.
	// Faults: ErrPhase, ErrNoMotion, ErrNotMember, ErrInvalid, ErrVoted.
	VoteMotion(ctx context.Context, in VoteMotion) (Decision, error)
	// CloseMotion counts the votes against the rulebook's quorum (of the
	// members) and majority (of those who voted, abstentions included), and
	// records the decision. Again is fine. Faults: ErrPhase, ErrNoMotion, ErrQuorum.
	CloseMotion(ctx context.Context, in Of) (Decision, error)
	// GetDecision gives the state of the meeting.
	GetDecision(ctx context.Context, in Of) (Decision, error)
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
	ErrNoSheet     = fault.New(fault.NotFound, "sheet_unknown", "this juror has not submitted a sheet of this candidate")
	ErrOwnFirst    = fault.New(fault.Conflict, "own_sheet_first", "others' scores can be seen after submitting one's own")
	ErrOwnPanel    = fault.New(fault.Forbidden, "own_panel", "who sits on a panel neither watches nor runs it")
	ErrRecused     = fault.New(fault.Forbidden, "recused", "you are recused from a candidate: until the result is public, others watch and run this")
	ErrUncomputed  = fault.New(fault.Conflict, "result_uncomputed", "the result is computed when voting is sealed and review closed")
	ErrMissing     = fault.New(fault.Conflict, "scores_missing", "the rulebook refuses to compute while scores are missing")
	ErrLot         = fault.New(fault.Conflict, "lot_unread", "the value that lots are drawn from has yet to be recorded")
	ErrMoved       = fault.New(fault.Conflict, "motion_put", "a motion has been put")
	ErrNoMotion    = fault.New(fault.Conflict, "no_motion", "no motion has been put")
	ErrNotMember   = fault.New(fault.Forbidden, "not_a_member", "you are not on the committee")
	ErrVoted       = fault.New(fault.Conflict, "member_voted", "you have voted on this motion")
	ErrPeersHidden = fault.New(fault.Forbidden, "peers_hidden", "the rulebook keeps jurors' scores from one another")
	ErrWithinLimit = fault.New(fault.Conflict, "spread_within_limit", "the spread of this candidate is not past the rulebook's limit, and it has its jurors")
	ErrQuorum      = fault.New(fault.Conflict, "no_quorum", "too few members have voted")
)
