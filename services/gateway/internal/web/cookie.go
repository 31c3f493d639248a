package web

import (
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/services/gateway"
)

// How long cookies live.
const (
	Day  = 24 * time.Hour
	Year = 365 * Day
)

// The cookies of pages.
const (
	CookieLanguage  = "laurel_language"
	CookieOrder     = "laurel_order"     // seed of the order of candidates
	CookieVoter     = "laurel_voter"     // credential; of a selection
	CookieReceipt   = "laurel_receipt"   // the last ballot's receipt and time; of a selection
	CookieChallenge = "laurel_challenge" // token of a sign-in that waits for its second factor
	CookieNote      = "laurel_note"      // what the next desk page says of the act that led to it
)

// maxSelections is how many selections a browser keeps cookies of a name for. All
// go along with each request over https, and a request's headers are bounded.
const maxSelections = 20

// SetCookie has the browser keep a value under a path, "/" or that of a
// selection; a life below zero has it forget. The cookie is HttpOnly and
// SameSite=Lax. On https it is Secure and named __Host-…, so that no other host
// of the domain can set it. Such a cookie has no path of its own: that of a
// selection is in its name.
func (s *Site) SetCookie(c echo.Context, name, value, path string, life time.Duration) {
	if s.secure() {
		name, path = hostName(name, strings.TrimPrefix(path, pathOfSelections)), "/"
		if life > 0 {
			s.makeRoom(c, name)
		}
	}
	s.setCookie(c, name, value, path, life)
}

// SetSession has the browser keep a staff session's token until it expires.
func (s *Site) SetSession(c echo.Context, token string, expires time.Time) {
	cookie := gateway.NewSessionCookie(token, expires, s.secure())
	c.SetCookie(&cookie)
}

func (s *Site) setCookie(c echo.Context, name, value, path string, life time.Duration) {
	c.SetCookie(&http.Cookie{ //nolint:gosec // Secure with https
		Name: name, Value: value, Path: path, MaxAge: int(life.Round(time.Second) / time.Second),
		HttpOnly: true, Secure: s.secure(), SameSite: http.SameSiteLaxMode,
	})
}

const pathOfSelections = "/s/"

// hostName is what a cookie is called on https; of is a selection's slug, or "/".
func hostName(name, of string) string {
	if of == "/" {
		return gateway.HostPrefix + name
	}
	return gateway.HostPrefix + name + "." + of
}

// makeRoom has the browser forget a cookie of the same name that it has had for
// the longest time, of another selection, where it has too many. Browsers send
// the oldest first (RFC 6265, section 5.4).
func (s *Site) makeRoom(c echo.Context, name string) {
	kind, _, ofSelection := strings.Cut(name, ".")
	if !ofSelection {
		return
	}
	var others []string
	for _, kept := range c.Cookies() {
		if strings.HasPrefix(kept.Name, kind+".") && kept.Name != name {
			others = append(others, kept.Name)
		}
	}
	for ; len(others) >= maxSelections; others = others[1:] {
		s.setCookie(c, others[0], "", "/", -time.Second)
	}
}

// Cookie is what the browser keeps under a name, for the selection of the
// request or for all; empty: nothing. On https a cookie counts under its __Host-…
// name alone, in every release: one with the bare name may have been set by any
// other host of the domain, which could have a voter vote with a credential of
// its own choice, or be shown its receipt. What browsers kept under bare names,
// from http or from before there was a prefix, is not taken over; the language
// alone is, which does no harm (remembered).
func (s *Site) Cookie(c echo.Context, name string) string {
	names := []string{name}
	if s.secure() {
		names = []string{hostName(name, c.Param("slug")), hostName(name, "/")}
	}
	return firstCookie(c, names...)
}

// firstCookie is the value of the first of some cookies that is there.
func firstCookie(c echo.Context, names ...string) string {
	for _, name := range names {
		if found, err := c.Cookie(name); err == nil {
			return found.Value
		}
	}
	return ""
}

// Random gives n random bytes in hex.
func Random(n int) string {
	b := make([]byte, n)
	rand.Read(b) // never fails
	return hex.EncodeToString(b)
}
