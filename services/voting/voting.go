// Package voting is the contract of the room that counts ballots: each
// acknowledged ballot once, and never without an acknowledgement on disk.
package voting

//go:generate go run ../../scripts/generate-client

import (
	"context"
	"time"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/job"
	"github.com/laurel-awards/laurel/pkg/phase"
)

// Name of the service.
const Name = event.Voting

// Of names a selection.
type Of struct {
	Slug string `json:"slug"`
}

// Replacements are those of a selection's codes, as identity counts them.
type Replacements struct {
	Replacements int64 `json:"replacements"`
}

// Tally is the counts derived from ballots, as the last publication shows them:
// nothing public moves between two (rulebook, voting.publication).
type Tally struct {
	Slug    string        `json:"slug"`
	State   string        `json:"state"` // pending | open | closed | sealed
	Ballots int64         `json:"ballots"`
	Votes   map[int]int64 `json:"votes,omitempty"` // by number, of all candidates on the list; absent while hidden
	Hidden  bool          `json:"hidden"`
	At      time.Time     `json:"at"`      // of the last publication
	Version int64         `json:"version"` // grows with every change: of two, the larger is the newer
}

// The states of the tally.
const (
	Pending = "pending" // voting has not opened
	Open    = "open"
	Closed  = "closed" // no more ballots; some may not be public yet
	Sealed  = "sealed" // final
)

// Exported names what was written to the blob store, or the job that writes it.
type Exported struct {
	Blob string   `json:"blob,omitempty"` // SHA-256, hex; empty while Job is at it
	Rows int64    `json:"rows"`
	Job  *job.Job `json:"job,omitempty"`
}

// The kinds of jobs: those that write the files of a sealed selection, and the
// check of one.
const (
	LeavesJob  = "leaves"
	BallotsJob = "ballots"
	CheckJob   = "check"
)

// GetReceipt names a ballot.
type GetReceipt struct {
	Slug    string `json:"slug"`
	Receipt string `json:"receipt"`
}

// Recorded is what stands behind a receipt. It tells no time finer than the
// period, nor which ballots were cast beside it.
type Recorded struct {
	Slug     string            `json:"slug"`
	Receipt  string            `json:"receipt"`
	Period   string            `json:"period"`          // "once" or a day, 2026-05-01
	Index    *int64            `json:"index,omitempty"` // in the ballot log, from 0; absent until a publication has put it there
	Evidence ballotlog.Receipt `json:"evidence"`
}

// Checkpoint is how far the ballot log has come.
type Checkpoint struct {
	Checkpoint string `json:"checkpoint"` // signed head, as pkg/ballotlog reads it
	Key        string `json:"key"`        // signed list of the public keys that verify it
	Size       int64  `json:"size"`       // leaves
}

// TileOf names a tile of the ballot log.
type TileOf struct {
	Slug string `json:"slug"`
	Path string `json:"path"` // LEVEL/NUMBER[.p/WIDTH], as ballotlog.ParseTile reads it
}

// Tile is up to 256 hashes of the ballot log. It never changes.
type Tile struct {
	Hashes []byte `json:"hashes"` // 32 bytes each
}

// ConsistencyOf names two sizes of the ballot log, in leaves.
type ConsistencyOf struct {
	Slug string `json:"slug"`
	From int64  `json:"from"`
	To   int64  `json:"to"` // at least From
}

// Consistency proves that the ballot log of the larger size began with the
// leaves of the smaller one (RFC 9162, section 2.1.4).
type Consistency struct {
	From int64    `json:"from" doc:"Lines of the smaller log"`
	To   int64    `json:"to" doc:"Lines of the larger one"`
	Path []string `json:"path" doc:"Hashes of the proof, hex, as in RFC 9162, section 2.1.4"`
}

// StatementOf names a ballot by a secret that only who cast it has: its receipt,
// or the key that it came with and the voter, whose credential the gateway has
// verified. A credential alone names none: whoever gave a code out has it too.
type StatementOf struct {
	Slug    string  `json:"slug"`
	Receipt string  `json:"receipt,omitempty"`
	Voter   VoterID `json:"voter"` // from the credential
	Key     KeyHash `json:"key,omitzero"`
}

// Statement says what is recorded for a ballot, with the others of its voter in
// the period.
type Statement struct {
	Statement string `json:"statement"` // signed, as pkg/ballotlog reads it
}

// Check is the whole-state check of one selection: tally = recount, indexes
// without gaps, batches complete.
type Check struct {
	Ballots   int64     `json:"ballots"`   // all; until the tally is final, those that are published
	Sequenced int64     `json:"sequenced"` // ballots in the published tally and the log
	At        time.Time `json:"at"`        // what was there at this time has been checked; zero: no check has come to its end
	Problems  []string  `json:"problems"`  // empty: everything holds
	Job       *job.Job  `json:"job,omitempty"`
}

// Service is what voting does. Any call about a selection whose rulebook has
// not arrived gives ErrNotYet.
type Service interface {
	// CastBallots counts ballots. Each outcome's fault is one of ErrNotYet,
	// ErrNotOpen, ErrClosed, ErrHours, ErrWay, ErrReplaced, ErrInvalid with the fields
	// (picks, picks[2]), ErrDuplicate with the first one's time in param
	// "first", ErrKeyReused, ErrBusy, ErrUnknownOutcome. Whether ballots are
	// taken now comes before the picks. A ballot that was counted before, with
	// the same key and picks, gets its receipt again, whatever has changed since,
	// and though a later period has begun.
	// Where the rulebook lets voters add picks, picks are judged together with
	// the earlier ones of the period. Who gave out a roster's codes could use them:
	// so a roster's voter adds only with an earlier ballot's receipt, and else gets
	// ErrDuplicate without a time, for a ballot that breaks no rule by itself. The whole call fails only where the caller
	// stops waiting, with ErrUnknownOutcome; its ballots are written all the same.
	CastBallots(ctx context.Context, in CastBallots) (Outcomes, error)
	// GetReplacements tells how many replacements of codes are in force: ballots
	// with what was issued for earlier codes are refused.
	GetReplacements(ctx context.Context, in Of) (Replacements, error)
	// GetTally gives the counts; per candidate only where the rulebook shows them
	// at this time.
	GetTally(ctx context.Context, in Of) (Tally, error)
	// GetTurnout tells when ballots became public, and by which way they came.
	GetTurnout(ctx context.Context, in Of) (Turnout, error)
	// ExportVotes writes candidate,votes of the sealed tally as CSV, by number;
	// the result is computed from it. Struck candidates are left out, as in
	// tally_sealed; their ballots stay in the log, the turnout and the export of
	// ballots. Fault: ErrUnsealed.
	ExportVotes(ctx context.Context, in Of) (Exported, error)
	// ExportBallots gives index,period,voter,picks of every ballot in the
	// order of the log as CSV: voter is the pseudonym of that period, 32 hex
	// digits; picks are ascending, a space between. The file is made once, by a
	// job that begins when the tally is sealed; until then Exported names the job.
	// Faults: ErrUnsealed, ErrNoExport.
	ExportBallots(ctx context.Context, in Of) (Exported, error)
	// GetReceipt finds the ballot behind a receipt, with the signed promise that it
	// is counted and, once it is in the log, the proof of that against the last
	// checkpoint. Fault: ErrNoReceipt.
	GetReceipt(ctx context.Context, in GetReceipt) (Recorded, error)
	// GetCheckpoint gives the ballot log's last signed head.
	GetCheckpoint(ctx context.Context, in Of) (Checkpoint, error)
	// GetTile gives hashes of the ballot log; they tell nothing of the picks. Fault:
	// ErrNoTile, for one that the log does not hold, or not at that width.
	GetTile(ctx context.Context, in TileOf) (Tile, error)
	// ProveGrowth proves how the ballot log grew. Fault: ErrSizes with the fields
	// from and to.
	ProveGrowth(ctx context.Context, in ConsistencyOf) (Consistency, error)
	// GetStatement says what is recorded for a ballot, signed: its place is there
	// once it is public. It does not tell the picks. Fault: ErrNoReceipt, which
	// does not tell a voter without a ballot from one who cast it with another key.
	GetStatement(ctx context.Context, in StatementOf) (Statement, error)
	// ExportLeaves gives the lines of the ballot log in their order, as
	// ExportBallots does its own. Faults: ErrUnsealed, ErrNoExport.
	ExportLeaves(ctx context.Context, in Of) (Exported, error)
	// OrderCheck has a job recount and make the log anew, or joins the one that is
	// at it. Check tells the job.
	OrderCheck(ctx context.Context, in Of) (Check, error)
	// CancelCheck ends the check that is at work, which Check tells. Fault:
	// job.ErrUnknown, where there is none.
	CancelCheck(ctx context.Context, in Of) (Check, error)
	// CheckTally gives what the last check found that came to its end, and the job
	// of a later one. Fault: ErrNoCheck, where none has come to its end and none is
	// at work.
	CheckTally(ctx context.Context, in Of) (Check, error)
}

// The faults of this room.
var (
	ErrNotYet   = phase.ErrNotYet
	ErrNotOpen  = fault.New(fault.Conflict, "voting_not_open", "voting has not opened")
	ErrClosed   = fault.New(fault.Conflict, "voting_closed", "voting is closed")
	ErrHours    = fault.New(fault.Conflict, "outside_voting_hours", "votes are taken within the voting hours only") // params hours, timezone
	ErrWay      = fault.New(fault.Forbidden, "way_not_taken", "the rulebook does not take voters of this kind")
	ErrReplaced = fault.New(fault.Forbidden, "credential_replaced",
		"the code that this credential was issued for has been replaced; prove to be a voter with the new one")
	ErrInvalid        = fault.New(fault.Invalid, "ballot_invalid", "the ballot breaks a rule")
	ErrDuplicate      = fault.New(fault.Conflict, "ballot_duplicate", "a ballot of yours has been counted in this period")
	ErrBusy           = fault.NewUnavailable("voting_busy", "more ballots than can be taken at this moment; nothing was counted", time.Second)
	ErrUnknownOutcome = fault.NewUnavailable("outcome_unknown", "it is not known whether the ballot was counted; it is safe to try again", time.Second)
	ErrUnsealed       = fault.New(fault.Conflict, "tally_unsealed", "the tally is not final")
	ErrNoExport       = fault.NewUnavailable("export_failed", "the file could not be made; it is tried again", time.Minute) // params job, code
	ErrNoCheck        = fault.New(fault.NotFound, "check_unknown", "the ballots have not been checked yet")                 // params job, code of one that failed
	ErrNoReceipt      = fault.New(fault.NotFound, "receipt_unknown", "no ballot has this receipt or key")
	ErrSizes          = fault.New(fault.Invalid, "sizes_invalid", "the ballot log has not been of these sizes")
	ErrNoTile         = fault.New(fault.NotFound, "tile_unknown", "the ballot log has no such tile")
	ErrKeyReused      = fault.New(fault.Invalid, "idempotency_key_reused", "this Idempotency-Key came with other picks before",
		fault.Wrong("Idempotency-Key", "key_reused", "came with other picks before"))
)
