package api

import (
	"context"
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humaecho"
	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/problem"
)

const (
	prefix          = "/api/v1"
	descriptionPath = "/api/openapi"
)

// route is an operation without its handler.
type route struct {
	act        app.Act
	at         string // method and path: "GET /selections"
	summary    string
	status     int          // of success; 200 where 0
	body       int64        // limit in bytes; maxBody where 0
	later      bool         // 202 with the same output, too
	challenged bool         // 202 with a challenge in the same output
	made       bool         // 202 with a job, while the document is being made
	out        reflect.Type // of the JSON that a handler writes itself
	media      string       // content types of success, by commas, where it is a document and not the output's JSON
}

// register adds a route whose handler answers with faults. Whoever lacks the
// session that its act takes is refused before the body is read.
func register[In, Out any](a *API, r route, handle func(ctx context.Context, in *In) (*Out, error)) {
	op := a.operation(r.act, r.at, r.summary)
	op.DefaultStatus, op.MaxBodyBytes, op.BodyReadTimeout = r.status, r.body, bigBodyTime
	op.RejectUnknownQueryParameters = true
	if op.MaxBodyBytes == 0 {
		op.MaxBodyBytes, op.BodyReadTimeout = maxBody, bodyTime
	}
	op.MaxBodyBytes++ // huma refuses from there on
	upload, uploads := any(new(In)).(interface{ describe(op *huma.Operation) })
	if uploads {
		op.MaxBodyBytes += formRoom
	}
	if app.Rules()[r.act].AtOnce() {
		op.Middlewares = huma.Middlewares{a.enter(r.act)}
	}
	if r.later {
		op.Responses["202"] = &huma.Response{Description: "Ordered, and not yet applied by every service"}
	}
	if r.challenged {
		op.Responses["202"] = &huma.Response{Description: "The password is right, and the account has a second factor: answer the challenge"}
	}
	if r.made {
		op.Responses["202"] = a.jobResponse("The file is still being made: Location tells how far it is; ask again after Retry-After seconds")
	}
	if r.media != "" {
		content := map[string]*huma.MediaType{}
		for media := range strings.SplitSeq(r.media, ",") {
			content[media] = &huma.MediaType{Schema: &huma.Schema{}}
		}
		op.Responses["200"] = &huma.Response{Content: content}
	}
	if r.out != nil {
		schema := a.huma.OpenAPI().Components.Schemas.Schema(r.out, true, op.OperationID+"Response")
		op.Responses["200"] = &huma.Response{Description: "OK", Content: map[string]*huma.MediaType{"application/json": {Schema: schema}}}
	}
	a.acts[op.Method+" "+echoPath(op.Path)] = r.act
	huma.Register(a.huma, *op, func(ctx context.Context, in *In) (*Out, error) {
		var out *Out
		err := plain(in)
		if err == nil {
			out, err = handle(ctx, in)
		}
		if err == nil {
			return out, nil
		}
		err = a.orUnknown(ctx, in, err)
		p := problem.From(err, actor.Request(ctx))
		if p.Status == http.StatusInternalServerError {
			a.cfg.Log.ErrorContext(ctx, "request failed", "route", r.at, "error", err)
		}
		return nil, p
	})
	if uploads {
		upload.describe(described(a.huma.OpenAPI().Paths[op.Path], op.Method))
	}
}

// described is the operation of a method in the document.
func described(path *huma.PathItem, method string) *huma.Operation {
	return map[string]*huma.Operation{
		http.MethodGet: path.Get, http.MethodPost: path.Post, http.MethodPut: path.Put, http.MethodDelete: path.Delete,
	}[method]
}

// enter refuses whoever has no session where the act takes one.
func (a *API) enter(act app.Act) func(ctx huma.Context, next func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		err := a.app.Enter(ctx.Context(), act)
		if err == nil {
			next(ctx)
			return
		}
		if err := problem.Write(humaecho.Unwrap(ctx), err, a.cfg.Languages); err != nil {
			a.cfg.Log.WarnContext(ctx.Context(), "answer not sent", "error", err)
		}
	}
}

// operation begins the description of a route. What its act takes to be done is
// said as its security.
func (a *API) operation(act app.Act, at, summary string) *huma.Operation {
	method, path, _ := strings.Cut(at, " ")
	op := &huma.Operation{
		OperationID: operationID(method, path), Method: method, Path: prefix + path, Summary: summary,
		Responses: map[string]*huma.Response{"default": a.problemResponse()},
	}
	a.ruled[op.OperationID] = act
	if scheme := security(app.Rules()[act]); scheme != "" {
		op.Security = []map[string][]string{{scheme: {}}}
	}
	return op
}

func security(r app.Rule) string {
	switch {
	case r.Who == app.Voters:
		return "credential"
	case r.ForStaff():
		return "session"
	}
	return ""
}

func (a *API) problemResponse() *huma.Response {
	schema := a.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[problem.Problem](), true, "Problem")
	return &huma.Response{Description: "A problem", Content: map[string]*huma.MediaType{problem.ContentType: {Schema: schema}}}
}

// pathParams describes the parameters in a path of a plain handler.
func pathParams(path string) (params []*huma.Param) {
	for word := range strings.SplitSeq(path, "/") {
		if name, ok := strings.CutPrefix(word, "{"); ok {
			name = strings.TrimSuffix(name, "}")
			about := ""
			if name == "slug" {
				about = "Slug of the selection"
			}
			params = append(params, &huma.Param{
				Name: name, Description: about, In: "path", Required: true, Schema: &huma.Schema{Type: huma.TypeString},
			})
		}
	}
	return params
}

// nameRoutes gives each route of huma's the name of its act; a plain handler's
// has it from the start.
func (a *API) nameRoutes(e *echo.Echo) {
	for _, r := range e.Routes() {
		if act, ok := a.acts[r.Method+" "+r.Path]; ok {
			r.Name = string(act)
		} else if strings.HasPrefix(r.Path, descriptionPath) {
			r.Name = string(app.ReadDescription)
		}
	}
}

// echoPath is a path as Echo writes it: {slug} is :slug.
func echoPath(path string) string { return strings.NewReplacer("{", ":", "}", "").Replace(path) }

// operationID is the method and the path's words: get-selections-slug-tally.
func operationID(method, path string) string {
	id := []byte{}
	for _, c := range []byte(method + path) {
		switch {
		case c >= 'A' && c <= 'Z':
			id = append(id, c+'a'-'A')
		case c >= 'a' && c <= 'z':
			id = append(id, c)
		case c == '/' || c == '_':
			id = append(id, '-')
		}
	}
	return string(id)
}
