package page

import (
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
)

// The cookies. Each is HttpOnly and SameSite=Lax, and Secure on https; those of
// a selection are sent to its pages alone.
const (
	cookieLanguage = "laurel_language"
	cookieOrder    = "laurel_order"   // seed of the order of candidates
	cookieVoter    = "laurel_voter"   // credential; per selection
	cookieReceipt  = "laurel_receipt" // the last ballot's receipt and time; per selection
	cookieCSRF     = "laurel_csrf"
)

const (
	day  = 24 * time.Hour
	year = 365 * day
)

func (p *pages) setCookie(c echo.Context, name, value, path string, life time.Duration) {
	c.SetCookie(&http.Cookie{
		Name: name, Value: value, Path: path, MaxAge: int(life.Round(time.Second) / time.Second),
		HttpOnly: true, Secure: p.cfg.secure(), SameSite: http.SameSiteLaxMode,
	})
}

func cookie(c echo.Context, name string) string {
	if found, err := c.Cookie(name); err == nil {
		return found.Value
	}
	return ""
}

// orderSeed gives the visitor's seed for the order of candidates, a new one at
// the first visit.
func (p *pages) orderSeed(c echo.Context) string {
	if seed := cookie(c, cookieOrder); len(seed) == 2*seedSize {
		return seed
	}
	seed := random(seedSize)
	p.setCookie(c, cookieOrder, seed, "/", 90*day)
	return seed
}

const seedSize = 8

// random gives n random bytes in hex.
func random(n int) string {
	b := make([]byte, n)
	rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

const (
	csrfField = "csrf"
	csrfKey   = "laurel.csrf"
)

// csrf refuses forms that did not come from our own pages. Searching changes
// nothing and needs no proof.
func (p *pages) csrf() echo.MiddlewareFunc {
	return middleware.CSRFWithConfig(middleware.CSRFConfig{
		Skipper:        func(c echo.Context) bool { return c.Path() == findPath },
		TokenLookup:    "form:" + csrfField,
		ContextKey:     csrfKey,
		CookieName:     cookieCSRF,
		CookiePath:     "/",
		CookieMaxAge:   int(day / time.Second),
		CookieHTTPOnly: true,
		CookieSecure:   p.cfg.secure(),
		CookieSameSite: http.SameSiteLaxMode,
		ErrorHandler:   p.unproven,
	})
}

func csrfToken(c echo.Context) string {
	token, _ := c.Get(csrfKey).(string)
	return token
}

// freshToken gives the answer to a refused form the token that the next try
// proves itself by.
func (p *pages) freshToken(c echo.Context) {
	token := cookie(c, cookieCSRF)
	if token == "" {
		token = random(csrfSize)
		p.setCookie(c, cookieCSRF, token, "/", day)
	}
	c.Set(csrfKey, token)
}

const csrfSize = 16
