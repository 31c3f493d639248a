package api

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/voting"
)

type receiptInput struct {
	InSelection
	Receipt string `path:"receipt" maxLength:"64"`
}

func (a *API) voterRoutes() {
	const one = "/selections/{slug}"
	serve(a, route{act: app.ProveVoter, at: "POST " + one + "/voters", summary: "Prove to be a voter", status: http.StatusCreated},
		func(ctx context.Context, in *about[gateway.ProveVoter]) (identity.Credential, error) {
			return a.app.Prove(ctx, in.Slug, in.Body)
		})
	serve(a, route{act: app.ReadTally, at: "GET " + one + "/tally", summary: "The counts, as far as the rulebook shows them at this time"},
		func(ctx context.Context, in *InSelection) (voting.Tally, error) { return a.app.Tally(ctx, in.Slug) })
	serve(a, route{act: app.ReadReceipt, at: "GET " + one + "/receipts/{receipt}", summary: "What is recorded behind a receipt"},
		func(ctx context.Context, in *receiptInput) (voting.Recorded, error) {
			return a.app.Receipt(ctx, voting.GetReceipt{Slug: in.Slug, Receipt: in.Receipt})
		})
	register(a, route{
		act: app.ReadStatement, at: "GET " + one + "/statement", media: "text/plain",
		summary: "A signed statement of the ballots recorded for a voter, or of none",
	},
		func(ctx context.Context, in *InSelection) (*document, error) {
			voter, err := a.app.Voter(app.CallerOf(ctx).Token, in.Slug)
			if err != nil {
				return nil, named(err, echo.HeaderAuthorization)
			}
			s, err := a.app.Statement(ctx, voter)
			return &document{plainText, []byte(s.Statement)}, err
		})
}
