package page

import (
	"crypto/sha256"
	"encoding/hex"
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
	"github.com/laurel-awards/laurel/services/gateway/internal/rule"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/identity/credential"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/voting"
)

// posted is what was sent to a selection's page.
func (p *pages) posted(c echo.Context) (*visit, url.Values, error) {
	sent, err := web.Form(c)
	if err != nil {
		return nil, nil, err
	}
	s, err := p.visit(c)
	return s, sent, err
}

// vote takes a ballot and leads to its receipt, or shows the form again with
// the reason. What a later try may mend is kept for one press of a button, with
// the same key.
func (p *pages) vote(c echo.Context) error {
	s, sent, err := p.posted(c)
	if err != nil {
		return err
	}
	a, key := askedOf(sent), keyOf(sent)
	if err = p.cast(c, s, sent, a, key); err == nil {
		return c.Redirect(http.StatusSeeOther, s.path()+"/voted")
	}
	f := fault.From(err)
	if f.Kind == fault.Internal {
		p.Log.ErrorContext(c.Request().Context(), "ballot failed", "slug", s.Slug, "error", err)
	}
	if f.Kind.Passes() || f.Kind == fault.Internal {
		return p.retry(c, s, sent, f)
	}
	if errors.Is(f, errOtherVoter) {
		a = asked{} // what another voter picked is nobody's business
	}
	err = p.ballot(c, s, a, p.explain(c, s, a, key, f))
	if f := fault.From(err); err != nil && f.Kind.Passes() {
		return p.retry(c, s, sent, f)
	}
	return err
}

// errOtherVoter is a ballot that was made for another voter than the browser
// stands for by now: sent again by itself it would be cast for the wrong one.
var errOtherVoter = fault.New(fault.Conflict, "ballot_of_other", "the ballot was made for another voter")

// mark tells voters apart in a form that is theirs alone. It names nobody.
func mark(v credential.Voter, key string) string {
	sum := sha256.Sum256(append([]byte(key+" "), v.ID[:]...))
	return hex.EncodeToString(sum[:8])
}

var errUnreadable = fault.New(fault.Invalid, "picks_unreadable", "a pick is no number")

// cast has a ballot counted and its receipt kept. The voting service judges the
// picks; what it cannot be told is what is no number.
func (p *pages) cast(c echo.Context, s *visit, sent url.Values, a asked, key string) error {
	voter, err := p.voter(c, s)
	if err != nil {
		return err
	}
	if made := sent.Get("voter"); made != "" && made != mark(voter, key) {
		return errOtherVoter
	}
	if len(a.picks) < len(sent["pick"]) {
		return errUnreadable
	}
	if _, is := s.earlierDay(key, p.Now()); is {
		return errEarlierDay
	}
	if key == "" {
		key = newKey(p.Now())
	}
	earlier := ""
	if kept := p.receiptOf(c, s); kept != nil {
		earlier = kept.Code
	}
	outcome, err := p.app.Cast(voter, a.picks, key, earlier)
	if err == nil && outcome.Fault != nil {
		err = outcome.Fault
	}
	if err != nil {
		return err
	}
	p.keepReceipt(c, s, outcome)
	return nil
}

// keyOf is the form's idempotency key; empty: it has none that is good.
func keyOf(sent url.Values) string {
	if key := sent.Get("key"); len(key) <= voting.MaxKey {
		return key
	}
	return ""
}

// refusal is why a ballot, or a proof to be a voter, was not taken.
type refusal struct {
	status int
	alert  alert
	wrong  map[int]web.Text // by candidate number
	proof  *proof           // nil: it is about a ballot
	lapsed bool             // what the browser holds is good no more: there is no form for it
}

// proof is what was sent to prove to be a voter.
type proof struct{ way, typed string }

// refuse makes the refusal whose title is a text, and its words KEY.text.
func (s *visit) refuse(status int, key string, args ...any) *refusal {
	r := &refusal{status: status, alert: alert{Title: s.printer.T(key, args...)}}
	if text := key + ".text"; s.printer.Has(text) {
		r.alert.Text = s.printer.T(text, args...)
	}
	return r
}

// add says what is wrong with picking a candidate.
func (r *refusal) add(number int, text web.Text) {
	if r.wrong == nil {
		r.wrong = map[int]web.Text{}
	}
	if _, said := r.wrong[number]; said {
		return
	}
	r.wrong[number] = text
	r.alert.Errors = append(r.alert.Errors, mistake{text.Text, text.Lang, "#c" + strconv.Itoa(number)})
}

// explain turns a fault into the visitor's words.
func (p *pages) explain(c echo.Context, s *visit, a asked, key string, f *fault.Error) *refusal {
	status := f.Kind.Status()
	switch {
	case nobody(f):
		return p.strange(c, s, key, f)
	case errors.Is(f, errOtherVoter):
		no := s.refuse(status, "refusal.other")
		no.alert.Forget = true
		return no
	case errors.Is(f, errEarlierDay):
		return p.ofEarlierDay(c, s, key)
	case errors.Is(f, errUnreadable):
		return s.refuse(status, "refusal.picks.unreadable")
	case errors.Is(f, voting.ErrDuplicate):
		return s.duplicate(f)
	case errors.Is(f, voting.ErrHours):
		return s.refuse(status, "refusal.hours", "hours", rule.Hours(s.rules.Voting.Hours), "zone", s.summary.Zone)
	case errors.Is(f, voting.ErrNotOpen):
		return s.refuse(status, "refusal.notopen")
	case errors.Is(f, voting.ErrClosed):
		return s.refuse(status, "refusal.closed")
	case errors.Is(f, voting.ErrKeyReused):
		return s.refuse(status, "refusal.key")
	case errors.Is(f, voting.ErrWay):
		return s.refuse(status, "refusal.way")
	case errors.Is(f, voting.ErrReplaced):
		for _, w := range p.admitted(s) {
			if no := w.refused(s, nil, f); no != nil {
				no.lapsed = true
				return no
			}
		}
	}
	p.Log.InfoContext(c.Request().Context(), "ballot refused", "slug", s.Slug, "code", f.Code)
	list, err := p.app.Candidates(c.Request().Context(), s.Slug)
	if err != nil { // names can be missed
		p.Log.WarnContext(c.Request().Context(), "no candidates for a refusal", "slug", s.Slug, "error", err)
	}
	return s.mistakes(status, a, f.Fields, list)
}

// mistakes says what the voting service found wrong with picks: at the card of
// each that is named, and for the whole ballot above the list.
func (s *visit) mistakes(status int, a asked, fields []fault.Field, list []nomination.Candidate) *refusal {
	no := s.refuse(status, "refusal.picks.wrong")
	for _, f := range fields {
		text := s.printer.Field(f, s.better(f, list)...)
		if n, ok := pickAt(f.Name, a.picks); ok {
			no.add(n, text)
			continue
		}
		no.alert.Text = s.printer.T("refusal.picks.range", "range", s.printer.List(append([]string{s.book.PickRange()}, s.book.Limits()...)))
		no.alert.Errors = append(no.alert.Errors, mistake{text.Text, text.Lang, "#candidates"})
	}
	return no
}

// better names what a field's params give as number and id.
func (s *visit) better(f fault.Field, list []nomination.Candidate) (words []string) {
	if n, err := strconv.Atoi(f.Params["number"]); err == nil {
		if i := slices.IndexFunc(list, func(c nomination.Candidate) bool { return c.Number == n }); i >= 0 {
			words = append(words, "number", s.numbered(list[i]))
		}
	}
	if id, ok := f.Params["category"]; ok {
		words = append(words, "category", s.book.Category(id))
	}
	return words
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
func (s *visit) duplicate(f *fault.Error) *refusal {
	key := "refusal.duplicate"
	if s.rules.Voting.Frequency == rulebook.FrequencyDaily {
		key = "refusal.duplicate.daily"
	}
	no := s.refuse(f.Kind.Status(), key)
	if first, err := time.Parse(time.RFC3339, f.Params["first"]); err == nil {
		no.alert.Text = s.printer.T("refusal.duplicate.first",
			"time", s.printer.Precise(first, s.at).Text, "zone", s.summary.Zone) + no.alert.Text
	}
	return no
}

// retryPage offers to send the same ballot again.
type retryPage struct {
	Title   string
	Text    string
	Unknown bool // the ballot may have been counted
	Action  string
	Key     string
	Voter   string // mark
	Picks   []int
	Names   string
	Change  string // back to the form, with the picks
}

func (p *pages) retry(c echo.Context, s *visit, sent url.Values, f *fault.Error) error {
	words, picks := "retry.busy", askedOf(sent).picks
	switch {
	case errors.Is(f, voting.ErrUnknownOutcome), f.Kind == fault.Internal:
		words = "retry.unknown"
	case f.Kind == fault.TooMany:
		words = "retry.toomany"
	}
	web.RetryAfter(c, f)
	data := retryPage{
		Title: s.printer.T(words), Text: s.printer.T(words + ".text"),
		Unknown: words == "retry.unknown", Action: s.path() + "/vote", Key: keyOf(sent), Voter: sent.Get("voter"),
		Picks: picks, Change: asked{picks: picks}.address(s),
	}
	if list, err := p.app.Candidates(c.Request().Context(), s.Slug); err == nil {
		data.Names = s.names(list, picks)
	}
	return p.render(c, s, web.Page{
		Name: "retry", Status: f.Kind.Status(), Title: data.Title, Section: "selection", Address: data.Change, Data: data,
	})
}

// names lists picked candidates: No. 3 Li Na, No. 9 Wang Wei.
func (s *visit) names(list []nomination.Candidate, picks []int) string {
	words := make([]string, 0, len(picks))
	for _, n := range picks {
		one := nomination.Candidate{Number: n}
		if i := slices.IndexFunc(list, func(c nomination.Candidate) bool { return c.Number == n }); i >= 0 {
			one = list[i]
		}
		words = append(words, s.numbered(one))
	}
	return s.printer.List(words)
}

// numbered is a candidate's number and name.
func (s *visit) numbered(c nomination.Candidate) string {
	return strings.TrimSpace(s.printer.T("candidate.numbered", "number", c.Number, "name", c.Name))
}
