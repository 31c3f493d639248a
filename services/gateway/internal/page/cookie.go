package page

import (
	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/services/gateway/internal/web"
)

// The cookies; those of a selection are sent to its pages alone.
const (
	cookieOrder   = "laurel_order"   // seed of the order of candidates
	cookieVoter   = "laurel_voter"   // credential; per selection
	cookieReceipt = "laurel_receipt" // the last ballot's receipt and time; per selection
)

const seedSize = 8

// orderSeed gives the visitor's seed for the order of candidates, a new one at
// the first visit.
func (p *pages) orderSeed(c echo.Context) string {
	if seed := web.Cookie(c, cookieOrder); len(seed) == 2*seedSize {
		return seed
	}
	seed := web.Random(seedSize)
	p.SetCookie(c, cookieOrder, seed, "/", 90*web.Day)
	return seed
}
