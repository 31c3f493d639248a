// Package app is the gateway's core: who asks, what they may do, and what is
// asked of which service. The JSON API and the pages are faces of it: they
// decode, ask app, and show what it answers.
package app

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/laurel-awards/laurel/pkg/blob"
	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/gateway/internal/cache"
	"github.com/laurel-awards/laurel/services/gateway/internal/limit"
	"github.com/laurel-awards/laurel/services/gateway/internal/live"
	"github.com/laurel-awards/laurel/services/gateway/internal/pack"
	"github.com/laurel-awards/laurel/services/gateway/internal/work"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/identity/credential"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/review"
	"github.com/laurel-awards/laurel/services/selection"
	"github.com/laurel-awards/laurel/services/voting"
)

// Services are those that the gateway asks.
type Services struct {
	Identity   identity.Service
	Selection  selection.Service
	Nomination nomination.Service
	Voting     voting.Service
	Review     review.Service
	Replicas   pack.Replicas // of Voting
}

// Clients asks the services over NATS.
func Clients(b *bus.Bus) Services {
	return Services{
		Identity: identity.NewClient(b), Selection: selection.NewClient(b), Nomination: nomination.NewClient(b),
		Voting: voting.NewClient(b), Review: review.NewClient(b), Replicas: voting.NewReplicas(b),
	}
}

// Config is what App needs to be told.
type Config struct {
	CredentialKey credential.Key
	Limits        Limits
	WorkNumbers   int64         // of the easiest proof of work; 0: none is asked for
	PhaseWait     time.Duration // how long a change of phase, or a new juror's role, is waited for
	Streams       int           // live streams at a time; zero: live.DefaultStreams
	Now           func() time.Time
	Log           *slog.Logger
}

// App answers for all services.
type App struct {
	read  readResults
	cfg   Config
	bus   *bus.Bus
	blobs blob.Store

	identity   identity.Service
	selection  selection.Service
	nomination nomination.Service
	voting     voting.Service
	review     review.Service

	verifier   credential.Verifier
	packer     *pack.Packer
	selections *cache.Cache[selection.Selection]
	candidates *cache.Cache[[]nomination.Candidate]
	stories    *cache.Cache[nomination.Candidate] // by slug/number
	tallies    *cache.Cache[voting.Tally]
	live       *live.Hub
	log        ballotLog
	files      *cache.Cache[voting.Exported] // by kind/slug
	bundles    *cache.Cache[selection.Bundle]
	published  *cache.Cache[selection.Results] // by slug
	photos     *cache.Shelf[string, []byte]    // by hash
	notices    *cache.Cache[selection.Notice]
	sending    sending
	casting    atomic.Int64 // ballots that wait for their outcome
	codes      codeTries
	marking    *semaphore.Weighted
	rulebooks  rulebook.Cache
	rules      map[Act]Rule

	requests, ballots *limit.Limiter
	signIns, entries  *limit.Networks
	objections        *limit.Networks
	credentials       *work.Throttle
}

const (
	// How long what events cannot drop, or a lost event would have dropped, is
	// kept.
	selectionTTL = 250 * time.Millisecond
	candidateTTL = time.Second
	tallyTTL     = 250 * time.Millisecond
	noticeTTL    = time.Second
)

// New makes the App of services. The bus carries events, and what every service
// answers beside its contract; the blob store is the services' own.
func New(s Services, b *bus.Bus, blobs blob.Store, cfg Config) *App {
	a := &App{
		cfg: cfg, bus: b, blobs: blobs, rules: Rules(),
		identity: s.Identity, selection: s.Selection, nomination: s.Nomination, voting: s.Voting, review: s.Review,
		verifier: cfg.CredentialKey.Verifier(), packer: pack.New(s.Replicas),
		requests: limit.New(cfg.Limits.Requests, cfg.Now), ballots: limit.New(cfg.Limits.Ballots, cfg.Now),
		signIns: limit.NewNetworks(cfg.Limits.SignIns, cfg.Now), entries: limit.NewNetworks(cfg.Limits.Entries, cfg.Now),
		objections:  limit.NewNetworks(cfg.Limits.Entries, cfg.Now),
		credentials: work.NewThrottle(cfg.Limits.Credentials, cfg.WorkNumbers, cfg.CredentialKey, cfg.Now),
		codes:       newCodeTries(cfg.Limits.Codes, cfg.Limits.AllCodes, cfg.Now),
	}
	a.selections = cache.New(selectionTTL, cfg.Now, func(ctx context.Context, slug string) (selection.Selection, error) {
		return a.selection.GetSelection(ctx, selection.Of{Slug: slug})
	})
	a.candidates = cache.New(candidateTTL, cfg.Now, a.allCandidates)
	a.stories = cache.New(candidateTTL, cfg.Now, a.story)
	a.tallies = cache.New(tallyTTL, cfg.Now, a.askTally)
	a.photos = newPhotos()
	a.log = a.newBallotLog()
	a.files = cache.New(madeTTL, cfg.Now, a.askMade)
	a.bundles = cache.New(madeTTL, cfg.Now, a.askBundle)
	a.published = cache.New(publishedTTL, cfg.Now, func(ctx context.Context, slug string) (selection.Results, error) {
		return a.selection.GetResults(ctx, selection.Of{Slug: slug})
	})
	a.notices = cache.New(noticeTTL, cfg.Now, func(ctx context.Context, slug string) (selection.Notice, error) {
		return a.selection.GetNotice(ctx, selection.Of{Slug: slug})
	})
	a.sending.byHost = map[string]int{}
	a.marking = newMarking()
	a.live = live.New(live.Config{Streams: cfg.Streams, Load: a.freshTally, Log: cfg.Log})
	return a
}

// Run casts what is queued, writes to live streams and drops what events make
// stale, until ctx ends.
func (a *App) Run(ctx context.Context) error {
	for subject, drop := range map[string]func(slug string){
		"laurel.selection.>":  func(slug string) { a.selections.Drop(slug); a.tallies.Drop(slug) }, // a phase may hide counts
		"laurel.nomination.>": a.dropCandidates,
		"laurel.voting.>":     func(slug string) { a.selections.Drop(slug); a.tallies.Drop(slug) },
		"laurel.review.>":     a.selections.Drop,
	} {
		stop, err := a.bus.Listen(subject, func(subject string, _ []byte) { drop(lastToken(subject)) })
		if err != nil {
			return err
		}
		defer stop()
	}
	unfollow, err := voting.Follow(a.bus, a.live.Hear)
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

// dropCandidates forgets what is known of a selection's candidates.
func (a *App) dropCandidates(slug string) {
	a.candidates.Drop(slug)
	a.stories.DropAll(slug + "/")
}

// lastToken of an event's subject is its selection's slug.
func lastToken(subject string) string { return subject[strings.LastIndexByte(subject, '.')+1:] }
