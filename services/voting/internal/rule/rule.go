// Package rule judges ballots by a frozen rulebook. It knows no database.
package rule

import (
	"fmt"
	"time"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/voting"
)

// Once is the period that is the whole vote.
const Once = 0

const (
	day     = 24 * 60 * 60 // seconds
	dayForm = "2006-01-02"
)

// Rules are a selection's rules of voting.
type Rules struct {
	voting   rulebook.Voting
	location *time.Location
}

// New takes the rules from a rulebook.
func New(rb *rulebook.Rulebook) Rules { return Rules{rb.Voting, rb.Location()} }

// Daily tells whether each day is a period.
func (r Rules) Daily() bool { return r.voting.Frequency == rulebook.FrequencyDaily }

// Adds tells whether voters may cast the rest of their picks later in the period.
func (r Rules) Adds() bool { return r.voting.Change == rulebook.ChangeAdd }

// Hidden tells whether the counts are secret until they are final.
func (r Rules) Hidden() bool { return r.voting.Counts == rulebook.CountsHidden }

// Ways are the ways to be a voter that the rulebook takes, weakest first.
func (r Rules) Ways() []string { return r.voting.Voters }

// Zone names the timezone of the rulebook.
func (r Rules) Zone() string { return r.location.String() }

// Publication is when public figures move.
func (r Rules) Publication() rulebook.Publication { return r.voting.Publication }

// Picks is how many candidates a voter names in a period.
func (r Rules) Picks() rulebook.Picks { return r.voting.Picks }

// Period is the period at a time: Once, or the days from 1970-01-01 to the
// date in the rulebook's timezone.
func (r Rules) Period(at time.Time) int {
	if !r.Daily() {
		return Once
	}
	y, m, d := at.In(r.location).Date()
	return int(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / day)
}

// PeriodName is "once" or the day, 2026-05-01.
func PeriodName(period int) string {
	if period == Once {
		return rulebook.FrequencyOnce
	}
	return time.Unix(int64(period)*day, 0).UTC().Format(dayForm)
}

// ParsePeriod reads what PeriodName wrote.
func ParsePeriod(name string) (period int, err error) {
	if name == rulebook.FrequencyOnce {
		return Once, nil
	}
	at, err := time.Parse(dayForm, name)
	if err != nil {
		return 0, fmt.Errorf("period: %w", err)
	}
	return int(at.Unix() / day), nil
}

// Hours refuses ballots at a time outside the voting hours. Fault: ErrHours
// with the hours in param "hours" and their zone in "timezone".
func (r Rules) Hours(at time.Time) *fault.Error {
	h := r.voting.Hours
	if h.Contains(at.In(r.location)) {
		return nil
	}
	text := fmt.Sprintf("%02d:%02d-%02d:%02d", h.From/60, h.From%60, h.To/60, h.To%60)
	return voting.ErrHours.With("hours", text).With("timezone", r.location.String())
}

// Way refuses voters of a kind that the rulebook does not name. Fault: ErrWay.
func (r Rules) Way(way string) *fault.Error {
	if r.voting.Admits(way) {
		return nil
	}
	return voting.ErrWay
}
