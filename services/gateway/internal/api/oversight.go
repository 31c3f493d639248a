package api

import (
	"context"
	"net/http"

	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/review"
)

// oversightRoutes are how jurors agree, and their conflicts of interest.
func (a *API) oversightRoutes() {
	const conflicts = panelPath + "/conflicts"
	serve(a, route{act: app.ReadOversight, at: "GET " + panelPath + "/oversight", summary: "How the jurors of a panel agree"},
		func(ctx context.Context, in *InPanel) (review.Oversight, error) { return a.app.Oversight(ctx, in.of()) })
	serve(a, route{
		act: app.ReadHistory, at: "GET " + panelPath + "/history/{candidate}",
		summary: "Every submitted revision of a candidate's sheets, by seat",
	},
		func(ctx context.Context, in *OfCandidate) ([]review.Revision, error) {
			return a.app.History(ctx, in.of())
		})
	serve(a, route{act: app.ReadConflicts, at: "GET " + conflicts, summary: "Conflicts declared, stated and found, and what was said of them"},
		func(ctx context.Context, in *InPanel) ([]review.Conflict, error) {
			return a.app.Conflicts(ctx, in.of())
		})
	serve(a, route{
		act: app.DeclareConflict, at: "POST " + conflicts, summary: "Declare that you must not score a candidate", status: http.StatusCreated,
	},
		func(ctx context.Context, in *aboutPanel[gateway.DeclareConflict]) (review.Declared, error) {
			return a.app.DeclareConflict(ctx, review.DeclareConflict{
				Slug: in.Slug, Panel: in.Panel, Candidate: in.Body.Candidate, Reason: in.Body.Reason,
			})
		})
	serve(a, route{act: app.PinConflict, at: "PUT " + conflicts, summary: "Say whether a juror may score a candidate"},
		func(ctx context.Context, in *aboutPanel[gateway.PinConflict]) (review.Conflict, error) {
			return a.app.PinConflict(ctx, in.of(), in.Body)
		})
}
