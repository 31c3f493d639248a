package review

import "time"

// SeatPanel lists everybody on a panel.
type SeatPanel struct {
	Slug   string   `json:"slug"`
	Panel  string   `json:"panel"`
	Jurors []Person `json:"jurors"` // as many as the rulebook says
}

// OfPanel names a panel.
type OfPanel struct {
	Slug  string `json:"slug"`
	Panel string `json:"panel"`
}

// Panel is how far a panel is.
type Panel struct {
	ID     string `json:"id"`
	Assign string `json:"assign"`         // the rulebook's word: all | random | category | hand
	Seed   string `json:"seed,omitempty"` // of a random assignment; a blind panel's ends in a secret
	// Short lists the candidates with too few jurors once review has opened: less
	// than the rulebook's min_scores, and at least one. Abstentions do not count.
	Short  []int           `json:"short,omitempty"`
	Jurors []JurorProgress `json:"jurors"` // by seat, those who left included
}

// JurorProgress is what a juror is to score, and counts their sheets.
type JurorProgress struct {
	Person
	Seat        int        `json:"seat"`
	Further     bool       `json:"further,omitempty"` // called in for single candidates
	LeftAt      *time.Time `json:"left_at,omitempty"`
	Candidates  []int      `json:"candidates"` // without those that the juror is recused from
	Scored      []int      `json:"scored"`     // of these: whose sheet is submitted
	Assigned    int        `json:"assigned"`
	Submitted   int        `json:"submitted"`
	Drafts      int        `json:"drafts"`
	SecondLooks int        `json:"second_looks"` // sent back and not yet submitted again
}

// AssignByHand lists all candidates that a juror scores.
type AssignByHand struct {
	Slug       string `json:"slug"`
	Panel      string `json:"panel"`
	Juror      string `json:"juror"` // account
	Candidates []int  `json:"candidates"`
}

// UnseatJuror takes a juror off a panel.
type UnseatJuror struct {
	Slug      string  `json:"slug"`
	Panel     string  `json:"panel"`
	Juror     string  `json:"juror"`               // account
	Sheets    string  `json:"sheets"`              // what becomes of the submitted ones: KeepSheets or WithdrawSheets
	Successor *Person `json:"successor,omitempty"` // takes over what is left to score
	Reason    string  `json:"reason"`              // required
}

// What becomes of the submitted sheets of a juror who leaves.
const (
	KeepSheets     = "keep"     // count
	WithdrawSheets = "withdraw" // count no longer, and are to be scored anew
)

// CallFurther has a further juror score a candidate.
type CallFurther struct {
	Slug      string `json:"slug"`
	Panel     string `json:"panel"`
	Candidate int    `json:"candidate"`
	Juror     Person `json:"juror"`  // on the panel, or new to it
	Reason    string `json:"reason"` // required
}
