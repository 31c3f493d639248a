package review

// RecuseJuror takes a candidate from a juror. Their sheet then does not count
// as missing. It is PinConflict with Conflicted.
type RecuseJuror struct {
	Slug      string `json:"slug"`
	Panel     string `json:"panel"`
	Juror     string `json:"juror"` // account
	Candidate int    `json:"candidate"`
	Reason    string `json:"reason"` // required
}

// DeclareConflict is a juror's own statement that they have a conflict.
type DeclareConflict struct {
	Slug  string `json:"slug"`
	Panel string `json:"panel"`
	// Candidate is as the juror's list calls it, or the public number: who knows
	// that a relative is on the list need not find them behind a code first. By
	// number, the list of a juror of codes stays as it is, and the sheet does not
	// count.
	Candidate string `json:"candidate"`
	Reason    string `json:"reason"` // required
}

// Declared is the outcome of a juror's own statement.
type Declared struct {
	Candidate string `json:"candidate"` // as it was called
	Recused   bool   `json:"recused"`   // false where an organizer has overruled it
}

// PinConflict is an organizer's decision about a juror and a candidate.
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
	Pinned    *bool    `json:"pinned,omitempty"` // the organizer's decision, where there is one
	Reason    string   `json:"reason,omitempty"` // of the organizer's decision
	Recused   bool     `json:"recused"`          // the outcome of all this
}

// Ground is where a conflict comes from.
type Ground struct {
	// Source is declared (by the juror), entry (its attribute "conflicts" names
	// the juror or their employer), employer (the same one) or recommended_by
	// (the juror's employer recommended the nominee). Names are compared by
	// norm.Key.
	Source string `json:"source"`
	Detail string `json:"detail"` // the juror's reason, or the name
}
