package page

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/voting"
)

// keySize is how much of a form's key is random, in bytes.
const keySize = 16

// newKey gives the idempotency key of a form. Its time goes along wherever the key
// does, so that a form which was left open, or is sent once more, is known for what
// it is.
func newKey(now time.Time) string { return voting.NewKey(now, web.Random(keySize)) }

// madeAt is when the form with a key was made. ok is false for a key that does not
// say so, as that of no form of ours: whoever sends it speaks for themselves.
func madeAt(key string) (at time.Time, ok bool) {
	at = voting.KeyMade(key)
	return at, !at.IsZero()
}

// errEarlierDay is a form that was made for the ballot of an earlier day. Sent
// today, it could be meant for today, or be the second try of that day's.
var errEarlierDay = fault.New(fault.Conflict, "form_of_earlier_day", "the form was made for the ballot of an earlier day")

// earlierDay tells a form of a past day, while a ballot of today is taken. At
// other times the voting service tells what became of the ballot.
func (s *visit) earlierDay(key string, now time.Time) (day time.Time, is bool) {
	made, ok := madeAt(key)
	if !ok || s.rules.Voting.Frequency != rulebook.FrequencyDaily || !s.voting() || !s.withinHours(now) {
		return made, false
	}
	day = made.In(s.at)
	return day, day.Format(time.DateOnly) < now.In(s.at).Format(time.DateOnly)
}

// withinHours tells whether this is a time of day at which votes are taken.
func (s *visit) withinHours(now time.Time) bool {
	h := s.rules.Voting.Hours
	return !h.IsSet() || h.Contains(now.In(s.at))
}

// ofEarlierDay says what became of the day's own ballot, and that the next press
// casts today's.
func (p *pages) ofEarlierDay(c echo.Context, s *visit, key string) *refusal {
	day, _ := s.earlierDay(key, p.Now())
	no := s.refuse(errEarlierDay.Kind.Status(), "refusal.day", "day", s.printer.Day(day))
	voter, err := p.voter(c, s)
	if err == nil {
		_, err = p.app.StatementByKey(c.Request().Context(), voter, key)
	}
	switch {
	case err == nil:
		no.alert.Text = s.printer.T("refusal.day.counted", "day", s.printer.Day(day)) + no.alert.Text
	case errors.Is(err, voting.ErrNoReceipt):
		no.alert.Text = s.printer.T("refusal.day.uncounted", "day", s.printer.Day(day)) + no.alert.Text
	}
	return no
}

// justNow is how old a form may be for what was set with it to be missed.
const justNow = 10 * time.Minute

// keepsNone tells a browser that keeps no cookies: it was sent some with the
// form a moment ago, and brings none.
func (p *pages) keepsNone(c echo.Context, key string) bool {
	made, ok := madeAt(key)
	if !ok || p.Now().Sub(made) > justNow {
		return false
	}
	names := []string{cookieOrder, cookieVoter, web.CookieLanguage, cookieReceipt}
	return !slices.ContainsFunc(names, func(name string) bool { return p.Cookie(c, name) != "" })
}

// tooLate answers a form that was left open until votes are taken no more.
func (s *visit) tooLate() *refusal {
	if s.Phase(rulebook.PhaseVoting).ClosedAt != nil {
		return s.refuse(voting.ErrClosed.Kind.Status(), "refusal.closed")
	}
	return s.refuse(voting.ErrNotOpen.Kind.Status(), "refusal.notopen")
}

// gone adds what can be picked no more to what is said about a form, while
// there is one: those are not ticked in it.
func (s *visit) gone(no *refusal, picks []int, list []nomination.Candidate) *refusal {
	if !s.voting() || len(list) == 0 {
		return no
	}
	for i, n := range picks {
		at := slices.IndexFunc(list, func(c nomination.Candidate) bool { return c.Number == n })
		if at >= 0 && !list[at].Struck {
			continue
		}
		pick := fmt.Sprintf("picks[%d]", i)
		f := fault.Wrong(pick, "pick_unknown", "there is no candidate {number}", "number", n)
		if at >= 0 {
			f = fault.Wrong(pick, "pick_struck", "candidate {number} is off the list", "number", n)
		}
		if no == nil {
			no = s.refuse(http.StatusOK, "refusal.gone")
		}
		no.add(n, s.printer.Field(f, s.better(f, list)...))
	}
	return no
}
