package bench

import (
	"context"
	"net"
	"path/filepath"

	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/config"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/installation"
	"github.com/laurel-awards/laurel/services/identity/credential"
)

// NATS is a server with JetStream, a process of its own.
type NATS struct {
	Dir  string     `required:"" type:"path" help:"Where JetStream keeps its streams."`
	Port int        `required:"" help:"On loopback."`
	Log  config.Log `embed:"" prefix:"log-"`
}

// Run serves until ctx ends.
func (n *NATS) Run(ctx context.Context) error {
	server, err := bus.Embed(n.Dir, n.Port, n.Log.Logger())
	if err != nil {
		return err
	}
	<-ctx.Done()
	return server.Stop()
}

// nats starts a NATS and gives its URL.
func (b *bench) nats(ctx context.Context, dir string) (string, error) {
	address, err := installation.FreeAddress(ctx, anyPort)
	if err != nil {
		return "", err
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", err
	}
	return "nats://" + address, b.start(ctx, address, nil, "bench", "nats", "--dir", dir, "--port", port)
}

// yardsticks starts their server.
func (b *bench) yardsticks(ctx context.Context) error {
	address, err := installation.FreeAddress(ctx, anyPort)
	if err != nil {
		return err
	}
	numbers := make([]int, candidates)
	for i := range numbers {
		numbers[i] = i + 1
	}
	for _, name := range []string{empty, naive} { // the request is the same, and nobody looks at the credential
		b.targets[name] = target{name, address, ballots("/"+name, b.slug, make(credential.Key, 32), numbers)}
	}
	return b.start(ctx, address, []string{"DATABASE_URL=" + b.one.Database}, "bench", "yardstick", "--listen", address)
}

// start starts a laurel that listens at an address, until the bench ends.
func (b *bench) start(ctx context.Context, address string, env []string, args ...string) error {
	p := &installation.Process{
		Binary: b.binary, Args: args, Env: env, Address: address, Ready: installation.Listens,
		Log: filepath.Join(b.DataDir, args[1]+".log"),
	}
	b.stops = append(b.stops, p.Stop)
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	return p.Start(ctx)
}
