package web

import (
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
)

// How long cookies live.
const (
	Day  = 24 * time.Hour
	Year = 365 * Day
)

const cookieLanguage = "laurel_language"

// SetCookie has the browser keep a value under a path; a life below zero has it
// forget. The cookie is HttpOnly and SameSite=Lax, and Secure on https.
func (s *Site) SetCookie(c echo.Context, name, value, path string, life time.Duration) {
	c.SetCookie(&http.Cookie{
		Name: name, Value: value, Path: path, MaxAge: int(life.Round(time.Second) / time.Second),
		HttpOnly: true, Secure: s.secure(), SameSite: http.SameSiteLaxMode,
	})
}

// Cookie is what the browser keeps; empty: nothing.
func Cookie(c echo.Context, name string) string {
	if found, err := c.Cookie(name); err == nil {
		return found.Value
	}
	return ""
}

// Random gives n random bytes in hex.
func Random(n int) string {
	b := make([]byte, n)
	rand.Read(b) // never fails
	return hex.EncodeToString(b)
}
