// Package page serves Laurel's public pages: the list of selections, the
// ballot, candidates' stories, results and rules. They are rendered here, work
// without JavaScript, and speak zh-CN and English.
package page

import (
	"context"
	"embed"
	"io"
	"time"

	"github.com/labstack/echo/v4"

	core "github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/cache"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
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
	// Photo opens the JPEG of a candidate's photo, if the list shows it, and tells
	// its size in bytes.
	Photo(ctx context.Context, slug string, number int, hash string) (body io.ReadCloser, size int64, err error)
}

//go:embed template
var templateFiles embed.FS

// pages is what the handlers share.
type pages struct {
	*web.Site

	app       Backend
	views     web.Views
	ways      []way
	rules     *rulebooks
	tallies   *cache.Cache[voting.Tally] // every reader of a live vote asks for it
	lists     *cache.Cache[[]selection.Selection]
	outcomes  *cache.Cache[selection.Results]
	fragments *fragments
}

// How long what all visitors see alike is kept.
const (
	listTTL    = time.Second
	tallyTTL   = 250 * time.Millisecond
	outcomeTTL = 5 * time.Second // public results do not change
)

// Mount adds the pages to e.
func Mount(e *echo.Echo, site *web.Site, app Backend) {
	p := &pages{
		Site: site, app: app, views: site.Views(templateFiles), ways: ways(app),
		rules: newRulebooks(), fragments: newFragments(),
	}
	p.lists = cache.New(listTTL, p.Now, func(ctx context.Context, _ string) ([]selection.Selection, error) {
		return app.Selections(ctx)
	})
	p.tallies = cache.New(tallyTTL, p.Now, app.Tally)
	p.outcomes = cache.New(outcomeTTL, p.Now, app.Results)

	web.Get(e, core.ReadPhoto, "/s/:slug/c/:number/photo/:hash", p.photo, p.Headers)

	paged := p.Middleware()
	web.Get(e, core.ListSelections, "/", p.home, paged...)
	web.Get(e, core.ReadSelection, "/s/:slug", p.selection, paged...)
	web.Get(e, core.ReadCandidate, "/s/:slug/c/:number", p.candidate, paged...)
	web.Get(e, core.ReadReceipt, "/s/:slug/voted", p.voted, paged...)
	web.Get(e, core.ReadStatement, "/s/:slug/statement", p.statement, paged...)
	web.Get(e, core.ReadStatement, "/s/:slug/statement.txt", p.statementFile, paged...)
	web.Get(e, core.ReadResults, "/s/:slug/results", p.results, paged...)
	web.Get(e, core.ReadRulebook, "/s/:slug/rules", p.rulesPage, paged...)
	web.Post(e, core.ListCandidates, "/s/:slug", "find", p.find, paged...)
	web.Post(e, core.CastBallot, "/s/:slug", "vote", p.vote, paged...)
	for _, w := range p.ways {
		web.Post(e, core.ProveVoter, "/s/:slug", w.traits().form, p.proving(w), paged...)
	}
}
