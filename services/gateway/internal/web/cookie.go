package web

import (
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/services/gateway"
)

// How long cookies live.
const (
	Day  = 24 * time.Hour
	Year = 365 * Day
)

// The cookies of pages.
const (
	CookieLanguage = "laurel_language"
	CookieOrder    = "laurel_order"   // seed of the order of candidates
	CookieVoter    = "laurel_voter"   // credential; of a selection
	CookieReceipt  = "laurel_receipt" // the last ballot's receipt and time; of a selection
	CookieNote     = "laurel_note"    // what the next desk page says of the act that led to it
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
		if _, err := c.Cookie(name); err == nil {
			s.setCookie(c, name, "", path, -time.Second) // from before there was a prefix
		}
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
// request or for all; empty: nothing. A browser that was here before there was a
// prefix has it under the bare name, until it is set anew.
func Cookie(c echo.Context, name string) string {
	for _, called := range []string{hostName(name, c.Param("slug")), hostName(name, "/"), name} {
		if found, err := c.Cookie(called); err == nil {
			return found.Value
		}
	}
	return ""
}

// rename moves cookies from before there was a prefix to their new names, once.
// A staff session is none of them: whoever has one signs in again.
func (s *Site) rename(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if !s.secure() {
			return next(c)
		}
		for name, path := range map[string]string{
			CookieLanguage: "/", CookieOrder: "/", CookieVoter: selectionPath(c), CookieReceipt: selectionPath(c),
		} {
			old, err := c.Cookie(name)
			if err != nil || path == "" {
				continue
			}
			if _, err := c.Cookie(hostName(name, strings.TrimPrefix(path, pathOfSelections))); err == nil {
				s.setCookie(c, name, "", path, -time.Second) // it has been moved
			} else {
				s.SetCookie(c, name, old.Value, path, 90*Day)
			}
		}
		return next(c)
	}
}

// selectionPath is the address of the selection that a request is about; empty:
// of none.
func selectionPath(c echo.Context) string {
	if slug := c.Param("slug"); event.ValidSlug(slug) {
		return pathOfSelections + slug
	}
	return ""
}

// Random gives n random bytes in hex.
func Random(n int) string {
	b := make([]byte, n)
	rand.Read(b) // never fails
	return hex.EncodeToString(b)
}
