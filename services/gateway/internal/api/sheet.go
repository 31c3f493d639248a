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
	serve(a, route{act: app.ReadSheets, at: "GET " + sheet, summary: "What you are to score in short, and one candidate whole"},
		func(ctx context.Context, in *OfSheet) (review.OwnSheets, error) { return a.app.OwnSheets(ctx, in.of()) })
	serve(a, route{act: app.SaveSheet, at: "POST " + sheets + "/submit", summary: "Submit your drafts, all or none"},
		func(ctx context.Context, in *aboutPanel[gateway.SubmitSheets]) (review.OwnSheets, error) {
			submit := review.SubmitSheets{Slug: in.Slug, Panel: in.Panel}
			for _, s := range in.Body.Sheets {
				submit.Sheets = append(submit.Sheets, review.SheetAsWas(s))
			}
			return a.app.SubmitSheets(ctx, submit)
		})
	serve(a, route{act: app.SaveSheet, at: "PUT " + sheet, summary: "Save or submit your sheet of a candidate"},
		func(ctx context.Context, in *sheetInput) (review.Sheet, error) {
			return a.app.SaveSheet(ctx, review.SaveSheet{
				Slug: in.Slug, Panel: in.Panel, Candidate: in.Candidate, Scores: in.Body.Scores,
				Comment: in.Body.Comment, Comments: in.Body.Comments, Abstain: in.Body.Abstain, Submit: in.Body.Submit, Base: in.Body.Base,
			})
		})
	serve(a, route{act: app.ReadPeers, at: "GET " + sheet + "/peers", summary: "Others' scores, after yours, where the rulebook allows"},
		func(ctx context.Context, in *OfSheet) ([]review.Peer, error) { return a.app.Peers(ctx, in.of()) })
	serve(a, route{act: app.ReadSheets, at: "GET " + sheet + "/history", summary: "Every revision of your sheet, the first one first"},
		func(ctx context.Context, in *OfSheet) ([]review.Sheet, error) { return a.app.Revisions(ctx, in.of()) })
}
