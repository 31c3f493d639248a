package api

import (
	"context"
	"net/http"

	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/review"
)

type seatCommitteeInput struct {
	InSelection
	Body struct {
		Members []string `json:"members" maxItems:"1000" doc:"Emails"`
	}
}

type motionInput struct {
	InSelection
	Body struct {
		Motion string `json:"motion" maxLength:"1000"`
	}
}

type choiceInput struct {
	InSelection
	Body struct {
		Choice string `json:"choice" doc:"for, against or abstain"`
	}
}

func (a *API) decisionRoutes() {
	register(a, route{method: http.MethodPut, path: "/selections/{slug}/decision/committee", summary: "Seat the committee, whole", staff: true},
		func(ctx context.Context, in *seatCommitteeInput) (*body[review.Decision], error) {
			ctx, err := a.may(ctx, in.Slug, identity.Organizer)
			if err != nil {
				return nil, err
			}
			members, err := a.people(ctx, "members", in.Body.Members)
			if err != nil {
				return nil, err
			}
			seated, err := a.review.SeatCommittee(ctx, review.SeatCommittee{Slug: in.Slug, Members: members})
			if err != nil {
				return nil, err
			}
			return answer(seated, a.appoint(ctx, in.Body.Members, identity.Grant{Slug: in.Slug, Role: identity.Committee}))
		})
	register(a, route{method: http.MethodPost, path: "/selections/{slug}/decision/motion", summary: "Put the computed result to the vote", status: http.StatusCreated, staff: true},
		func(ctx context.Context, in *motionInput) (*body[review.Decision], error) {
			ctx, err := a.may(ctx, in.Slug, identity.Organizer)
			if err != nil {
				return nil, err
			}
			return answer(a.review.PutMotion(ctx, review.PutMotion{Slug: in.Slug, Motion: in.Body.Motion}))
		})
	register(a, route{method: http.MethodPost, path: "/selections/{slug}/decision/votes", summary: "Vote on the motion", status: http.StatusCreated, staff: true},
		func(ctx context.Context, in *choiceInput) (*body[review.Decision], error) {
			ctx, err := a.may(ctx, in.Slug, identity.Committee)
			if err != nil {
				return nil, err
			}
			return answer(a.review.VoteMotion(ctx, review.VoteMotion{Slug: in.Slug, Choice: in.Body.Choice}))
		})
	register(a, route{method: http.MethodPost, path: "/selections/{slug}/decision/close", summary: "Count the committee's votes and record the decision", staff: true},
		func(ctx context.Context, in *InSelection) (*body[review.Decision], error) {
			ctx, err := a.may(ctx, in.Slug, identity.Organizer)
			if err != nil {
				return nil, err
			}
			return answer(a.review.CloseMotion(ctx, review.Of{Slug: in.Slug}))
		})
	register(a, route{method: http.MethodGet, path: "/selections/{slug}/decision", summary: "The committee's meeting", staff: true},
		func(ctx context.Context, in *InSelection) (*body[review.Decision], error) {
			ctx, err := a.may(ctx, in.Slug, identity.Organizer, identity.Committee, identity.Auditor)
			if err != nil {
				return nil, err
			}
			return answer(a.review.GetDecision(ctx, review.Of{Slug: in.Slug}))
		})
}
