package desk

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/services/gateway/internal/rule"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
)

// rulebookPage shows a selection's rulebook: frozen, or about to be.
type rulebookPage struct {
	Hash     string
	Frozen   *web.Moment // nil: nominations have not opened
	Given    string      // text as it was handed in
	Lines    int
	Chapters []rule.Chapter
	Warning  string
	Timeline *timeline
	Doubts   []Text
}

func (d *desk) rulebook(c echo.Context, at *place) error {
	given, err := d.app.Given(c.Request().Context(), at.Slug)
	if err != nil {
		return err
	}
	rules, err := d.app.RulebookOf(at.Selection)
	if err != nil {
		return err
	}
	book, line := rule.New(at.Printer, rules, d.Now()), newTimeline(at.Printer, rules, d.Now())
	data := rulebookPage{
		Hash: at.Selection.RulebookHash, Given: given.Rulebook, Chapters: book.Chapters(), Warning: book.Warning(), Timeline: &line,
	}
	for _, w := range rules.Doubts() {
		data.Doubts = append(data.Doubts, at.Field(w))
	}
	for i := range line.Rows { // what has opened was to open
		line.Rows[i].Past = false
	}
	if at.Selection.FrozenAt != nil {
		frozen := at.moment(*at.Selection.FrozenAt)
		data.Frozen = &frozen
	}
	return d.render(c, at, web.Page{Name: "rulebook", Title: at.T("desk.rulebook"), Section: "rulebook", Data: data})
}

// givenFile is the text as it was handed in.
func (d *desk) givenFile(c echo.Context, at *place) error {
	given, err := d.app.Given(c.Request().Context(), at.Slug)
	if err != nil {
		return err
	}
	return download(c, at.Slug+".yaml", "text/plain; charset=utf-8", []byte(given.Rulebook))
}

// canonicalFile is the form whose SHA-256 is the rulebook's hash.
func (d *desk) canonicalFile(c echo.Context, at *place) error {
	canonical, err := d.app.Rulebook(c.Request().Context(), at.Slug)
	if err != nil {
		return err
	}
	return download(c, at.Slug+".json", "application/json", canonical)
}

func download(c echo.Context, name, media string, body []byte) error {
	c.Response().Header().Set(echo.HeaderContentDisposition, `attachment; filename="`+name+`"`)
	return c.Blob(http.StatusOK, media, body)
}
