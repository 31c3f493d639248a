package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/review"
	"github.com/laurel-awards/laurel/services/selection"
)

type exportInput struct {
	InSelection
	What gateway.File `path:"what"`
}

func (a *API) resultRoutes() {
	const one = "/selections/{slug}"
	serve(a, route{act: app.ReadResult, at: "GET " + one + "/result", summary: "The computed result, before it is public"},
		func(ctx context.Context, in *InSelection) (review.Result, error) { return a.app.Result(ctx, in.Slug) })
	serve(a, route{
		act: app.TryResult, at: "POST " + one + "/result/try", summary: "What the result would be under other rules; never a result, and not kept",
	},
		func(ctx context.Context, in *about[gateway.TryResult]) (review.Trial, error) {
			return a.app.TryResult(ctx, review.TryResult{
				Slug: in.Slug, Weights: in.Body.Weights, Converts: in.Body.Converts, Without: in.Body.Without,
			})
		})
	serve(a, route{
		act: app.ReadResult, at: "GET " + one + "/result/sensitivity",
		summary: "How far each weight and each quota can move, all else staying, before an award changes hands",
	},
		func(ctx context.Context, in *InSelection) (review.Sensitivities, error) {
			return a.app.Sensitivity(ctx, in.Slug)
		})
	serve(a, route{
		act: app.PublishResult, at: "GET " + one + "/publication", summary: "What publication would make public now, and what it would be refused for",
	},
		func(ctx context.Context, in *InSelection) (gateway.Preview, error) {
			preview, err := a.app.PreviewResults(ctx, in.Slug)
			return gateway.PreviewOf(preview), err
		})
	serve(a, route{
		act: app.PublishResult, at: "POST " + one + "/publication", summary: "Make the result public, after the notice",
		status: http.StatusCreated,
	},
		func(ctx context.Context, in *about[gateway.Reason]) (selection.Results, error) {
			return a.app.PublishResult(ctx, selection.PublishResult{Slug: in.Slug, Reason: in.Body.Reason})
		})
	serve(a, route{act: app.ReadResults, at: "GET " + one + "/results", summary: "The published result"},
		func(ctx context.Context, in *InSelection) (selection.Results, error) {
			return a.app.Results(ctx, in.Slug)
		})
	register(a, route{
		act: app.ExportFile, at: "GET " + one + "/exports/{what}", media: "text/csv", made: true,
		summary: "Votes, scores, ballots, candidates or awards as CSV, as `laurel compute` reads them; everybody's once the result is public",
	},
		func(ctx context.Context, in *exportInput) (*huma.StreamResponse, error) {
			file, err := a.app.Export(ctx, in.Slug, in.What)
			if err != nil {
				return nil, err
			}
			return a.stream(ctx, "text/csv; charset=utf-8", file, "slug", in.Slug, "what", string(in.What)), nil
		})
}
