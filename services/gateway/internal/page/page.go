// Package page serves Laurel's public pages: the list of selections, the
// ballot, candidates' stories, results and rules. They are rendered here, work
// without JavaScript, and speak zh-CN and English.
package page

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"github.com/laurel-awards/laurel/services/gateway/internal/cache"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/identity/credential"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/selection"
	"github.com/laurel-awards/laurel/services/voting"
)

// Backend is what the pages ask of the gateway. Errors are the faults of the
// contracts that each method names.
type Backend interface {
	// Selections gives all, newest first: selection.Service.List.
	Selections(ctx context.Context) ([]selection.Selection, error)
	// Selection gives one: selection.Service.Get.
	Selection(ctx context.Context, slug string) (selection.Selection, error)
	// Candidates gives the whole list by number, struck ones too. The caller
	// does not change it.
	Candidates(ctx context.Context, slug string) ([]nomination.Candidate, error)
	// Candidate gives one with the whole deeds: nomination.Service.Candidate.
	Candidate(ctx context.Context, slug string, number int) (nomination.Candidate, error)
	// Tally gives the counts as far as the rulebook shows them at this time.
	Tally(ctx context.Context, slug string) (voting.Tally, error)
	// Results gives the published outcome: selection.Service.Results.
	Results(ctx context.Context, slug string) (selection.Results, error)
	// ProveVoter issues a credential of the way "device". Faults: work.ErrWanted
	// where work is empty, and those of a work that does not hold.
	ProveVoter(ctx context.Context, slug, work string) (identity.Credential, error)
	// ProveRoster issues a credential of the way "roster". Faults:
	// identity.ErrCodeMistyped, identity.ErrCode; of kind TooMany.
	ProveRoster(ctx context.Context, slug, code string) (identity.Credential, error)
	// Voter tells whom a credential names: credential.Verifier.Verify.
	Voter(text, slug string) (credential.Voter, error)
	// Cast counts a ballot, or gives a fault of voting.Service.CastBallots. Key
	// is the form's idempotency key as it was sent.
	Cast(voter credential.Voter, picks []int, key string) (voting.Outcome, error)
	// Statement says, signed, what is recorded for a voter:
	// voting.Service.Statement, and a fault of kind TooMany.
	Statement(ctx context.Context, voter credential.Voter) (voting.Statement, error)
	// Photo opens the JPEG of a candidate's photo, and tells its size in bytes.
	Photo(ctx context.Context, hash string) (body io.ReadCloser, size int64, err error)
}

// Config is how the pages are served.
type Config struct {
	PublicURL string           // https://host; empty: the address that the browser used
	Now       func() time.Time // for the life of cookies and for periods
	Log       *slog.Logger
}

// secure tells whether browsers reach us by https alone.
func (c Config) secure() bool { return strings.HasPrefix(c.PublicURL, "https://") }

// pages is what the handlers share.
type pages struct {
	cfg       Config
	backend   Backend
	views     views
	assets    assets
	rules     *rulebooks
	tallies   *cache.Cache[voting.Tally] // every reader of a live vote asks for it
	lists     *cache.Cache[[]selection.Selection]
	outcomes  *cache.Cache[selection.Results]
	fragments *fragments
	apiError  echo.HTTPErrorHandler // for what is not a page
}

// How long what all visitors see alike is kept.
const (
	listTTL    = time.Second
	tallyTTL   = 250 * time.Millisecond
	outcomeTTL = 5 * time.Second // public results do not change
)

const (
	maxForm  = "256K" // of a ballot form; 20,000 picks fit
	votePath = "/s/:slug/vote"
	findPath = "/s/:slug/find"
)

// Mount adds the pages to e, outside /api, and answers errors there as pages;
// errors under /api stay with the handler that e has at this time.
func Mount(e *echo.Echo, cfg Config, backend Backend) {
	p := &pages{cfg: cfg, backend: backend, assets: loadAssets(), rules: newRulebooks(), fragments: newFragments(), apiError: e.HTTPErrorHandler}
	p.lists = cache.New(listTTL, cfg.Now, func(ctx context.Context, _ string) ([]selection.Selection, error) {
		return backend.Selections(ctx)
	})
	p.tallies = cache.New(tallyTTL, cfg.Now, backend.Tally)
	p.outcomes = cache.New(outcomeTTL, cfg.Now, backend.Results)
	p.views = loadViews(p.assets)
	e.HTTPErrorHandler = p.fail

	plain := []echo.MiddlewareFunc{p.headers}
	read(e, "/static/:file", p.asset, plain)
	read(e, "/s/:slug/c/:number/photo/:hash", p.photo, plain)

	// Not a group's: it would take the unknown addresses of the API too.
	paged := []echo.MiddlewareFunc{
		p.headers, middleware.GzipWithConfig(middleware.GzipConfig{Level: 5, MinLength: 1024}),
		middleware.BodyLimit(maxForm), p.language, p.csrf(),
	}
	read(e, "/", p.home, paged)
	read(e, "/s/:slug", p.selection, paged)
	read(e, "/s/:slug/c/:number", p.candidate, paged)
	read(e, "/s/:slug/voted", p.voted, paged)
	read(e, "/s/:slug/statement", p.statement, paged)
	read(e, "/s/:slug/statement.txt", p.statementFile, paged)
	read(e, "/s/:slug/results", p.results, paged)
	read(e, "/s/:slug/rules", p.rulesPage, paged)
	e.POST(findPath, p.find, paged...)
	e.POST(votePath, p.vote, paged...)
	e.POST(workPath, p.work, paged...)
	e.POST(codePath, p.code, paged...)
}

// read registers what may be read: GET, and HEAD, whose body net/http drops.
func read(e *echo.Echo, path string, h echo.HandlerFunc, middlewares []echo.MiddlewareFunc) {
	e.Match([]string{http.MethodGet, http.MethodHead}, path, h, middlewares...)
}

// headers are what browsers are told of every page: no script, style, frame or
// form of another origin.
func (p *pages) headers(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set(echo.HeaderContentSecurityPolicy,
			"default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'")
		h.Set(echo.HeaderXContentTypeOptions, "nosniff")
		h.Set(echo.HeaderReferrerPolicy, "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		return next(c)
	}
}
