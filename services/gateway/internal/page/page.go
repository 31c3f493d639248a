// Package page serves Laurel's public pages: the list of selections, the
// ballot, candidates' stories, results and rules. They are rendered here, work
// without JavaScript, and speak zh-CN and English.
package page

import (
	"context"
	"embed"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/cache"
	"github.com/laurel-awards/laurel/services/gateway/internal/poster"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/selection"
)

//go:embed template
var templateFiles embed.FS

// pages is what the handlers share.
type pages struct {
	*web.Site

	app       *app.App
	views     web.Views
	seen      visits
	ways      []way
	lists     *cache.Cache[[]selection.Selection]
	outcomes  *cache.Cache[selection.Results]
	fragments *fragments
	shelf     *cache.Shelf[keptKey, held]
	marks     marks
	posters   *poster.Poster // nil: the machine has no font for them
}

// How long what all visitors see alike is kept.
const (
	listTTL    = time.Second
	outcomeTTL = 5 * time.Second // public results do not change
)

// counted holds pages that a room works for, and files, to the rate at
// which an address may ask the API.
func (p *pages) counted(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if err := p.app.Admit(app.CallerOf(c.Request().Context()).Address); err != nil {
			return err
		}
		return next(c)
	}
}

// Mount adds the pages to e; posters draws the pictures of their links, and may be
// nil.
func Mount(e *echo.Echo, site *web.Site, core *app.App, posters *poster.Poster) {
	p := &pages{Site: site, app: core, views: site.Views(templateFiles), ways: ways(core), fragments: newFragments(), posters: posters, marks: newMarks()}
	p.shelf = newShelf(site.Pages)
	p.lists = cache.New(listTTL, p.Now, func(ctx context.Context, _ string) ([]selection.Selection, error) {
		return core.Selections(ctx)
	})
	p.outcomes = cache.New(outcomeTTL, p.Now, core.Results)

	web.Get(e, app.ReadPhoto, "/s/:slug/c/:number/photo/:hash", p.photo, p.Headers)

	paged := p.Middleware()
	read := append(slices.Clip(paged), p.reading)
	asking := append(slices.Clip(paged), p.counted)
	web.Get(e, app.ListSelections, "/", p.home, read...)
	web.Get(e, app.ReadSelection, "/s/:slug", p.selection, read...)
	web.Get(e, app.ListCandidates, "/s/:slug/faces.css", p.faces, read...)
	web.Get(e, app.ReadSelection, "/s/:slug/voting.ics", p.reminder, paged...)
	web.Get(e, app.ReadCandidate, "/s/:slug/c/:number", p.candidate, read...)
	web.Get(e, app.SubmitEntry, "/s/:slug/nominate", p.nominate, paged...)
	web.Post(e, app.SubmitEntry, "/s/:slug/nominate", "send", p.nominated, paged...)
	web.Get(e, app.ReadReceipt, "/s/:slug/voted", p.voted, paged...)
	web.Get(e, app.ReadReceipt, "/s/:slug/receipt", p.checking, asking...)
	web.Get(e, app.ReadReceipt, "/s/:slug/receipt.json", p.checkFile, asking...)
	web.Post(e, app.ReadReceipt, "/s/:slug/receipt", "check", p.check, asking...)
	web.Get(e, app.ReadStatement, "/s/:slug/statement", p.statement, paged...)
	web.Post(e, app.ReadStatement, "/s/:slug/statement", "show", p.stating, asking...)
	web.Post(e, app.ReadStatement, "/s/:slug/statement", "file", p.statementFile, asking...)
	web.Post(e, app.ReadStatement, "/s/:slug/statement", "code", p.statementByCode, asking...)
	web.Get(e, app.ReadResults, "/s/:slug/results", p.results, read...)
	web.Get(e, app.ReadSelection, "/s/:slug/poster.png", p.ofSelection, paged...)
	web.Get(e, app.ReadResults, "/s/:slug/results/poster.png", p.ofResults, paged...)
	web.Get(e, app.ReadCandidate, "/s/:slug/c/:number/poster.png", p.ofCandidate, paged...)
	web.Get(e, app.ReadResults, "/s/:slug/results/print", p.printed, read...)
	web.Get(e, app.ReadNotice, "/s/:slug/notice", p.notice, read...)
	web.Get(e, app.ReadNotice, "/s/:slug/notice/print", p.noticeSheet, read...)
	web.Get(e, app.ExportFile, "/s/:slug/exports/:file", p.checkable, p.Headers, p.counted)
	web.Get(e, app.ReadBundle, "/s/:slug/check/bundle", p.checkBundle, paged...)
	web.Get(e, app.ReadBundle, "/s/:slug/bundle.zip", p.bundle, p.Headers, p.counted)
	web.Get(e, app.ReadRulebook, "/s/:slug/rules", p.rulesPage, read...)
	web.Post(e, app.ListCandidates, "/s/:slug", "find", p.find, paged...)
	web.Get(e, app.ListCandidates, "/s/:slug/review", p.reviewing, paged...)
	web.Post(e, app.ListCandidates, "/s/:slug", "review", p.reviewed, paged...)
	web.Post(e, app.CastBallot, "/s/:slug", "vote", p.vote, paged...)
	p.mountObjection(e, paged, asking)
	p.mountAccount(e, paged)
	for _, w := range p.ways {
		web.Post(e, app.ProveVoter, "/s/:slug", w.traits().form, p.proving(w), paged...)
	}
}
