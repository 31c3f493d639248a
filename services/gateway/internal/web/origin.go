package web

import (
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/fault"
)

// ErrCrossOrigin is the fault of what another site's page sends.
var ErrCrossOrigin = fault.New(fault.Forbidden, "cross_origin",
	"another site's page cannot do this in its visitor's name; a program sends Authorization: Bearer TOKEN")

// CrossOrigin is the one protection against what other sites' pages send in
// their visitors' names, forms and requests to the API alike. Browsers say
// where a request comes from (Sec-Fetch-Site; before 2023, Origin), and what
// comes from elsewhere is refused. Of a browser that says neither, the cookies
// stay behind: they are SameSite. Reading is never refused.
type CrossOrigin struct{ protection *http.CrossOriginProtection }

// NewCrossOrigin takes the address by which browsers reach the installation,
// for proxies that change the Host header; it may be empty.
func NewCrossOrigin(publicURL string) CrossOrigin {
	p := http.NewCrossOriginProtection()
	if u, err := url.Parse(publicURL); err == nil && u.Host != "" {
		_ = p.AddTrustedOrigin(u.Scheme + "://" + u.Host) // an address that browsers cannot have adds nothing
	}
	return CrossOrigin{p}
}

// Check gives ErrCrossOrigin for a request that another site's page sent.
func (c CrossOrigin) Check(r *http.Request) error {
	if err := c.protection.Check(r); err != nil {
		return ErrCrossOrigin.Because(err)
	}
	return nil
}

// Middleware refuses what another site's page sent.
func (c CrossOrigin) Middleware(next echo.HandlerFunc) echo.HandlerFunc {
	return func(ctx echo.Context) error {
		if err := c.Check(ctx.Request()); err != nil {
			return err
		}
		return next(ctx)
	}
}
