package bench

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/config"
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
	address, err := freePort(ctx)
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
	address, err := freePort(ctx)
	if err != nil {
		return err
	}
	numbers := make([]int, candidates)
	for i := range numbers {
		numbers[i] = i + 1
	}
	for _, name := range []string{empty, naive} { // what is asked is the same, and nobody looks at the credential
		b.targets[name] = target{name, address, ballots("/"+name, b.slug, make(credential.Key, 32), numbers)}
	}
	return b.start(ctx, address, []string{"DATABASE_URL=" + b.house.DatabaseURL()}, "bench", "yardstick", "--listen", address)
}

// start starts a laurel that listens at an address, until the bench ends.
func (b *bench) start(ctx context.Context, address string, env []string, args ...string) error {
	cmd := exec.CommandContext(context.WithoutCancel(ctx), b.binary, args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for us; we end it
	if err := cmd.Start(); err != nil {
		return err
	}
	b.stops = append(b.stops, func() error { return errors.Join(cmd.Process.Signal(syscall.SIGTERM), cmd.Wait()) })
	for began := time.Now(); ; {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err == nil {
			return conn.Close()
		}
		if time.Since(began) > answerLimit || ctx.Err() != nil {
			return errors.Join(err, errors.New(strings.Join(args, " ")+" does not answer"))
		}
		run.Wait(ctx, 50*time.Millisecond) // it is starting
	}
}

// freePort is one on loopback.
func freePort(ctx context.Context) (string, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}
