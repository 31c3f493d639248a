package web

import (
	"net/http"
	"net/url"
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
	Why    Text   // what the fault itself says, where the text does not
	Again  string // where another try leads; empty: it would not help
	Desk   bool   // it is staff's
}

// isPage tells whether people, and not programs, ask for an address.
func isPage(path string) bool {
	return !strings.HasPrefix(path, "/api/") && path != "/healthz" && path != "/readyz"
}

// fail answers errors: pages with a page, the rest as next does.
func (s *Site) fail(next echo.HTTPErrorHandler) echo.HTTPErrorHandler {
	return func(err error, c echo.Context) {
		ctx := c.Request().Context()
		if c.Response().Committed {
			s.Log.WarnContext(ctx, "answer broken off", "error", err)
			return
		}
		if !isPage(c.Request().URL.Path) {
			next(err, c)
			return
		}
		f := fault.From(problem.Known(err))
		if f.Kind == fault.Internal {
			s.Log.ErrorContext(ctx, "page failed", "path", c.Path(), "error", err)
		}
		if failed := s.problem(c, f); failed != nil {
			s.Log.ErrorContext(ctx, "error page failed", "error", failed)
			next(err, c)
		}
	}
}

// problem renders an error.
func (s *Site) problem(c echo.Context, f *fault.Error) error {
	t := s.own.View(c).Printer
	data := problemPage{Status: f.Kind.Status(), Text: t.T("problem." + string(f.Kind) + ".text")}
	if key := "problem." + f.Code + ".text"; t.Has(key) {
		data.Text = t.T(key)
	} else if f.Kind == fault.Conflict || f.Kind == fault.Forbidden || f.Kind == fault.Gone {
		data.Why = t.Fault(f)
	}
	pg := Page{Name: "problem", Status: data.Status, Title: t.T("problem." + string(f.Kind)), Address: FormPage(c)}
	if r := c.Request(); r.Method == http.MethodGet || r.Method == http.MethodHead {
		// One slash: an address that begins with two leads to another host.
		pg.Address = (&url.URL{Path: "/" + strings.TrimLeft(r.URL.Path, "/"), RawQuery: r.URL.RawQuery}).String()
	}
	data.Desk = strings.HasPrefix(c.Request().URL.Path, "/desk")
	if f.Kind.Passes() {
		RetryAfter(c, f)
		if c.Request().Method == http.MethodGet {
			data.Again = pg.Address
		}
	}
	pg.Data = data
	c.Response().Header().Set("Cache-Control", "no-store")
	return s.Headers(func(c echo.Context) error { return s.Render(c, s.own, pg) })(c)
}

// RetryAfter tells clients when to come back, in whole seconds.
func RetryAfter(c echo.Context, f *fault.Error) {
	c.Response().Header().Set(echo.HeaderRetryAfter, strconv.Itoa(Seconds(max(f.RetryAfter, time.Second))))
}

// Seconds are whole ones, rounded up.
func Seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }

// WholeWait is a wait as people count it: seconds, past a minute minutes.
func WholeWait(d time.Duration) time.Duration {
	unit := time.Second
	if d > time.Minute {
		unit = time.Minute
	}
	whole := d.Truncate(unit)
	if whole < d {
		whole += unit
	}
	return max(whole, time.Second)
}
