package api

import (
	"context"
	"net/http"

	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/selection"
)

// InObjection is the objection in a path.
type InObjection struct {
	InSelection
	Objection int `path:"objection" minimum:"1" maximum:"1000000" doc:"Number of the objection"`
}

// aboutObjection is a request about an objection whose body is T.
type aboutObjection[T any] struct {
	InObjection
	Body T
}

func (a *API) noticeRoutes() {
	const notice, all, one = "/selections/{slug}/notice", "/selections/{slug}/objections", "/selections/{slug}/objections/{objection}"
	serve(a, route{act: app.ReadNotice, at: "GET " + notice, summary: "The decision on public notice"},
		func(ctx context.Context, in *InSelection) (selection.Notice, error) {
			return a.app.Notice(ctx, in.Slug)
		})
	serve(a, route{
		act: app.FileObjection, at: "POST " + notice + "/objections", summary: "Object to a candidate on notice", status: http.StatusCreated,
	},
		func(ctx context.Context, in *about[gateway.FileObjection]) (selection.Filed, error) {
			files, err := a.app.ObjectionIntake(ctx, in.Slug)
			if err != nil {
				return selection.Filed{}, err
			}
			return a.app.FileObjection(ctx, objectionOf(in.Slug, in.Body), files)
		})
	serve(a, route{act: app.FollowObjection, at: "POST " + notice + "/objections/follow", summary: "How far an objection is, by its code"},
		func(ctx context.Context, in *about[gateway.FollowObjection]) (selection.Followed, error) {
			return a.app.FollowObjection(ctx, selection.FollowObjection{Slug: in.Slug, Code: in.Body.Code})
		})
	serve(a, route{act: app.HandleObjection, at: "GET " + all, summary: "The objections that the caller is not party to"},
		func(ctx context.Context, in *InSelection) ([]selection.Objection, error) {
			return a.app.Objections(ctx, in.Slug)
		})
	serve(a, route{
		act: app.EnterObjection, at: "POST " + all, summary: "Enter an objection that came by letter, call or visit", status: http.StatusCreated,
	},
		func(ctx context.Context, in *about[gateway.EnterObjection]) (selection.Filed, error) {
			entered := objectionOf(in.Slug, in.Body.FileObjection)
			entered.Via, entered.ReceivedOn, entered.Postmark = in.Body.Via, in.Body.ReceivedOn, in.Body.Postmark
			return a.app.EnterObjection(ctx, entered, nil)
		})
	serve(a, route{act: app.HandleObjection, at: "GET " + one, summary: "An objection with its notes"},
		func(ctx context.Context, in *InObjection) (selection.Objection, error) {
			return a.app.Objection(ctx, selection.OfObjection{Slug: in.Slug, Number: in.Objection})
		})
	serve(a, route{act: app.HandleObjection, at: "POST " + one + "/notes", summary: "Note a hearing, or something else"},
		func(ctx context.Context, in *aboutObjection[gateway.NoteObjection]) (selection.Objection, error) {
			return a.app.NoteObjection(ctx, selection.NoteObjection{
				Slug: in.Slug, Number: in.Objection, Kind: in.Body.Kind, On: in.Body.On, Text: in.Body.Text,
			})
		})
	serve(a, route{act: app.HandleObjection, at: "POST " + one + "/exclude", summary: "Keep an objection from a handler who is party to it, for good"},
		func(ctx context.Context, in *aboutObjection[gateway.ExcludeHandler]) (selection.Objection, error) {
			return a.app.ExcludeHandler(ctx, selection.OfObjection{Slug: in.Slug, Number: in.Objection}, in.Body.Email, in.Body.Reason)
		})
	serve(a, route{act: app.HandleObjection, at: "POST " + one + "/outcome", summary: "Decide an objection; an upheld one strikes its candidate"},
		func(ctx context.Context, in *aboutObjection[gateway.DecideObjection]) (selection.Objection, error) {
			return a.app.DecideObjection(ctx, selection.DecideObjection{
				Slug: in.Slug, Number: in.Objection, Outcome: in.Body.Outcome, Rule: in.Body.Rule, Reasons: in.Body.Reasons,
			})
		})
}

func objectionOf(slug string, in gateway.FileObjection) selection.FileObjection {
	return selection.FileObjection{Slug: slug, Candidate: in.Candidate, Text: in.Text, Name: in.Name, Contact: in.Contact}
}
