package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
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
	server *exec.Cmd
	exited chan error
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
	return h.Start(ctx)
}

// URL is the database's.
func (h *House) URL() string { return h.local.URL(database) }

// Run runs another laurel command on the house's data.
func (h *House) Run(ctx context.Context, stdin io.Reader, args ...string) error {
	cmd := h.command(ctx, args...)
	cmd.Stdin = stdin
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("laurel %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return nil
}

func (h *House) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, h.Binary, args...)
	cmd.Env = append(os.Environ(),
		"DATABASE_URL="+h.URL(), "DATA_DIR="+h.Dir, "NATS_URL=", "LISTEN="+h.Listen,
		"TRUSTED_PROXIES="+strings.Join(h.Proxies, ","))
	return cmd
}

// Start starts the server and waits until it is ready.
func (h *House) Start(ctx context.Context) error {
	log, err := os.OpenFile(h.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close() //nolint:errcheck // the child has its own descriptor
	server := h.command(context.WithoutCancel(ctx), "serve")
	server.Stdout, server.Stderr = log, log
	server.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for us; we end it
	if err := server.Start(); err != nil {
		return err
	}
	h.server, h.exited = server, make(chan error, 1)
	go func() { h.exited <- server.Wait() }()
	return h.await(ctx)
}

func (h *House) await(ctx context.Context) error {
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+h.Listen+"/readyz", http.NoBody)
		if err != nil {
			return err
		}
		if resp, err := http.DefaultClient.Do(req); err == nil {
			if err := resp.Body.Close(); err == nil && resp.StatusCode < 300 {
				return nil
			}
		}
		select {
		case err := <-h.exited:
			h.exited <- err
			return fmt.Errorf("the server ended: %w; its log is %s", err, h.Log)
		case <-ctx.Done():
			return fmt.Errorf("the server does not get ready: %w; its log is %s", ctx.Err(), h.Log)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// Kill ends the server as a power cut would.
func (h *House) Kill() error {
	err := h.server.Process.Kill()
	<-h.exited
	return err
}

// Close drains and ends the server, then PostgreSQL.
func (h *House) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), stopLimit)
	defer cancel()
	var errs []error
	if h.server != nil {
		errs = append(errs, h.server.Process.Signal(syscall.SIGTERM))
		select {
		case err := <-h.exited:
			errs = append(errs, err)
		case <-ctx.Done():
			errs = append(errs, fmt.Errorf("the server does not end: %w", ctx.Err()), h.Kill())
		}
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
