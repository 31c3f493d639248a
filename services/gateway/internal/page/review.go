package page

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
)

// reviewPage is a ballot before it is cast: who is on it, in the voter's order.
type reviewPage struct {
	Form    *form
	Lead    string
	Action  string
	Voter   string // whose ballot it is: mark
	Picks   []card
	Missing []string // what keeps it from being cast
	Alert   *alert
}

// reviewing shows the ballot that an address names.
func (p *pages) reviewing(c echo.Context) error {
	s, err := p.visit(c)
	if err != nil {
		return err
	}
	return p.review(c, s, c.QueryParams())
}

// reviewed shows the ballot that was sent, after a pick was moved or taken off.
func (p *pages) reviewed(c echo.Context) error {
	s, sent, err := p.posted(c)
	if err != nil {
		return err
	}
	// Enter presses the form's first button, from a box to tick and from the search.
	if a := askedOf(sent); sent.Get("enter") != "" && a.query != sent.Get("was") {
		return p.found(c, s, a)
	}
	return p.review(c, s, sent)
}

// review shows a ballot, or leads to the page that says why there is none.
func (p *pages) review(c echo.Context, s *visit, sent url.Values) error {
	a, key := askedOf(sent), keyOf(sent)
	list, err := p.app.Candidates(c.Request().Context(), s.Slug)
	if err != nil {
		return err
	}
	no := s.gone(nil, a.picks, list)
	if picks := standing(a.picks, list); len(picks) > 0 {
		a.picks = arranged(picks, sent)
	} else if len(a.picks) > 0 { // the list says what became of them
		return c.Redirect(http.StatusSeeOther, a.address(s)+"#main")
	}
	if len(a.picks) == 0 || !p.takes(c, s) || !p.isVoter(c, s) {
		return c.Redirect(http.StatusSeeOther, a.address(s)+"#main")
	}
	if _, is := s.earlierDay(key, p.Now()); is {
		return p.ballot(c, s, a, p.ofEarlierDay(c, s, key))
	}
	if key == "" {
		key = newKey(p.Now())
	}
	data := reviewPage{Form: s.form(s.adds(p.receiptOf(c, s))), Lead: s.printer.T("review.lead"), Action: s.path() + "/vote", Picks: s.picked(list, a.picks)}
	data.Form.Key, data.Missing = key, s.missing(data.Form, data.Picks)
	if s.rules.Voting.Change == rulebook.ChangeAdd {
		data.Lead = s.printer.T("review.lead.add")
	}
	if voter, holds := p.held(c, s); holds {
		data.Voter = mark(voter, key)
	}
	if no != nil {
		data.Alert = &no.alert
		for i := range data.Alert.Errors {
			data.Alert.Errors[i].Href = "" // they are not on the page
		}
	}
	c.Response().Header().Set("Cache-Control", "private, no-store")
	address := (&url.URL{Path: s.path() + "/review", RawQuery: url.Values{"pick": texts(a.picks)}.Encode()}).String()
	return p.render(c, s, web.Page{Name: "review", Address: address, Title: s.printer.T("review.title"), Section: "review", Data: data})
}

// isVoter tells whether the browser stands for a voter, or does now: where no form
// has to be filled in for it.
func (p *pages) isVoter(c echo.Context, s *visit) bool {
	if _, holds := p.held(c, s); holds {
		return true
	}
	w := p.unasked(s)
	return w != nil && p.admit(c, s, w, nil) == nil
}

// arranged moves a pick up or down, or takes it off, as the buttons of a review
// ask for.
func arranged(picks []int, sent url.Values) []int {
	at := func(name string) int {
		n, err := strconv.Atoi(sent.Get(name))
		if err != nil {
			return -1
		}
		return slices.Index(picks, n)
	}
	if i := at("up"); i > 0 {
		picks[i-1], picks[i] = picks[i], picks[i-1]
	}
	if i := at("down"); i >= 0 && i < len(picks)-1 {
		picks[i+1], picks[i] = picks[i], picks[i+1]
	}
	if i := at("drop"); i >= 0 {
		picks = slices.Delete(picks, i, i+1)
	}
	return picks
}

func texts(numbers []int) []string {
	out := make([]string, len(numbers))
	for i, n := range numbers {
		out[i] = strconv.Itoa(n)
	}
	return out
}
