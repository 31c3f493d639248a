package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/pg/private"
)

// House is an installation of the demo's own: a private PostgreSQL, and all
// services in one other process.
type House struct {
	Dir      string // data
	Binary   string // laurel
	Listen   string
	Proxies  []string       // whose X-Forwarded-For is believed
	Log      string         // file that the servers log to
	Postgres private.Server // where it has a directory, it is the caller's to stop; else it is in Dir
	Database string         // where it has no name: laurel
	// NATS is the URL of one that runs; then the Services, of which the last is
	// the gateway, are processes of their own.
	NATS     string
	Services []string

	local   *private.Server
	guest   bool // in the caller's PostgreSQL
	servers []*Server
}

const (
	// startLimit bounds the start of PostgreSQL and of the servers.
	startLimit = time.Minute
	stopLimit  = 15 * time.Second
)

// Open starts PostgreSQL, or adopts it where an earlier run left it, brings
// the tables up to date and starts the services.
func (h *House) Open(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	if err := os.MkdirAll(h.Dir, 0o755); err != nil {
		return err
	}
	if h.guest = h.Postgres.Dir != ""; !h.guest {
		h.Postgres.Dir = filepath.Join(h.Dir, "postgres")
	}
	if h.Database == "" {
		h.Database = "laurel"
	}
	local, err := h.Postgres.Start(ctx)
	if err != nil {
		return err
	}
	h.local = local
	if err := pg.CreateDatabase(ctx, local.URL("postgres"), h.Database); err != nil {
		return err
	}
	if err := h.Run(ctx, nil, "migrate"); err != nil {
		return err
	}
	return h.serve(ctx)
}

// serve starts the processes, all at once.
func (h *House) serve(ctx context.Context) error {
	if h.NATS == "" {
		server := &Server{Binary: h.Binary, Env: h.env(), Address: h.Listen, Log: h.Log}
		h.servers = []*Server{server}
		return server.Start(ctx)
	}
	g, ctx := errgroup.WithContext(ctx)
	for _, name := range h.Services {
		ops, err := freeAddress(ctx, "127.0.0.1:0")
		if err != nil {
			return err
		}
		server := &Server{Binary: h.Binary, Services: []string{name}, Env: append(h.env(), "OPS_LISTEN="+ops), Address: ops, Log: h.Log}
		h.servers = append(h.servers, server)
		g.Go(func() error { return server.Start(ctx) })
	}
	return g.Wait()
}

// Run runs another laurel command on the house's data.
func (h *House) Run(ctx context.Context, stdin io.Reader, args ...string) error {
	cmd := exec.CommandContext(ctx, h.Binary, args...)
	cmd.Env = append(os.Environ(), h.env()...)
	cmd.Stdin = stdin
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("laurel %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return nil
}

// DatabaseURL is the house's database, as superuser. After Open.
func (h *House) DatabaseURL() string { return h.local.URL(h.Database) }

// Front is the process of the gateway.
func (h *House) Front() *Server { return h.servers[len(h.servers)-1] }

func (h *House) env() []string {
	return []string{
		"DATABASE_URL=" + h.DatabaseURL(), "DATA_DIR=" + h.Dir, "NATS_URL=" + h.NATS, "LISTEN=" + h.Listen,
		"TRUSTED_PROXIES=" + strings.Join(h.Proxies, ","),
	}
}

// Close drains and ends the services, then PostgreSQL.
func (h *House) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), stopLimit)
	defer cancel()
	errs := make([]error, len(h.servers)+1)
	var g errgroup.Group
	for i, s := range h.servers {
		g.Go(func() error { errs[i] = s.Stop(ctx); return nil })
	}
	_ = g.Wait() // the errors are in errs
	if h.local != nil && !h.guest {
		errs[len(h.servers)] = h.local.Stop(ctx)
	}
	return errors.Join(errs...)
}

// freeAddress is a port on loopback that nobody listens on.
func freeAddress(ctx context.Context, preferred string) (string, error) {
	var lc net.ListenConfig
	for _, address := range []string{preferred, "127.0.0.1:0"} {
		l, err := lc.Listen(ctx, "tcp", address)
		if err != nil {
			continue
		}
		return l.Addr().String(), l.Close()
	}
	return "", errors.New("no port on loopback is free")
}
