// Package api is the JSON API under /api/v1: who asks, may they, is it
// well-formed; then a request to the service that does it.
package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humaecho"
	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/blob"
	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/phase"
	"github.com/laurel-awards/laurel/services/gateway/internal/cache"
	"github.com/laurel-awards/laurel/services/gateway/internal/limit"
	"github.com/laurel-awards/laurel/services/gateway/internal/live"
	"github.com/laurel-awards/laurel/services/gateway/internal/pack"
	"github.com/laurel-awards/laurel/services/gateway/internal/problem"
	"github.com/laurel-awards/laurel/services/gateway/internal/work"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/identity/credential"
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

// Limits are the rates of what costs or invites abuse.
type Limits struct {
	Requests    limit.Rate // of an address, to the whole API
	SignIns     limit.Rate // of an address
	Credentials work.Rates // device credentials: more of them take work
	Entries     limit.Rate // of an address: self-nominations
	Ballots     limit.Rate // of a credential
	Codes       limit.Rate // of an address, in a selection: wrong roster codes
	AllCodes    limit.Rate // of a selection: wrong roster codes, whoever sends them
}

// DefaultLimits let a shared network vote, and a script not.
func DefaultLimits() Limits {
	return Limits{
		Requests: limit.Rate{PerSecond: 100, Burst: 1000},
		SignIns:  limit.Rate{PerSecond: 1, Burst: 30},
		Credentials: work.Rates{
			Network: limit.Rate{PerSecond: 2, Burst: 60}, All: limit.Rate{PerSecond: 500, Burst: 30_000}, Strained: limit.Rate{PerSecond: 50, Burst: 50},
		},
		Entries: limit.Rate{PerSecond: 0.1, Burst: 10},
		Ballots: limit.Rate{PerSecond: 1, Burst: 10},
		// Of 2^55 codes at most 100,000 are good: at this rate, without a pause,
		// one is found in thousands of years.
		Codes:    limit.Rate{PerSecond: 0.2, Burst: 100},
		AllCodes: limit.Rate{PerSecond: 5, Burst: 2000},
	}
}

// Config is what the API needs to be told.
type Config struct {
	CredentialKey credential.Key
	Limits        Limits
	WorkNumbers   int64         // of the easiest proof of work; 0: none is asked for
	PublicURL     string        // how browsers reach the pages; empty: the address that the client used
	PhaseWait     time.Duration // how long a change of phase is waited for; then it is 202
	Secure        bool          // cookies go over https alone
	Streams       int           // live streams at a time; zero: live.DefaultStreams
	Now           func() time.Time
	Log           *slog.Logger
}

// API answers for all services.
type API struct {
	cfg   Config
	bus   *bus.Bus
	blobs blob.Store
	huma  huma.API

	identity   identity.Service
	selection  selection.Service
	nomination nomination.Service
	voting     voting.Service
	review     review.Service

	verifier   credential.Verifier
	packer     *pack.Packer
	accounts   *cache.Cache[identity.Account] // by session token
	selections *cache.Cache[selection.Selection]
	candidates *cache.Cache[[]nomination.Candidate]
	log        ballotLog
	live       *live.Hub
	codes      codeTries

	requests, ballots *limit.Limiter
	signIns, entries  *limit.Places
	credentials       *work.Brake
}

const (
	// How long what events cannot drop, or a lost event would have dropped, is
	// kept.
	accountTTL   = 5 * time.Second
	selectionTTL = 250 * time.Millisecond
	candidateTTL = 5 * time.Second
)

// New makes the API and mounts it on e.
func New(e *echo.Echo, b *bus.Bus, blobs blob.Store, cfg Config) *API {
	a := &API{
		cfg: cfg, bus: b, blobs: blobs,
		identity: identity.NewClient(b), selection: selection.NewClient(b), nomination: nomination.NewClient(b),
		voting: voting.NewClient(b), review: review.NewClient(b),
		requests: limit.New(cfg.Limits.Requests, cfg.Now), ballots: limit.New(cfg.Limits.Ballots, cfg.Now),
		signIns: limit.NewPlaces(cfg.Limits.SignIns, cfg.Now), entries: limit.NewPlaces(cfg.Limits.Entries, cfg.Now),
		credentials: work.NewBrake(cfg.Limits.Credentials, cfg.WorkNumbers, cfg.CredentialKey, cfg.Now),
	}
	a.verifier = cfg.CredentialKey.Verifier()
	a.packer = pack.New(a.voting.CastBallots)
	a.accounts = cache.New(accountTTL, cfg.Now, func(ctx context.Context, token string) (identity.Account, error) {
		return a.identity.Authenticate(ctx, identity.Token{Token: token})
	})
	a.selections = cache.New(selectionTTL, cfg.Now, func(ctx context.Context, slug string) (selection.Selection, error) {
		return a.selection.GetSelection(ctx, selection.Of{Slug: slug})
	})
	a.candidates = cache.New(candidateTTL, cfg.Now, a.allCandidates)
	a.log = a.newBallotLog()
	a.live = a.newHub()
	a.codes = newCodeTries(cfg.Limits.Codes, cfg.Limits.AllCodes, cfg.Now)

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

// Run casts what is queued, writes to live streams and drops what events make
// stale, until ctx ends.
func (a *API) Run(ctx context.Context) error {
	for subject, drop := range map[string]func(slug string){
		"laurel.selection.>":  a.selections.Drop,
		"laurel.nomination.>": a.candidates.Drop,
		"laurel.voting.>":     a.selections.Drop,
		"laurel.review.>":     a.selections.Drop,
	} {
		stop, err := a.bus.Listen(subject, func(subject string, _ []byte) { drop(lastToken(subject)) })
		if err != nil {
			return err
		}
		defer stop()
	}
	unfollow, err := a.follow()
	if err != nil {
		return err
	}
	defer unfollow()
	var streams sync.WaitGroup
	streams.Go(func() { a.live.Run(ctx) })
	defer streams.Wait()
	a.packer.Run(ctx)
	return nil
}

// lastToken of an event's subject is its selection's slug.
func lastToken(subject string) string { return subject[strings.LastIndexByte(subject, '.')+1:] }

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

// orUnknown turns "not yet" about a selection that does not exist into that:
// a room cannot tell the one from the other, the selection service can.
func (a *API) orUnknown(ctx context.Context, in any, err error) error {
	of, ok := in.(interface{ selection() string })
	if !ok || !errors.Is(err, phase.ErrNotYet) {
		return err
	}
	if unknown := a.known(ctx, of.selection()); errors.Is(unknown, selection.ErrUnknown) {
		return unknown
	}
	return err
}

// known gives ErrUnknown for a selection that does not exist, so that what
// other services have not yet heard of stays "not yet".
func (a *API) known(ctx context.Context, slug string) error {
	_, err := a.selections.Get(ctx, slug)
	return err
}
