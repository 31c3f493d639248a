// Package api is the JSON face of the gateway under /api/v1: it decodes
// requests, asks app, and encodes what app answers.
package api

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humaecho"
	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/cache"
	"github.com/laurel-awards/laurel/services/gateway/internal/kept"
	"github.com/laurel-awards/laurel/services/gateway/internal/problem"
)

// The limits of bodies in bytes.
const (
	maxBody  = 64 << 10
	maxRules = 512 << 10
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
	Languages problem.Languages
	Log       *slog.Logger
}

// API is the JSON face.
type API struct {
	app   *app.App
	cfg   Config
	huma  huma.API
	acts  map[string]app.Act // of huma's routes, by "GET /api/v1/selections/:slug"
	lists *cache.Shelf[listKey, *kept.Page]
	// ruled are the acts of all operations, by their ids.
	ruled map[string]app.Act
}

// Mount adds the API to e, and gives its description. The name of each route is
// its act.
func Mount(e *echo.Echo, core *app.App, cfg Config) *huma.OpenAPI {
	a := &API{app: core, cfg: cfg, acts: map[string]app.Act{}, ruled: map[string]app.Act{}}
	a.lists = cache.NewShelf[listKey](listBytes, (*kept.Page).Size)
	h := huma.DefaultConfig("Laurel", "1.0.0")
	h.Info.Description = "Awards from nomination to publication. Errors are RFC 9457 problems; `code` names the problem, `errors` the fields."
	h.OpenAPIPath, h.DocsPath, h.SchemasPath, h.CreateHooks = descriptionPath, "", "", nil
	h.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"session":    {Type: "http", Scheme: "bearer", Description: "Token of a staff session, from POST /sessions."},
		"credential": {Type: "http", Scheme: "bearer", Description: "A voter's credential, from POST /selections/{slug}/voters."},
	}
	h.Transformers = append(h.Transformers, problem.Transformer(cfg.Languages))
	enums(h.Components.Schemas)
	a.huma = humaecho.New(e, h)
	a.sessionRoutes()
	a.accountRoutes()
	a.factorRoutes()
	a.operatorRoutes()
	a.staffRoutes()
	a.peopleRoutes()
	a.selectionRoutes()
	a.draftRoutes()
	a.entryRoutes()
	a.docketRoutes()
	a.candidateRoutes()
	a.rosterRoutes()
	a.mailRoutes()
	a.voterRoutes()
	a.castRoute(e)
	a.liveRoute(e)
	a.logRoutes()
	a.bundleRoutes()
	a.jobRoutes()
	a.tileRoutes(e)
	a.panelRoutes()
	a.sheetRoutes()
	a.oversightRoutes()
	a.decisionRoutes()
	a.noticeRoutes()
	a.resultRoutes()
	a.auditRoutes()
	a.spellOut()
	a.describe()
	a.nameRoutes(e)
	return a.huma.OpenAPI()
}

// InSelection is the selection in a path. What is embedded is exported: the
// router sees nothing else.
type InSelection struct {
	Slug string `path:"slug" minLength:"3" maxLength:"64" pattern:"^[a-z0-9-]+$" doc:"Slug of the selection" example:"most-beautiful-courier-2"`
}

func (in InSelection) selection() string { return in.Slug }

// Reached is how the client reached us.
type Reached struct {
	host string // with the scheme
}

// Resolve implements huma.Resolver.
func (r *Reached) Resolve(ctx huma.Context) []error {
	r.host = "http://"
	if ctx.TLS() != nil {
		r.host = "https://"
	}
	r.host += ctx.Host()
	return nil
}

// address is how browsers reach the pages.
func (a *API) address(r Reached) string {
	if a.cfg.PublicURL != "" {
		return strings.TrimSuffix(a.cfg.PublicURL, "/")
	}
	return r.host
}

// about is a request about a selection whose body is T.
type about[T any] struct {
	InSelection
	Body T
}

// body is an answer with a JSON body.
type body[T any] struct{ Body T }

// document is an answer that goes out byte for byte.
type document struct {
	ContentType string `header:"Content-Type"`
	Body        []byte
}

const plainText = "text/plain; charset=utf-8"

// serve adds a route that answers with JSON.
func serve[In, Out any](a *API, r route, handle func(ctx context.Context, in *In) (Out, error)) {
	register(a, r, func(ctx context.Context, in *In) (*body[Out], error) {
		out, err := handle(ctx, in)
		return &body[Out]{out}, err
	})
}

// orUnknown is app.OrUnknown for a request about a selection.
func (a *API) orUnknown(ctx context.Context, in any, err error) error {
	if of, ok := in.(interface{ selection() string }); ok {
		return a.app.OrUnknown(ctx, of.selection(), err)
	}
	return err
}
