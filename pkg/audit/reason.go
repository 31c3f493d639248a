package audit

import (
	"strings"

	"github.com/laurel-awards/laurel/pkg/fault"
)

// MaxReason is the longest reason in characters.
const MaxReason = 1000

// Reason says what is wrong with an act's reason in the field "reason", nothing
// where it is fine: 1 to MaxReason characters, besides spaces at its ends, and
// no NUL. An act that needs no reason is held to OptionalReason.
func Reason(text string) []fault.Field {
	if strings.TrimSpace(text) == "" {
		return []fault.Field{fault.Required("reason")}
	}
	return OptionalReason(text)
}

// OptionalReason is Reason for an act that may go without.
func OptionalReason(text string) []fault.Field { return fault.Text("reason", text, MaxReason) }
