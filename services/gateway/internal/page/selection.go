package page

import (
	"html/template"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/selection"
)

// ballotPage is a selection with its candidates, and the form while votes are
// taken.
type ballotPage struct {
	Cards    []card
	Total    int // candidates on the list
	Asked    carried
	Filters  filters
	Path     string
	Nominate string   // where somebody is nominated; empty: not now
	Find     string   // where what is asked of the list is sent
	Form     *form    // nil: not a form
	Receipt  *receipt // nil: this browser holds none
	Alert    *alert
	Ways     []template.HTML // what is asked of who is no voter yet, or wants to be another
	Greeting string          // for who has proved to be a voter; empty: there is none
	Turnout  int64
	Counted  bool // there was or is a vote
	Hidden   bool // counts are hidden at this time
	Hint     string
	Wait     *wait // nil: there is nothing to wait for
}

// alert is what a visitor must hear first.
type alert struct {
	Title  string
	Text   string
	Errors []mistake // each leads to its field
	Picks  string    // what was chosen, where there is no form to show it
	Forget bool      // the picks that the browser keeps are another voter's
	Link   *link
}

type mistake struct {
	Text string
	Lang string // where it is not the page's
	Href string // "#c7"
}

type link struct{ Text, Href string }

// selection shows a selection.
func (p *pages) selection(c echo.Context) error {
	s, err := p.visit(c)
	if err != nil {
		return err
	}
	return p.ballot(c, s, askedOf(c.QueryParams()), nil)
}

// ballot renders a selection, after a refused ballot with the reason and what
// had been picked.
func (p *pages) ballot(c echo.Context, s *visit, a asked, no *refusal) error {
	ctx := c.Request().Context()
	list, err := p.app.Candidates(ctx, s.Slug)
	if err != nil && !isUnavailableBefore(s, err) {
		return err
	}
	data := ballotPage{
		Total: len(list), Asked: a.carried(), Filters: s.filters(list, a), Path: s.path(), Find: s.path() + "/find", Turnout: s.Ballots,
		Receipt: p.receiptOf(c, s), Hint: s.next(), Wait: p.wait(s),
	}
	if s.Phase(rulebook.PhaseNomination).State == selection.Opened {
		data.Nominate = s.path() + "/nominate"
	}
	var shown counts
	if s.Phase(rulebook.PhaseVoting).OpenedAt != nil {
		data.Counted = true
		// Counts come and go with the load; the list stays.
		if tally, err := p.tallies.Get(ctx, s.Slug); err == nil {
			shown, data.Turnout, data.Hidden = countsOf(tally), tally.Ballots, tally.Hidden
		} else {
			p.Log.WarnContext(ctx, "no tally for the page", "slug", s.Slug, "error", err)
		}
	}
	data.Cards = s.cards(app.Ordered(list, gateway.Order(a.sort), p.orderSeed(c), s.Slug), shown, a)
	if err := p.fill(s, data.Cards); err != nil {
		return err
	}
	told := s.gone(no, a.picks, list)
	pg := web.Page{Name: "selection", Title: s.summary.Title, Section: "selection", Address: a.address(s)}
	if told != nil {
		pg.Status, data.Alert = told.status, &told.alert
		for i := range data.Cards {
			data.Cards[i].Wrong = told.wrong[data.Cards[i].Number]
		}
	}
	status, err := p.openForm(c, s, question{asked: a, refused: no}, &data)
	if err != nil {
		return err
	}
	if status != 0 {
		pg.Status = status
	}
	if data.Alert != nil && data.Form == nil && len(a.picks) > 0 {
		data.Alert.Picks = s.names(list, a.picks)
	}
	pg.Data = data
	return p.render(c, s, pg)
}

// openForm makes the page a form, if votes are taken and this visitor has one.
// It gives the status that the answer must have; 0: as it would be.
func (p *pages) openForm(c echo.Context, s *visit, q question, data *ballotPage) (status int, err error) {
	if !s.open(p.Now()) || data.Total == 0 {
		return 0, nil
	}
	voter, holds := p.held(c, s)
	lapsed := q.refused != nil && q.refused.lapsed
	if holds && !lapsed {
		q.holder = &voter
	}
	if data.Ways, err = p.ask(s, q); err != nil {
		return 0, err
	}
	if lapsed {
		return 0, nil
	}
	refused := q.refused != nil && q.refused.proof == nil
	if !refused && s.done(data.Receipt) {
		return 0, nil
	}
	if holds {
		data.Greeting = p.greeting(s, voter)
	} else {
		w := p.unasked(s)
		if w == nil {
			return 0, nil
		}
		if err := p.admit(c, s, w, nil); err != nil {
			q.fault = fault.From(err)
			return p.readOnly(c, s, q, data)
		}
	}
	data.Form = s.form(s.adds(data.Receipt))
	data.Form.Key = newKey(p.Now())
	return 0, nil
}

// readOnly says that no ballot can be handed out now, or what has to be done
// for it; the candidates can be read all the same.
func (p *pages) readOnly(c echo.Context, s *visit, q question, data *ballotPage) (status int, err error) {
	before := len(data.Ways)
	if data.Ways, err = p.ask(s, q); err != nil {
		return 0, err
	}
	if len(data.Ways) == before {
		p.Log.WarnContext(c.Request().Context(), "no credential for a visitor", "slug", s.Slug, "error", q.fault)
		if data.Alert == nil {
			data.Alert = &alert{
				Title: s.printer.T("busy.title"), Text: s.printer.T("busy.form"),
				Link: &link{s.printer.T("busy.reload"), data.Path},
			}
		}
	}
	web.RetryAfter(c, q.fault)
	return q.fault.Kind.Status(), nil
}

// isUnavailableBefore tells whether there is no list because there are no
// candidates yet.
func isUnavailableBefore(s *visit, err error) bool {
	return fault.Is(err, fault.Unavailable) && s.Phase(rulebook.PhaseVetting).OpenedAt == nil
}

// next says in a sentence what a visitor can do or wait for.
func (s *visit) next() string {
	t := s.printer.T
	vote := s.Phase(rulebook.PhaseVoting)
	switch {
	case s.PublishedAt != nil:
		return t("next.published")
	case vote.State == selection.Opening:
		return t("next.opening")
	case vote.State == selection.Opened && vote.ClosesAt != nil:
		return t("next.voting.until", "time", s.printer.Moment(*vote.ClosesAt, s.at).Text)
	case vote.State == selection.Opened:
		return t("next.voting")
	case vote.State == selection.Closing:
		return t("next.closing")
	case vote.State == selection.Closed:
		return t("next.closed")
	case vote.OpensAt != nil:
		return t("next.voting.from", "time", s.printer.Moment(*vote.OpensAt, s.at).Text)
	}
	return t("next.before")
}
