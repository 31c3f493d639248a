package selection

import (
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
)

// Draft is a rulebook at work: no selection yet, and it may have any mistake.
type Draft struct {
	ID        string    `json:"id"`
	Version   int       `json:"version"`            // from 1, one more each time it is saved
	Slug      string    `json:"slug"`               // of the selection that it is to become; perhaps none yet
	Rulebook  string    `json:"rulebook,omitempty"` // as it is written; not in a list
	SavedBy   string    `json:"saved_by"`           // name
	SavedAt   time.Time `json:"saved_at"`
	CreatedAt time.Time `json:"created_at"`
}

// StartDraft begins a draft.
type StartDraft struct {
	Slug     string `json:"slug"`
	Rulebook string `json:"rulebook"`
}

// SaveDraft writes a draft anew.
type SaveDraft struct {
	ID       string `json:"id"`
	Version  int    `json:"version"` // that it was read in
	Slug     string `json:"slug"`
	Rulebook string `json:"rulebook"`
}

// OfDraft names a draft.
type OfDraft struct {
	ID string `json:"id"`
}

// OfVersion names a draft as it was read.
type OfVersion struct {
	ID      string `json:"id"`
	Version int    `json:"version"`
}

// Given is a selection's rulebook as it was handed in.
type Given struct {
	Rulebook string `json:"rulebook"`
}

// The faults of drafts.
var (
	ErrNoDraft      = fault.New(fault.NotFound, "draft_unknown", "there is no such draft")
	ErrDraftChanged = fault.New(fault.Conflict, "draft_changed", "somebody has saved this draft since it was read")
)

// Check returns the fields that break a rule. What the rulebook says may still
// be wrong.
func (s StartDraft) Check() []fault.Field {
	var fields []fault.Field
	if s.Slug != "" {
		fields = event.CheckSlug(s.Slug)
	}
	switch {
	case len(s.Rulebook) > rulebook.MaxSize:
		fields = append(fields, fault.Wrong("rulebook", "document_too_large", "the document has {size} bytes; the most is {max}",
			"size", len(s.Rulebook), "max", rulebook.MaxSize))
	case !utf8.ValidString(s.Rulebook):
		fields = append(fields, fault.Wrong("rulebook", "not_utf8", "not UTF-8"))
	}
	return fields
}

// Check returns the fields that break a rule.
func (s SaveDraft) Check() []fault.Field { return StartDraft{s.Slug, s.Rulebook}.Check() }

// Key reads the id of a draft. Fault: ErrNoDraft.
func (o OfDraft) Key() (uuid.UUID, error) {
	id, err := uuid.Parse(o.ID)
	if err != nil {
		return id, ErrNoDraft
	}
	return id, nil
}
