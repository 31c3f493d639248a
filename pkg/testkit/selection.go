package testkit

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/rulebook"
)

// Selection is a selection as other rooms tell one room of it: it makes their
// events, each the next version of its aggregate, and hands them over.
type Selection struct {
	Slug string
	Sent []event.Envelope // all events made so far, in order

	t          testing.TB
	now        func() time.Time
	hear       func(context.Context, event.Envelope) error
	versions   map[string]int64 // by publisher and aggregate
	candidates int
}

// NewSelection tells hear of a selection: an inbox's Deliver, or a Publisher.
func NewSelection(t testing.TB, slug string, now func() time.Time, hear func(context.Context, event.Envelope) error) *Selection {
	return &Selection{Slug: slug, t: t, now: now, hear: hear, versions: make(map[string]int64)}
}

// Next makes the next event of an aggregate, and keeps it back.
func (s *Selection) Next(publisher, aggregate string, p event.Payload) event.Envelope {
	s.t.Helper()
	key := publisher + "/" + aggregate
	s.versions[key]++
	env := Envelope(s.t, publisher, s.Slug, aggregate, s.versions[key], s.now(), p)
	s.Sent = append(s.Sent, env)
	return env
}

// Tell hands over the next event of an aggregate.
func (s *Selection) Tell(publisher, aggregate string, p event.Payload) {
	s.t.Helper()
	s.Hand(s.Next(publisher, aggregate, p))
}

// Hand hands over events, perhaps again.
func (s *Selection) Hand(envs ...event.Envelope) {
	s.t.Helper()
	for _, env := range envs {
		if err := s.hear(s.t.Context(), env); err != nil {
			s.t.Fatalf("%s %d of %s: %v", env.Name, env.Version, env.Aggregate, err)
		}
	}
}

// Freeze freezes a rulebook, given as YAML or JSON.
func (s *Selection) Freeze(document string) *rulebook.Rulebook {
	s.t.Helper()
	rb, frozen := s.NextFrozen(document)
	s.Hand(frozen)
	return rb
}

// NextFrozen makes the event that freezes a rulebook, and keeps it back.
func (s *Selection) NextFrozen(document string) (*rulebook.Rulebook, event.Envelope) {
	s.t.Helper()
	rb, err := rulebook.Parse([]byte(document))
	if err != nil {
		s.t.Fatal(err)
	}
	canonical, err := rb.Canonical()
	if err != nil {
		s.t.Fatal(err)
	}
	return rb, s.Next(event.Selection, "phases", event.RulebookFrozen{Hash: rb.Hash(), Rulebook: canonical})
}

// Change changes a phase.
func (s *Selection) Change(c event.PhaseChanged) {
	s.t.Helper()
	s.Tell(event.Selection, "phases", c)
}

// Open opens phases. It names as many candidates as have been admitted.
func (s *Selection) Open(phases ...string) {
	s.t.Helper()
	for _, p := range phases {
		s.Change(event.PhaseChanged{Phase: p, Action: event.Open, Candidates: s.candidates})
	}
}

// Close closes phases.
func (s *Selection) Close(phases ...string) {
	s.t.Helper()
	for _, p := range phases {
		s.Change(event.PhaseChanged{Phase: p, Action: event.Close})
	}
}

// Admit admits candidates, with the next numbers; who has no name is called
// "Candidate 1" and so on.
func (s *Selection) Admit(candidates ...event.CandidateAdmitted) {
	s.t.Helper()
	for _, c := range candidates {
		s.candidates++
		c.Number = s.candidates
		if c.EntryID == "" {
			c.EntryID = fmt.Sprintf("entry-%d", c.Number)
		}
		if c.Name == "" {
			c.Name = fmt.Sprintf("Candidate %d", c.Number)
		}
		s.Tell(event.Nomination, fmt.Sprintf("candidate/%d", c.Number), c)
	}
}

// AdmitMany admits n candidates with nothing but a name.
func (s *Selection) AdmitMany(n int) {
	s.t.Helper()
	s.Admit(make([]event.CandidateAdmitted, n)...)
}

// Strike strikes an admitted candidate off the list.
func (s *Selection) Strike(number int, reason string) {
	s.t.Helper()
	s.Tell(event.Nomination, fmt.Sprintf("candidate/%d", number), event.CandidateStruck{Number: number, Reason: reason})
}
