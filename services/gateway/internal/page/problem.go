package page

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/gateway/internal/problem"
)

// problemPage is an error as a page.
type problemPage struct {
	Status int
	Text   string
	Again  string // where another try leads; empty: it would not help
}

// isPage tells whether people, and not programs, ask for an address.
func isPage(path string) bool {
	return !strings.HasPrefix(path, "/api/") && path != "/healthz" && path != "/readyz"
}

// fail answers errors: pages with a page, the API as it did before.
func (p *pages) fail(err error, c echo.Context) {
	if c.Response().Committed {
		p.cfg.Log.WarnContext(c.Request().Context(), "answer broken off", "error", err)
		return
	}
	if !isPage(c.Request().URL.Path) {
		p.apiError(err, c)
		return
	}
	f := fault.From(problem.Known(err))
	if f.Kind == fault.Internal {
		p.cfg.Log.ErrorContext(c.Request().Context(), "page failed", "path", c.Path(), "error", err)
	}
	if failed := p.problem(c, f); failed != nil {
		p.cfg.Log.ErrorContext(c.Request().Context(), "error page failed", "error", failed)
		p.apiError(err, c)
	}
}

// problem renders an error. A ballot that came too fast or met a busy house
// keeps its picks and its key.
func (p *pages) problem(c echo.Context, f *fault.Error) error {
	retryable := f.Kind == fault.Unavailable || f.Kind == fault.TooMany
	if retryable && c.Path() == votePath && c.Request().Method == http.MethodPost {
		if values, err := c.FormParams(); err == nil {
			if s, err := p.site(c); err == nil {
				p.freshToken(c)
				return p.retry(c, s, askedOf(values.Get, values["pick"]).picks, f)
			}
		}
	}
	t := p.printer(c)
	data := problemPage{Status: f.Kind.Status(), Text: t.T("problem." + string(f.Kind) + ".text")}
	if key := "problem." + f.Code + ".text"; t.has(key) {
		data.Text = t.T(key)
	}
	if retryable {
		retryAfter(c, f)
		if r := c.Request(); r.Method == http.MethodGet {
			data.Again = r.URL.RequestURI()
		}
	}
	c.Response().Header().Set("Cache-Control", "no-store")
	return p.headers(func(c echo.Context) error {
		return p.render(c, page{
			name: "problem", status: data.Status, title: t.T("problem." + string(f.Kind)), data: data,
		})
	})(c)
}

// retryAfter tells clients when to come back, in whole seconds.
func retryAfter(c echo.Context, f *fault.Error) {
	c.Response().Header().Set(echo.HeaderRetryAfter, strconv.Itoa(seconds(max(f.RetryAfter, time.Second))))
}
