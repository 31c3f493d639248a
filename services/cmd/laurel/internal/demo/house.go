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

	"github.com/laurel-awards/laurel/pkg/pg"
)

// House is a server of the demo's own: a private PostgreSQL, and all services
// in one other process.
type House struct {
	Dir     string // data
	Binary  string // laurel
	Listen  string
	Proxies []string // whose X-Forwarded-For is believed
	Log     string   // file that the server logs to

	local  *pg.Local
	server *Server
}

const (
	database = "laurel"
	// startLimit bounds the start of PostgreSQL and of the server.
	startLimit = time.Minute
	stopLimit  = 15 * time.Second
)

// Open starts PostgreSQL, or adopts it where an earlier run left it, brings
// the tables up to date and starts the server.
func (h *House) Open(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	if err := os.MkdirAll(h.Dir, 0o755); err != nil {
		return err
	}
	local, err := pg.Local{Dir: filepath.Join(h.Dir, "postgres")}.Start(ctx)
	if err != nil {
		return err
	}
	h.local = local
	if err := pg.CreateDatabase(ctx, local.URL("postgres"), database); err != nil {
		return err
	}
	if err := h.Run(ctx, nil, "migrate"); err != nil {
		return err
	}
	h.server = &Server{Binary: h.Binary, Env: h.env(), Address: h.Listen, Log: h.Log}
	return h.server.Start(ctx)
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
func (h *House) DatabaseURL() string { return h.local.URL(database) }

func (h *House) env() []string {
	return []string{
		"DATABASE_URL=" + h.DatabaseURL(), "DATA_DIR=" + h.Dir, "NATS_URL=", "LISTEN=" + h.Listen,
		"TRUSTED_PROXIES=" + strings.Join(h.Proxies, ","),
	}
}

// Close drains and ends the server, then PostgreSQL.
func (h *House) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), stopLimit)
	defer cancel()
	var errs []error
	if h.server != nil {
		errs = append(errs, h.server.Stop(ctx))
	}
	if h.local != nil {
		errs = append(errs, h.local.Stop(ctx))
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
