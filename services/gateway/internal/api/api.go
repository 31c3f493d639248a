// Package api is the JSON API under /api/v1: who asks, may they, is it
// well-formed; then a request to the service that does it.
package api

import (
	"context"
	"log/slog"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humaecho"
	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/blob"
	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/problem"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/review"
	"github.com/laurel-awards/laurel/services/selection"
	"github.com/laurel-awards/laurel/services/voting"
)

// The limits of bodies in bytes.
const (
	maxBody   = 64 << 10
	maxRules  = 512 << 10
	maxPhoto  = 10 << 20
	maxImport = 20 << 20
)

// How long a body may take to arrive: JSON, and a photo over a weak phone
// connection.
const (
	bodyTime    = 15 * time.Second
	bigBodyTime = 60 * time.Second
)

// Config is what the API needs to be told.
type Config struct {
	PublicURL string // how browsers reach the pages; empty: the address that the client used
	Secure    bool   // cookies go over https alone
	Log       *slog.Logger

	// until the rest has moved to app
	Bus       *bus.Bus
	Blobs     blob.Store
	PhaseWait time.Duration
	Now       func() time.Time
}

// API is the JSON face of the App.
type API struct {
	app  *app.App
	cfg  Config
	huma huma.API

	bus   *bus.Bus
	blobs blob.Store

	identity   identity.Service
	selection  selection.Service
	nomination nomination.Service
	voting     voting.Service
	review     review.Service

	log ballotLog
}

// New makes the API and mounts it on e.
func New(e *echo.Echo, core *app.App, s app.Services, cfg Config) *API {
	a := &API{
		app: core, cfg: cfg, bus: cfg.Bus, blobs: cfg.Blobs,
		identity: s.Identity, selection: s.Selection, nomination: s.Nomination, voting: s.Voting, review: s.Review,
	}
	a.log = a.newBallotLog()

	h := huma.DefaultConfig("Laurel", "1.0.0")
	h.Info.Description = "Awards from nomination to publication. Errors are RFC 9457 problems; `code` names the problem, `errors` the fields."
	h.OpenAPIPath, h.DocsPath, h.SchemasPath, h.CreateHooks = "/api/openapi", "", "", nil
	h.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"session":    {Type: "http", Scheme: "bearer", Description: "Token of a staff session, from POST /sessions."},
		"credential": {Type: "http", Scheme: "bearer", Description: "A voter's credential, from POST /selections/{slug}/voters."},
	}
	a.huma = humaecho.New(e, h)
	a.sessionRoutes()
	a.staffRoutes()
	a.selectionRoutes()
	a.entryRoutes()
	a.candidateRoutes()
	a.rosterRoutes()
	a.ballotRoutes(e)
	a.liveRoutes(e)
	a.logRoutes(e)
	a.panelRoutes()
	a.decisionRoutes()
	a.resultRoutes(e)
	a.auditRoutes()
	return a
}

// OpenAPI is the description of the API, as JSON.
func (a *API) OpenAPI() ([]byte, error) { return a.huma.OpenAPI().MarshalJSON() }

// route is an operation without its handler.
type route struct {
	method, path string
	summary      string
	status       int    // of success; 200 where 0
	body         int64  // limit in bytes; maxBody where 0
	staff        bool   // needs a session, which is looked at before the body is read
	late         bool   // the handler itself says whether it needs the session
	later        bool   // 202 with the same output, too
	media        string // content types of success, by commas, where it is a document and not the output's JSON
}

// register adds a route whose handler answers with faults.
func register[In, Out any](a *API, r route, handle func(ctx context.Context, in *In) (*Out, error)) {
	op := huma.Operation{
		OperationID: operationID(r.method, r.path), Method: r.method, Path: "/api/v1" + r.path, Summary: r.summary,
		DefaultStatus: r.status, MaxBodyBytes: r.body, RejectUnknownQueryParameters: true, BodyReadTimeout: bigBodyTime,
	}
	if op.MaxBodyBytes == 0 {
		op.MaxBodyBytes, op.BodyReadTimeout = maxBody, bodyTime
	}
	op.MaxBodyBytes++ // huma refuses from there on
	if r.staff {
		op.Security = []map[string][]string{{"session": {}}}
	}
	if r.staff && !r.late {
		op.Middlewares = huma.Middlewares{a.strangersOut}
	}
	op.Responses = map[string]*huma.Response{"default": a.problemResponse()}
	if r.later {
		op.Responses["202"] = &huma.Response{Description: "Ordered, and not yet applied by every service"}
	}
	if r.media != "" {
		content := map[string]*huma.MediaType{}
		for media := range strings.SplitSeq(r.media, ",") {
			content[media] = &huma.MediaType{Schema: &huma.Schema{}}
		}
		op.Responses["200"] = &huma.Response{Content: content}
	}
	huma.Register(a.huma, op, func(ctx context.Context, in *In) (*Out, error) {
		out, err := handle(ctx, in)
		if err != nil {
			err = a.orUnknown(ctx, in, err)
			p := problem.From(err, actor.Request(ctx))
			if p.Status == http.StatusInternalServerError {
				a.cfg.Log.ErrorContext(ctx, "request failed", "route", r.method+" "+r.path, "error", err)
			}
			return nil, p
		}
		return out, nil
	})
}

func (a *API) problemResponse() *huma.Response {
	schema := a.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[problem.Problem](), true, "Problem")
	return &huma.Response{Description: "A problem", Content: map[string]*huma.MediaType{problem.ContentType: {Schema: schema}}}
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

// body is a response with a JSON body.
type body[T any] struct{ Body T }

func answer[T any](v T, err error) (*body[T], error) {
	if err != nil {
		return nil, err
	}
	return &body[T]{v}, nil
}

// InSelection is the selection in a path. What is embedded is exported: the
// router sees nothing else.
type InSelection struct {
	Slug string `path:"slug" minLength:"3" maxLength:"64" pattern:"^[a-z0-9-]+$" doc:"Slug of the selection" example:"most-beautiful-courier-2"`
}

// reasoned is a body that says why.
type reasoned struct {
	Reason string `json:"reason" minLength:"1" maxLength:"1000" doc:"Why; goes into the audit log"`
}

func (in InSelection) selection() string { return in.Slug }

// orUnknown is app.OrUnknown for a request that names a selection.
func (a *API) orUnknown(ctx context.Context, in any, err error) error {
	of, ok := in.(interface{ selection() string })
	if !ok {
		return err
	}
	return a.app.OrUnknown(ctx, of.selection(), err)
}

// known gives ErrUnknown for a selection that does not exist.
func (a *API) known(ctx context.Context, slug string) error {
	_, err := a.app.Selection(ctx, slug)
	return err
}
