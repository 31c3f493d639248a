package api

import (
	"context"

	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/nomination"
)

// InDepartment is the department in a path.
type InDepartment struct {
	InSelection
	Department string `path:"department" maxLength:"64" doc:"Id in the rulebook"`
}

// aboutDepartment is a request about a department whose body is T.
type aboutDepartment[T any] struct {
	InDepartment
	Body T
}

// DocketQuery is which entries of a department's list are meant.
type DocketQuery struct {
	InDepartment
	Show   nomination.Show         `query:"show" doc:"due where absent: what waits for an opinion"`
	Search string                  `query:"search" maxLength:"100" doc:"In name, employer, region, recommending body and story"`
	Order  nomination.VettingOrder `query:"order" doc:"Of submission where absent"`
}

func (q DocketQuery) of() nomination.VettingQuery {
	return nomination.VettingQuery{Slug: q.Slug, Department: q.Department, Show: q.Show, Search: q.Search, Order: q.Order}
}

type listDocketInput struct {
	DocketQuery
	Offset int `query:"offset" minimum:"0" maximum:"30000"`
	Limit  int `query:"limit" minimum:"1" maximum:"200" default:"200"`
}

type docketEntryInput struct {
	DocketQuery
	Entry string `path:"entry" format:"uuid"`
}

// docketRoutes are a department's acts on many entries.
func (a *API) docketRoutes() {
	const department = "/selections/{slug}/departments/{department}"
	serve(a, route{act: app.ReadDocket, at: "GET " + department + "/entries", summary: "What waits for your department, or has had its opinion"},
		func(ctx context.Context, in *listDocketInput) (nomination.VettingList, error) {
			return a.app.Docket(ctx, nomination.ListVetting{VettingQuery: in.of(), Offset: in.Offset, Limit: in.Limit})
		})
	serve(a, route{act: app.ReadDocket, at: "GET " + department + "/entries/{entry}", summary: "An entry and its neighbours in your department's list"},
		func(ctx context.Context, in *docketEntryInput) (nomination.VettingStep, error) {
			return a.app.DocketEntry(ctx, nomination.GetVetting{VettingQuery: in.of(), Entry: in.Entry})
		})
	serve(a, route{act: app.GiveOpinion, at: "POST " + department + "/opinions", summary: "Your department's opinion on many entries, all or none"},
		func(ctx context.Context, in *aboutDepartment[gateway.GiveOpinions]) (nomination.Vetted, error) {
			return a.app.GiveOpinions(ctx, nomination.GiveOpinions{
				Slug: in.Slug, Entries: in.Body.Entries, Department: in.Department, Verdict: in.Body.Verdict, Reason: in.Body.Reason,
			})
		})
	serve(a, route{
		act: app.WithdrawOpinion, at: "POST " + department + "/opinions/withdraw", summary: "Take your department's opinions back while vetting is open",
	},
		func(ctx context.Context, in *aboutDepartment[gateway.WithdrawOpinions]) (nomination.Vetted, error) {
			return a.app.WithdrawOpinions(ctx, nomination.WithdrawOpinions{Slug: in.Slug, Entries: in.Body.Entries, Department: in.Department})
		})
}
