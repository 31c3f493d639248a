package gateway

import (
	"time"

	"github.com/laurel-awards/laurel/services/review"
)

// Minutes are what the committee's meeting leaves behind: who came and went, what was
// put to the vote and why, how it ended, who took no part, and which hosts signed.
type Minutes struct {
	review.Meeting

	Title   map[string]string `json:"title"` // of the selection
	Edition int               `json:"edition"`
	MadeAt  time.Time         `json:"made_at"`
	Lot     *review.Lot       `json:"lot,omitempty"` // that was read after the vote
}
