package ranking

// Result is a computed result. Numbers are decimal strings: exact where the
// decimal ends, else to 34 significant digits.
type Result struct {
	Rulebook  string      `json:"rulebook"`            // the rulebook's hash
	Lot       string      `json:"lot,omitempty"`       // the value that lots were drawn from, where there were any
	Decided   bool        `json:"decided,omitempty"`   // the seats are filled by a decision, because the search about quotas did not decide
	Ranking   []Ranked    `json:"ranking"`             // best first; equals in the order of their ids
	Awards    []AwardList `json:"awards"`              // in the rulebook's order
	Shortlist []string    `json:"shortlist,omitempty"` // best first, with all who tie for its last place
	Ties      []Tie       `json:"ties,omitempty"`      // that the rules do not break and that decide an award
	Rounds    []Round     `json:"rounds,omitempty"`    // of an instant run-off
	Proofs    []*Proof    `json:"proofs,omitempty"`    // that displacements name
}

// Ranked is one candidate's outcome.
type Ranked struct {
	Candidate  string                `json:"candidate"`
	Rank       int                   `json:"rank"` // from 1; equals share the best of their ranks
	Total      string                `json:"total"`
	Components map[string]string     `json:"components"`          // by source: weight × converted; they sum to the total before its rounding
	Panels     map[string]PanelScore `json:"panels,omitempty"`    // by panel, those in which a juror's score counts
	Award      string                `json:"award"`               // "" for none
	Displaced  []Displacement        `json:"displaced,omitempty"` // none while a tie is open
	Explain    []string              `json:"explain"`
}

// PanelScore is what a panel gives a candidate.
type PanelScore struct {
	Score    string            `json:"score"`              // as aggregated and rounded
	Criteria map[string]string `json:"criteria,omitempty"` // each as aggregated and rounded, where aggregated by criterion
	Scores   int               `json:"scores"`             // how many jurors' scores count
}

// AwardList is who gets an award, best first.
type AwardList struct {
	Award      string   `json:"award"`
	Seats      int      `json:"seats"`
	Candidates []string `json:"candidates"`
	Open       int      `json:"open,omitempty"` // seats left to a tie that the rules do not break
}

// Tie is candidates whom the rules leave equal, and between whom an award's
// last seats would have to be divided. None of them gets an award by the
// computation; the committee decides.
type Tie struct {
	Rank       int      `json:"rank"`
	Candidates []string `json:"candidates"` // in the order of their ids
	Awards     []string `json:"awards"`     // that are at stake
	Reason     string   `json:"reason"`
}

// Displacement is why a candidate does not get an award that lower ranked ones
// got.
type Displacement struct {
	Award     string     `json:"award"`
	Quotas    []QuotaHit `json:"quotas"`
	InFavour  string     `json:"in_favour"`         // the best ranked after the candidate who got it
	Committed []string   `json:"committed"`         // who fills the quota, where it is a cap
	Reason    string     `json:"reason"`            // in words
	Numbers   string     `json:"numbers,omitempty"` // what would be left and what still needed, where no cap is reached
	Proof     int        `json:"proof,omitempty"`   // its place among the result's proofs, from 1; see Result.Claim
}

// QuotaHit is a quota at work.
type QuotaHit struct {
	Quota     int    `json:"quota"` // its place in the rulebook, from 1
	Attribute string `json:"attribute"`
	Value     string `json:"value"`
	Max       *int   `json:"max,omitempty"` // seats
	Min       *int   `json:"min,omitempty"` // seats
	Of        string `json:"of,omitempty"`  // the award; "" for all together
}

// Round is one round of an instant run-off.
type Round struct {
	Votes      map[string]string `json:"votes"`      // of the candidates who were left
	Exhausted  string            `json:"exhausted"`  // ballots that rank none of them
	Eliminated []string          `json:"eliminated"` // by id
	Reason     string            `json:"reason"`
}
