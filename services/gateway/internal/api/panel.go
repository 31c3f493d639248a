package api

import (
	"context"

	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/review"
)

const panelPath = "/selections/{slug}/panels/{panel}"

// InPanel is the panel in a path.
type InPanel struct {
	InSelection
	Panel string `path:"panel" maxLength:"64" doc:"Id in the rulebook"`
}

func (in InPanel) of() review.OfPanel { return review.OfPanel{Slug: in.Slug, Panel: in.Panel} }

// OfCandidate is a candidate on a panel in a path.
type OfCandidate struct {
	InPanel
	Candidate int `path:"candidate" minimum:"1" maximum:"1000000" doc:"The public number"`
}

func (in OfCandidate) of() review.OfCandidate {
	return review.OfCandidate{Slug: in.Slug, Panel: in.Panel, Candidate: in.Candidate}
}

// aboutPanel is a request about a panel whose body is T.
type aboutPanel[T any] struct {
	InPanel
	Body T
}

type sendBackInput struct {
	OfCandidate
	Body gateway.SendBack
}

// panelRoutes are an organizer's acts on a panel.
func (a *API) panelRoutes() {
	serve(a, route{act: app.SeatPanel, at: "PUT " + panelPath, summary: "Seat a panel, whole"},
		func(ctx context.Context, in *aboutPanel[gateway.SeatPanel]) (review.Panel, error) {
			return a.app.SeatPanel(ctx, in.of(), in.Body)
		})
	serve(a, route{act: app.ReadPanel, at: "GET " + panelPath, summary: "How far a panel is"},
		func(ctx context.Context, in *InPanel) (review.Panel, error) { return a.app.Panel(ctx, in.of()) })
	serve(a, route{
		act: app.ReadGaps, at: "GET /selections/{slug}/gaps", summary: "What the scores lack, by juror",
	},
		func(ctx context.Context, in *InSelection) ([]gateway.Gap, error) {
			found, err := a.app.Gaps(ctx, in.Slug)
			return gateway.Gaps(found), err
		})
	serve(a, route{
		act: app.AssignByHand, at: "PUT " + panelPath + "/assignments",
		summary: "Say which candidates a juror scores, where the rulebook leaves it to you",
	},
		func(ctx context.Context, in *aboutPanel[gateway.AssignByHand]) (review.Panel, error) {
			return a.app.AssignByHand(ctx, in.of(), in.Body)
		})
	serve(a, route{
		act: app.UnseatJuror, at: "POST " + panelPath + "/departures",
		summary: "Take a juror off a panel, with or without a successor",
	},
		func(ctx context.Context, in *aboutPanel[gateway.UnseatJuror]) (review.Panel, error) {
			return a.app.UnseatJuror(ctx, in.of(), in.Body)
		})
	serve(a, route{
		act: app.CallFurther, at: "POST " + panelPath + "/further",
		summary: "Have a further juror score a candidate whose spread is past the limit, or who is short of jurors",
	},
		func(ctx context.Context, in *aboutPanel[gateway.CallFurther]) (review.Panel, error) {
			return a.app.CallFurther(ctx, in.of(), in.Body)
		})
	serve(a, route{
		act: app.SendBack, at: "POST " + panelPath + "/sheets/{candidate}/return",
		summary: "Send a submitted sheet back for a second look",
	},
		func(ctx context.Context, in *sendBackInput) (review.Panel, error) {
			return a.app.SendBack(ctx, in.of(), in.Body)
		})
	serve(a, route{act: app.RecuseJuror, at: "POST " + panelPath + "/recusals", summary: "Take a candidate from a juror"},
		func(ctx context.Context, in *aboutPanel[gateway.RecuseJuror]) (review.Panel, error) {
			return a.app.RecuseJuror(ctx, in.of(), in.Body)
		})
}
