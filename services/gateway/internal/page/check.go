package page

import (
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/voting"
)

// checkedLife is how long a browser keeps a receipt that was typed in.
const checkedLife = time.Hour

// checkPage says what is recorded behind a receipt: what is promised and what is
// proved, and nothing of the picks, which somebody may read over a shoulder or
// pay for. Who holds the receipt can save them with the proof.
type checkPage struct {
	Action  string
	File    string // where the proof can be saved
	Found   *found // nil: there is no receipt yet
	Typed   string // what was sent and is to be mended
	Wrong   string // what is wrong with it
	Missing bool   // the browser kept a receipt that is none here
}

// found is a receipt's ballot.
type found struct {
	End    string // of the code: enough for its holder
	Period string // a day; empty: the whole vote
	Logged bool   // it is proved to be in the log
	Log    string // the log's name, which its checkpoints begin with
}

// checking shows what is recorded behind the receipt that the browser keeps: the
// last one that was typed in, or that of its own ballot. It is never in an
// address, which histories, logs and links keep.
func (p *pages) checking(c echo.Context) error {
	s, err := p.visit(c)
	if err != nil {
		return err
	}
	return p.showCheck(c, s, http.StatusOK, checkPage{})
}

// check takes a receipt that was typed in, and leads to what is recorded.
func (p *pages) check(c echo.Context) error {
	s, sent, err := p.posted(c)
	if err != nil {
		return err
	}
	typed := sent.Get("receipt")
	no := checkPage{Typed: start(typed, maxTyped)}
	if typed == "" {
		no.Wrong = s.printer.T("receipt.missing")
		return p.showCheck(c, s, http.StatusUnprocessableEntity, no)
	}
	recorded, err := p.app.Receipt(c.Request().Context(), voting.GetReceipt{Slug: s.Slug, Receipt: no.Typed})
	if errors.Is(err, voting.ErrNoReceipt) {
		no.Wrong = s.printer.T("receipt.unknown")
		return p.showCheck(c, s, http.StatusNotFound, no)
	}
	if err != nil {
		return err
	}
	p.SetCookie(c, cookieChecked, recorded.Receipt, s.path(), checkedLife)
	return c.Redirect(http.StatusSeeOther, s.path()+"/receipt")
}

// maxTyped is the longest receipt as typed, in characters: hyphens and spaces fit.
const maxTyped = 64

func (p *pages) showCheck(c echo.Context, s *visit, status int, data checkPage) error {
	data.Action, data.File = s.path()+"/receipt/check", s.path()+"/receipt.json"
	if data.Wrong == "" {
		recorded, err := p.recorded(c, s)
		switch {
		case err == nil:
			data.Found = s.found(recorded)
		case errors.Is(err, voting.ErrNoReceipt):
			data.Missing = true
		case !errors.Is(err, errNoneKept):
			return err
		}
	}
	title := s.printer.T("receipt.title")
	if data.Found != nil {
		title = s.printer.T("receipt.counted")
	}
	c.Response().Header().Set("Cache-Control", "private, no-store")
	return p.render(c, s, web.Page{Name: "receipt", Status: status, Address: s.path() + "/receipt", Title: title, Section: "receipt", Data: data})
}

func (s *visit) found(r voting.Recorded) *found {
	f := &found{End: r.Receipt[max(0, len(r.Receipt)-4):], Logged: r.Evidence.Proof != nil, Log: ballotlog.CheckpointOrigin(s.Slug)}
	if day, err := time.ParseInLocation(time.DateOnly, r.Period, s.at); err == nil {
		f.Period = s.printer.Day(day)
	}
	return f
}

// checkFile gives what `laurel verify` reads: the proof, with the ballot.
func (p *pages) checkFile(c echo.Context) error {
	s, err := p.visit(c)
	if err != nil {
		return err
	}
	recorded, err := p.recorded(c, s)
	if errors.Is(err, errNoneKept) || errors.Is(err, voting.ErrNoReceipt) {
		return c.Redirect(http.StatusSeeOther, s.path()+"/receipt") // which says why
	}
	if err != nil {
		return err
	}
	body, err := json.Marshal(recorded)
	if err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("Cache-Control", "private, no-store")
	h.Set(echo.HeaderContentDisposition, `attachment; filename="receipt-`+s.Slug+`.json"`)
	return c.Blob(http.StatusOK, echo.MIMEApplicationJSON, body)
}

// errNoneKept is a browser that keeps no receipt of the selection.
var errNoneKept = fault.New(fault.NotFound, "receipt_none", "this browser keeps no receipt")

// recorded is what is recorded behind the receipt that the browser keeps.
func (p *pages) recorded(c echo.Context, s *visit) (voting.Recorded, error) {
	code := p.Cookie(c, cookieChecked)
	if code == "" {
		if own := p.receiptOf(c, s); own != nil {
			code = own.Code
		}
	}
	if code == "" || len(code) > maxTyped {
		return voting.Recorded{}, errNoneKept
	}
	return p.app.Receipt(c.Request().Context(), voting.GetReceipt{Slug: s.Slug, Receipt: code})
}
