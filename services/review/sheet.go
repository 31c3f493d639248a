package review

import "time"

// Sheet is one juror's scores for one candidate.
//
// To jurors a candidate is what their list calls it: the public number in
// decimal or, in a panel that is blind to the name or the photo, a code of the
// juror's own such as K-482, from which the number cannot be told.
type Sheet struct {
	Panel     string            `json:"panel"`
	Candidate string            `json:"candidate"` // as the juror's list calls it
	Scores    map[string]string `json:"scores"`    // decimal text by criterion
	Comment   string            `json:"comment,omitempty"`
	Comments  map[string]string `json:"comments,omitempty"`  // by criterion
	Abstained bool              `json:"abstained,omitempty"` // submitted without scores, which are not missing
	Submitted bool              `json:"submitted"`           // else a draft
	Revision  int               `json:"revision"`            // from 1; earlier ones are kept
	At        time.Time         `json:"at"`
}

// SaveSheet saves the acting juror's sheet, as a draft or submitted.
type SaveSheet struct {
	Slug      string            `json:"slug"`
	Panel     string            `json:"panel"`
	Candidate string            `json:"candidate"` // as the juror's list calls it
	Scores    map[string]string `json:"scores"`
	Comment   string            `json:"comment"`
	Comments  map[string]string `json:"comments,omitempty"` // by criterion
	Abstain   bool              `json:"abstain,omitempty"`  // takes no scores
	Submit    bool              `json:"submit"`
	// Base is the revision that the caller changed; 0: there was none. Where
	// another has come since, nothing is saved: ErrChanged. The same content again
	// is fine. nil: whatever was there is replaced.
	Base *int `json:"base,omitempty"`
}

// SubmitSheets submits the acting juror's drafts as they are.
type SubmitSheets struct {
	Slug   string       `json:"slug"`
	Panel  string       `json:"panel"`
	Sheets []SheetAsWas `json:"sheets"`
}

// SheetAsWas is a sheet as it was read.
type SheetAsWas struct {
	Candidate string `json:"candidate"` // as the juror's list calls it
	Revision  int    `json:"revision"`
}

// OwnSheets is what the acting juror is to score.
type OwnSheets struct {
	// List is in the juror's order, without stories and attributes.
	List []Assignment `json:"list"`
	Open bool         `json:"open"`          // sheets may be saved and amended
	One  *Assignment  `json:"one,omitempty"` // the one that was asked for, whole
}

// Assignment is a candidate that the acting juror is to score, with what the
// panel may see of it and the sheet as far as it is.
type Assignment struct {
	Candidate  string            `json:"candidate"` // as the juror's list calls it
	Name       string            `json:"name,omitempty"`
	Category   string            `json:"category,omitempty"`
	Attributes map[string]string `json:"attributes,omitempty"`
	Deeds      string            `json:"deeds,omitempty"`       // the story; where it spells out a hidden field, ■■ stands there
	Hidden     []string          `json:"hidden,omitempty"`      // fields that the panel does not see: the rulebook's blind
	SecondLook string            `json:"second_look,omitempty"` // why the sheet was sent back
	Sheet      *Sheet            `json:"sheet,omitempty"`
}

// OfSheet names the acting juror's sheet of a candidate.
type OfSheet struct {
	Slug      string `json:"slug"`
	Panel     string `json:"panel"`
	Candidate string `json:"candidate"` // as the juror's list calls it
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
