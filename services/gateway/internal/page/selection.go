package page

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/gateway/internal/work"
	"github.com/laurel-awards/laurel/services/selection"
)

// ballotPage is a selection with its candidates, and the form while votes are
// taken.
type ballotPage struct {
	Cards   []card
	Total   int // candidates on the list
	Query   string
	Sort    string
	Path    string
	Form    *form    // nil: not a form
	Receipt *receipt // nil: this browser holds none
	Alert   *alert
	Work    *workForm // work is wanted before there is a form
	Code    *codeForm // nil: no code is asked for
	Proved  bool      // the ballot is that of a member of the roster
	Turnout int64
	Counted bool // there was or is a vote
	Hidden  bool // counts are hidden at this time
	Hint    string
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
	Href string // "#c7"
}

type link struct{ Text, Href string }

// asked is what a visitor asks of the list.
type asked struct {
	query string
	sort  string
	picks []int
}

func askedOf(get func(string) string, picks []string) asked {
	numbers, _ := numbersOf(picks) // what is no number cannot be ticked
	return asked{query: queryOf(get("q")), sort: sortOf(get("sort")), picks: numbers}
}

// numbersOf reads candidates' numbers; bad are the texts that are none.
func numbersOf(texts []string) (numbers []int, bad []string) {
	for _, text := range texts {
		if n, err := strconv.Atoi(text); err == nil && n > 0 {
			numbers = append(numbers, n)
		} else {
			bad = append(bad, text)
		}
	}
	return numbers, bad
}

// selection shows a selection.
func (p *pages) selection(c echo.Context) error {
	s, err := p.site(c)
	if err != nil {
		return err
	}
	return p.ballot(c, s, askedOf(c.QueryParam, c.QueryParams()["pick"]), nil)
}

// find keeps what is ticked while the list is searched or sorted: the form's
// button leads here, and on to an address that says it all.
func (p *pages) find(c echo.Context) error {
	s, values, err := p.form(c)
	if err != nil {
		return err
	}
	a := askedOf(values.Get, values["pick"])
	return c.Redirect(http.StatusSeeOther, a.address(s))
}

// values are a query that asks the same.
func (a asked) values() url.Values {
	to := url.Values{}
	if a.query != "" {
		to.Set("q", a.query)
	}
	if a.sort != sortFair {
		to.Set("sort", a.sort)
	}
	for _, n := range a.picks {
		to.Add("pick", strconv.Itoa(n))
	}
	return to
}

// refusal is why a ballot was not taken.
type refusal struct {
	status int
	alert  alert
	wrong  map[int]string // by candidate number
	code   *codeMistake   // nil: it is not about a voter's code
}

// ballot renders a selection, after a refused ballot with the reason and what
// had been picked.
func (p *pages) ballot(c echo.Context, s *site, a asked, no *refusal) error {
	ctx := c.Request().Context()
	list, err := p.backend.Candidates(ctx, s.Slug)
	if err != nil && !isUnavailableBefore(s, err) {
		return err
	}
	data := ballotPage{
		Total: len(list), Query: a.query, Sort: a.sort, Path: "/s/" + s.Slug, Turnout: s.Ballots,
		Receipt: p.receiptOf(c, s), Hint: s.next(),
	}
	var shown counts
	if s.Phase(rulebook.PhaseVoting).OpenedAt != nil {
		data.Counted = true
		// Counts come and go with the load; the list stays.
		if tally, err := p.tallies.Get(ctx, s.Slug); err == nil {
			shown, data.Turnout, data.Hidden = countsOf(tally), tally.Ballots, tally.Hidden
		} else {
			p.cfg.Log.WarnContext(ctx, "no tally for the page", "slug", s.Slug, "error", err)
		}
	}
	picked := make(map[int]bool, len(a.picks))
	for _, n := range a.picks {
		picked[n] = true
	}
	data.Cards = s.cards(ordered(list, a.sort, p.orderSeed(c), s.Slug), shown, a.query, picked)
	if err := p.fill(s, data.Cards); err != nil {
		return err
	}
	pg := page{name: "selection", title: s.summary.Title, section: "selection", summary: s.summary}
	if no != nil {
		pg.status, data.Alert = no.status, &no.alert
		for i := range data.Cards {
			data.Cards[i].Wrong = no.wrong[data.Cards[i].Number]
		}
	}
	if status := p.openForm(c, s, a, no, &data); status != 0 {
		pg.status = status
	}
	if data.Alert != nil && data.Form == nil && len(a.picks) > 0 {
		data.Alert.Picks = s.names(list, a.picks)
	}
	pg.data = data
	return p.render(c, pg)
}

// openForm makes the page a form, if votes are taken and this visitor has one.
// It gives the status that the answer must have; 0: as it would be.
func (p *pages) openForm(c echo.Context, s *site, a asked, no *refusal, data *ballotPage) (status int) {
	if !s.voting() || len(data.Cards) == 0 && data.Query == "" {
		return 0
	}
	data.Code = p.askCode(c, s, no)
	ballotRefused := no != nil && no.code == nil
	if data.Receipt != nil && data.Receipt.Now && !ballotRefused && s.rules.Voting.Change != rulebook.ChangeAdd {
		return 0
	}
	voter, holds := p.held(c, s)
	if !holds && s.codeOnly() {
		return 0
	}
	data.Proved = holds && voter.Way == rulebook.WayRoster
	if err := p.admit(c, s, ""); err != nil {
		return p.readOnly(c, s, a, data, fault.From(err))
	}
	rules := s.rules.Voting
	data.Form = &form{
		Action: data.Path + "/vote", Find: data.Path + "/find", Key: random(16),
		Min: rules.Picks.Min, Max: rules.Picks.Max, Range: s.pickRange(), Limits: s.limits(),
	}
	return 0
}

// readOnly says that no ballot can be handed out now; the candidates can be
// read all the same.
func (p *pages) readOnly(c echo.Context, s *site, a asked, data *ballotPage, f *fault.Error) (status int) {
	if errors.Is(f, work.ErrWanted) {
		form, err := askWork(s, a, f, data.Alert != nil)
		if err == nil {
			data.Work = form
			retryAfter(c, f)
			return f.Kind.Status()
		}
		f = f.Because(err)
	}
	p.cfg.Log.WarnContext(c.Request().Context(), "no credential for a visitor", "slug", s.Slug, "error", f)
	if data.Alert == nil {
		data.Alert = &alert{
			Title: s.printer.T("busy.title"), Text: s.printer.T("busy.form"),
			Link: &link{s.printer.T("busy.reload"), data.Path},
		}
	}
	retryAfter(c, f)
	return f.Kind.Status()
}

// admit sees to it that the visitor holds a voter's credential, by the solution
// of a challenge or, where it is empty, without one.
func (p *pages) admit(c echo.Context, s *site, solution string) error {
	if _, ok := p.held(c, s); ok {
		return nil
	}
	issued, err := p.backend.ProveVoter(c.Request().Context(), s.Slug, solution)
	if err != nil {
		return err
	}
	p.setCookie(c, cookieVoter, issued.Credential, "/s/"+s.Slug, issued.ExpiresAt.Sub(p.cfg.Now()))
	return nil
}

// isUnavailableBefore tells whether there is no list because there are no
// candidates yet.
func isUnavailableBefore(s *site, err error) bool {
	return fault.Is(err, fault.Unavailable) && s.Phase(rulebook.PhaseVetting).OpenedAt == nil
}

// next says in a sentence what a visitor can do or wait for.
func (s *site) next() string {
	t := s.printer.T
	vote := s.Phase(rulebook.PhaseVoting)
	switch {
	case s.PublishedAt != nil:
		return t("next.published")
	case vote.State == selection.Opening:
		return t("next.opening")
	case vote.State == selection.Opened && vote.ClosesAt != nil:
		return t("next.voting.until", "time", momentIn(*vote.ClosesAt, s.at, s.printer.lang).Text)
	case vote.State == selection.Opened:
		return t("next.voting")
	case vote.State == selection.Closing:
		return t("next.closing")
	case vote.State == selection.Closed:
		return t("next.closed")
	case vote.OpensAt != nil:
		return t("next.voting.from", "time", momentIn(*vote.OpensAt, s.at, s.printer.lang).Text)
	}
	return t("next.before")
}

func (s *site) pickRange() string {
	picks := s.rules.Voting.Picks
	if picks.Min == picks.Max {
		return s.printer.N("picks.exactly", int64(picks.Max))
	}
	return s.printer.T("picks.range", "min", picks.Min, "max", picks.Max)
}

func (s *site) limits() []string {
	var words []string
	for _, l := range s.rules.Voting.Limits {
		words = append(words, s.printer.T("picks.category", "category", s.category(l.Category), "min", l.Min, "max", l.Max))
	}
	return words
}
