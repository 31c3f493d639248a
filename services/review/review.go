// Package review is the contract of the room where panels score, the rulebook
// computes the composite and the committee decides.
package review

import (
	"context"
	"encoding/json"
	"time"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/phase"
)

// Name of the service.
const Name = "review"

// Person is an account on a panel or the committee.
type Person struct {
	ID   string `json:"id"` // account
	Name string `json:"name"`
}

// SeatPanel says who is on a panel, whole; candidates are assigned to all.
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
	ID     string          `json:"id"`
	Jurors []JurorProgress `json:"jurors"`
}

// JurorProgress counts a juror's sheets.
type JurorProgress struct {
	Person
	Assigned  int `json:"assigned"`
	Submitted int `json:"submitted"`
	Drafts    int `json:"drafts"`
}

// Sheet is one juror's scores for one candidate.
type Sheet struct {
	Panel     string            `json:"panel"`
	Candidate int               `json:"candidate"`
	Scores    map[string]string `json:"scores"` // decimal text by criterion
	Comment   string            `json:"comment,omitempty"`
	Submitted bool              `json:"submitted"` // else a draft
	Revision  int               `json:"revision"`  // from 1; earlier ones are kept
	At        time.Time         `json:"at"`
}

// SaveSheet saves the acting juror's sheet, as a draft or submitted.
type SaveSheet struct {
	Slug      string            `json:"slug"`
	Panel     string            `json:"panel"`
	Candidate int               `json:"candidate"`
	Scores    map[string]string `json:"scores"`
	Comment   string            `json:"comment"`
	Submit    bool              `json:"submit"`
}

// Assignment is a candidate that the acting juror is to score, with the sheet
// as far as it is.
type Assignment struct {
	Candidate int    `json:"candidate"`
	Name      string `json:"name,omitempty"` // absent where the panel is blind
	Sheet     *Sheet `json:"sheet,omitempty"`
}

// Recuse takes a candidate from a juror; nothing of it counts as missing.
type Recuse struct {
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

// Move puts the computed result to the committee's vote.
type Move struct {
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
	For        int        `json:"for"`     // counts only once the vote is closed
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
type Service interface {
	// SeatPanel names the jurors, before any of them has submitted. Faults:
	// ErrNoPanel, ErrInvalid (jurors), ErrSeated.
	SeatPanel(ctx context.Context, in SeatPanel) (Panel, error)
	// Panel tells how far a panel is. Fault: ErrNoPanel.
	Panel(ctx context.Context, in OfPanel) (Panel, error)
	// Assignments gives what the acting juror is to score, in an order of
	// their own. Faults: ErrNoPanel, ErrNotJuror.
	Assignments(ctx context.Context, in OfPanel) ([]Assignment, error)
	// SaveSheet saves the acting juror's sheet; a submitted one may be amended
	// until review closes. Faults: ErrPhase, ErrNoPanel, ErrNotJuror,
	// ErrUnassigned, ErrInvalid with the fields (scores.deeds).
	SaveSheet(ctx context.Context, in SaveSheet) (Sheet, error)
	// Recuse takes a candidate from a juror, until the notice is posted.
	// Again is fine. Faults: ErrPhase, ErrNoPanel, ErrNotJuror, ErrUnassigned, ErrInvalid.
	Recuse(ctx context.Context, in Recuse) (Panel, error)
	// Gaps names every score that is missing: "experts: 王芳: 7".
	Gaps(ctx context.Context, in Of) ([]string, error)
	// Result gives the computed result, once voting is sealed and review
	// closed. Faults: ErrUncomputed; ErrMissing with every gap.
	Result(ctx context.Context, in Of) (Result, error)
	// ExportScores writes panel,juror,candidate,criterion,score of the
	// submitted sheets as CSV. Fault: ErrPhase before review is closed.
	ExportScores(ctx context.Context, in Of) (Exported, error)
	// SeatCommittee names who decides, before a motion. Faults: ErrInvalid, ErrMoved.
	SeatCommittee(ctx context.Context, in SeatCommittee) (Decision, error)
	// Move puts the result to the vote; a rejected motion may be followed by
	// another. Faults: ErrPhase, ErrUncomputed, ErrMoved, ErrInvalid.
	Move(ctx context.Context, in Move) (Decision, error)
	// VoteMotion votes, once; a secret vote is not kept with its member.
	// Faults: ErrPhase, ErrNoMotion, ErrNotMember, ErrInvalid, ErrVoted.
	VoteMotion(ctx context.Context, in VoteMotion) (Decision, error)
	// CloseMotion counts the votes against the rulebook's quorum (of the
	// members) and majority (of those who voted, abstentions included), and
	// records the decision. Again is fine. Faults: ErrPhase, ErrNoMotion, ErrQuorum.
	CloseMotion(ctx context.Context, in Of) (Decision, error)
	// Decision gives the state of the meeting.
	Decision(ctx context.Context, in Of) (Decision, error)
}

// The faults of this room.
var (
	ErrNotYet     = phase.ErrNotYet
	ErrPhase      = phase.ErrNotOpen
	ErrNoPanel    = fault.New(fault.NotFound, "panel_unknown", "the rulebook has no such panel")
	ErrInvalid    = fault.New(fault.Invalid, "review_invalid", "the input breaks a rule")
	ErrSeated     = fault.New(fault.Conflict, "panel_seated", "a juror has submitted; the panel can no longer be changed as a whole")
	ErrNotJuror   = fault.New(fault.Forbidden, "not_a_juror", "you are not on this panel")
	ErrUnassigned = fault.New(fault.Forbidden, "candidate_not_assigned", "this candidate is not yours to score")
	ErrUncomputed = fault.New(fault.Conflict, "result_uncomputed", "the result is computed when voting is sealed and review closed")
	ErrMissing    = fault.New(fault.Conflict, "scores_missing", "the rulebook refuses to compute while scores are missing")
	ErrMoved      = fault.New(fault.Conflict, "motion_put", "a motion has been put")
	ErrNoMotion   = fault.New(fault.Conflict, "no_motion", "no motion has been put")
	ErrNotMember  = fault.New(fault.Forbidden, "not_a_member", "you are not on the committee")
	ErrVoted      = fault.New(fault.Conflict, "member_voted", "you have voted on this motion")
	ErrQuorum     = fault.New(fault.Conflict, "no_quorum", "too few members have voted")
)
