package api

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/voting"
)

type receiptInput struct {
	InSelection
	Receipt string `path:"receipt" maxLength:"64"`
}

// tally is the same for everybody, and a cache in front may hold it for a moment.
type tally struct {
	CacheControl string `header:"Cache-Control"`
	Body         voting.Tally
}

func (a *API) voterRoutes() {
	const one = "/selections/{slug}"
	serve(a, route{act: app.ProveVoter, at: "POST " + one + "/voters", summary: "Prove to be a voter", status: http.StatusCreated},
		func(ctx context.Context, in *about[gateway.ProveVoter]) (identity.Credential, error) {
			return a.app.Prove(ctx, in.Slug, in.Body)
		})
	register(a, route{act: app.ReadTally, at: "GET " + one + "/tally", summary: "The counts, as far as the rulebook shows them at this time"},
		func(ctx context.Context, in *InSelection) (*tally, error) {
			counts, err := a.app.Tally(ctx, in.Slug)
			return &tally{"public, max-age=1", counts}, err
		})
	serve(a, route{act: app.ReadReceipt, at: "GET " + one + "/receipts/{receipt}", summary: "What is recorded behind a receipt"},
		func(ctx context.Context, in *receiptInput) (voting.Recorded, error) {
			return a.app.Receipt(ctx, voting.GetReceipt{Slug: in.Slug, Receipt: in.Receipt})
		})
	register(a, route{
		act: app.ReadStatement, at: "POST " + one + "/statement", media: "text/plain",
		summary: "A signed statement of what is recorded for a ballot, to who has its receipt or key; \"a ballot\" or \"none\" for a private code",
	}, a.statement)
}

// statement takes the secret in the body: addresses are kept in logs and
// histories.
func (a *API) statement(ctx context.Context, in *about[gateway.AskStatement]) (*document, error) {
	var s voting.Statement
	var err error
	given := 0
	for _, secret := range []string{in.Body.Receipt, in.Body.Key, in.Body.Code} {
		if secret != "" {
			given++
		}
	}
	switch {
	case given != 1:
		return nil, errOneSecret
	case in.Body.Code != "":
		ballot, err := a.app.StatementByCode(ctx, in.Slug, in.Body.Code)
		s.Statement = gateway.NoBallot
		if ballot {
			s.Statement = gateway.ABallot
		}
		return &document{plainText, []byte(s.Statement + "\n")}, err
	case in.Body.Receipt != "":
		s, err = a.app.StatementByReceipt(ctx, in.Slug, in.Body.Receipt)
	default:
		voter, refused := a.app.Voter(app.CallerOf(ctx).Token, in.Slug)
		if refused != nil {
			return nil, named(refused, echo.HeaderAuthorization)
		}
		s, err = a.app.StatementByKey(ctx, voter, in.Body.Key)
	}
	return &document{plainText, []byte(s.Statement)}, err
}

var errOneSecret = fault.NewInvalid("secret_missing", "a statement is of the ballot whose receipt, key or voter's code is sent",
	fault.Wrong("receipt", "secret_wanted", "send one of the receipt, the key and the code"))
