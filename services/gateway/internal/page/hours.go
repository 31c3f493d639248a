package page

import (
	"cmp"
	"net/http"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/gateway/internal/ical"
	"github.com/laurel-awards/laurel/services/gateway/internal/rule"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/selection"
)

// wait is why no ballot is taken at this time, said before anything is picked.
type wait struct {
	Title    string
	Text     string
	At       *web.Moment // when one is taken; nil: that is not known
	Calendar string      // where the reminder is; empty: there is none
}

// text is all that is said; empty: nothing.
func (w *wait) text() string {
	if w == nil {
		return ""
	}
	text := w.Title + "\n" + w.Text + "\n" + w.Calendar
	if w.At != nil {
		text += "\n" + w.At.ISO
	}
	return text
}

// open tells whether ballots are taken at a time, as far as is known here. The
// voting service has the last word.
func (s *visit) open(now time.Time) bool { return s.voting() && s.withinHours(now) }

// wait says what there is to wait for; nil: nothing.
func (p *pages) wait(s *visit) *wait {
	t := s.printer.T
	var w *wait
	switch {
	case s.voting() && len(p.admitted(s)) == 0:
		return &wait{Title: t("wait.way"), Text: t("wait.way.text")}
	case s.voting() && !s.withinHours(p.Now()):
		w = &wait{Title: t("wait.hours"), Text: t("wait.hours.text", "hours", rule.Hours(s.rules.Voting.Hours), "zone", s.summary.Zone)}
	case s.Phase(rulebook.PhaseVoting).State == selection.Pending && len(s.rules.Voting.Voters) > 0 && !s.opens(p.Now()).IsZero():
		w = &wait{Title: t("wait.before"), Text: t("wait.before.text")}
	default:
		return nil
	}
	s.remind(w, p.Now())
	return w
}

// remind adds when ballots are taken next.
func (s *visit) remind(w *wait, now time.Time) {
	if next := s.opens(now); !next.IsZero() {
		at := s.printer.Moment(next, s.at)
		w.At, w.Calendar = &at, s.path()+"/voting.ics"
	}
}

// opens is the moment at which ballots are taken next, after now; zero: it is not
// known, or there is none.
func (s *visit) opens(now time.Time) (at time.Time) {
	vote, rules := s.Phase(rulebook.PhaseVoting), s.rules.Voting
	daily := rules.Frequency == rulebook.FrequencyDaily
	next := func(after time.Time) time.Time {
		y, m, d := after.In(s.at).Date()
		at := time.Date(y, m, d, 0, rules.Hours.From, 0, 0, s.at)
		if !at.After(after) {
			at = time.Date(y, m, d+1, 0, rules.Hours.From, 0, 0, s.at)
		}
		return at
	}
	switch {
	case vote.State == selection.Pending && vote.OpensAt != nil:
		if at = vote.OpensAt.In(s.at); !s.withinHours(at) {
			at = next(at)
		}
	case vote.State == selection.Opened && (rules.Hours.IsSet() || daily):
		at = next(now)
	}
	if vote.ClosesAt != nil && !at.Before(*vote.ClosesAt) {
		return time.Time{}
	}
	return at
}

var errNoReminder = fault.New(fault.NotFound, "reminder_none", "nothing is known to be reminded of")

// reminder gives the next opening as an entry for a calendar: each day's, where
// one may vote each day.
func (p *pages) reminder(c echo.Context) error {
	s, err := p.visit(c)
	if err != nil {
		return err
	}
	now, vote, hours := p.Now(), s.Phase(rulebook.PhaseVoting), s.rules.Voting.Hours
	opens := s.opens(now)
	if opens.IsZero() || len(s.rules.Voting.Voters) == 0 {
		return errNoReminder
	}
	address := p.Address(c) + s.path()
	e := ical.Event{
		UID: s.Slug + "@" + cmp.Or(host(address), "laurel"), Stamp: now, Start: opens,
		Daily:   s.rules.Voting.Frequency == rulebook.FrequencyDaily,
		Summary: s.printer.T("reminder", "title", s.summary.Title), URL: address,
	}
	if hours.IsSet() {
		y, m, d := opens.Date()
		e.End = time.Date(y, m, d, 0, hours.To, 0, 0, s.at)
	}
	if vote.ClosesAt != nil {
		e.Until = vote.ClosesAt.In(s.at)
		e.Description = s.printer.T("next.voting.until", "time", s.printer.Moment(*vote.ClosesAt, s.at).Text)
		if !e.End.IsZero() && e.Until.Before(e.End) {
			e.End = e.Until
		}
	}
	h := c.Response().Header()
	h.Set("Cache-Control", "private, no-cache")
	h.Set(echo.HeaderContentDisposition, `attachment; filename="`+s.Slug+`.ics"`)
	return c.Blob(http.StatusOK, ical.Media, ical.Write(e))
}

func host(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Hostname()
}
