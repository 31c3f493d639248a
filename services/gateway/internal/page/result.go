package page

import (
	"errors"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/gateway/internal/outcome"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/selection"
)

// waitPage is shown in place of results that are not public.
type waitPage struct {
	Text string
	When *web.Moment // the notice's end, where it is known
}

// results shows the outcome, or says when it will be there.
func (p *pages) results(c echo.Context) error { return p.showResults(c, false) }

// printed is the outcome to be printed: each sheet says of what it is.
func (p *pages) printed(c echo.Context) error { return p.showResults(c, true) }

func (p *pages) showResults(c echo.Context, onPaper bool) error {
	s, err := p.visit(c)
	if err != nil {
		return err
	}
	found, err := p.outcomes.Get(c.Request().Context(), s.Slug)
	if errors.Is(err, selection.ErrUnpublished) {
		return p.render(c, s, web.Page{
			Name: "wait", Address: s.path() + "/results", Title: s.printer.T("results.wait.title"), Section: "results", Data: s.wait(),
		})
	}
	if err != nil {
		return err
	}
	list, err := p.app.Candidates(c.Request().Context(), s.Slug)
	if err != nil { // names and ranks are in the result; photos can be missed
		p.Log.WarnContext(c.Request().Context(), "no candidates for the results", "slug", s.Slug, "error", err)
	}
	page := web.Page{
		Name: "results", Address: s.path() + "/results", Title: s.printer.T("results.title"), Section: "results",
		Data: outcome.Tell(s.book, s.Slug, s.at, found.Ranking, list).Outcome(found),
	}
	page.Picture = p.poster(p.Address(c), s, page.Address)
	if onPaper {
		page.Name, page.Address, page.Title = "results-print", page.Address+"/print", s.printer.T("results.print.title")
	}
	return p.render(c, s, page)
}

func (s *visit) wait() waitPage {
	notice := s.Phase(rulebook.PhaseNotice)
	if notice.ClosesAt != nil && (notice.State == selection.Opened || notice.State == selection.Opening) {
		at := s.printer.Moment(*notice.ClosesAt, s.at)
		return waitPage{Text: s.printer.T("results.wait.notice"), When: &at}
	}
	if notice.State == selection.Closed {
		return waitPage{Text: s.printer.T("results.wait.soon")}
	}
	return waitPage{Text: s.printer.T("results.wait.text", "days", s.book.Notice())}
}
