package selection

import (
	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/fault"
)

// Invalid is ErrInvalid with the fields at fault; nil where there are none.
func Invalid(fields ...fault.Field) error {
	return ErrInvalid.Check(fields)
}

// Check returns the fields that break a rule; the rulebook's own mistakes are
// found by reading it.
func (c CreateSelection) Check() []fault.Field { return event.CheckSlug(c.Slug) }

// Check returns the fields that break a rule.
func (c ChangePhase) Check() []fault.Field {
	fields := audit.Reason(c.Reason)
	if c.Action != event.Open && c.Action != event.Close {
		fields = append(fields, fault.OneOf("action", event.Open, event.Close))
	}
	return fields
}

// Check returns the fields that break a rule.
func (p PublishResult) Check() []fault.Field { return audit.Reason(p.Reason) }
