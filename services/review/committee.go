package review

import "time"

// AssignByHand says which candidates a juror scores, whole.
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

// OfSheet names the acting juror's sheet of a candidate.
type OfSheet struct {
	Slug      string `json:"slug"`
	Panel     string `json:"panel"`
	Candidate string `json:"candidate"` // as the panel calls it
}

// OfCandidate names a candidate on a panel.
type OfCandidate struct {
	Slug      string `json:"slug"`
	Panel     string `json:"panel"`
	Candidate int    `json:"candidate"`
}

// Revision is a juror's sheet as it was submitted at a time; its candidate is
// the public number.
type Revision struct {
	Juror string `json:"juror"` // account
	Sheet
}

// Peer is another juror's submitted sheet, under their seat.
type Peer struct {
	Juror     string            `json:"juror"` // J1, J2 …
	Scores    map[string]string `json:"scores"`
	Total     string            `json:"total,omitempty"` // sum of weight × score; absent of an abstention
	Comment   string            `json:"comment,omitempty"`
	Comments  map[string]string `json:"comments,omitempty"`
	Abstained bool              `json:"abstained,omitempty"`
}

// SendBack asks a juror for a second look at a submitted sheet.
type SendBack struct {
	Slug      string `json:"slug"`
	Panel     string `json:"panel"`
	Juror     string `json:"juror"` // account
	Candidate int    `json:"candidate"`
	Reason    string `json:"reason"` // required; the juror reads it
}

// Oversight is how the jurors of a panel agree, over the submitted sheets that
// count. Numbers are decimals of four digits, half up.
type Oversight struct {
	Candidates []Spread   `json:"candidates"` // by number
	Jurors     []Severity `json:"jurors"`     // the strictest first
	Alike      []Alike    `json:"alike"`
}

// Spread is how far the jurors of a candidate are apart. A sheet's total is the
// sum of weight × score.
type Spread struct {
	Candidate int       `json:"candidate"`
	Sheets    int       `json:"sheets"`
	Mean      string    `json:"mean"`
	Lowest    string    `json:"lowest"`
	Highest   string    `json:"highest"`
	Spread    string    `json:"spread"`               // highest − lowest
	OverLimit bool      `json:"over_limit,omitempty"` // past the rulebook's spread_limit
	Further   bool      `json:"further,omitempty"`    // a further juror has been called in
	Outliers  []Outlier `json:"outliers,omitempty"`
}

// Outlier is a juror whose total is far from the rest of a candidate's: the
// modified z-score 0.6745 (x − median) / MAD is beyond ±3.5 (Iglewicz and
// Hoaglin 1993). Where MAD is 0, it is (x − median) / (1.253314 × the mean
// distance from the median). It takes three sheets.
type Outlier struct {
	Juror string `json:"juror"` // account
	Total string `json:"total"`
	Z     string `json:"z"`
}

// Severity is the mean, over the candidates that others have scored too, of a
// juror's total less the mean of the others': below 0 strict, above 0 lenient.
type Severity struct {
	Juror  string `json:"juror"`  // account
	Sheets int    `json:"sheets"` // of such candidates
	Lean   string `json:"lean"`
}

// Alike is two jurors who share at least five candidates, not all scored the
// same, and either have 90 % or more of their scores equal or all of them apart
// by one same number.
type Alike struct {
	A          string `json:"a"` // accounts
	B          string `json:"b"`
	Candidates int    `json:"candidates"` // that both have scored
	Scores     int    `json:"scores"`     // by criterion of these
	Equal      int    `json:"equal"`      // of which both are equal
	Shifted    bool   `json:"shifted,omitempty"`
}

// DeclareConflict is a juror's own word.
type DeclareConflict struct {
	Slug  string `json:"slug"`
	Panel string `json:"panel"`
	// Candidate is as the panel calls it, or the public number: who knows that
	// kin is on the list need not find them behind a code first.
	Candidate string `json:"candidate"`
	Reason    string `json:"reason"` // required
}

// Declared is what came of a juror's own word.
type Declared struct {
	Candidate string `json:"candidate"` // as it was called
	Recused   bool   `json:"recused"`   // what holds; false where an organizer has said otherwise
}

// PinConflict is an organizer's word on a juror and a candidate.
type PinConflict struct {
	Slug       string `json:"slug"`
	Panel      string `json:"panel"`
	Juror      string `json:"juror"` // account
	Candidate  int    `json:"candidate"`
	Conflicted bool   `json:"conflicted"`
	Reason     string `json:"reason"` // required
}

// Conflict is what is known between a juror and a candidate.
type Conflict struct {
	Juror     string   `json:"juror"` // account
	Candidate int      `json:"candidate"`
	Grounds   []Ground `json:"grounds"`
	Pinned    *bool    `json:"pinned,omitempty"` // the organizer's word, where there is one
	Reason    string   `json:"reason,omitempty"` // of the organizer's word
	Recused   bool     `json:"recused"`          // what holds
}

// Ground is where a conflict comes from.
type Ground struct {
	// Source is declared (by the juror), entry (its attribute "conflicts" names
	// the juror or their employer), employer (the same one) or recommended_by
	// (the juror's employer recommended the nominee). Names are compared without
	// regard to width, case and spaces.
	Source string `json:"source"`
	Detail string `json:"detail"` // the juror's reason, or the name
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
