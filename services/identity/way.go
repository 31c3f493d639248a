package identity

import (
	"time"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
)

// The ways to be a voter that this room proves, as rulebooks name them.
const (
	WayDevice = rulebook.WayDevice // whoever holds the credential
	WayRoster = rulebook.WayRoster // who has the code of a member of the selection's roster
)

// Ways are all of them.
func Ways() []string { return []string{WayDevice, WayRoster} }

// ProveVoter asks for a credential in one way of being a voter. Each proof has a
// field of its own; a way takes its own proof and refuses the others.
type ProveVoter struct {
	Slug string `json:"slug"`
	Way  string `json:"way"`            // one of Ways
	Code string `json:"code,omitempty"` // of WayRoster, as typed
	Work *Work  `json:"work,omitempty"` // of WayDevice, where it was asked for

	Until *time.Time `json:"until,omitempty"` // when the vote closes, if that is known: the credential is good no longer
}

// Credential lets its bearer cast a ballot in one selection. The gateway
// verifies it without asking (package credential).
type Credential struct {
	Credential string    `json:"credential"`
	ExpiresAt  time.Time `json:"expires_at"`
}

// Work is a solved challenge. The gateway has verified it; identity makes sure
// that it is used once.
type Work struct {
	Signature []byte    `json:"signature"`  // of the challenge: 32 bytes, the same whoever solved it
	ExpiresAt time.Time `json:"expires_at"` // of the challenge
}

// The faults of a work.
var (
	ErrWorkUsed = fault.NewInvalid("work_used", "this work has been used; ask for another challenge",
		fault.Wrong("work", "work_used", "has been used"))
	ErrWorkExpired = fault.NewInvalid("work_expired", "the challenge has expired; ask for another",
		fault.Wrong("work", "work_expired", "has expired"))
)
