package ranking

import (
	"slices"

	"github.com/laurel-awards/laurel/pkg/reason"
)

// Result is a computed result. Numbers are decimal strings: exact where the
// decimal ends, else to 34 significant digits.
type Result struct {
	Rulebook  string      `json:"rulebook"`            // the rulebook's hash
	Lot       string      `json:"lot,omitempty"`       // the value that lots were drawn from, where there were any
	Decided   bool        `json:"decided,omitempty"`   // the seats are filled by a decision, because the search about quotas did not decide
	Changed   bool        `json:"changed,omitempty"`   // the list is another than the rules make, by a decision
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
	Explain    []reason.Reason       `json:"explain"`
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
	Rank       int           `json:"rank"`
	Candidates []string      `json:"candidates"` // in the order of their ids
	Awards     []string      `json:"awards"`     // that are at stake
	Reason     reason.Reason `json:"reason"`
}

// Displacement is why a candidate does not get an award that lower ranked ones
// got.
type Displacement struct {
	Award     string        `json:"award"`
	Quotas    []QuotaHit    `json:"quotas"`
	InFavour  string        `json:"in_favour"` // the best ranked after the candidate who got it
	Committed []string      `json:"committed"` // who fills the quota, where it is a cap
	Reason    reason.Reason `json:"reason"`
	Numbers   reason.Reason `json:"numbers,omitzero"` // what would be left and what still needed, where no cap is reached
	Proof     int           `json:"proof,omitempty"`  // its place among the result's proofs, from 1; see Result.Claim
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
	Reason     reason.Reason     `json:"reason"`
}

// AsWritten is the result as it was written before reasons had codes: each is a
// sentence in English. The hashes of results of that time are of this.
func (r *Result) AsWritten() *Result {
	out := *r
	out.Ranking, out.Ties, out.Rounds = slices.Clone(r.Ranking), slices.Clone(r.Ties), slices.Clone(r.Rounds)
	for i := range out.Ranking {
		c := &out.Ranking[i]
		c.Explain, c.Displaced = slices.Clone(c.Explain), slices.Clone(c.Displaced)
		for k := range c.Explain {
			c.Explain[k] = c.Explain[k].AsWritten()
		}
		for k := range c.Displaced {
			d := &c.Displaced[k]
			d.Reason, d.Numbers = d.Reason.AsWritten(), d.Numbers.AsWritten()
		}
	}
	for i := range out.Ties {
		out.Ties[i].Reason = out.Ties[i].Reason.AsWritten()
	}
	for i := range out.Rounds {
		out.Rounds[i].Reason = out.Rounds[i].Reason.AsWritten()
	}
	return &out
}
