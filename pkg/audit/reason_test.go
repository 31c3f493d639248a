package audit_test

import (
	"strings"
	"testing"

	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/fault"
)

func TestReason(t *testing.T) {
	for name, c := range map[string]struct {
		text               string
		required, optional string // codes
	}{
		"empty":         {"", "required", ""},
		"spaces":        {" \n", "required", ""},
		"fits":          {strings.Repeat("因", audit.MaxReason), "", ""},
		"one too many":  {strings.Repeat("因", audit.MaxReason+1), "too_long", "too_long"},
		"NUL":           {"a\x00b", "control_character", "control_character"},
		"spaces around": {"  " + strings.Repeat("因", audit.MaxReason) + " ", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := codes(audit.Reason(c.text)); got != c.required {
				t.Errorf("required: %q, want %q", got, c.required)
			}
			if got := codes(audit.OptionalReason(c.text)); got != c.optional {
				t.Errorf("optional: %q, want %q", got, c.optional)
			}
		})
	}
}

func codes(fields []fault.Field) string {
	all := ""
	for _, f := range fields {
		all += f.Code
	}
	return all
}
