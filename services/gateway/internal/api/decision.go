package api

import (
	"context"
	"net/http"

	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/review"
)

func (a *API) decisionRoutes() {
	const decision, lot, search = "/selections/{slug}/decision", "/selections/{slug}/lot", "/selections/{slug}/search"
	serve(a, route{act: app.SeatCommittee, at: "PUT " + decision + "/committee", summary: "Seat the committee, whole"},
		func(ctx context.Context, in *about[gateway.SeatCommittee]) (review.Decision, error) {
			return a.app.SeatCommittee(ctx, in.Slug, in.Body)
		})
	serve(a, route{
		act: app.PutMotion, at: "POST " + decision + "/motion", status: http.StatusCreated,
		summary: "Put the list in force to the vote, how the seats are filled where that is undecided, or a change of the list",
	},
		func(ctx context.Context, in *about[gateway.PutMotion]) (review.Decision, error) {
			move := review.PutMotion{
				Slug: in.Slug, Motion: in.Body.Motion, Kind: in.Body.Kind, Reason: in.Body.Reason, Out: in.Body.Out, In: in.Body.In,
			}
			for _, s := range in.Body.Seats {
				move.Seats = append(move.Seats, review.Awarded{Candidate: s.Candidate, Award: s.Award})
			}
			return a.app.PutMotion(ctx, move)
		})
	serve(a, route{act: app.VoteMotion, at: "POST " + decision + "/votes", summary: "Vote on the motion", status: http.StatusCreated},
		func(ctx context.Context, in *about[gateway.VoteMotion]) (review.Decision, error) {
			return a.app.VoteMotion(ctx, review.VoteMotion{Slug: in.Slug, Choice: in.Body.Choice})
		})
	serve(a, route{act: app.VoteMotion, at: "POST " + decision + "/recusals", summary: "Take no part in the motion", status: http.StatusCreated},
		func(ctx context.Context, in *about[gateway.RecuseMotion]) (review.Decision, error) {
			return a.app.RecuseMotion(ctx, review.RecuseMotion{Slug: in.Slug, Reason: in.Body.Reason})
		})
	serve(a, route{
		act: app.CloseMotion, at: "POST " + decision + "/close", summary: "Count the committee's votes and record the decision",
	},
		func(ctx context.Context, in *InSelection) (review.Decision, error) {
			return a.app.CloseMotion(ctx, review.CloseMotion{Slug: in.Slug})
		})
	serve(a, route{act: app.ReadDecision, at: "GET " + decision, summary: "The committee's meeting"},
		func(ctx context.Context, in *InSelection) (review.Decision, error) {
			return a.app.Decision(ctx, in.Slug)
		})
	serve(a, route{
		act: app.ReadDecision, at: "GET " + decision + "/meeting",
		summary: "Who is present, what was put to the vote, who has voted, and never how",
	},
		func(ctx context.Context, in *InSelection) (review.Meeting, error) {
			m, err := a.app.Meeting(ctx, in.Slug, false)
			return m.Meeting, err
		})
	a.signRoutes()
	serve(a, route{act: app.RecordLot, at: "PUT " + lot, summary: "Record the value that lots are drawn from, read after the vote"},
		func(ctx context.Context, in *about[gateway.RecordLot]) (review.Lot, error) {
			return a.app.RecordLot(ctx, review.RecordLot{Slug: in.Slug, Value: in.Body.Value, Reason: in.Body.Reason})
		})
	serve(a, route{act: app.ReadLot, at: "GET " + lot, summary: "The value that lots are drawn from"},
		func(ctx context.Context, in *InSelection) (review.Lot, error) { return a.app.Lot(ctx, in.Slug) })
	serve(a, route{
		act: app.OrderSearch, at: "POST " + search, status: http.StatusAccepted,
		summary: "Go on with the search for who can be seated under the quotas, with a larger budget",
	},
		func(ctx context.Context, in *about[gateway.OrderSearch]) (gateway.Search, error) {
			return a.app.OrderSearch(ctx, review.OrderSearch{Slug: in.Slug, Budget: in.Body.Budget})
		})
	serve(a, route{act: app.OrderSearch, at: "DELETE " + search, summary: "Cancel the search that is at work; what it has found is kept"},
		func(ctx context.Context, in *InSelection) (gateway.Search, error) {
			return a.app.CancelSearch(ctx, in.Slug)
		})
	serve(a, route{act: app.ReadSearch, at: "GET " + search, summary: "How far it is decided who can be seated under the quotas"},
		func(ctx context.Context, in *InSelection) (gateway.Search, error) { return a.app.Search(ctx, in.Slug) })
}
