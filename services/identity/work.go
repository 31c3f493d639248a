package identity

import (
	"time"

	"github.com/laurel-awards/laurel/pkg/fault"
)

// Work is a solved challenge that a credential is asked with. The gateway has
// verified it; identity sees to it that it is used once.
type Work struct {
	Signature []byte    `json:"signature"`  // of the challenge: 32 bytes, the same whoever solved it
	ExpiresAt time.Time `json:"expires_at"` // of the challenge
}

// The faults of a work.
var (
	ErrWorkUsed    = fault.NewInvalid("work_used", "this work has been used; ask for another challenge", fault.Field{Name: "work", Message: "has been used"})
	ErrWorkExpired = fault.NewInvalid("work_expired", "the challenge has expired; ask for another", fault.Field{Name: "work", Message: "has expired"})
)
