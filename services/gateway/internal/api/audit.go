package api

import (
	"context"

	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
)

// auditInput asks for a page of a service's audit log.
type auditInput struct {
	Service string `query:"service" required:"true" enum:"identity,selection,nomination,voting,review"`
	After   int64  `query:"after" minimum:"0" doc:"Id of the last entry of the page before"`
	Limit   int    `query:"limit" minimum:"1" maximum:"500" default:"500"`
}

func (a *API) auditRoutes() {
	const one = "/selections/{slug}"
	serve(a, route{act: app.ReadDeliveries, at: "GET " + one + "/deliveries", summary: "Whether every event reached everyone it concerns, once"},
		func(ctx context.Context, in *InSelection) (gateway.DeliveryReport, error) {
			return a.app.Deliveries(ctx, in.Slug)
		})
	serve(a, route{act: app.ReadAudit, at: "GET " + one + "/audit", summary: "Every act of staff, oldest first"},
		func(ctx context.Context, in *InSelection) ([]gateway.Act, error) { return a.app.Audit(ctx, in.Slug) })
	serve(a, route{act: app.ReadWholeAudit, at: "GET /audit", summary: "A page of a service's whole audit log, oldest first"},
		func(ctx context.Context, in *auditInput) ([]gateway.Act, error) {
			return a.app.AuditPage(ctx, in.Service, in.After, in.Limit)
		})
	serve(a, route{act: app.CheckAudit, at: "GET /audit/check", summary: "Whether each service's audit log is what was recorded, and its signed head"},
		func(ctx context.Context, _ *struct{}) ([]audit.Report, error) { return a.app.AuditReports(ctx) })
	serve(a, route{
		act: app.ReadErasures, at: "GET " + one + "/erasures", summary: "What was erased because its time was over, oldest first",
	},
		func(ctx context.Context, in *InSelection) ([]gateway.Erasure, error) {
			return a.app.Erasures(ctx, in.Slug)
		})
	serve(a, route{act: app.ReadWholeAudit, at: "GET /erasures", summary: "What was erased of what belongs to no selection, such as sign-ins, oldest first"},
		func(ctx context.Context, _ *struct{}) ([]gateway.Erasure, error) { return a.app.CommonErasures(ctx) })
	a.checkRoutes()
}
