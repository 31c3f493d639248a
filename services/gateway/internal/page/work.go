package page

import (
	"net/http"
	"strings"
	"time"

	"github.com/altcha-org/altcha-lib-go"
	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/gateway/internal/work"
)

const workPath = "/s/:slug/work"

// workForm has the browser solve a challenge and send it, so that the ballot
// opens. Who has no JavaScript is told when to come back.
type workForm struct {
	altcha.Challenge

	Action  string
	Again   string // the address that tries once more
	Seconds int    // until that may help
	Held    bool   // something else is to be read first: it does not start by itself
	Query   string
	Sort    string
	Picks   []int
}

// askWork is the form for the challenge of a work.ErrWanted.
func askWork(s *site, a asked, f *fault.Error, held bool) (*workForm, error) {
	challenge, err := work.ChallengeOf(f)
	if err != nil {
		return nil, err
	}
	return &workForm{
		Challenge: challenge, Action: "/s/" + s.Slug + "/work", Again: a.address(s), Seconds: seconds(f.RetryAfter),
		Held: held, Query: a.query, Sort: a.sort, Picks: a.picks,
	}, nil
}

// work takes a solution and leads to the ballot, or to the page that asks again.
func (p *pages) work(c echo.Context) error {
	s, values, err := p.form(c)
	if err != nil {
		return err
	}
	a := askedOf(values.Get, values["pick"])
	err = p.admit(c, s, values.Get("work"))
	switch {
	case err == nil:
		return c.Redirect(http.StatusSeeOther, a.address(s))
	case namesWork(err):
		return p.ballot(c, s, a, s.refuse(fault.From(err).Kind.Status(), "work"))
	}
	return p.ballot(c, s, a, nil)
}

// namesWork tells whether it is the solution that is at fault.
func namesWork(err error) bool {
	f := fault.From(err)
	return len(f.Fields) == 1 && f.Fields[0].Name == "work"
}

// address is the selection's page with all that is asked of it.
func (a asked) address(s *site) string {
	query := a.values().Encode()
	return "/s/" + s.Slug + strings.Repeat("?", min(len(query), 1)) + query + "#candidates"
}

// seconds are whole ones, rounded up.
func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }
