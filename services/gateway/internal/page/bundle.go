package page

import (
	"fmt"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/services/gateway/internal/web"
)

// bundlePage checks the one file of a published result in the visitor's browser.
type bundlePage struct {
	Slug     string
	Built    bool // this installation has the verifier
	Voted    bool // there are receipts
	Verifier web.Verifier
	Size     string // of the verifier, MB
}

func (p *pages) checkBundle(c echo.Context) error {
	s, err := p.visit(c)
	if err != nil {
		return err
	}
	if _, err := p.outcomes.Get(c.Request().Context(), s.Slug); err != nil {
		return err
	}
	data := bundlePage{Slug: s.Slug, Voted: len(s.book.Rules.Voting.Voters) > 0}
	const mega = 1e6
	if data.Verifier, data.Built = p.Verifier(); data.Built {
		data.Size = fmt.Sprintf("%.1f", float64(data.Verifier.Size)/mega)
	}
	return p.render(c, s, web.Page{
		Name: "check-bundle", Address: s.path() + "/check/bundle", Title: s.printer.T("bundle.title"), Section: "results", Data: data,
	})
}
