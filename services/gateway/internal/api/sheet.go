package api

import (
	"context"

	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/review"
)

// OfSheet is the signed-in juror's sheet of a candidate in a path.
type OfSheet struct {
	InPanel
	Candidate string `path:"candidate" minLength:"1" maxLength:"16" doc:"As the panel calls it: the public number, or a blind panel's code"`
}

func (in OfSheet) of() review.OfSheet {
	return review.OfSheet{Slug: in.Slug, Panel: in.Panel, Candidate: in.Candidate}
}

type sheetInput struct {
	OfSheet
	Body gateway.SaveSheet
}

// sheetRoutes are a juror's acts.
func (a *API) sheetRoutes() {
	const sheets, sheet = panelPath + "/sheets", panelPath + "/sheets/{candidate}"
	serve(a, route{act: app.ReadSheets, at: "GET " + sheets, summary: "What you are to score, and your sheets"},
		func(ctx context.Context, in *InPanel) ([]review.Assignment, error) { return a.app.Sheets(ctx, in.of()) })
	serve(a, route{act: app.SaveSheet, at: "PUT " + sheet, summary: "Save or submit your sheet of a candidate"},
		func(ctx context.Context, in *sheetInput) (review.Sheet, error) {
			return a.app.SaveSheet(ctx, review.SaveSheet{
				Slug: in.Slug, Panel: in.Panel, Candidate: in.Candidate, Scores: in.Body.Scores,
				Comment: in.Body.Comment, Comments: in.Body.Comments, Abstain: in.Body.Abstain, Submit: in.Body.Submit,
			})
		})
	serve(a, route{act: app.ReadPeers, at: "GET " + sheet + "/peers", summary: "Others' scores, after yours, where the rulebook allows"},
		func(ctx context.Context, in *OfSheet) ([]review.Peer, error) { return a.app.Peers(ctx, in.of()) })
	serve(a, route{act: app.ReadSheets, at: "GET " + sheet + "/history", summary: "Every revision of your sheet, the first one first"},
		func(ctx context.Context, in *OfSheet) ([]review.Sheet, error) { return a.app.Revisions(ctx, in.of()) })
}
