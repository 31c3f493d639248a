package page

import (
	"strconv"

	"github.com/labstack/echo/v4"
)

// won is an award that a candidate has.
type won struct {
	Award string
	Of    string // the selection and its edition
	Rank  int
	Href  string // the results
}

// text is all that is said; empty: nothing.
func (w *won) text() string {
	if w == nil {
		return ""
	}
	return w.Award + "\n" + w.Of + "\n" + strconv.Itoa(w.Rank)
}

// wonBy tells what a candidate has won, once that is public.
func (p *pages) wonBy(c echo.Context, s *visit, number int) *won {
	if s.PublishedAt == nil {
		return nil
	}
	found, err := p.outcomes.Get(c.Request().Context(), s.Slug)
	if err != nil { // the story stays without it
		p.Log.WarnContext(c.Request().Context(), "no result for a story", "slug", s.Slug, "error", err)
		return nil
	}
	for _, a := range found.Awards {
		for _, w := range a.Winners {
			if w.Number == number {
				of := s.printer.T("candidate.award.of", "title", s.summary.Title, "edition", s.summary.Edition)
				return &won{Award: s.printer.Words(a.Title), Of: of, Rank: w.Rank, Href: s.path() + "/results"}
			}
		}
	}
	return nil
}
