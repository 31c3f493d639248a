// Package server wires the gateway: the only public listener.
package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/blob"
	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/services/gateway/internal/api"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/desk"
	"github.com/laurel-awards/laurel/services/gateway/internal/limit"
	"github.com/laurel-awards/laurel/services/gateway/internal/manual"
	"github.com/laurel-awards/laurel/services/gateway/internal/page"
	"github.com/laurel-awards/laurel/services/gateway/internal/poster"
	"github.com/laurel-awards/laurel/services/gateway/internal/problem"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/gateway/internal/work"
	"github.com/laurel-awards/laurel/services/identity/credential"
)

// Config is what the gateway needs to be told.
type Config struct {
	Listen         string   // host:port
	PublicURL      string   // how browsers reach it; https makes cookies Secure
	TrustedProxies []string // CIDRs whose X-Forwarded-For is believed
	CredentialKey  credential.Key
	Limits         app.Limits                      // zero: DefaultLimits
	WorkNumbers    int64                           // of the easiest proof of work; 0: none is asked for
	Font           string                          // file of a font with Chinese glyphs; empty: the machine's, where it has one
	Pages          int                             // bytes of pages that are kept for all visitors; zero: 64 MiB
	Streams        int                             // live streams at a time; zero: live.DefaultStreams
	PhaseWait      time.Duration                   // how long a change of phase, or a new juror's role, is waited for; zero: five seconds
	Ready          func(ctx context.Context) error // whether the services can answer
	Now            func() time.Time
	Log            *slog.Logger
}

// The limits of a connection: who sends slower than this is let go.
const (
	headerTimeout = 5 * time.Second
	readTimeout   = 60 * time.Second
	writeTimeout  = 150 * time.Second // an import has a minute to arrive and one to be checked
	idleTimeout   = 90 * time.Second
	maxHeader     = 16 << 10 // bytes
)

// phaseWait is how long a client that changes a phase hangs on for "done".
const phaseWait = 5 * time.Second

// Server is the gateway at work.
type Server struct {
	http     *http.Server
	app      *app.App
	echo     *echo.Echo
	listener net.Listener
	stop     context.CancelFunc
	done     chan struct{} // closed when the App's background work has ended
}

// New wires the gateway on a connection to NATS; the blob store is the
// services' own.
func New(b *bus.Bus, blobs blob.Store, cfg Config) (*Server, error) {
	if len(cfg.CredentialKey) < 32 {
		return nil, errors.New("gateway: the credential key has fewer than 32 bytes")
	}
	if cfg.WorkNumbers < 0 || cfg.WorkNumbers > work.MaxNumbers {
		return nil, fmt.Errorf("gateway: proof of work takes 0 to %d numbers", work.MaxNumbers)
	}
	if cfg.Limits == (app.Limits{}) {
		cfg.Limits = app.DefaultLimits()
	}
	if cfg.PhaseWait == 0 {
		cfg.PhaseWait = phaseWait
	}
	posters, err := poster.Open(cfg.Font)
	if err != nil {
		return nil, fmt.Errorf("gateway: %w", err)
	}
	site := web.New(web.Config{PublicURL: cfg.PublicURL, Pages: cfg.Pages, Now: cfg.Now, Log: cfg.Log})
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	extract, err := extractor(cfg.TrustedProxies)
	if err != nil {
		return nil, err
	}
	e.IPExtractor = extract
	e.HTTPErrorHandler = func(err error, c echo.Context) {
		if c.Response().Committed {
			return
		}
		if err := problem.Write(c, err, site.Words); err != nil {
			cfg.Log.WarnContext(c.Request().Context(), "answer not sent", "error", err)
		}
	}
	secure := strings.HasPrefix(cfg.PublicURL, "https://")
	e.Use(requests(cfg.Log), headers(secure))
	core := app.New(app.Clients(b), b, blobs, app.Config{
		CredentialKey: cfg.CredentialKey, Limits: cfg.Limits, WorkNumbers: cfg.WorkNumbers, PhaseWait: cfg.PhaseWait,
		Streams: cfg.Streams, Now: cfg.Now, Log: cfg.Log,
	})
	site.Reading = limit.NewGate(core.Crowded)
	e.Use(auth(core, web.NewCrossOrigin(cfg.PublicURL), secure), door)
	described := api.Mount(e, core, api.Config{PublicURL: cfg.PublicURL, Secure: secure, Languages: site.Words, Log: cfg.Log})
	e.GET("/healthz", func(c echo.Context) error { return c.NoContent(http.StatusNoContent) }).Name = string(app.ReadDescription)
	e.GET("/readyz", func(c echo.Context) error {
		if err := ready(c.Request().Context(), b, cfg.Ready); err != nil {
			return err
		}
		return c.NoContent(http.StatusNoContent)
	}).Name = string(app.ReadDescription)
	site.Mount(e)
	manual.Mount(e, site, described)
	page.Mount(e, site, core, posters)
	desk.Mount(e, site, core)
	s := &Server{app: core, echo: e, done: make(chan struct{}), http: HTTP(cfg.Listen, e)}
	s.http.ErrorLog = slog.NewLogLogger(cfg.Log.Handler(), slog.LevelDebug)
	s.http.RegisterOnShutdown(core.EndStreams)
	return s, nil
}

// HTTP is a server with the limits of a connection.
func HTTP(listen string, handler http.Handler) *http.Server {
	return &http.Server{
		Addr: listen, Handler: handler, ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout,
		WriteTimeout: writeTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader,
	}
}

func ready(ctx context.Context, b *bus.Bus, services func(context.Context) error) error {
	if err := b.Ready(); err != nil || services == nil {
		return err
	}
	return services(ctx)
}

// extractor tells a client's address: by X-Forwarded-For as far as it comes
// from the proxies, else the connection's own.
func extractor(proxies []string) (echo.IPExtractor, error) {
	if len(proxies) == 0 {
		return echo.ExtractIPDirect(), nil
	}
	opts := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, p := range proxies {
		_, network, err := net.ParseCIDR(p)
		if err != nil {
			return nil, fmt.Errorf("gateway: trusted proxy: %w", err)
		}
		opts = append(opts, echo.TrustIPRange(network))
	}
	return echo.ExtractIPFromXFFHeader(opts...), nil
}

// Handler is the gateway without its listener, for tests.
func (s *Server) Handler() http.Handler { return s.echo }

// Start listens and serves until Stop; failed takes an error that ends it
// before.
func (s *Server) Start(failed chan<- error) error {
	listener, err := net.Listen("tcp", s.http.Addr)
	if err != nil {
		return fmt.Errorf("gateway: %w", err)
	}
	s.listener = listener
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	go func() {
		defer close(s.done)
		if err := s.app.Run(ctx); err != nil {
			failed <- fmt.Errorf("gateway: %w", err)
		}
	}()
	go func() {
		if err := s.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			failed <- fmt.Errorf("gateway: %w", err)
		}
	}()
	return nil
}

// Addr is where it listens.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Stop takes no more requests, ends live streams, answers what is in hand, then
// ends.
func (s *Server) Stop(ctx context.Context) error {
	err := s.http.Shutdown(ctx)
	if s.stop == nil { // never started
		return err
	}
	s.stop()
	select {
	case <-s.done:
		return err
	case <-ctx.Done():
		return errors.Join(err, ctx.Err())
	}
}
