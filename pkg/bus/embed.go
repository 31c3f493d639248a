package bus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"golang.org/x/sys/unix"

	"github.com/laurel-awards/laurel/pkg/pause"
)

// provisionEvery is how soon a lost stream is made again.
const provisionEvery = time.Second

// Embedded is a NATS server with JetStream inside this process. It opens no
// port unless asked to. It keeps the streams there, as the operator does of a
// NATS apart.
type Embedded struct {
	srv  *server.Server
	lock *os.File
	log  *slog.Logger

	operator *Bus
	stop     context.CancelFunc
	done     chan struct{}
}

// Embed starts a server whose JetStream lives in dir; a lock file keeps a
// second process out of it. port 0 opens none; -1 opens a random one on
// loopback, for tests with several processes.
func Embed(dir string, port int, log *slog.Logger) (*Embedded, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("bus: embed: %w", err)
	}
	lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("bus: embed: %w", err)
	}
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("bus: embed: %s is in use by another process: %w", dir, err), lock.Close())
	}
	srv, err := server.NewServer(&server.Options{
		ServerName: "laurel",
		Host:       "127.0.0.1",
		Port:       port,
		DontListen: port == 0,
		JetStream:  true,
		StoreDir:   filepath.Join(dir, "jetstream"),
		MaxPayload: MaxPayload,
		NoSigs:     true,
		NoLog:      true,
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("bus: embed: %w", err), lock.Close())
	}
	srv.Start()
	if !srv.ReadyForConnections(20 * time.Second) {
		srv.Shutdown()
		return nil, errors.Join(fmt.Errorf("bus: embed: the server in %s does not get ready", dir), lock.Close())
	}
	e := &Embedded{srv: srv, lock: lock, log: log, done: make(chan struct{})}
	if err := e.provision(); err != nil {
		srv.Shutdown()
		return nil, errors.Join(err, lock.Close())
	}
	return e, nil
}

// provision makes the streams, and looks after them until Stop.
func (e *Embedded) provision() (err error) {
	if e.operator, err = e.Connect("operator"); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	e.stop = stop
	if _, err := e.operator.Provision(ctx); err != nil {
		e.operator.Close()
		return err
	}
	go func() {
		defer close(e.done)
		for pause.For(ctx, provisionEvery) {
			done, err := e.operator.Provision(ctx)
			if err != nil && ctx.Err() == nil {
				e.log.WarnContext(ctx, "bus: the streams are not as they must be", "error", err)
			}
			for _, what := range done {
				e.log.WarnContext(ctx, "bus: "+what)
			}
		}
	}()
	return nil
}

// URL is where other processes connect, if a port was asked for.
func (e *Embedded) URL() string { return e.srv.ClientURL() }

// Connect gives a connection through memory.
func (e *Embedded) Connect(name string) (*Bus, error) {
	return connect("", name, e.log, nats.InProcessServer(e.srv))
}

// Stop ends the server and lets go of its directory.
func (e *Embedded) Stop() error {
	e.stop()
	<-e.done
	e.operator.Close()
	e.srv.Shutdown()
	e.srv.WaitForShutdown()
	return e.lock.Close()
}
