package rulebook

import (
	"slices"
	"time"
)

// Voting is the public vote. A selection without one has no Voters.
type Voting struct {
	Voters       []string      // the ways to be a voter, strongest last: the Way… words
	Frequency    string        // FrequencyOnce or FrequencyDaily
	Hours        Hours         // when ballots are taken; unset: at any time
	Picks        Picks         // candidates in one ballot
	Limits       []PickLimit   // picks of one category in one ballot
	Change       string        // ChangeNo (default) or ChangeAdd
	Counts       string        // CountsLive or CountsHidden
	Publication  Publication   // when public figures move
	Constituency *Constituency // nil: there are none
}

// The ways to be a voter, weakest first.
const (
	WayDevice = "device"
	WayOTP    = "otp"
	WayOIDC   = "oidc"
	WayRoster = "roster"
)

// How often a voter may cast.
const (
	FrequencyOnce  = "once"  // one period: the whole vote
	FrequencyDaily = "daily" // a period is a calendar day in the rulebook's timezone
)

// Whether a voter may cast again in the period.
const (
	ChangeNo  = "no"
	ChangeAdd = "add" // the rest of one's picks
)

// Whether counts are public while the vote is open.
const (
	CountsLive   = "live"
	CountsHidden = "hidden"
)

// Publication is when the public figures of an open vote move: once Every has
// passed since they last did, and Ballots further ballots are counted. Figures
// that moved with each ballot would tell what was picked to whoever knows when
// somebody voted.
type Publication struct {
	Every   time.Duration // 1s to 1h
	Ballots int           // 1 to 10,000
}

// Those of a rulebook that does not say.
const (
	PublicationEvery   = time.Minute
	PublicationBallots = 10
)

// Picks is how many candidates a ballot has.
type Picks struct {
	Min int // 1 or more
	Max int
}

// PickLimit is how many candidates of a category a ballot has.
type PickLimit struct {
	Category string
	Min      int // 0 or more
	Max      int
}

// Constituency is how it is known where a voter belongs, for components that
// are converted `per: constituency`.
type Constituency struct {
	From   string   // ConstituencyRoster or ConstituencyChoice
	Values []string // all constituencies; required for ConstituencyChoice
}

// How a voter's constituency is known.
const (
	ConstituencyRoster = "roster" // the roster's column "constituency"
	ConstituencyChoice = "choice" // the voter names one of Values
)

// Hours are the minutes of a day, from midnight in the rulebook's timezone, at
// which ballots are taken: From inclusive, To exclusive. They do not wrap
// around midnight, because a daily period ends there.
type Hours struct {
	From int // 0 to 1439
	To   int // 1 to 1440; 0 where hours are unset
}

// IsSet tells whether the rulebook limits the hours.
func (h Hours) IsSet() bool { return h.To > 0 }

// Contains tells whether ballots are taken at t, whose clock must be in the
// rulebook's timezone. Unset hours contain every time.
func (h Hours) Contains(t time.Time) bool {
	minute := t.Hour()*60 + t.Minute()
	return !h.IsSet() || (h.From <= minute && minute < h.To)
}

// Admits tells whether way is one of the ways to be a voter.
func (v Voting) Admits(way string) bool { return slices.Contains(v.Voters, way) }
