//go:build unix

package pg_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/pg/private"
	"github.com/laurel-awards/laurel/pkg/testkit"
)

// encrypted starts a server on a loopback address that takes nobody unencrypted,
// with a certificate for host, and gives the URL of a database there without an
// sslmode.
func encrypted(t *testing.T, authority *testkit.Authority, host string) (address string) {
	t.Helper()
	home := filepath.Join(os.TempDir(), "laurel-pg-tls-"+rand.Text())
	l := private.Server{Dir: filepath.Join(home, "server")}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), testkit.Patience)
		defer cancel()
		if err := errors.Join(l.Remove(ctx), os.RemoveAll(home)); err != nil {
			t.Error(err)
		}
	})
	plain, err := l.Start(t.Context())
	if err == nil {
		err = plain.Stop(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(l.Dir, "data"))
	if err != nil {
		t.Fatal(err)
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		t.Fatalf("%T", info.Sys())
	}
	cert, key := authority.Issue(host)
	files := map[string]string{"hba": "local all all trust\nhostssl all all 127.0.0.0/8 trust\n"}
	for name, from := range map[string]string{"cert": cert, "key": key} {
		text, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = string(text)
	}
	for name, text := range files {
		path := filepath.Join(home, name)
		if err := errors.Join(os.WriteFile(path, []byte(text), 0o600), os.Chown(path, int(owner.Uid), int(owner.Gid))); err != nil {
			t.Fatal(err)
		}
	}
	listen := fmt.Sprintf("127.%d.%d.%d", 1+mathrand.N(250), mathrand.N(250), 1+mathrand.N(250))
	l.Settings = []string{
		"listen_addresses = '" + listen + "'", "ssl = on", "hba_file = '" + filepath.Join(home, "hba") + "'",
		"ssl_cert_file = '" + filepath.Join(home, "cert") + "'", "ssl_key_file = '" + filepath.Join(home, "key") + "'",
	}
	s, err := l.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	local, err := url.Parse(s.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	user := local.User.Username()
	if user == "" {
		user = local.Query().Get("user")
	}
	return "postgres://" + user + "@" + listen + "/postgres"
}

// TestOpen_verifyFull connects to a server that proves its name, and to none that
// does not.
func TestOpen_verifyFull(t *testing.T) {
	t.Parallel()
	authority, other := testkit.NewAuthority(t), testkit.NewAuthority(t)
	address := encrypted(t, authority, "postgres")
	// The name of the certificate, at the address where the server listens.
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	named := "postgres://" + u.User.Username() + "@postgres/postgres?hostaddr=" + u.Hostname()
	for what, c := range map[string]struct {
		url string
		ok  bool
	}{
		"verify-full":                {named + "&sslmode=verify-full&sslrootcert=" + authority.File, true},
		"no mode means verify-full":  {named + "&sslrootcert=" + authority.File, true},
		"another authority":          {named + "&sslrootcert=" + other.File, false},
		"the system's authorities":   {named, false},
		"another name":               {address + "?sslmode=verify-full&sslrootcert=" + authority.File, false},
		"unencrypted":                {named + "&sslmode=disable", false},
		"unverified, where asked so": {named + "&sslmode=require", true},
	} {
		db, err := pg.Open(t.Context(), pg.Config{URL: c.url, MaxOpen: 1})
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", what, err)
		}
		if err != nil {
			continue
		}
		var encrypted bool
		if err := db.GetContext(t.Context(), &encrypted, `SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()`); err != nil || !encrypted {
			t.Errorf("%s: encrypted %v, %v", what, encrypted, err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
	_, err = pg.Open(t.Context(), pg.Config{URL: named + "&sslrootcert=" + other.File, MaxOpen: 1})
	if err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("the reason: %v", err)
	}
}
