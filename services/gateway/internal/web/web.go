// Package web is what all pages share, the public ones and the desks of staff:
// the layout, messages and languages, static files, headers, cookies, error
// pages, and the protection against posts by other sites.
package web

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/limit"
)

// Config is how pages are served.
type Config struct {
	PublicURL string           // https://host; empty: the address that the browser used
	Reading   *limit.Gate      // which reading waits at; nil: at none
	Pages     int              // bytes of pages that are kept for all visitors; zero: as many as do for most
	Now       func() time.Time // for the life of cookies and for periods
	Log       *slog.Logger
}

// Site is the installation as browsers meet it.
type Site struct {
	Config

	assets assets
	own    Views // the pages that need no face: errors
	origin CrossOrigin
}

// New makes the site. There is one, whatever faces it has.
func New(cfg Config) *Site {
	s := &Site{Config: cfg, assets: loadAssets(), origin: NewCrossOrigin(cfg.PublicURL)}
	s.own = s.Views(nil)
	return s
}

// MaxForm is the largest form: 20,000 picks fit.
const MaxForm = "256K"

// Mount serves the static files, and answers errors outside /api as pages;
// errors under /api stay with the handler that e has at this time.
func (s *Site) Mount(e *echo.Echo) {
	Get(e, app.ReadDescription, "/static/:file", s.asset, s.Headers)
	e.HTTPErrorHandler = s.fail(e.HTTPErrorHandler)
}

// Middleware is what every page goes through. It is not a group's: that would
// take the unknown addresses of the API too.
func (s *Site) Middleware() []echo.MiddlewareFunc { return s.Taking(MaxForm) }

// Taking is Middleware for forms that may be larger: "20M".
func (s *Site) Taking(limit string) []echo.MiddlewareFunc {
	return []echo.MiddlewareFunc{
		s.Headers, middleware.BodyLimit(limit), s.language, s.origin.Middleware,
	}
}

// Get registers what may be read: GET, and HEAD, whose body net/http drops. The
// name of the route is its act, by which the test of roles finds who may.
func Get(e *echo.Echo, act app.Act, path string, h echo.HandlerFunc, middlewares ...echo.MiddlewareFunc) {
	for _, r := range e.Match([]string{http.MethodGet, http.MethodHead}, path, h, middlewares...) {
		r.Name = string(act)
	}
}

// Headers are what browsers are told of every page: no script, style, frame or
// form of another origin.
func (s *Site) Headers(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set(echo.HeaderContentSecurityPolicy,
			"default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'")
		h.Set(echo.HeaderXContentTypeOptions, "nosniff")
		h.Set(echo.HeaderReferrerPolicy, "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		return next(c)
	}
}

// secure tells whether browsers reach us by https alone.
func (s *Site) secure() bool { return strings.HasPrefix(s.PublicURL, "https://") }

// Address is how browsers reach us, without a slash at its end.
func (s *Site) Address(c echo.Context) string {
	if s.PublicURL != "" {
		return strings.TrimSuffix(s.PublicURL, "/")
	}
	return fmt.Sprintf("%s://%s", c.Scheme(), c.Request().Host)
}
