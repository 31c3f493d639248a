package page

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/voting"
)

// receipt is what a browser keeps of its last ballot.
type receipt struct {
	Code   string
	Groups []string // the code in fours
	At     moment
	Now    bool // it is of the present period
	Path   string
}

// keepReceipt hands the receipt to the browser. It travels in a cookie of the
// selection, not in the address, which people share.
func (p *pages) keepReceipt(c echo.Context, s *site, o voting.Outcome) {
	p.setCookie(c, cookieReceipt, o.Receipt+"."+strconv.FormatInt(o.At.Unix(), 10), "/s/"+s.Slug, 90*day)
}

const maxReceipt = 26

func (p *pages) receiptOf(c echo.Context, s *site) *receipt {
	code, seconds, ok := strings.Cut(cookie(c, cookieReceipt), ".")
	at, err := strconv.ParseInt(seconds, 10, 64)
	plain := strings.Trim(code, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
	if !ok || err != nil || code == "" || len(code) > maxReceipt || !plain {
		return nil
	}
	t := time.Unix(at, 0)
	r := &receipt{Code: code, At: preciseIn(t, s.at, s.printer.lang), Now: true, Path: "/s/" + s.Slug + "/voted"}
	if s.rules.Voting.Frequency == rulebook.FrequencyDaily {
		r.Now = t.In(s.at).Format(time.DateOnly) == p.cfg.Now().In(s.at).Format(time.DateOnly)
	}
	for rest := code; rest != ""; {
		n := min(4, len(rest))
		r.Groups, rest = append(r.Groups, rest[:n]), rest[n:]
	}
	return r
}

// votedPage thanks for a ballot.
type votedPage struct {
	Receipt *receipt
	Share   string // the selection's address
	Text    string // what may be sent along
	Again   string // when one may vote next; empty: not again
}

// voted shows the receipt of the last ballot.
func (p *pages) voted(c echo.Context) error {
	s, err := p.site(c)
	if err != nil {
		return err
	}
	data := votedPage{Receipt: p.receiptOf(c, s), Share: p.address(c) + "/s/" + s.Slug}
	data.Text = s.printer.T("voted.share.text", "title", s.summary.Title)
	if s.rules.Voting.Frequency == rulebook.FrequencyDaily {
		data.Again = s.printer.T("voted.again")
	}
	title := s.printer.T("voted.title")
	if data.Receipt == nil {
		title = s.printer.T("voted.none")
	}
	c.Response().Header().Set("Cache-Control", "private, no-store")
	return p.render(c, page{name: "voted", title: title, section: "voted", summary: s.summary, data: data})
}

// address is how browsers reach us, without a slash at its end.
func (p *pages) address(c echo.Context) string {
	if p.cfg.PublicURL != "" {
		return strings.TrimSuffix(p.cfg.PublicURL, "/")
	}
	return fmt.Sprintf("%s://%s", c.Scheme(), c.Request().Host)
}
