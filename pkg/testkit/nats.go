package testkit

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/event"
)

// NATS is a server with JetStream in the test's process and directory. It
// opens a port on loopback, which other processes can connect to.
func NATS(t testing.TB) *bus.Embedded {
	t.Helper()
	nats, err := bus.Embed(t.TempDir(), -1, Log(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := nats.Stop(); err != nil {
			t.Errorf("stop NATS: %v", err)
		}
	})
	return nats
}

// LoseStream deletes what NATS keeps, as a lost disk would.
func LoseStream(t testing.TB, url, name string) {
	t.Helper()
	nc, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err == nil {
		err = js.DeleteStream(Context(t), name)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// DeployedNATS is a server with the configuration of a deployment, of which dir is
// the path to deploy/nats. The password of each user is its name. It has no
// streams until somebody makes them.
func DeployedNATS(t testing.TB, dir string, change ...func(*server.Options)) *server.Server {
	t.Helper()
	home := t.TempDir()
	passwords := ""
	for _, user := range append(event.Services(), "gateway", "admin") {
		passwords += strings.ToUpper(user) + "_PASSWORD: " + user + "\n"
	}
	files := map[string][]byte{"passwords.conf": []byte(passwords)}
	for _, name := range []string{"nats.conf", "users.conf"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = text
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(home, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	opts, err := server.ProcessConfigFile(filepath.Join(home, "nats.conf"))
	if err != nil {
		t.Fatal(err)
	}
	opts.Host, opts.Port, opts.HTTPPort, opts.StoreDir = "127.0.0.1", server.RANDOM_PORT, 0, home
	opts.NoSigs, opts.NoLog = true, true
	for _, c := range change {
		c(opts)
	}
	srv, err := server.NewServer(opts)
	if err != nil {
		t.Fatal(err)
	}
	srv.Start()
	t.Cleanup(func() { srv.Shutdown(); srv.WaitForShutdown() })
	if !srv.ReadyForConnections(Patience) {
		t.Fatal("NATS does not get ready")
	}
	return srv
}

// UserURL is where a user of a DeployedNATS connects.
func UserURL(t testing.TB, srv *server.Server, user string) string {
	t.Helper()
	u, err := url.Parse(srv.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword(user, user)
	return u.String()
}

// ConnectAs is Connect as a user of a DeployedNATS.
func ConnectAs(t testing.TB, srv *server.Server, user string) *bus.Bus {
	t.Helper()
	b, err := bus.Connect(UserURL(t, srv, user), user, Log(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	Acquaint(t, b)
	Eventually(t, Patience, b.Ready)
	return b
}
