package api

import (
	"context"
	"encoding/json"
	"net/http"
	"reflect"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
)

// checkRoutes are the check of the ballots. It takes its time: who orders it gets
// its job, which leads to what it found.
func (a *API) checkRoutes() {
	const at = "/selections/{slug}/check"
	a.checkJob("POST "+at, "Recount the ballots and make the log anew, or join whoever does", http.StatusAccepted,
		"Ordered: Location tells how far it is, and once it is done leads to what it found", a.app.OrderCheck)
	a.checkJob("DELETE "+at, "Cancel the check of the ballots that is at work", http.StatusOK, "The check, which has ended", a.app.CancelCheck)
	register(a, route{act: app.CheckTally, at: "GET " + at, summary: "What the last check of the ballots found", media: "application/json"},
		func(ctx context.Context, in *InSelection) (*huma.StreamResponse, error) {
			c, err := a.app.CheckTally(ctx, in.Slug)
			if err != nil {
				return nil, err
			}
			if c.At.IsZero() && c.Job != nil {
				return a.jobAnswer(ctx, *c.Job, http.StatusAccepted), nil
			}
			return &huma.StreamResponse{Body: func(out huma.Context) {
				out.SetHeader("Content-Type", "application/json")
				out.SetHeader("Cache-Control", "no-store")
				if err := json.NewEncoder(out.BodyWriter()).Encode(c); err != nil {
					a.cfg.Log.WarnContext(ctx, "answer not sent", "error", err)
				}
			}}, nil
		})
	op := a.huma.OpenAPI().Paths[prefix+at].Get
	schema := a.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[gateway.Check](), true, "Check")
	op.Responses["200"] = &huma.Response{
		Description: "What it found, of what was there at a time", Content: map[string]*huma.MediaType{"application/json": {Schema: schema}},
	}
	op.Responses["202"] = a.jobResponse("The first check is at work")
}

func (a *API) checkJob(at, summary string, status int, about string, act func(ctx context.Context, slug string) (gateway.Job, error)) {
	register(a, route{act: app.CheckTally, at: at, summary: summary, status: status},
		func(ctx context.Context, in *InSelection) (*huma.StreamResponse, error) {
			j, err := act(ctx, in.Slug)
			if err != nil {
				return nil, err
			}
			return a.jobAnswer(ctx, j, status), nil
		})
	path := a.huma.OpenAPI().Paths[prefix+"/selections/{slug}/check"]
	op := path.Post
	if status == http.StatusOK {
		op = path.Delete
	}
	op.Responses[strconv.Itoa(status)] = a.jobResponse(about)
}
