package review

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/laurel-awards/laurel/pkg/ranking"
)

// Result is the outcome of the rulebook on the sealed tally and the scores.
// Its JSON is the blob that ResultComputed names: docs/results.md tells it byte
// for byte. A result without a CandidatesHash is of the first form: its reasons
// are sentences in English.
type Result struct {
	Slug         string `json:"slug"`
	Hash         string `json:"hash,omitempty"` // of the blob; absent in it
	RulebookHash string `json:"rulebook_hash"`
	VotesHash    string `json:"votes_hash"`  // of the CSV that compute reads
	ScoresHash   string `json:"scores_hash"` // of the CSV that compute reads
	// CandidatesHash is of the CSV that compute reads.
	CandidatesHash string          `json:"candidates_hash,omitempty"`
	Ranking        json.RawMessage `json:"ranking"` // a ranking.Result
}

// Document is the bytes that the result's hash is of: those of the first form
// where there is no CandidatesHash.
func (r Result) Document(computed *ranking.Result) ([]byte, error) {
	if r.CandidatesHash == "" {
		computed = computed.AsWritten()
	}
	r.Hash = ""
	var err error
	if r.Ranking, err = json.Marshal(computed); err != nil {
		return nil, fmt.Errorf("result: %w", err)
	}
	body, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("result: %w", err)
	}
	return body, nil
}

// TryResult is a change of the rules to try.
type TryResult struct {
	Slug     string            `json:"slug"`
	Weights  map[string]string `json:"weights,omitempty"`  // by a component's source: 40%, 0.4, 2/5
	Converts map[string]string `json:"converts,omitempty"` // by a component's source, as in a rulebook: {method: rank}
	Without  []Seat            `json:"without,omitempty"`  // jurors whose scores are left out, as if recused
}

// Seat is a juror's, as the scores that everybody can read name it: J1.
type Seat struct {
	Panel string `json:"panel"`
	Juror string `json:"juror"`
}

// Trial is what TryResult computed. It is no result.
type Trial struct {
	Seats  []TrialSeat   `json:"seats"`  // that can be left out
	Awards []TrialAward  `json:"awards"` // in the rulebook's order
	Ranked []TrialRanked `json:"ranked"` // everybody, best first
	Ties   []ranking.Tie `json:"ties,omitempty"`
}

// TrialSeat is a seat with scores; its holder's name is empty for whoever may not
// watch the panel.
type TrialSeat struct {
	Seat

	Name string `json:"name,omitempty"`
}

// TrialAward tells how many of an award's seats are left to a tie.
type TrialAward struct {
	ID   string `json:"id"`
	Open int    `json:"open,omitempty"`
}

// TrialRanked is a candidate's rank and award, by the trial and by the rulebook.
type TrialRanked struct {
	Number int    `json:"number"`
	Rank   int    `json:"rank"`
	Total  string `json:"total"`
	Award  string `json:"award,omitempty"`
	Own    Placed `json:"own"`
}

// Placed is where the rulebook itself puts a candidate.
type Placed struct {
	Rank  int    `json:"rank"`
	Total string `json:"total"`
	Award string `json:"award,omitempty"`
}

// Sensitivities tell how much hangs on each figure of the rulebook.
type Sensitivities struct {
	Weights []WeightMove        `json:"weights"`
	Quotas  []ranking.QuotaMove `json:"quotas"`
}

// WeightMove is how far one component's weight can move before an award changes
// hands.
type WeightMove struct {
	Source string       `json:"source"`
	Weight string       `json:"weight"`          // as it is
	Lower  *WeightShift `json:"lower,omitempty"` // absent: down to 0 nothing changes
	Upper  *WeightShift `json:"upper,omitempty"` // absent: however high nothing changes
}

// WeightShift is a weight past which an award changes hands.
type WeightShift struct {
	Weight string   `json:"weight"`
	Gain   []string `json:"gain"` // candidates who then get another award, or one at all
	Lose   []string `json:"lose"` // who then lose the award they had
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
