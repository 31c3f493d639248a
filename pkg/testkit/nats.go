package testkit

import (
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

// Deployed is a NATS server with the configuration of a deployment. The password of
// each user is its name.
type Deployed struct {
	*server.Server
	CA string // file of the authority that vouches for it
}

// DeployedNATS starts one; dir is the path to deploy/nats. It has no streams until
// somebody makes them.
func DeployedNATS(t testing.TB, dir string, change ...func(*server.Options)) *Deployed {
	t.Helper()
	home, authority := t.TempDir(), NewAuthority(t)
	cert, key := authority.Issue("127.0.0.1")
	passwords := ""
	for _, user := range append(event.Services(), "gateway", "admin") {
		passwords += strings.ToUpper(user) + "_PASSWORD: " + user + "\n"
	}
	files := map[string]string{"passwords.conf": passwords}
	for _, name := range []string{"nats.conf", "users.conf"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = strings.NewReplacer("/run/secrets/nats_cert", cert, "/run/secrets/nats_key", key).Replace(string(text))
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(home, name), []byte(text), 0o600); err != nil {
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
	return &Deployed{srv, authority.File}
}

// URL is where a user connects.
func (d *Deployed) URL(user string) string {
	return "tls://" + user + ":" + user + "@" + d.Addr().String()
}

// Connect is testkit.Connect as a user.
func (d *Deployed) Connect(t testing.TB, user string) *bus.Bus {
	t.Helper()
	b, err := bus.Connect(d.URL(user), user, Log(t), bus.CA(d.CA))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	Acquaint(t, b)
	Eventually(t, Patience, b.Ready)
	return b
}

// Dial is a user's bare connection until the end of the test; refused takes what
// the server refuses.
func (d *Deployed) Dial(t testing.TB, user string, refused func(error)) *nats.Conn {
	t.Helper()
	nc, err := nats.Connect(d.URL(user), nats.RootCAs(d.CA), nats.CustomInboxPrefix("_INBOX."+user),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { refused(err) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc
}
