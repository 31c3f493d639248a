package page

import (
	"context"
	"errors"
	"net/url"

	"github.com/altcha-org/altcha-lib-go"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/gateway/internal/work"
	"github.com/laurel-awards/laurel/services/identity"
)

// device takes whoever comes with a browser, where many come after a proof of
// work.
type device struct{ app *app.App }

func (device) traits() traits { return traits{name: rulebook.WayDevice, form: "work", unasked: true} }

// workForm has the browser solve a challenge and send it, so that the ballot
// opens. Who has no JavaScript is told when to come back.
type workForm struct {
	altcha.Challenge

	Action  string
	Again   string // the address that tries once more
	Seconds int    // until that may help
	Held    bool   // something else is to be read first: it does not start by itself
	Asked   carried
}

func (device) ask(s *visit, q question) any {
	if q.fault == nil || !errors.Is(q.fault, work.ErrWanted) {
		return nil
	}
	challenge, err := work.ChallengeOf(q.fault)
	if err != nil {
		return nil // the visitor is told to come back
	}
	return &workForm{
		Challenge: challenge, Action: s.path() + "/work", Again: q.asked.address(s) + "#candidates",
		Seconds: web.Seconds(q.fault.RetryAfter), Held: q.refused != nil,
		Asked: q.asked.carried(),
	}
}

func (d device) prove(ctx context.Context, slug string, sent url.Values) (identity.Credential, error) {
	return d.app.ProveVoter(ctx, slug, sent.Get("work"))
}

// refused speaks of a solution that does not hold.
func (device) refused(s *visit, _ url.Values, f *fault.Error) *refusal {
	if len(f.Fields) != 1 || f.Fields[0].Name != "work" {
		return nil
	}
	return s.refuse(f.Kind.Status(), "refusal.work")
}
