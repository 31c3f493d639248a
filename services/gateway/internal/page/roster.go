package page

import (
	"context"
	"errors"
	"net/url"
	"strings"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/voting"
)

// roster takes the members of a roster, each by a code that the organizers gave
// out.
type roster struct{ app *app.App }

func (roster) traits() traits {
	return traits{name: rulebook.WayRoster, form: "code", accepted: "code.accepted", several: true}
}

// maxCode is the longest code as typed, in characters.
const maxCode = 64

// start is the first characters of a text, for a field that is shown again.
func start(text string, most int) string {
	if len(text) <= most {
		return text
	}
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most])
	}
	return text
}

// codeForm asks for the code of a member of the roster.
type codeForm struct {
	Action string
	Title  string
	Lead   string
	Folded bool    // there is something else to do on the page
	Typed  string  // what was sent and is to be mended
	Wrong  string  // what is wrong with it
	Max    int     // characters that the field takes
	Asked  carried // what the ballot is to show once the code is proved
}

func (roster) ask(s *visit, q question) any {
	t := s.printer.T
	form := &codeForm{Action: s.path() + "/code", Title: t("code.title"), Lead: t("code.lead"), Max: maxCode, Asked: q.asked.carried()}
	switch {
	case q.holder != nil && q.holder.Way == rulebook.WayRoster:
		form.Title, form.Lead, form.Folded = t("code.other"), t("code.other.lead"), true
	case len(s.rules.Voting.Voters) > 1:
		form.Title, form.Lead, form.Folded = t("code.also"), t("code.also.lead"), true
	}
	if no := q.refused; no != nil && no.proof != nil && no.proof.way == rulebook.WayRoster {
		form.Typed, form.Wrong = no.proof.typed, no.alert.Title
	}
	return form
}

var errNoCode = fault.New(fault.Invalid, "code_missing", "no code was sent")

func (r roster) prove(ctx context.Context, slug string, sent url.Values) (identity.Credential, error) {
	switch code := strings.TrimSpace(sent.Get("code")); {
	case code == "":
		return identity.Credential{}, errNoCode
	case start(code, maxCode) != code:
		return identity.Credential{}, identity.ErrCodeMistyped
	default:
		return r.app.ProveRoster(ctx, slug, code)
	}
}

// refused leads to the code's field.
func (roster) refused(s *visit, sent url.Values, f *fault.Error) *refusal {
	key, args := "", []any(nil)
	switch {
	case errors.Is(f, errNoCode):
		key = "refusal.code.missing"
	case nobody(f): // what the code opened has run out while the page was open
		key = "refusal.code.again"
	case errors.Is(f, identity.ErrCodeMistyped):
		key = "refusal.code.mistyped"
	case errors.Is(f, voting.ErrReplaced):
		key = "refusal.code.replaced"
	case errors.Is(f, voting.ErrClosed), errors.Is(f, identity.ErrVoteOver):
		return s.refuse(f.Kind.Status(), "refusal.closed")
	case errors.Is(f, identity.ErrCode):
		key = "refusal.code.unknown"
	case f.Kind == fault.TooMany:
		key, args = "refusal.code.toomany", []any{"wait", s.printer.Duration(web.WholeWait(f.RetryAfter))}
	case f.Kind == fault.Unavailable:
		key = "refusal.code.busy"
	default:
		return nil
	}
	typed := strings.TrimSpace(sent.Get("code"))
	no := s.refuse(f.Kind.Status(), key, args...)
	no.proof = &proof{way: rulebook.WayRoster, typed: start(typed, maxCode)}
	no.alert.Errors = []mistake{{Text: s.printer.T("code.label"), Href: "#voter-code"}}
	return no
}
