package installation

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

	"golang.org/x/sync/errgroup"
)

// Installation is the processes that share a database and a data directory.
// The addresses that callers on this machine name in X-Forwarded-For are
// believed, for a crowd comes from one process.
type Installation struct {
	Binary   string // laurel
	Dir      string // data and logs
	Database string // URL, as superuser
	NATS     string // URL; empty: inside the one process that runs all services
	Listen   string // host:port of the gateway
	Env      []string

	Processes map[string]*Process // that were added, by name
}

// gateway is the process that is stopped first.
const gateway = "gateway"

// Add adds a process, which runs the services, or all where there are none. It
// answers operators at ops, host:port; where that is empty, only the gateway
// tells whether it is ready. env goes beside the settings of all processes.
func (i *Installation) Add(name, ops string, services []string, env ...string) *Process {
	p := &Process{
		Binary: i.Binary, Args: append([]string{"serve"}, services...), Env: append(i.env(), env...),
		Address: ops, Log: filepath.Join(i.Dir, name+".log"),
	}
	if ops == "" {
		p.Address = i.Listen
	} else {
		p.Env = append(p.Env, "OPS_LISTEN="+ops)
	}
	if i.Processes == nil {
		i.Processes = map[string]*Process{}
	}
	i.Processes[name] = p
	return p
}

// Start starts processes, all at once, and waits until they are ready.
func (i *Installation) Start(ctx context.Context, names ...string) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, name := range names {
		g.Go(func() error { return i.Processes[name].Start(ctx) })
	}
	return g.Wait()
}

// Stop drains and ends all processes: the gateway, then those that it asks.
func (i *Installation) Stop(ctx context.Context) error {
	var err error
	if p := i.Processes[gateway]; p != nil {
		err = p.Stop(ctx)
	}
	errs := make(chan error, len(i.Processes))
	for name, p := range i.Processes {
		go func() {
			err := p.Stop(ctx)
			if err != nil {
				err = fmt.Errorf("stop %s: %w", name, err)
			}
			errs <- err
		}()
	}
	for range i.Processes {
		err = errors.Join(err, <-errs)
	}
	return err
}

// Run runs another laurel command on the installation's data.
func (i *Installation) Run(ctx context.Context, stdin io.Reader, args ...string) error {
	cmd := exec.CommandContext(ctx, i.Binary, args...)
	cmd.Env = append(os.Environ(), i.env()...)
	cmd.Stdin = stdin
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("laurel %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return nil
}

// CreateOrganizer makes the account that everything begins with, unless it is
// there.
func (i *Installation) CreateOrganizer(ctx context.Context, email, name, password string) error {
	return i.Run(ctx, strings.NewReader(password+"\n"), "admin", "create-user", "--existing", "--email", email, "--name", name, "--role", "organizer")
}

func (i *Installation) env() []string {
	return append([]string{
		"DATABASE_URL=" + i.Database, "DATA_DIR=" + i.Dir, "NATS_URL=" + i.NATS, "LISTEN=" + i.Listen, "TRUSTED_PROXIES=127.0.0.0/8",
	}, i.Env...)
}

// FreeAddress is the preferred host:port, or another port on loopback where
// that is taken.
func FreeAddress(ctx context.Context, preferred string) (string, error) {
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
