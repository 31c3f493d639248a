package review

import (
	"encoding/json"
	"time"
)

// Result is the outcome of the rulebook on the sealed tally and the scores.
// Its JSON is the blob that ResultComputed names.
type Result struct {
	Slug         string          `json:"slug"`
	Hash         string          `json:"hash,omitempty"` // of the blob; absent in it
	RulebookHash string          `json:"rulebook_hash"`
	VotesHash    string          `json:"votes_hash"`  // of the CSV that compute reads
	ScoresHash   string          `json:"scores_hash"` // of the CSV that compute reads
	Ranking      json.RawMessage `json:"ranking"`     // as `laurel compute --format json` prints it
}

// Exported names what was written to the blob store.
type Exported struct {
	Blob string `json:"blob"` // SHA-256, hex
	Rows int64  `json:"rows"`
}

// RecordLot records the value that lots are drawn from.
type RecordLot struct {
	Slug   string `json:"slug"`
	Value  string `json:"value"`  // at most 200 characters
	Reason string `json:"reason"` // where and when it was read; required
}

// Lot is the value that lots are drawn from.
type Lot struct {
	Value  string     `json:"value"`
	Reason string     `json:"reason,omitempty"`
	At     *time.Time `json:"at,omitempty"` // absent where the rulebook itself has the value
}
