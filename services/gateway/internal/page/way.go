package page

import (
	"context"
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/identity/credential"
)

// way is one way to be a voter, as the pages know it. A further one is a file
// with its type, a template of its name and a line in ways.
type way interface {
	traits() traits
	// ask gives what the way's template asks of a visitor; nil: nothing now.
	ask(s *visit, q question) any
	// prove issues a credential for what the form sent.
	prove(ctx context.Context, slug string, sent url.Values) (identity.Credential, error)
	// refused says in the visitor's words why prove issued none, or why a ballot
	// came without one; nil: it is no fault of this way.
	refused(s *visit, sent url.Values, f *fault.Error) *refusal
}

// traits are what sets a way apart.
type traits struct {
	name     string // in rulebooks, and of the template
	form     string // last part of the address that the form is sent to
	accepted string // key of the words that greet its voters; empty: none
	unasked  bool   // whoever has no credential gets one, as a rule without a form
	several  bool   // in one browser several people may vote, one after the other
}

// question is what a way may know of a visitor before it asks.
type question struct {
	holder  *credential.Voter // whom the browser stands for; nil: nobody
	asked   asked
	refused *refusal     // why the last form was not taken; nil: none was sent
	fault   *fault.Error // why no credential was given unasked; nil: one was, or none is
}

// ways are all of them, in the order in which a page asks.
func ways(core *app.App) []way { return []way{device{core}, roster{core}} }

// admitted are the ways that the selection's rulebook takes.
func (p *pages) admitted(s *visit) []way {
	return slices.DeleteFunc(slices.Clone(p.ways), func(w way) bool { return !s.rules.Voting.Admits(w.traits().name) })
}

// unasked is the way by which a visitor becomes a voter without a form; nil:
// the selection takes none.
func (p *pages) unasked(s *visit) way {
	for _, w := range p.admitted(s) {
		if w.traits().unasked {
			return w
		}
	}
	return nil
}

// ask renders what the ways ask.
func (p *pages) ask(s *visit, q question) ([]template.HTML, error) {
	var parts []template.HTML
	for _, w := range p.admitted(s) {
		asked := w.ask(s, q)
		if asked == nil {
			continue
		}
		part, err := p.asks(s, q, w.traits().name, asked)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	return parts, nil
}

// asks is what a way asks, made once where it is the same for all who stand for
// voters of the same way.
func (p *pages) asks(s *visit, q question, name string, asked any) (template.HTML, error) {
	if q.refused != nil || q.fault != nil || !q.asked.plain() {
		return p.views[s.printer.Lang].Part("selection", name, asked)
	}
	key := keptKey{what: ofWay, look: s.look, way: name}
	if q.holder != nil {
		key.voter = q.holder.Way
	}
	one, err := p.part(key, s, "selection", name, func() any { return asked })
	return one.part, err
}

// greeting are the words for a voter who has proved to be one.
func (p *pages) greeting(s *visit, v credential.Voter) string {
	for _, w := range p.ways {
		if t := w.traits(); t.name == v.Way && t.accepted != "" {
			return s.printer.T(t.accepted)
		}
	}
	return ""
}

// proving takes the form of a way and leads to the ballot, or shows the page
// again with the reason.
func (p *pages) proving(w way) echo.HandlerFunc {
	return func(c echo.Context) error {
		s, sent, err := p.posted(c)
		if err != nil {
			return err
		}
		a := askedOf(sent)
		if !s.rules.Voting.Admits(w.traits().name) {
			return p.ballot(c, s, a, s.refuse(http.StatusForbidden, "refusal.way"))
		}
		err = p.admit(c, s, w, sent)
		if err == nil {
			return c.Redirect(http.StatusSeeOther, a.address(s)+"#candidates")
		}
		f := fault.From(err)
		no := w.refused(s, sent, f)
		if no == nil && !f.Kind.Passes() {
			return err
		}
		if f.Kind.Passes() {
			web.RetryAfter(c, f)
		}
		return p.ballot(c, s, a, no)
	}
}

// admit has the browser hold a voter's credential.
func (p *pages) admit(c echo.Context, s *visit, w way, sent url.Values) error {
	before, holds := p.held(c, s)
	if holds && !w.traits().several {
		return nil
	}
	issued, err := w.prove(c.Request().Context(), s.Slug, sent)
	if err != nil {
		return err
	}
	if w.traits().several { // the receipt of another voter would stand for this one's
		if now, err := p.app.Voter(issued.Credential, s.Slug); !holds || err != nil || before.ID != now.ID {
			p.SetCookie(c, cookieReceipt, "", s.path(), -time.Second)
		}
	}
	p.SetCookie(c, cookieVoter, issued.Credential, s.path(), issued.ExpiresAt.Sub(p.Now()))
	return nil
}

// errNoVoter is a browser that stands for nobody.
var errNoVoter = fault.New(fault.Forbidden, "credential_missing", "this browser has no voter's credential")

// voter is whom the browser stands for. Faults: errNoVoter; those of a
// credential that is good no more.
func (p *pages) voter(c echo.Context, s *visit) (credential.Voter, error) {
	text := p.Cookie(c, cookieVoter)
	if text == "" {
		return credential.Voter{}, errNoVoter
	}
	return p.app.Voter(text, s.Slug)
}

// held is the voter, if the rulebook takes voters of that kind.
func (p *pages) held(c echo.Context, s *visit) (credential.Voter, bool) {
	v, err := p.voter(c, s)
	return v, err == nil && s.rules.Voting.Admits(v.Way)
}

// nobody tells whether a fault says that a ballot came from no voter.
func nobody(f *fault.Error) bool {
	return errors.Is(f, errNoVoter) || errors.Is(f, credential.ErrInvalid) || errors.Is(f, credential.ErrExpired) ||
		errors.Is(f, credential.ErrForeign)
}

// strange answers a ballot that came from no voter. The page that says so
// brings a credential where one is given unasked.
func (p *pages) strange(c echo.Context, s *visit, key string, f *fault.Error) *refusal {
	switch {
	case !s.voting():
		return s.tooLate()
	case errors.Is(f, errNoVoter) && p.keepsNone(c, key):
		return s.refuse(f.Kind.Status(), "refusal.cookies")
	case p.unasked(s) == nil:
		for _, w := range p.admitted(s) {
			if no := w.refused(s, nil, f); no != nil {
				return no
			}
		}
	}
	return s.refuse(f.Kind.Status(), "refusal.credential")
}
