package page

import (
	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/services/gateway/internal/web"
)

// The cookies.
const (
	cookieOrder   = web.CookieOrder
	cookieVoter   = web.CookieVoter
	cookieReceipt = web.CookieReceipt
	cookieChecked = "laurel_checked" // a receipt that was typed in; of a selection
)

const seedSize = 8

// orderSeed gives the visitor's seed for the order of candidates, a new one at
// the first visit.
func (p *pages) orderSeed(c echo.Context) string {
	if seed := p.Cookie(c, cookieOrder); len(seed) == 2*seedSize {
		return seed
	}
	seed := web.Random(seedSize)
	p.SetCookie(c, cookieOrder, seed, "/", 90*web.Day)
	return seed
}
