package page

import (
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/gateway/internal/kept"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
)

// reading has who reads wait while ballots need the processors, and shows who cannot
// be served a page that was made once and loads again by itself. Picks stay where
// they are: in the address, and in the browser.
func (p *pages) reading(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		leave, err := p.Reading.Enter(c.Request().Context())
		if err != nil {
			return p.busy(c, fault.From(err))
		}
		defer leave()
		return next(c)
	}
}

func (p *pages) busy(c echo.Context, f *fault.Error) error {
	t := p.views.View(c).Printer
	page, err := p.shelf.Get(keptKey{what: ofBusy, way: t.Lang}, func() (held, error) {
		text, err := p.views[t.Lang].Part("busy", "whole", t.Lang)
		if err != nil {
			return held{}, err
		}
		k, err := kept.Keep([]byte(text))
		return held{page: k}, err
	})
	if err != nil {
		return err
	}
	web.RetryAfter(c, f)
	h := c.Response().Header()
	h.Set("Refresh", strconv.Itoa(web.Seconds(f.RetryAfter)))
	h.Set("Cache-Control", "no-store")
	return page.page.Send(c, http.StatusServiceUnavailable, web.HTML, true)
}
