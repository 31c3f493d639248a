package page

import (
	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/services/gateway/internal/rule"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
)

// rulesPage is the rulebook in plain words.
type rulesPage struct {
	Chapters []rule.Chapter
	Hash     string
	Frozen   *web.Moment // nil: it may still change
	Warning  string      // a setting that only a demonstration has
}

// rulesPage tells the rules.
func (p *pages) rulesPage(c echo.Context) error {
	s, err := p.visit(c)
	if err != nil {
		return err
	}
	data := rulesPage{Hash: s.RulebookHash, Chapters: s.book.Chapters(), Warning: s.book.Warning()}
	if s.FrozenAt != nil {
		at := s.printer.Moment(*s.FrozenAt, s.at)
		data.Frozen = &at
	}
	return p.render(c, s, web.Page{Name: "rules", Address: s.path() + "/rules", Title: s.printer.T("rules.title"), Section: "rules", Data: data})
}
