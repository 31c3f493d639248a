package event

import (
	"encoding/json"
	"time"

	"github.com/laurel-awards/laurel/pkg/rulebook"
)

// What can happen to a phase.
const (
	Open  = "open"
	Close = "close"
)

// RulebookFrozen is the first event of a selection: nominations are about to
// open, and the rules are fixed.
type RulebookFrozen struct {
	Hash     string          `json:"hash"`     // SHA-256 of Rulebook, hex
	Rulebook json.RawMessage `json:"rulebook"` // canonical JSON
}

// EventType implements Payload.
func (RulebookFrozen) EventType() Type { return Type{"rulebook_frozen", 1} }

// PhaseChanged asks every enforcing service to open or close a phase; the
// change counts when all have answered with PhaseApplied.
type PhaseChanged struct {
	Phase  string `json:"phase"`
	Action string `json:"action"` // open | close
	Reason string `json:"reason,omitempty"`
	// ClosesAt is the rulebook's deadline. The enforcing service holds to it by
	// its own clock. It is absent where the phase is closed by hand.
	ClosesAt *time.Time `json:"closes_at,omitempty"`
	// Candidates is how many have been admitted, once vetting is closed. A
	// service that has not yet heard of so many must not open the phase.
	Candidates int `json:"candidates,omitempty"`
}

// EventType implements Payload.
func (PhaseChanged) EventType() Type { return Type{"phase_changed", 1} }

// NoticePosted opens the public notice of the decision.
type NoticePosted struct {
	ResultHash string    `json:"result_hash"` // blob of the result, SHA-256, hex
	ClosesAt   time.Time `json:"closes_at"`   // objections are taken until then
}

// EventType implements Payload.
func (NoticePosted) EventType() Type { return Type{"notice_posted", 1} }

// ResultPublished makes the result public and final.
type ResultPublished struct {
	ResultHash string `json:"result_hash"` // blob of the published results, SHA-256, hex
}

// EventType implements Payload.
func (ResultPublished) EventType() Type { return Type{"result_published", 1} }

// SelectionEnded says that a selection is over: from here on counts how long what
// is known of its people is kept.
type SelectionEnded struct{}

// EventType implements Payload.
func (SelectionEnded) EventType() Type { return Type{"selection_ended", 1} }

func selectionEvents() []Spec {
	closes := time.Date(2026, 5, 20, 14, 0, 0, 0, time.UTC)
	from, rooms := []string{Selection}, Enforcers()
	const hash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
	return []Spec{
		{RulebookFrozen{hash, json.RawMessage(`{"laurel":1}`)}, "phases", from, rooms, "The rules of a selection are fixed; nominations are about to open."},
		{
			PhaseChanged{rulebook.PhaseVoting, Open, "as announced", &closes, 52},
			"phases", from, rooms,
			"A phase is to be opened or closed; it counts when every room has answered `phase_applied`.",
		},
		{NoticePosted{hash, closes}, "notice", from, []string{Review}, "The decision is on public notice; objections are taken until it closes."},
		{ResultPublished{hash}, "notice", from, []string{Review}, "The result is public and final."},
		{
			SelectionEnded{},
			"end", from,
			[]string{Identity, Nomination},
			"The selection is over; from here on counts how long what is known of its people is kept.",
		},
	}
}
