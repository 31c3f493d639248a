package api

import (
	"context"
	"hash/fnv"
	"math/rand/v2"
	"net/http"
	"slices"

	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/nomination"
)

type candidatesInput struct {
	InSelection
	Order string `query:"order" enum:"fair,number" default:"fair" doc:"fair: shuffled for this voter; number: by number"`
	Seed  string `query:"seed" maxLength:"64" doc:"Of the fair order, where the caller has no credential"`
}

// InCandidate is the candidate in a path.
type InCandidate struct {
	InSelection
	Number int `path:"number" minimum:"1" maximum:"1000000"`
}

type strikeInput struct {
	InCandidate
	Body reasoned
}

func (a *API) candidateRoutes() {
	register(a, route{method: http.MethodGet, path: "/selections/{slug}/candidates", summary: "The candidates, struck ones too"},
		func(ctx context.Context, in *candidatesInput) (*body[[]nomination.Candidate], error) {
			list, err := a.Candidates(ctx, in.Slug)
			if err != nil || in.Order == "number" {
				return answer(list, err)
			}
			seed := in.Seed
			if v := visitorOf(ctx); seed == "" {
				seed = v.address
				if voter, err := a.Voter(v.token, in.Slug); err == nil {
					seed = voter.HexID()
				}
			}
			return answer(fair(list, seed), nil)
		})
	register(a, route{method: http.MethodGet, path: "/selections/{slug}/candidates/{number}", summary: "A candidate with the whole story"},
		func(ctx context.Context, in *InCandidate) (*body[nomination.Candidate], error) {
			return answer(a.Candidate(ctx, in.Slug, in.Number))
		})
	register(a, route{method: http.MethodPost, path: "/selections/{slug}/candidates/{number}/strike", summary: "Take a candidate off the list", staff: true},
		func(ctx context.Context, in *strikeInput) (*body[nomination.Candidate], error) {
			ctx, err := a.may(ctx, in.Slug, identity.Organizer)
			if err != nil {
				return nil, err
			}
			return answer(a.nomination.StrikeCandidate(ctx, nomination.StrikeCandidate{Slug: in.Slug, Number: in.Number, Reason: in.Body.Reason}))
		})
}

// fair is the list shuffled by a seed: always the same for one voter, and no
// candidate is first for all.
func fair(list []nomination.Candidate, seed string) []nomination.Candidate {
	h := fnv.New64a()
	h.Write([]byte(seed))
	r := rand.New(rand.NewPCG(h.Sum64(), 1)) //nolint:gosec // an order, not a secret
	list = slices.Clone(list)
	r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list
}

// allCandidates reads the list page by page.
func (a *API) allCandidates(ctx context.Context, slug string) ([]nomination.Candidate, error) {
	all := []nomination.Candidate{}
	for after := 0; ; {
		page, err := a.nomination.ListCandidates(ctx, nomination.ListCandidates{Slug: slug, After: after})
		if err != nil {
			return nil, err
		}
		if len(page) == 0 {
			return all, nil
		}
		all = append(all, page...)
		after = page[len(page)-1].Number
	}
}
