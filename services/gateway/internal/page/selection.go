package page

import (
	"html/template"
	"net/http"
	"net/url"
	"strconv"

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
	Query    string
	Sort     string
	Path     string
	Form     *form    // nil: not a form
	Receipt  *receipt // nil: this browser holds none
	Alert    *alert
	Ways     []template.HTML // what is asked of who is no voter yet, or wants to be another
	Greeting string          // for who has proved to be a voter; empty: there is none
	Turnout  int64
	Counted  bool // there was or is a vote
	Hidden   bool // counts are hidden at this time
	Hint     string
}

// form is the ballot as a form.
type form struct {
	Action string
	Find   string
	Key    string // idempotency key
	Min    int
	Max    int
	Range  string // how many to choose, in words
	Limits []string
}

// alert is what a visitor must hear first.
type alert struct {
	Title  string
	Text   string
	Errors []mistake // each leads to its field
	Picks  string    // what was chosen, where there is no form to show it
	Link   *link
}

type mistake struct {
	Text string
	Lang string // where it is not the page's
	Href string // "#c7"
}

type link struct{ Text, Href string }

// asked is what a visitor asks of the list.
type asked struct {
	query string
	sort  string // empty: the fair order
	picks []int  // what is no number cannot be ticked
}

func askedOf(sent url.Values) asked {
	a := asked{query: queryOf(sent.Get("q")), sort: sortOf(sent.Get("sort"))}
	for _, text := range sent["pick"] {
		if n, err := strconv.Atoi(text); err == nil && n > 0 {
			a.picks = append(a.picks, n)
		}
	}
	return a
}

// carried is what is asked, as the form of a way takes it along.
type carried struct {
	Query string
	Sort  string
	Picks []int
}

func (a asked) carried() carried { return carried{a.query, a.sort, a.picks} }

// address is the selection's page with all that is asked of it.
func (a asked) address(s *visit) string {
	to := url.Values{}
	if a.query != "" {
		to.Set("q", a.query)
	}
	if a.sort == string(gateway.OrderNumber) {
		to.Set("sort", a.sort)
	}
	for _, n := range a.picks {
		to.Add("pick", strconv.Itoa(n))
	}
	return (&url.URL{Path: s.path(), RawQuery: to.Encode()}).String()
}

// selection shows a selection.
func (p *pages) selection(c echo.Context) error {
	s, err := p.visit(c)
	if err != nil {
		return err
	}
	return p.ballot(c, s, askedOf(c.QueryParams()), nil)
}

// find keeps what is ticked while the list is searched or sorted: the form's
// button leads here, and on to an address that says it all.
func (p *pages) find(c echo.Context) error {
	s, sent, err := p.posted(c)
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, askedOf(sent).address(s)+"#candidates")
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
		Total: len(list), Query: a.query, Sort: a.sort, Path: s.path(), Turnout: s.Ballots,
		Receipt: p.receiptOf(c, s), Hint: s.next(),
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
	picked := make(map[int]bool, len(a.picks))
	for _, n := range a.picks {
		picked[n] = true
	}
	data.Cards = s.cards(app.Ordered(list, gateway.Order(a.sort), p.orderSeed(c), s.Slug), shown, a.query, picked)
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
	if !s.voting() || len(data.Cards) == 0 && data.Query == "" {
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
	if data.Receipt != nil && data.Receipt.Now && !refused && s.rules.Voting.Change != rulebook.ChangeAdd {
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
	rules := s.rules.Voting
	data.Form = &form{
		Action: data.Path + "/vote", Find: data.Path + "/find", Key: newKey(p.Now()),
		Min: rules.Picks.Min, Max: rules.Picks.Max, Range: s.book.PickRange(), Limits: s.book.Limits(),
	}
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
