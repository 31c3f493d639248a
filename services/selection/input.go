package selection

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/fault"
)

const maxReason = 1000 // characters

// Invalid is ErrInvalid with the fields at fault; nil where there are none.
func Invalid(fields ...fault.Field) error {
	return ErrInvalid.Check(fields)
}

// Check returns the fields that break a rule; the rulebook's own mistakes are
// found by reading it.
func (c CreateSelection) Check() []fault.Field {
	if event.ValidSlug(c.Slug) {
		return nil
	}
	return []fault.Field{{Name: "slug", Message: fmt.Sprintf("takes %d to %d small letters a to z, digits and hyphens", event.MinSlug, event.MaxSlug)}}
}

// Check returns the fields that break a rule.
func (c ChangePhase) Check() []fault.Field {
	fields := checkReason(c.Reason)
	if c.Action != event.Open && c.Action != event.Close {
		fields = append(fields, fault.Field{Name: "action", Message: "is open or close"})
	}
	return fields
}

// Check returns the fields that break a rule.
func (p PublishResult) Check() []fault.Field { return checkReason(p.Reason) }

// checkReason wants words for the audit log. PostgreSQL's text has no NUL.
func checkReason(reason string) []fault.Field {
	if strings.TrimSpace(reason) != "" && utf8.RuneCountInString(reason) <= maxReason && !strings.ContainsRune(reason, 0) {
		return nil
	}
	return []fault.Field{{Name: "reason", Message: fmt.Sprintf("says why, in 1 to %d characters", maxReason)}}
}
