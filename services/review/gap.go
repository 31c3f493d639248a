package review

import "github.com/laurel-awards/laurel/pkg/fault"

// Gap is what keeps a panel's scores from being whole.
type Gap struct {
	Panel      string      `json:"panel"`
	Juror      string      `json:"juror,omitempty"`      // name of who has yet to submit sheets
	Candidates []int       `json:"candidates,omitempty"` // of these sheets
	What       fault.Field `json:"what"`                 // of a juror the first sheet
}
