package page

import (
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/voting"
)

// statementPage says what is recorded for the voter whom this browser stands
// for.
type statementPage struct {
	Lead string
	Text string // the signed statement; empty: there is none
	File string // where it can be saved
}

// statement shows a signed statement of the ballots recorded for the visitor,
// or of none. The credential is the browser's; others see nothing.
func (p *pages) statement(c echo.Context) error {
	s, err := p.visit(c)
	if err != nil {
		return err
	}
	data := statementPage{File: s.path() + "/statement.txt"}
	st, err := p.stated(c, s)
	switch {
	case errors.Is(err, errNoVoter):
		data.Lead = s.printer.T("statement.stranger")
	case errors.Is(err, voting.ErrNotOpen):
		data.Lead = s.printer.T("statement.early")
	case err != nil:
		return err
	case st.Ballots == 0:
		data.Lead, data.Text = s.printer.T("statement.none"), st.Statement
	default:
		data.Lead, data.Text = s.printer.N("statement.some", int64(st.Ballots)), st.Statement
	}
	c.Response().Header().Set("Cache-Control", "private, no-store")
	return p.render(c, s, web.Page{Name: "statement", Address: s.path() + "/statement", Title: s.printer.T("statement.title"), Section: "statement", Data: data})
}

// statementFile gives the statement to keep.
func (p *pages) statementFile(c echo.Context) error {
	s, err := p.visit(c)
	if err != nil {
		return err
	}
	st, err := p.stated(c, s)
	if errors.Is(err, errNoVoter) || errors.Is(err, voting.ErrNotOpen) {
		return c.Redirect(http.StatusSeeOther, strings.TrimSuffix(c.Request().URL.Path, ".txt")) // which says why
	}
	if err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("Cache-Control", "private, no-store")
	h.Set(echo.HeaderContentDisposition, `attachment; filename="statement-`+s.Slug+`.txt"`)
	return c.Blob(http.StatusOK, "text/plain; charset=utf-8", []byte(st.Statement))
}

func (p *pages) stated(c echo.Context, s *visit) (voting.Statement, error) {
	voter, err := p.voter(c, s)
	if err != nil {
		return voting.Statement{}, errNoVoter
	}
	return p.app.Statement(c.Request().Context(), voter)
}
