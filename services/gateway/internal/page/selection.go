package page

import (
	"html/template"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/kept"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/selection"
	"github.com/laurel-awards/laurel/services/voting"
)

// ballotPage is a selection with its candidates, and the form while votes are
// taken.
type ballotPage struct {
	own

	Own      template.HTML // own, as it stands on the page
	Cards    []card
	Total    int // candidates on the list
	Asked    carried
	Filters  filters
	Path     string
	Nominate string // where somebody is nominated; empty: not now
	Find     string // where what is asked of the list is sent
	Form     *form  // nil: not a form
	Turnout  string
	Counts   template.HTML // of all candidates; empty: there are none to show
	Counted  bool          // there was or is a vote
	Shows    bool          // the candidates' counts
	Hidden   bool          // counts are hidden at this time
	Hint     string
	Wait     *wait // nil: there is nothing to wait for
}

// own is what the page tells one visitor alone. It is never kept.
type own struct {
	Alert    *alert
	Ways     []template.HTML // what is asked of who is no voter yet, or wants to be another
	Greeting string          // for who has proved to be a voter; empty: there is none
	Receipt  *receipt        // nil: this browser holds none
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

// ballot shows a selection, after a refused ballot with the reason and what had been
// picked. What all visitors see alike is kept; it is rendered anew for whoever asks
// something of the list, or has to be told of it.
func (p *pages) ballot(c echo.Context, s *visit, a asked, no *refusal) error {
	ctx := c.Request().Context()
	list, version, err := p.app.LookCandidates(ctx, s.Slug)
	if err != nil && !isUnavailableBefore(s, err) {
		return err
	}
	data := ballotPage{Total: len(list), Path: s.path(), Find: s.path() + "/find", Hint: s.next(), Wait: p.wait(s)}
	data.Receipt = p.receiptOf(c, s)
	key := keptKey{what: ofList, look: s.look, list: version}
	turnout, shown := s.Ballots, held{}
	if s.Phase(rulebook.PhaseVoting).OpenedAt != nil {
		data.Counted = true
		// Counts come and go with the load; the list stays.
		if tally, err := p.app.Tally(ctx, s.Slug); err == nil {
			turnout, data.Hidden = tally.Ballots, tally.Hidden
			data.Shows = countsOf(tally).votes != nil
			if shown, err = p.counts(s, list, version, tally); err != nil {
				return err
			}
		} else {
			p.Log.WarnContext(ctx, "no tally for the page", "slug", s.Slug, "error", err)
		}
	}
	told := s.gone(no, a.picks, list)
	status := 0
	if told != nil {
		status, data.Alert = told.status, &told.alert
	}
	forced, err := p.openForm(c, s, question{asked: a, refused: no}, &data)
	if err != nil {
		return err
	}
	if forced != 0 {
		status = forced
	}
	f := fillings{turnout: web.Grouped(turnout), counts: kept.Filling{Page: shown.page}, address: p.Address(c)}
	if data.Form != nil {
		f.key = data.Form.Key
	}
	seed := p.orderSeed(c)
	if told == nil && status == 0 && a.plain() {
		if f.own, err = p.ownPart(s, data); err != nil {
			return err
		}
		key.mode, key.order = modeOf(data.Form, s.adds(data.Receipt)), app.OrderOf(list, seed, s.Slug)
		key.shows, key.hidden, key.wait = data.Shows, data.Hidden, data.Wait.text()
		page, err := p.keep(key, "list", s.printer.Lang, func() (web.Page, error) {
			data.Own, data.Turnout, data.Counts = template.HTML(p.marks.own), p.marks.turnout, template.HTML(p.marks.counts) //nolint:gosec // our own words
			if data.Form != nil {
				data.Form.Key = p.marks.key
			}
			return p.listPage(s, app.InOrder(list, key.order, s.Slug), a, data, p.marks.address)
		})
		if err != nil {
			return err
		}
		return p.send(c, page, f)
	}
	if data.Alert != nil && data.Form == nil && len(a.picks) > 0 {
		data.Alert.Picks = s.names(list, a.picks)
	}
	if data.Own, err = p.ownPart(s, data); err != nil {
		return err
	}
	data.Turnout, data.Counts = f.turnout, shown.part
	pg, err := p.listPage(s, app.Ordered(list, gateway.Order(a.sort), seed, s.Slug), a, data, f.address, told)
	if err != nil {
		return err
	}
	pg.Status = status
	return p.render(c, s, pg)
}

// listPage is the page with the candidates of a list that are asked for, and what
// is wrong with those of told.
func (p *pages) listPage(s *visit, list []nomination.Candidate, a asked, data ballotPage, address string, told ...*refusal) (web.Page, error) {
	data.Asked, data.Filters = a.carried(), s.filters(list, a)
	if s.Phase(rulebook.PhaseNomination).State == selection.Opened {
		data.Nominate = s.path() + "/nominate"
	}
	data.Cards = s.cards(list, a)
	for _, no := range told {
		for i := range data.Cards {
			if no != nil {
				data.Cards[i].Wrong = no.wrong[data.Cards[i].Number]
			}
		}
	}
	return web.Page{
		Name: "selection", Title: s.summary.Title, Section: "selection", Address: a.address(s), Picture: p.poster(address, s, s.path()),
		Selection: s.summary, Data: data,
	}, p.fill(s, data.Cards)
}

// ownPart is the visitor's own part of the page.
func (p *pages) ownPart(s *visit, data ballotPage) (template.HTML, error) {
	if data.Alert == nil && len(data.Ways) == 0 && data.Greeting == "" && (data.Receipt == nil || !data.Receipt.Now) {
		return "", nil
	}
	return p.views[s.printer.Lang].Part("selection", "own", data)
}

// counts are those of all candidates, made once for all pages; none where they are
// hidden.
func (p *pages) counts(s *visit, list []nomination.Candidate, version uint64, t voting.Tally) (held, error) {
	shown := countsOf(t)
	if shown.votes == nil {
		return held{}, nil
	}
	key := keptKey{what: ofCounts, look: s.look, list: version, version: t.Version, ballots: t.Ballots, sum: shown.sum}
	return p.part(key, s, "selection", "counts", func() any {
		var all []tally
		for _, c := range list {
			if !c.Struck {
				all = append(all, shown.of(c))
			}
		}
		return all
	})
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
	case s.summary.Noticed:
		return t("next.notice")
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
