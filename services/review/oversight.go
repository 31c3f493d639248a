package review

// Oversight says how the jurors of a panel agree. It is measured on the
// submitted sheets that count. Numbers have four decimals, rounded half up.
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
