package page

import (
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/voting"
)

// statementPage says what is recorded for the ballot of a receipt. A receipt is
// sent in a form's body: addresses are kept in histories and logs.
type statementPage struct {
	Path    string // of the page
	Receipt string // as sent; else what this browser holds
	Wrong   string // what is wrong with it
	Text    string // the signed statement; empty: nothing was asked

	Codes     bool   // voters have codes
	Code      string // as sent, where something is wrong with it
	CodeWrong string // what is
	Told      string // by the code, whether a ballot is counted
}

// statement asks for a receipt.
func (p *pages) statement(c echo.Context) error {
	s, err := p.visit(c)
	if err != nil {
		return err
	}
	data := statementPage{}
	if kept := p.receiptOf(c, s); kept != nil {
		data.Receipt = kept.Code
	}
	return p.stated(c, s, http.StatusOK, data)
}

// stating shows a signed statement of what is recorded for a ballot, to who has
// its receipt.
func (p *pages) stating(c echo.Context) error {
	s, data, status, err := p.state(c)
	if err != nil {
		return err
	}
	return p.stated(c, s, status, data)
}

// statementFile gives the statement to keep.
func (p *pages) statementFile(c echo.Context) error {
	s, data, status, err := p.state(c)
	if err != nil {
		return err
	}
	if data.Text == "" {
		return p.stated(c, s, status, data)
	}
	h := c.Response().Header()
	h.Set("Cache-Control", "private, no-store")
	h.Set(echo.HeaderContentDisposition, `attachment; filename="statement-`+s.Slug+`.txt"`)
	return c.Blob(http.StatusOK, "text/plain; charset=utf-8", []byte(data.Text))
}

// statementByCode tells whether a ballot of a code's member is counted.
func (p *pages) statementByCode(c echo.Context) error {
	s, sent, err := p.posted(c)
	if err != nil {
		return err
	}
	t := s.printer.T
	typed := strings.TrimSpace(sent.Get("code"))
	data := statementPage{Code: start(typed, maxCode)}
	if typed == "" {
		data.CodeWrong = t("refusal.code.missing")
		return p.stated(c, s, http.StatusUnprocessableEntity, data)
	}
	ballot, err := p.app.StatementByCode(c.Request().Context(), s.Slug, typed)
	switch {
	case err == nil && ballot:
		data.Code, data.Told = "", t("statement.code.ballot")
	case err == nil:
		data.Code, data.Told = "", t("statement.code.none")
	case errors.Is(err, identity.ErrCodeMistyped):
		data.CodeWrong = t("refusal.code.mistyped")
	case errors.Is(err, identity.ErrCode):
		data.CodeWrong = t("statement.code.unknown")
	case errors.Is(err, identity.ErrCodeRead):
		data.CodeWrong = t("statement.code.read")
	case errors.Is(err, identity.ErrNotOver):
		data.CodeWrong = t("statement.code.early")
	default:
		return err
	}
	if err != nil {
		return p.stated(c, s, fault.From(err).Kind.Status(), data)
	}
	return p.stated(c, s, http.StatusOK, data)
}

// state asks for the statement of the receipt that was sent.
func (p *pages) state(c echo.Context) (s *visit, data statementPage, status int, err error) {
	s, sent, err := p.posted(c)
	if err != nil {
		return s, data, 0, err
	}
	typed := strings.TrimSpace(sent.Get("receipt"))
	data.Receipt = start(typed, maxTyped)
	if typed == "" {
		data.Wrong = s.printer.T("statement.missing")
		return s, data, http.StatusUnprocessableEntity, nil
	}
	st, err := p.app.StatementByReceipt(c.Request().Context(), s.Slug, data.Receipt)
	if errors.Is(err, voting.ErrNoReceipt) {
		data.Wrong = s.printer.T("statement.unknown")
		return s, data, fault.From(err).Kind.Status(), nil
	}
	data.Text = st.Statement
	return s, data, http.StatusOK, err
}

func (p *pages) stated(c echo.Context, s *visit, status int, data statementPage) error {
	data.Path = s.path() + "/statement"
	data.Codes = s.rules.Voting.Admits(identity.WayRoster)
	c.Response().Header().Set("Cache-Control", "private, no-store")
	return p.render(c, s, web.Page{
		Name: "statement", Status: status, Address: data.Path, Title: s.printer.T("statement.title"), Section: "statement", Data: data,
	})
}
