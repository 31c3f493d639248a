package api

import (
	"context"

	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/voting"
)

func (a *API) auditRoutes() {
	const one = "/selections/{slug}"
	serve(a, route{act: app.ReadDeliveries, at: "GET " + one + "/deliveries", summary: "Whether every event reached everyone it concerns, once"},
		func(ctx context.Context, in *InSelection) (gateway.DeliveryReport, error) {
			return a.app.Deliveries(ctx, in.Slug)
		})
	serve(a, route{act: app.ReadAudit, at: "GET " + one + "/audit", summary: "Every act of staff, oldest first"},
		func(ctx context.Context, in *InSelection) ([]gateway.Act, error) { return a.app.Audit(ctx, in.Slug) })
	serve(a, route{act: app.CheckTally, at: "GET " + one + "/check", summary: "Recount the ballots"},
		func(ctx context.Context, in *InSelection) (voting.Check, error) {
			return a.app.CheckTally(ctx, in.Slug)
		})
}
