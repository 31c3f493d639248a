package voting

import "time"

// Turnout is how many ballots became public when. It moves with publications
// alone, as all figures do, and tells nothing finer than they do.
type Turnout struct {
	Slug    string         `json:"slug"`
	Ballots int64          `json:"ballots"` // all that are public
	Hours   []TurnoutHour  `json:"hours"`   // those with a publication, the earliest first
	Ways    []TurnoutOfWay `json:"ways"`    // what the rulebook takes, the weakest first
}

// TurnoutHour is the ballots of the publications of an hour of the clock.
type TurnoutHour struct {
	From    time.Time `json:"from"`
	Ballots int64     `json:"ballots"`
}

// TurnoutOfWay is how many ballots came by a way of being a voter. Of several ways
// nobody knows while the vote is open, because no ballot says it.
type TurnoutOfWay struct {
	Way     string `json:"way"`
	Ballots *int64 `json:"ballots,omitempty"` // absent: it is not known
}
