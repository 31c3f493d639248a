package page

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/identity/credential"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/voting"
)

// form is what was sent to a selection's page.
func (p *pages) form(c echo.Context) (*site, url.Values, error) {
	values, err := c.FormParams()
	if err != nil {
		return nil, nil, fault.New(fault.Malformed, "form_malformed", "the form cannot be read").Because(err)
	}
	s, err := p.site(c)
	return s, values, err
}

// vote takes a ballot and leads to its receipt, or shows the form again with
// the reason.
func (p *pages) vote(c echo.Context) error {
	s, values, err := p.form(c)
	if err != nil {
		return err
	}
	a := askedOf(values.Get, values["pick"])
	if cookie(c, cookieVoter) == "" {
		if s.codeOnly() {
			return p.ballot(c, s, a, s.refuseCode(http.StatusForbidden, "code.missing", ""))
		}
		return p.ballot(c, s, a, s.refuse(http.StatusForbidden, "cookies"))
	}
	voter, err := p.backend.Voter(cookie(c, cookieVoter), s.Slug)
	if err != nil {
		return p.refused(c, s, a, err)
	}
	if no, err := p.checkPicks(c, s, values["pick"]); err != nil || no != nil {
		if err != nil {
			return err
		}
		return p.ballot(c, s, a, no)
	}
	key := values.Get("key")
	if key == "" || len(key) > maxKey {
		key = random(16)
	}
	outcome, err := p.backend.Cast(voter, a.picks, key)
	if err == nil && outcome.Fault != nil {
		err = outcome.Fault
	}
	if err != nil {
		return p.refused(c, s, a, err)
	}
	p.keepReceipt(c, s, outcome)
	return c.Redirect(http.StatusSeeOther, "/s/"+s.Slug+"/voted")
}

// maxKey is the longest idempotency key, in bytes.
const maxKey = 128

// checkPicks says what is wrong with the picks as far as that is known here, in
// the visitor's language. The voting service has the last word.
func (p *pages) checkPicks(c echo.Context, s *site, texts []string) (*refusal, error) {
	numbers, bad := numbersOf(texts)
	picks := s.rules.Voting.Picks
	t := s.printer
	switch {
	case len(bad) > 0:
		return s.refuse(http.StatusUnprocessableEntity, "picks.unreadable"), nil
	case len(numbers) < picks.Min:
		return s.refuse(http.StatusUnprocessableEntity, "picks.few", "chosen", len(numbers), "range", s.pickRange()), nil
	case len(numbers) > picks.Max:
		return s.refuse(http.StatusUnprocessableEntity, "picks.many",
			"chosen", len(numbers), "over", len(numbers)-picks.Max, "range", s.pickRange()), nil
	}
	list, err := p.backend.Candidates(c.Request().Context(), s.Slug)
	if err != nil {
		return nil, err
	}
	no := s.refuse(http.StatusUnprocessableEntity, "picks.wrong")
	seen := map[int]bool{}
	for _, n := range numbers {
		i := slices.IndexFunc(list, func(c nomination.Candidate) bool { return c.Number == n })
		switch {
		case i < 0:
			no.add(n, t.T("pick.unknown", "number", n))
		case list[i].Struck:
			no.add(n, t.T("pick.struck", "number", n, "name", list[i].Name))
		case seen[n]:
			no.add(n, t.T("pick.twice", "number", n, "name", list[i].Name))
		}
		seen[n] = true
	}
	if len(no.alert.Errors) > 0 {
		return no, nil
	}
	return nil, nil //nolint:nilnil // nothing is wrong, and nothing failed
}

// add says what is wrong with picking a candidate.
func (r *refusal) add(number int, text string) {
	if r.wrong == nil {
		r.wrong = map[int]string{}
	}
	if r.wrong[number] != "" {
		return
	}
	r.wrong[number] = text
	r.alert.Errors = append(r.alert.Errors, mistake{text, "#c" + strconv.Itoa(number)})
}

// refuse makes the refusal whose texts are under "refusal.KEY".
func (s *site) refuse(status int, key string, args ...any) *refusal {
	r := &refusal{status: status, alert: alert{Title: s.printer.T("refusal." + key)}}
	if text := "refusal." + key + ".text"; s.printer.has(text) {
		r.alert.Text = s.printer.T(text, args...)
	}
	return r
}

// refused answers a ballot that was not taken. What a later try may mend is
// kept for one press of a button, with the same key; the rest is the form again.
func (p *pages) refused(c echo.Context, s *site, a asked, err error) error {
	f := fault.From(err)
	switch f.Kind {
	case fault.Unavailable, fault.TooMany:
		return p.retry(c, s, a.picks, f)
	case fault.Internal:
		p.cfg.Log.ErrorContext(c.Request().Context(), "ballot failed", "slug", s.Slug, "error", err)
		return p.retry(c, s, a.picks, f)
	}
	return p.ballot(c, s, a, p.explain(c, s, a, f))
}

// explain turns a fault into the visitor's words.
func (p *pages) explain(c echo.Context, s *site, a asked, f *fault.Error) *refusal {
	status := f.Kind.Status()
	switch {
	case errors.Is(f, voting.ErrDuplicate):
		return s.duplicate(f)
	case errors.Is(f, voting.ErrHours):
		return s.refuse(status, "hours", "hours", hoursText(s.rules.Voting.Hours), "zone", s.summary.Zone)
	case errors.Is(f, voting.ErrNotOpen):
		return s.refuse(status, "notopen")
	case errors.Is(f, voting.ErrClosed):
		return s.refuse(status, "closed")
	case errors.Is(f, voting.ErrKeyReused):
		return s.refuse(status, "key")
	case errors.Is(f, voting.ErrWay):
		return s.refuse(status, "way")
	case errors.Is(f, credential.ErrInvalid), errors.Is(f, credential.ErrExpired), errors.Is(f, credential.ErrForeign):
		if s.codeOnly() {
			return s.refuseCode(status, "code.missing", "")
		}
		return s.refuse(status, "credential") // the page that says so brings a new one
	}
	no := s.refuse(status, "picks.wrong")
	for _, field := range f.Fields {
		n, ok := pickAt(field.Name, a.picks)
		if !ok {
			no.alert.Errors = append(no.alert.Errors, mistake{Text: field.Message})
			continue
		}
		no.add(n, s.printer.T("pick.refused", "number", n))
	}
	p.cfg.Log.InfoContext(c.Request().Context(), "ballot refused", "slug", s.Slug, "code", f.Code)
	return no
}

// pickAt gives the number that a field such as picks[2] names.
func pickAt(field string, picks []int) (int, bool) {
	var i int
	if _, err := fmt.Sscanf(field, "picks[%d]", &i); err != nil || i < 0 || i >= len(picks) {
		return 0, false
	}
	return picks[i], true
}

// duplicate says when the first ballot was counted, and what comes next.
func (s *site) duplicate(f *fault.Error) *refusal {
	key := "duplicate"
	if s.rules.Voting.Frequency == rulebook.FrequencyDaily {
		key = "duplicate.daily"
	}
	first, err := time.Parse(time.RFC3339, f.Params["first"])
	if err != nil {
		return s.refuse(f.Kind.Status(), key)
	}
	no := s.refuse(f.Kind.Status(), key)
	no.alert.Text = s.printer.T("refusal.duplicate.first",
		"time", preciseIn(first, s.at, s.printer.lang).Text, "zone", s.summary.Zone) + no.alert.Text
	return no
}

// retryPage offers to send the same ballot again.
type retryPage struct {
	Title  string
	Text   string
	Action string
	Key    string
	Picks  []int
	Names  string
	Change string // back to the form, with the picks
}

func (p *pages) retry(c echo.Context, s *site, picks []int, f *fault.Error) error {
	key := "busy"
	switch {
	case errors.Is(f, voting.ErrUnknownOutcome), f.Kind == fault.Internal:
		key = "unknown"
	case f.Kind == fault.TooMany:
		key = "toomany"
	}
	retryAfter(c, f)
	data := retryPage{
		Title: s.printer.T("retry." + key), Text: s.printer.T("retry." + key + ".text"),
		Action: "/s/" + s.Slug + "/vote", Key: c.FormValue("key"), Picks: picks, Change: "/s/" + s.Slug + pickQuery(picks),
	}
	if len(data.Key) > maxKey {
		data.Key = ""
	}
	if list, err := p.backend.Candidates(c.Request().Context(), s.Slug); err == nil {
		data.Names = s.names(list, picks)
	}
	return p.render(c, page{
		name: "retry", status: f.Kind.Status(), title: data.Title, section: "selection", summary: s.summary, data: data,
	})
}

func pickQuery(picks []int) string {
	var b strings.Builder
	for i, n := range picks {
		b.WriteByte("?&"[min(i, 1)])
		b.WriteString("pick=" + strconv.Itoa(n))
	}
	return b.String()
}

// names lists picked candidates: No. 3 Li Na, No. 9 Wang Wei.
func (s *site) names(list []nomination.Candidate, picks []int) string {
	words := make([]string, 0, len(picks))
	for _, n := range picks {
		name := ""
		if i := slices.IndexFunc(list, func(c nomination.Candidate) bool { return c.Number == n }); i >= 0 {
			name = list[i].Name
		}
		words = append(words, strings.TrimSpace(s.printer.T("candidate.numbered", "number", n, "name", name)))
	}
	return s.printer.list(words)
}

// hoursText writes minutes of the day as 09:00–22:00.
func hoursText(h rulebook.Hours) string {
	return fmt.Sprintf("%02d:%02d–%02d:%02d", h.From/60, h.From%60, h.To/60, h.To%60)
}

// unproven answers a form without our token: cookies are off, or the page has
// been open for longer than the token lives. Nothing was counted; the form
// comes back with a fresh token.
func (p *pages) unproven(err error, c echo.Context) error {
	if c.Path() != votePath && c.Path() != codePath {
		return fault.New(fault.Forbidden, "form_unproven", "the form did not come from this site").Because(err)
	}
	values, formErr := c.FormParams()
	if formErr != nil {
		return fault.New(fault.Malformed, "form_malformed", "the form cannot be read").Because(formErr)
	}
	s, siteErr := p.site(c)
	if siteErr != nil {
		return siteErr
	}
	key := "unproven"
	if cookie(c, cookieCSRF) == "" {
		key = "cookies"
	}
	// The middleware gave no token: the page that comes back needs one.
	p.freshToken(c)
	if c.Path() == codePath {
		return p.ballot(c, s, asked{}, s.refuseCode(http.StatusForbidden, "code."+key, values.Get("code")))
	}
	return p.ballot(c, s, askedOf(values.Get, values["pick"]), s.refuse(http.StatusForbidden, key))
}
