package gateway

import "github.com/laurel-awards/laurel/services/review"

// SeatPanel says by email who is on a panel, whole.
type SeatPanel struct {
	Jurors     []string          `json:"jurors" maxItems:"1000" doc:"Emails, as many as the rulebook says"`
	Employers  map[string]string `json:"employers,omitempty" doc:"By email; find conflicts"`
	Categories map[string]string `json:"categories,omitempty" doc:"By email, where the rulebook assigns by category"`
}

// AssignByHand says which candidates a juror scores, whole.
type AssignByHand struct {
	Juror      string `json:"juror" maxLength:"254" doc:"Email"`
	Candidates []int  `json:"candidates" maxItems:"10000" doc:"All that the juror is to score"`
}

// Newcomer is who gets a new seat on a panel.
type Newcomer struct {
	Email    string `json:"email" maxLength:"254"`
	Employer string `json:"employer,omitempty" maxLength:"200" doc:"Finds conflicts"`
	Category string `json:"category,omitempty" maxLength:"64" doc:"Where the rulebook assigns by category; the leaver's where absent"`
}

// Sheets is what becomes of the submitted sheets of a juror who leaves.
type Sheets string

// What becomes of them.
const (
	KeepSheets     Sheets = review.KeepSheets
	WithdrawSheets Sheets = review.WithdrawSheets
)

// SheetsChoices are both.
func SheetsChoices() []Sheets { return []Sheets{KeepSheets, WithdrawSheets} }

// UnseatJuror takes a juror off a panel.
type UnseatJuror struct {
	Juror     string    `json:"juror" maxLength:"254" doc:"Email"`
	Sheets    Sheets    `json:"sheets" doc:"What becomes of the submitted ones"`
	Successor *Newcomer `json:"successor,omitempty" doc:"Takes over what is left to score"`
	Reason    string    `json:"reason" lines:"true" maxLength:"1000"`
}

// CallFurther has a further juror score a candidate.
type CallFurther struct {
	Candidate int      `json:"candidate"`
	Juror     Newcomer `json:"juror" doc:"On the panel, or new to it"`
	Reason    string   `json:"reason" lines:"true" maxLength:"1000"`
}

// SaveSheet is the signed-in juror's sheet of a candidate.
type SaveSheet struct {
	Scores   map[string]string `json:"scores,omitempty" doc:"Decimal text by criterion; none to abstain"`
	Comment  string            `json:"comment,omitempty" lines:"true"`
	Comments map[string]string `json:"comments,omitempty" lines:"true" doc:"By criterion"`
	Abstain  bool              `json:"abstain,omitempty" doc:"Takes no scores"`
	Submit   bool              `json:"submit,omitempty" doc:"false: a draft"`
	Base     *int              `json:"base,omitempty" minimum:"0" doc:"Revision that was changed, 0: none; where another has come since: 409 sheet_changed"`
}

// SubmitSheets submits the signed-in juror's drafts, all or none.
type SubmitSheets struct {
	Sheets []SheetAsWas `json:"sheets" maxItems:"1000"`
}

// SheetAsWas is a sheet as it was read.
type SheetAsWas struct {
	Candidate string `json:"candidate" maxLength:"16" doc:"As your list calls it"`
	Revision  int    `json:"revision" minimum:"0"`
}

// SendBack asks a juror for a second look at a submitted sheet.
type SendBack struct {
	Juror  string `json:"juror" maxLength:"254" doc:"Email"`
	Reason string `json:"reason" lines:"true" maxLength:"1000" doc:"The juror reads it"`
}

// RecuseJuror takes a candidate from a juror.
type RecuseJuror struct {
	Juror     string `json:"juror" doc:"Email"`
	Candidate int    `json:"candidate"`
	Reason    string `json:"reason" lines:"true" maxLength:"1000"`
}

// DeclareConflict is the signed-in juror's word that they must not score a
// candidate.
type DeclareConflict struct {
	Candidate string `json:"candidate" maxLength:"16" doc:"As the panel calls it, or the public number"`
	Reason    string `json:"reason" lines:"true" maxLength:"1000"`
}

// PinConflict says whether a juror may score a candidate.
type PinConflict struct {
	Juror      string `json:"juror" maxLength:"254" doc:"Email"`
	Candidate  int    `json:"candidate"`
	Conflicted bool   `json:"conflicted" doc:"Overrules what was declared or found"`
	Reason     string `json:"reason" lines:"true" maxLength:"1000"`
}

// TryResult is a change of the rules to try.
type TryResult struct {
	Weights  map[string]string `json:"weights,omitempty" doc:"By a component's source: 40%, 0.4, 2/5"`
	Converts map[string]string `json:"converts,omitempty" doc:"By a component's source, as in a rulebook: {method: rank}"`
	Without  []review.Seat     `json:"without,omitempty" maxItems:"1000" doc:"Jurors whose scores are left out, as if recused"`
}

// RecordLot records the value that lots are drawn from.
type RecordLot struct {
	Value  string `json:"value" maxLength:"200" doc:"As read where the rulebook says"`
	Reason string `json:"reason" lines:"true" maxLength:"1000" doc:"Where and when it was read"`
}

// SeatCommittee says by email who decides, whole.
type SeatCommittee struct {
	Members []string `json:"members" maxItems:"1000" doc:"Emails"`
}

// PutMotion puts the list in force to the committee's vote, how the seats are filled
// where the search ended undecided, or a change of the list.
type PutMotion struct {
	Motion string      `json:"motion" lines:"true" maxLength:"1000"`
	Seats  []SeatGiven `json:"seats,omitempty" maxItems:"10000" doc:"Every seat, where the search ended undecided; of choose the seats that ties leave open"`
	Kind   string      `json:"kind,omitempty" doc:"{motions}; none: fill where there are seats, else adopt"`
	Reason string      `json:"reason,omitempty" lines:"true" maxLength:"1000" doc:"Of a motion that changes the list; required there"`
	Out    int         `json:"out,omitempty" minimum:"1" doc:"Of replace and leave_empty: the candidate who loses the award"`
	In     int         `json:"in,omitempty" minimum:"1" doc:"Of replace: the candidate who gets it"`
}

// RecuseMotion says that the signed-in member takes no part in the motion.
type RecuseMotion struct {
	Reason string `json:"reason" lines:"true" maxLength:"1000" doc:"Why; it stands in the minutes"`
}

// SeatGiven is an award that a candidate gets by a decision.
type SeatGiven struct {
	Candidate int    `json:"candidate" minimum:"1"`
	Award     string `json:"award" maxLength:"100" doc:"Its id in the rulebook"`
}

// VoteMotion is the signed-in member's vote.
type VoteMotion struct {
	Choice string `json:"choice" doc:"{choices}"`
}
