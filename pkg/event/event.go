// Package event has every event that crosses services: one file a publisher,
// with the name beside the struct, and the list of who publishes and who
// consumes. A breaking change is a new version that is published next to the old
// one until nobody reads the old one.
package event

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Payload is the body of an event. EventType is constant for a struct.
type Payload interface{ EventType() Type }

// Type names an event and the version of its shape: phase_changed, 1.
type Type struct {
	Name string
	V    int
}

// String is the name of the first version, and the name and version of others:
// phase_changed, ballots_counted.v2.
func (t Type) String() string {
	if t.V == 1 {
		return t.Name
	}
	return fmt.Sprintf("%s.v%d", t.Name, t.V)
}

// Envelope is an event on its way. Its ID is the message id, the same at every
// delivery.
type Envelope struct {
	ID        uuid.UUID       `json:"id"`
	Publisher string          `json:"publisher"` // the service
	Name      string          `json:"name"`      // past tense: candidate_admitted
	V         int             `json:"v"`
	Slug      string          `json:"slug"`      // the selection
	Aggregate string          `json:"aggregate"` // what Version counts: phases, candidate/7
	Version   int64           `json:"version"`   // from 1 without gaps in (publisher, slug, aggregate)
	At        time.Time       `json:"at"`        // when it happened, UTC, microseconds
	Request   string          `json:"request,omitempty"`
	Data      json.RawMessage `json:"data"`
}

// Type is the envelope's event type.
func (e Envelope) Type() Type { return Type{e.Name, e.V} }

// Subject is where the event is published:
// laurel.<service>.v<version>.<name>.<slug>.
func (e Envelope) Subject() string { return Subject(e.Publisher, e.Type(), e.Slug) }

// Decode reads the data of an envelope of P's type.
func Decode[P Payload](e Envelope) (P, error) {
	var p P
	if p.EventType() != e.Type() {
		return p, fmt.Errorf("event %s v%d is not a %s v%d", e.Name, e.V, p.EventType().Name, p.EventType().V)
	}
	if err := json.Unmarshal(e.Data, &p); err != nil {
		return p, fmt.Errorf("decode event %s %s: %w", e.Name, e.ID, err)
	}
	return p, nil
}

// Subject is the subject of a publisher's event about a selection; slug "*"
// makes the filter for all selections.
func Subject(publisher string, t Type, slug string) string {
	return fmt.Sprintf("laurel.%s.v%d.%s.%s", publisher, t.V, t.Name, slug)
}

// Spec says of an event type who publishes it and whom it concerns.
type Spec struct {
	Example    Payload // a filled example; its golden JSON is the contract
	Aggregate  string  // what its version counts
	Publishers []string
	Consumers  []string
	About      string // one sentence for docs/events.md
}

// All lists every event, in the order of a selection's life.
func All() []Spec {
	var all []Spec
	all = append(all, selectionEvents()...)
	all = append(all, nominationEvents()...)
	all = append(all, identityEvents()...)
	all = append(all, votingEvents()...)
	all = append(all, reviewEvents()...)
	return append(all, phaseApplied())
}

// Filters are the subjects that a service consumes.
func Filters(consumer string) []string {
	var subjects []string
	for _, s := range All() {
		for _, c := range s.Consumers {
			if c != consumer {
				continue
			}
			for _, p := range s.Publishers {
				subjects = append(subjects, Subject(p, s.Example.EventType(), "*"))
			}
		}
	}
	return subjects
}

// Published are the subjects that a service publishes.
func Published(publisher string) []string {
	var subjects []string
	for _, s := range All() {
		if slices.Contains(s.Publishers, publisher) {
			subjects = append(subjects, Subject(publisher, s.Example.EventType(), "*"))
		}
	}
	return subjects
}

// Markdown is the text of docs/events.md.
func Markdown() string {
	var b strings.Builder
	b.WriteString("# Events\n\nGenerated from `pkg/event` by `make docs`; a test keeps it true.\n\n" +
		"Subject: `laurel.<publisher>.v<version>.<name>.<slug>`. An event arrives at least once, perhaps late and out of\n" +
		"order; its `version` counts from 1 without gaps in its publisher, selection and aggregate.\n\n" +
		"| event | version | from | aggregate | consumed by | |\n|---|---|---|---|---|---|\n")
	for _, s := range All() {
		t := s.Example.EventType()
		fmt.Fprintf(&b, "| [`%s`](#%s) | %d | %s | `%s` | %s | %s |\n", t.Name, strings.ReplaceAll(t.String(), ".", ""), t.V,
			strings.Join(s.Publishers, ", "), s.Aggregate, strings.Join(s.Consumers, ", "), s.About)
	}
	for _, s := range All() {
		body, err := json.MarshalIndent(s.Example, "", "  ")
		if err != nil {
			panic(fmt.Sprintf("event %T does not marshal: %v", s.Example, err)) // a defect of the struct, seen by its test
		}
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n```json\n%s\n```\n", s.Example.EventType(), s.About, body)
	}
	return b.String()
}
