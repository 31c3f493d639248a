package api

import (
	"context"
	"net/http"

	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/review"
)

// signRoutes are what hosts do with what the committee has approved, and the minutes.
func (a *API) signRoutes() {
	const signing = "/selections/{slug}/decision/signatures"
	serve(a, route{act: app.ReadDecision, at: "GET /selections/{slug}/minutes", summary: "The minutes of the committee's meeting"},
		func(ctx context.Context, in *InSelection) (gateway.Minutes, error) {
			return a.app.Minutes(ctx, in.Slug)
		})
	serve(a, route{act: app.ReadSigning, at: "GET " + signing, summary: "What hosts sign, and which have"},
		func(ctx context.Context, in *InSelection) (review.Signing, error) { return a.app.Signing(ctx, in.Slug) })
	serve(a, route{act: app.ReadSigning, at: "POST " + signing + "/begin", summary: "What is to be shown to sign"},
		func(ctx context.Context, in *InSelection) (identity.Fresh, error) {
			return a.app.AskFresh(ctx, in.Slug)
		})
	serve(a, route{act: app.SignDecision, at: "POST " + signing, summary: "Sign for a host what the committee has approved", status: http.StatusCreated},
		func(ctx context.Context, in *about[gateway.SignDecision]) (review.Signing, error) {
			return a.app.SignDecision(ctx, in.Slug, in.Body)
		})
	serve(a, route{act: app.SignDecision, at: "POST " + signing + "/refuse", summary: "Return for a host what was approved to the committee"},
		func(ctx context.Context, in *about[gateway.RefuseDecision]) (review.Signing, error) {
			return a.app.RefuseDecision(ctx, in.Slug, in.Body)
		})
}
