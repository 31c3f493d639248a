package api

import (
	"context"
	"net/http"

	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/review"
)

// InPanel is the panel in a path.
type InPanel struct {
	InSelection
	Panel string `path:"panel" maxLength:"64" doc:"Id in the rulebook"`
}

type seatPanelInput struct {
	InPanel
	Body struct {
		Jurors     []string          `json:"jurors" maxItems:"1000" doc:"Emails, as many as the rulebook says"`
		Employers  map[string]string `json:"employers,omitempty" doc:"By email; find conflicts"`
		Categories map[string]string `json:"categories,omitempty" doc:"By email, where the rulebook assigns by category"`
	}
}

type sheetInput struct {
	OfSheet
	Body struct {
		Scores   map[string]string `json:"scores,omitempty" doc:"Decimal text by criterion; none to abstain"`
		Comment  string            `json:"comment,omitempty"`
		Comments map[string]string `json:"comments,omitempty" doc:"By criterion"`
		Abstain  bool              `json:"abstain,omitempty" doc:"Takes no scores"`
		Submit   bool              `json:"submit,omitempty" doc:"false: a draft"`
	}
}

type recuseInput struct {
	InPanel
	Body struct {
		Juror     string `json:"juror" doc:"Email"`
		Candidate int    `json:"candidate"`
		Reason    string `json:"reason" maxLength:"1000"`
	}
}

func (a *API) panelRoutes() {
	a.committeeRoutes()
	register(a, route{method: http.MethodPut, path: "/selections/{slug}/panels/{panel}", summary: "Seat a panel, whole", staff: true},
		func(ctx context.Context, in *seatPanelInput) (*body[review.Panel], error) {
			ctx, err := a.may(ctx, in.Slug, identity.Organizer)
			if err != nil {
				return nil, err
			}
			jurors, err := a.people(ctx, "jurors", in.Body.Jurors)
			if err != nil {
				return nil, err
			}
			for i, email := range in.Body.Jurors {
				jurors[i].Employer, jurors[i].Category = in.Body.Employers[email], in.Body.Categories[email]
			}
			panel, err := a.review.SeatPanel(ctx, review.SeatPanel{Slug: in.Slug, Panel: in.Panel, Jurors: jurors})
			if err != nil {
				return nil, err
			}
			return answer(panel, a.appoint(ctx, in.Body.Jurors, identity.Grant{Slug: in.Slug, Role: identity.Juror, Scope: in.Panel}))
		})
	register(a, route{method: http.MethodGet, path: "/selections/{slug}/panels/{panel}", summary: "How far a panel is", staff: true},
		func(ctx context.Context, in *InPanel) (*body[review.Panel], error) {
			ctx, err := a.may(ctx, in.Slug, identity.Organizer, identity.Auditor)
			if err != nil {
				return nil, err
			}
			return answer(a.review.GetPanel(ctx, review.OfPanel{Slug: in.Slug, Panel: in.Panel}))
		})
	register(a, route{method: http.MethodGet, path: "/selections/{slug}/panels/{panel}/sheets", summary: "What you are to score, and your sheets", staff: true},
		func(ctx context.Context, in *InPanel) (*body[[]review.Assignment], error) {
			ctx, err := a.mayIn(ctx, in.Slug, in.Panel, identity.Juror)
			if err != nil {
				return nil, err
			}
			return answer(a.review.ListAssignments(ctx, review.OfPanel{Slug: in.Slug, Panel: in.Panel}))
		})
	register(a, route{method: http.MethodPut, path: "/selections/{slug}/panels/{panel}/sheets/{candidate}", summary: "Save or submit your sheet of a candidate", staff: true},
		func(ctx context.Context, in *sheetInput) (*body[review.Sheet], error) {
			ctx, err := a.mayIn(ctx, in.Slug, in.Panel, identity.Juror)
			if err != nil {
				return nil, err
			}
			return answer(a.review.SaveSheet(ctx, review.SaveSheet{
				Slug: in.Slug, Panel: in.Panel, Candidate: in.Candidate, Scores: in.Body.Scores,
				Comment: in.Body.Comment, Comments: in.Body.Comments, Abstain: in.Body.Abstain, Submit: in.Body.Submit,
			}))
		})
	register(a, route{method: http.MethodPost, path: "/selections/{slug}/panels/{panel}/recusals", summary: "Take a candidate from a juror", staff: true},
		func(ctx context.Context, in *recuseInput) (*body[review.Panel], error) {
			ctx, err := a.may(ctx, in.Slug, identity.Organizer)
			if err != nil {
				return nil, err
			}
			juror, err := a.juror(ctx, in.Body.Juror)
			if err != nil {
				return nil, err
			}
			return answer(a.review.RecuseJuror(ctx, review.RecuseJuror{
				Slug: in.Slug, Panel: in.Panel, Juror: juror, Candidate: in.Body.Candidate, Reason: in.Body.Reason,
			}))
		})
}
