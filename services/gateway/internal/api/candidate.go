package api

import (
	"context"

	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/nomination"
)

type candidatesInput struct {
	InSelection
	Order gateway.Order `query:"order" default:"fair" doc:"fair: shuffled for this voter; number: by number"`
	Seed  string        `query:"seed" maxLength:"64" doc:"Of the fair order, where the caller has no credential"`
}

// InCandidate is the candidate in a path.
type InCandidate struct {
	InSelection
	Number int `path:"number" minimum:"1" maximum:"1000000"`
}

type strikeInput struct {
	InCandidate
	Body gateway.Reason
}

func (a *API) candidateRoutes() {
	const all, one = "/selections/{slug}/candidates", "/selections/{slug}/candidates/{number}"
	serve(a, route{act: app.ListCandidates, at: "GET " + all, summary: "The candidates, struck ones too"},
		func(ctx context.Context, in *candidatesInput) ([]nomination.Candidate, error) {
			list, err := a.app.Candidates(ctx, in.Slug)
			if err != nil || in.Order == gateway.OrderNumber {
				return list, err
			}
			return app.Ordered(list, in.Order, a.seed(ctx, in), in.Slug), nil
		})
	serve(a, route{act: app.ReadCandidate, at: "GET " + one, summary: "A candidate with the whole story"},
		func(ctx context.Context, in *InCandidate) (nomination.Candidate, error) {
			return a.app.Candidate(ctx, in.Slug, in.Number)
		})
	serve(a, route{act: app.StrikeCandidate, at: "POST " + one + "/strike", summary: "Take a candidate off the list"},
		func(ctx context.Context, in *strikeInput) (nomination.Candidate, error) {
			return a.app.StrikeCandidate(ctx, nomination.StrikeCandidate{Slug: in.Slug, Number: in.Number, Reason: in.Body.Reason})
		})
}

// seed of the caller's fair order: as asked, else by the credential, else by
// the address.
func (a *API) seed(ctx context.Context, in *candidatesInput) string {
	caller := app.CallerOf(ctx)
	if in.Seed != "" {
		return in.Seed
	}
	if voter, err := a.app.Voter(caller.Token, in.Slug); err == nil {
		return voter.HexID()
	}
	return caller.Address
}
