package api

import (
	"context"
	"encoding/json"
	"net/http"
	"reflect"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humaecho"

	"github.com/laurel-awards/laurel/pkg/job"
	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/selection"
	"github.com/laurel-awards/laurel/services/voting"
)

// askAgain is after how many seconds who waits for a file asks again.
const askAgain = "1"

type jobInput struct {
	InSelection
	Service string `path:"service" maxLength:"40"`
	Job     string `path:"job" maxLength:"64"`
}

func (a *API) jobRoutes() {
	const at = "GET /selections/{slug}/jobs/{service}/{job}"
	register(a, route{act: app.ReadJob, at: at, summary: "How far long work is; once it is done, the way to what came of it", media: "application/json"},
		func(ctx context.Context, in *jobInput) (*huma.StreamResponse, error) {
			j, err := a.app.Job(ctx, in.Slug, in.Service, in.Job)
			if err != nil {
				return nil, err
			}
			return a.jobAnswer(ctx, j, http.StatusOK), nil
		})
	op := a.huma.OpenAPI().Paths[prefix+"/selections/{slug}/jobs/{service}/{job}"].Get
	op.Responses["200"] = a.jobResponse("How far the work is")
	op.Responses["303"] = &huma.Response{Description: "It is done; Location is its file, or what it found"}
}

func (a *API) jobResponse(about string) *huma.Response {
	schema := a.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[gateway.Job](), true, "Job")
	return &huma.Response{Description: about, Content: map[string]*huma.MediaType{"application/json": {Schema: schema}}}
}

// fileOf is where the file of a job is, or what it found.
func fileOf(j gateway.Job) string {
	of := prefix + "/selections/" + j.Slug
	switch j.Kind {
	case voting.LeavesJob:
		return of + "/log/leaves"
	case voting.BallotsJob:
		return of + "/exports/" + string(gateway.FileBallots)
	case voting.CheckJob:
		return of + "/check"
	case selection.BundleJob:
		return of + "/bundle"
	}
	return ""
}

// jobAnswer answers with a job: 303 to its file once that is made.
func (a *API) jobAnswer(ctx context.Context, j gateway.Job, status int) *huma.StreamResponse {
	return &huma.StreamResponse{Body: func(out huma.Context) {
		out.SetHeader("Content-Type", "application/json")
		out.SetHeader("Cache-Control", "no-store")
		switch file := fileOf(j); {
		case j.State == job.Done && file != "":
			status = http.StatusSeeOther
			out.SetHeader("Location", file)
		case j.EndedAt == nil:
			out.SetHeader("Retry-After", askAgain)
			out.SetHeader("Location", prefix+"/selections/"+j.Slug+"/jobs/"+j.Service+"/"+j.ID)
		}
		out.SetStatus(status)
		if err := json.NewEncoder(out.BodyWriter()).Encode(j); err != nil {
			a.cfg.Log.WarnContext(ctx, "answer not sent", "error", err)
		}
	}}
}

// stream answers with a file, and closes it; or with the job that makes it. A
// broken copy shows by its length; what is its name in the log.
func (a *API) stream(ctx context.Context, media string, file app.File, what ...any) *huma.StreamResponse {
	if file.Job != nil {
		return a.jobAnswer(ctx, *file.Job, http.StatusAccepted)
	}
	return &huma.StreamResponse{Body: func(out huma.Context) {
		out.SetHeader("Content-Type", media)
		out.SetHeader("Content-Length", strconv.FormatInt(file.Size, 10))
		if err := file.Send(out.BodyWriter(), http.NewResponseController(humaecho.Unwrap(out).Response())); err != nil {
			a.cfg.Log.WarnContext(ctx, "file broken off", append(what, "error", err)...)
		}
	}}
}
