package page

import (
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/voting"
)

// receipt is what a browser keeps of its last ballot.
type receipt struct {
	Code   string
	Groups []string // the code in fours
	At     web.Moment
	Now    bool // it is of the present period
	Path   string
}

// keepReceipt hands the receipt to the browser. It travels in a cookie of the
// selection, not in the address, which people share.
func (p *pages) keepReceipt(c echo.Context, s *visit, o voting.Outcome) {
	p.SetCookie(c, cookieReceipt, o.Receipt+"."+strconv.FormatInt(o.At.Unix(), 10), s.path(), 90*web.Day)
}

const maxReceipt = 26

func (p *pages) receiptOf(c echo.Context, s *visit) *receipt {
	code, seconds, ok := strings.Cut(p.Cookie(c, cookieReceipt), ".")
	at, err := strconv.ParseInt(seconds, 10, 64)
	plain := strings.Trim(code, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
	if !ok || err != nil || code == "" || len(code) > maxReceipt || !plain {
		return nil
	}
	t := time.Unix(at, 0)
	r := &receipt{Code: code, At: s.printer.Precise(t, s.at), Now: true, Path: s.path() + "/voted"}
	if s.rules.Voting.Frequency == rulebook.FrequencyDaily {
		r.Now = t.In(s.at).Format(time.DateOnly) == p.Now().In(s.at).Format(time.DateOnly)
	}
	for rest := code; rest != ""; {
		n := min(4, len(rest))
		r.Groups, rest = append(r.Groups, rest[:n]), rest[n:]
	}
	return r
}

// votedPage thanks for a ballot.
type votedPage struct {
	Receipt  *receipt
	QR       *web.QR // leads to the check of the receipt; nil: it cannot be made
	Share    string  // the selection's address
	Text     string  // what may be sent along
	Again    string  // when one may vote next; empty: not again
	Calendar string  // where the reminder of it is; empty: there is none
}

// voted shows the receipt of the last ballot.
func (p *pages) voted(c echo.Context) error {
	s, err := p.visit(c)
	if err != nil {
		return err
	}
	data := votedPage{Receipt: p.receiptOf(c, s), Share: p.Address(c) + s.path()}
	data.Text = s.printer.T("voted.share.text", "title", s.summary.Title)
	title := s.printer.T("voted.title")
	switch {
	case data.Receipt == nil:
		title = s.printer.T("voted.none")
	case !data.Receipt.Now: // of an earlier day; nobody may take it for today's
		title = s.printer.T("voted.earlier")
		data.Again = s.printer.T("voted.earlier.text")
	case s.rules.Voting.Frequency == rulebook.FrequencyDaily:
		data.Again = s.printer.T("voted.again")
		if !s.opens(p.Now()).IsZero() {
			data.Calendar = s.path() + "/voting.ics"
		}
	}
	if data.Receipt != nil {
		// In the fragment, which no server sees and which does not stay in the address.
		qr, err := web.NewQR(data.Share + "/receipt#receipt=" + data.Receipt.Code)
		if err != nil {
			p.Log.WarnContext(c.Request().Context(), "no QR code for a receipt", "slug", s.Slug, "error", err)
		} else {
			data.QR = &qr
		}
	}
	c.Response().Header().Set("Cache-Control", "private, no-store")
	return p.render(c, s, web.Page{Name: "voted", Address: s.path() + "/voted", Title: title, Section: "voted", Data: data})
}
