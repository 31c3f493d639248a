package page

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/identity/credential"
)

const codePath = "/s/:slug/code"

// maxCode is the longest code as typed, in bytes.
const maxCode = 64

// codeForm asks for the code of a member of the roster.
type codeForm struct {
	Action string
	CSRF   string
	Title  string
	Lead   string
	Folded bool   // there is something else to do on the page
	Typed  string // what was sent and is to be mended
	Wrong  string // what is wrong with it
}

// codeMistake is why a code was not taken.
type codeMistake struct{ typed, text string }

// code takes a voter's code and leads to the ballot, or shows the form again
// with the reason.
func (p *pages) code(c echo.Context) error {
	s, values, err := p.form(c)
	if err != nil {
		return err
	}
	typed := strings.TrimSpace(values.Get("code"))
	switch {
	case !s.rules.Voting.Admits(rulebook.WayRoster):
		return p.ballot(c, s, asked{}, s.refuse(http.StatusForbidden, "way"))
	case typed == "":
		return p.ballot(c, s, asked{}, s.refuseCode(http.StatusUnprocessableEntity, "code.missing", typed))
	case len(typed) > maxCode:
		return p.ballot(c, s, asked{}, s.refuseCode(http.StatusUnprocessableEntity, "code.mistyped", typed[:maxCode]))
	}
	issued, err := p.backend.ProveRoster(c.Request().Context(), s.Slug, typed)
	if err != nil {
		return p.refusedCode(c, s, typed, err)
	}
	p.hold(c, s, issued)
	return c.Redirect(http.StatusSeeOther, "/s/"+s.Slug+"#candidates")
}

// hold has the browser keep a credential. The receipt of another voter goes: it
// would stand for this one's.
func (p *pages) hold(c echo.Context, s *site, issued identity.Credential) {
	before, err := p.backend.Voter(cookie(c, cookieVoter), s.Slug)
	now, errNow := p.backend.Voter(issued.Credential, s.Slug)
	if err != nil || errNow != nil || before.ID != now.ID {
		p.setCookie(c, cookieReceipt, "", "/s/"+s.Slug, -time.Second)
	}
	p.setCookie(c, cookieVoter, issued.Credential, "/s/"+s.Slug, issued.ExpiresAt.Sub(p.cfg.Now()))
}

// refusedCode answers a code that was not taken.
func (p *pages) refusedCode(c echo.Context, s *site, typed string, err error) error {
	f := fault.From(err)
	status := f.Kind.Status()
	switch {
	case errors.Is(f, identity.ErrCodeMistyped):
		return p.ballot(c, s, asked{}, s.refuseCode(status, "code.mistyped", typed))
	case errors.Is(f, identity.ErrCode):
		return p.ballot(c, s, asked{}, s.refuseCode(status, "code.unknown", typed))
	case f.Kind == fault.TooMany:
		retryAfter(c, f)
		return p.ballot(c, s, asked{}, s.refuseCode(status, "code.toomany", typed, "wait", s.printer.duration(wholeWait(f.RetryAfter))))
	case f.Kind == fault.Unavailable:
		retryAfter(c, f)
		return p.ballot(c, s, asked{}, s.refuseCode(status, "code.busy", typed))
	}
	return err
}

// wholeWait is a wait as people count it: seconds, past a minute minutes.
func wholeWait(d time.Duration) time.Duration {
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

// refuseCode is a refusal that leads to the code's field.
func (s *site) refuseCode(status int, key, typed string, args ...any) *refusal {
	no := s.refuse(status, key, args...)
	no.code = &codeMistake{typed: typed, text: no.alert.Title}
	no.alert.Errors = []mistake{{Text: s.printer.T("code.label"), Href: "#voter-code"}}
	return no
}

// askCode is the form for a voter's code, where the rulebook takes a roster.
func (p *pages) askCode(c echo.Context, s *site, no *refusal) *codeForm {
	voting := s.rules.Voting
	if !voting.Admits(rulebook.WayRoster) {
		return nil
	}
	t := s.printer.T
	form := &codeForm{Action: "/s/" + s.Slug + "/code", CSRF: csrfToken(c), Title: t("code.title"), Lead: t("code.lead")}
	held, holds := p.held(c, s)
	switch {
	case holds && held.Way == rulebook.WayRoster:
		form.Title, form.Lead, form.Folded = t("code.other"), t("code.other.lead"), true
	case voting.Admits(rulebook.WayDevice):
		form.Title, form.Lead, form.Folded = t("code.also"), t("code.also.lead"), true
	}
	if no != nil && no.code != nil {
		form.Typed, form.Wrong = no.code.typed, no.code.text
	}
	return form
}

// held is the voter whose credential the browser keeps, if the rulebook takes
// voters of that kind.
func (p *pages) held(c echo.Context, s *site) (credential.Voter, bool) {
	text := cookie(c, cookieVoter)
	if text == "" {
		return credential.Voter{}, false
	}
	v, err := p.backend.Voter(text, s.Slug)
	return v, err == nil && s.rules.Voting.Admits(v.Way)
}

// codeOnly tells whether nobody votes here without a code.
func (s *site) codeOnly() bool {
	return s.rules.Voting.Admits(rulebook.WayRoster) && !s.rules.Voting.Admits(rulebook.WayDevice)
}
