package e2e_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/installation"
)

// natsVariable makes this program a NATS server, at host:port in a directory
// that follows after a space.
const natsVariable = "LAUREL_TEST_NATS"

// brokerProcess is a NATS server with JetStream in a process of its own: this
// program, called with natsVariable.
type brokerProcess struct {
	*installation.Process
	dir string
}

func newBroker(t *testing.T, address string) *brokerProcess {
	t.Helper()
	dir := t.TempDir()
	b := &brokerProcess{&installation.Process{
		Binary: os.Args[0], Env: []string{natsVariable + "=" + address + " " + dir}, Address: address,
		Ready: takesClients, Log: filepath.Join(t.TempDir(), "log"),
	}, dir}
	b.start(t)
	t.Cleanup(func() { b.kill(t) })
	return b
}

// takesClients asks whether NATS takes connections.
func takesClients(_ context.Context, address string) error {
	nc, err := nats.Connect("nats://" + address)
	if err == nil {
		nc.Close()
	}
	return err
}

// start starts it on its directory.
func (b *brokerProcess) start(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), wait)
	defer cancel()
	if err := b.Start(ctx); err != nil {
		t.Fatal(err)
	}
}

// kill ends it as a power cut would.
func (b *brokerProcess) kill(t *testing.T) {
	t.Helper()
	if err := b.Kill(); err != nil {
		t.Fatalf("kill NATS: %v", err)
	}
}

// lose deletes its JetStream directory, where it may be writing.
func (b *brokerProcess) lose(t *testing.T) {
	t.Helper()
	testkit.Eventually(t, wait, func() error { return os.RemoveAll(filepath.Join(b.dir, server.JetStreamStoreDir)) })
}

// serveNATS is the process of a broker, until it is killed.
func serveNATS(arg string) int {
	address, dir, _ := strings.Cut(arg, " ")
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	srv, err := server.NewServer(&server.Options{
		ServerName: "laurel", Host: host, Port: n, JetStream: true, StoreDir: dir, MaxPayload: bus.MaxPayload, NoLog: true,
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	srv.Start()
	if !srv.ReadyForConnections(startLimit) {
		fmt.Fprintln(os.Stderr, "NATS does not get ready")
		return 1
	}
	srv.WaitForShutdown()
	return 0
}
