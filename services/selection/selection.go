// Package selection is the contract of the room that owns selections: their
// rulebooks, phases and clock, notice and publication.
package selection

//go:generate go run ../../scripts/generate-client

import (
	"context"
	"encoding/json"
	"time"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/reason"
)

// Name of the service.
const Name = event.Selection

// PhaseState is how far a phase is.
type PhaseState string

// The states of a phase. It is opening or closing until every enforcing
// service has applied the change.
const (
	Pending PhaseState = "pending"
	Opening PhaseState = "opening"
	Opened  PhaseState = "open"
	Closing PhaseState = "closing"
	Closed  PhaseState = "closed"
)

// PhaseStates are all of them.
func PhaseStates() []PhaseState { return []PhaseState{Pending, Opening, Opened, Closing, Closed} }

// Phase is one phase of a selection.
type Phase struct {
	Name       string     `json:"name"` // nomination, vetting, voting, review, decision, notice
	State      PhaseState `json:"state"`
	OpensAt    *time.Time `json:"opens_at,omitempty"`    // by the clock; absent: by hand
	ClosesAt   *time.Time `json:"closes_at,omitempty"`   // by the clock; of the notice: its end
	OpenedAt   *time.Time `json:"opened_at,omitempty"`   // when the change was ordered
	ClosedAt   *time.Time `json:"closed_at,omitempty"`   // when the change was ordered
	WaitingFor []string   `json:"waiting_for,omitempty"` // services that have not yet answered
}

// Selection is one edition of one award.
type Selection struct {
	Slug         string            `json:"slug"`
	Title        map[string]string `json:"title"` // by language: zh, en
	Edition      int               `json:"edition"`
	Timezone     string            `json:"timezone"`
	Rulebook     json.RawMessage   `json:"rulebook"`      // canonical JSON
	RulebookHash string            `json:"rulebook_hash"` // SHA-256 of its canonical form, hex
	FrozenAt     *time.Time        `json:"frozen_at,omitempty"`
	Phases       []Phase           `json:"phases"`     // all, in order
	Ballots      int64             `json:"ballots"`    // turnout so far
	Candidates   int               `json:"candidates"` // on the list at present
	Decided      bool              `json:"decided"`    // the committee approved a result
	PublishedAt  *time.Time        `json:"published_at,omitempty"`
	CreatedAt    time.Time         `json:"created_at"`
}

// Phase gives the phase with a name, the zero Phase where there is none.
func (s Selection) Phase(name string) Phase {
	for _, p := range s.Phases {
		if p.Name == name {
			return p
		}
	}
	return Phase{}
}

// CreateSelection asks for a new selection.
type CreateSelection struct {
	Slug     string `json:"slug"`     // [a-z0-9-]{3,64}
	Rulebook string `json:"rulebook"` // YAML or JSON text
}

// Of names a selection.
type Of struct {
	Slug string `json:"slug"`
}

// ChangePhase opens or closes a phase now.
type ChangePhase struct {
	Slug   string `json:"slug"`
	Phase  string `json:"phase"`
	Action string `json:"action"` // event.Open, event.Close
	Reason string `json:"reason"` // required; goes to the audit log and to the rooms
	// Acknowledge lets vetting close although the awards cannot be filled; Unmet is
	// then what cannot be met, for the audit log. The caller has looked.
	Acknowledge bool   `json:"acknowledge,omitempty"`
	Unmet       string `json:"unmet,omitempty"`
	// Seen is how far the phase was when whoever orders this looked: if it is not
	// there any more, nothing is done. Empty: the same order again is fine.
	Seen PhaseState `json:"seen,omitempty"`
}

// PublishResult makes the result public, after the notice.
type PublishResult struct {
	Slug   string `json:"slug"`
	Reason string `json:"reason"` // required
}

// Preview is what PublishResult would make public now.
type Preview struct {
	Results *Results     `json:"results,omitempty"` // dated now; absent: no approved result has arrived
	Refused *fault.Error `json:"refused,omitempty"` // what publication would be refused for now; absent: for nothing, or it is public
}

// RecordExport names a file that a member of staff takes before the result is
// public.
type RecordExport struct {
	Slug string `json:"slug"`
	File string `json:"file"` // votes, scores, ballots, candidates, awards
}

// Results is the published outcome. Its JSON is also the blob that
// ResultPublished names.
type Results struct {
	Slug         string            `json:"slug"`
	Title        map[string]string `json:"title"`
	Edition      int               `json:"edition"`
	PublishedAt  time.Time         `json:"published_at"`
	RulebookHash string            `json:"rulebook_hash"`
	ResultHash   string            `json:"result_hash"` // of the computed result that the committee approved
	VotesHash    string            `json:"votes_hash"`
	ScoresHash   string            `json:"scores_hash"`
	// CandidatesHash is of the candidates that the result was computed from; absent
	// of a result of the first form.
	CandidatesHash string         `json:"candidates_hash,omitempty"`
	Ballots        int64          `json:"ballots"`
	Decision       DecisionRecord `json:"decision"`
	Lot            string         `json:"lot,omitempty"`     // value that lots were drawn from: laurel compute --lot
	Decided        bool           `json:"decided,omitempty"` // the seats were filled by a decision: laurel compute --awards
	Changed        bool           `json:"changed,omitempty"` // the list is another than the rules make, by a decision: laurel compute --awards --changed
	Awards         []AwardList    `json:"awards"`            // best first
	// Notices and Objections are absent of results from before.
	Notices    []NoticeRun       `json:"notices,omitempty"`
	Objections *ObjectionCounts  `json:"objections,omitempty"`
	Ranking    []RankedCandidate `json:"ranking"` // whom the rulebook has shown, with what it tells of scores
}

// DecisionRecord is how the committee voted, and which hosts signed it off.
type DecisionRecord struct {
	Members    int                   `json:"members"`
	For        int                   `json:"for"`
	Against    int                   `json:"against"`
	Abstained  int                   `json:"abstained"`
	Signatures []event.HostSignature `json:"signatures,omitempty"` // in the rulebook's order; none where no host signs
}

// AwardList is one award and who won it, in order of rank.
type AwardList struct {
	ID      string            `json:"id"`
	Title   map[string]string `json:"title"`
	Seats   int               `json:"seats"`
	Winners []RankedCandidate `json:"winners"`
}

// RankedCandidate is a candidate's rank in the result; numbers are decimal strings.
type RankedCandidate struct {
	Number     int               `json:"number"`
	Name       string            `json:"name"`
	Employer   string            `json:"employer,omitempty"`
	Rank       int               `json:"rank"`
	Total      string            `json:"total,omitempty"`
	Components map[string]string `json:"components,omitempty"` // weighted score by source
	Award      string            `json:"award,omitempty"`
	Explain    []reason.Reason   `json:"explain,omitempty"` // sentences in English where the result was computed before there were codes
}

// Service is what selection does.
type Service interface {
	// CreateSelection makes a selection of a rulebook. Faults: ErrInvalid for the slug;
	// rulebook_invalid with every mistake's line and field, the slug's too;
	// ErrSlugTaken.
	CreateSelection(ctx context.Context, in CreateSelection) (Selection, error)
	// StartDraft begins a draft. Fault: ErrInvalid.
	StartDraft(ctx context.Context, in StartDraft) (Draft, error)
	// ListDrafts gives all drafts without their texts, those saved last first.
	ListDrafts(ctx context.Context, in struct{}) ([]Draft, error)
	// GetDraft gives a draft. Fault: ErrNoDraft.
	GetDraft(ctx context.Context, in OfDraft) (Draft, error)
	// SaveDraft writes a draft anew. Faults: ErrInvalid, ErrNoDraft,
	// ErrDraftChanged where it is no longer in the version that was read.
	SaveDraft(ctx context.Context, in SaveDraft) (Draft, error)
	// DiscardDraft throws a draft away. Faults: ErrNoDraft, ErrDraftChanged.
	DiscardDraft(ctx context.Context, in OfVersion) (Draft, error)
	// FinishDraft makes a selection of a draft, which then is no more. Faults:
	// ErrNoDraft, ErrDraftChanged, those of CreateSelection.
	FinishDraft(ctx context.Context, in OfVersion) (Selection, error)
	// GetGiven gives a selection's rulebook as it was handed in, with its
	// comments. Fault: ErrUnknown.
	GetGiven(ctx context.Context, in Of) (Given, error)
	// GetSelection gives a selection. Fault: ErrUnknown.
	GetSelection(ctx context.Context, in Of) (Selection, error)
	// ListSelections gives all selections, newest first.
	ListSelections(ctx context.Context, in struct{}) ([]Selection, error)
	// ChangePhase orders a phase to open or close now; the state says whether
	// it has been applied. The same order again is fine. Opening the first
	// phase freezes the rulebook; opening the notice sets its ClosesAt. A phase
	// that is opened after its ClosesAt loses it: it closes by hand.
	// Faults: ErrInvalid (reason, action), ErrUnknown, ErrNoPhase, ErrOutOfOrder
	// with a field for everything that stands in the way and params phase,
	// blocked_by (phases) and waiting_for (services), comma separated;
	// ErrNoticeRuns with param closes_at; ErrNoHolidays; ErrChanged.
	ChangePhase(ctx context.Context, in ChangePhase) (Selection, error)
	// GetPlan tells of each change of a phase who ordered it, or what stands in its
	// way. Fault: ErrUnknown.
	GetPlan(ctx context.Context, in Of) (Plan, error)
	// GetNotice gives what is on public notice. Faults: ErrUnknown, ErrNoNotice,
	// ErrNotArrived.
	GetNotice(ctx context.Context, in Of) (Notice, error)
	// FileObjection takes an objection to a candidate on notice, of the public or as
	// staff enter it. Faults: ErrInvalid, ErrUnknown, ErrNoNotice, ErrNoticeOver: to
	// the public once the notice ends, to staff once the result is public.
	FileObjection(ctx context.Context, in FileObjection) (Filed, error)
	// FollowObjection tells whoever has its code how far an objection is. Fault: ErrCode.
	FollowObjection(ctx context.Context, in FollowObjection) (Followed, error)
	// ListObjections gives those that the acting handler is not party to, open ones
	// first, 1000 at most: without text, contact, reasons, files, notes and who is
	// excluded. Fault: ErrUnknown.
	ListObjections(ctx context.Context, in Of) ([]Objection, error)
	// GetObjection gives one. Faults: ErrUnknown, ErrObjected, also to who is party to it,
	// here and below.
	GetObjection(ctx context.Context, in OfObjection) (Objection, error)
	// NoteObjection notes a hearing, or something else. Faults: ErrInvalid, ErrObjected,
	// ErrEnded of one that is erased.
	NoteObjection(ctx context.Context, in NoteObjection) (Objection, error)
	// ExcludeHandler keeps an objection from one of staff, oneself too, for good.
	// Again is fine. Faults: ErrInvalid, ErrObjected.
	ExcludeHandler(ctx context.Context, in ExcludeHandler) (Objection, error)
	// DecideObjection ends an objection; the same again is fine. An upheld one asks
	// for its candidate to be struck. Faults: ErrInvalid, ErrObjected, ErrEnded.
	DecideObjection(ctx context.Context, in DecideObjection) (Objection, error)
	// PublishResult makes the result public. Again is fine and gives what is public.
	// Faults: ErrInvalid (reason), ErrUnknown, ErrOutOfOrder before the notice is
	// closed, ErrObjectionsOpen, ErrNotArrived.
	PublishResult(ctx context.Context, in PublishResult) (Results, error)
	// PreviewResults gives what PublishResult would make public now, and what stands in
	// its way; of a public result, what is public. Fault: ErrUnknown.
	PreviewResults(ctx context.Context, in Of) (Preview, error)
	// RecordExport writes into the audit log who takes a file that is not public.
	// Fault: ErrUnknown.
	RecordExport(ctx context.Context, in RecordExport) (Selection, error)
	// GetResults gives the published outcome. Faults: ErrUnknown, ErrUnpublished.
	GetResults(ctx context.Context, in Of) (Results, error)
	// ExportBundle gives the one file by which anybody checks the published outcome.
	// It is made once, by a job; until then Bundle names the job. Faults: ErrUnknown,
	// ErrUnpublished, ErrNoBundle, ErrBundleParts.
	ExportBundle(ctx context.Context, in ExportBundle) (Bundle, error)
	// GetBundleKey gives the keys by which bundles are signed.
	GetBundleKey(ctx context.Context, in struct{}) (BundleKey, error)
}

// The faults of this room.
var (
	ErrInvalid     = fault.New(fault.Invalid, "selection_invalid", "the input breaks a rule")
	ErrSlugTaken   = fault.New(fault.Conflict, "slug_taken", "there is a selection with this slug")
	ErrUnknown     = fault.New(fault.NotFound, "selection_unknown", "there is no such selection")
	ErrNoPhase     = fault.New(fault.NotFound, "phase_unknown", "there is no such phase")
	ErrOutOfOrder  = fault.New(fault.Conflict, "phase_out_of_order", "the phases before do not allow it")
	ErrChanged     = fault.New(fault.Conflict, "phase_changed", "somebody has changed this phase meanwhile; nothing was done")
	ErrNoticeRuns  = fault.New(fault.Conflict, "notice_runs", "the notice has not run its time")
	ErrNoHolidays  = fault.New(fault.Conflict, "holidays_unknown", "the notice runs into a year whose holidays are not known to this version")
	ErrNotArrived  = fault.NewUnavailable("result_not_arrived", "the approved result has not arrived here in full yet", time.Second)
	ErrUnpublished = fault.New(fault.NotFound, "result_unpublished", "the result is not public")
)

// NoHolidays is ErrNoHolidays that names the year.
func NoHolidays(calendar string, year int) *fault.Error {
	return ErrNoHolidays.At(fault.Wrong("notice", "year_without_holidays",
		"runs into {year}, whose holidays of the calendar {calendar} are not known to this version: give them in HOLIDAYS_FILE", "year", year, "calendar", calendar))
}
