package deploy_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/laurel-awards/laurel/pkg/event"
)

// TestTLS_script runs tls.sh, twice: each time the authority vouches for both
// servers by all of their names, and for nobody else.
func TestTLS_script(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	script := filepath.Join(dir, "tls.sh")
	if err := os.WriteFile(script, read(t, "tls.sh"), 0o700); err != nil {
		t.Fatal(err)
	}
	var authority []byte
	for range 2 {
		if out, err := exec.CommandContext(t.Context(), "sh", script, "db.example.org").CombinedOutput(); err != nil {
			t.Fatalf("%v: install openssl\n%s", err, out)
		}
		secret := func(name string) string { return filepath.Join(dir, "secrets", name) }
		ca := read(t, secret("ca_cert"))
		if authority != nil && string(ca) != string(authority) {
			t.Error("the authority is another one")
		}
		authority = ca
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM(ca) {
			t.Fatalf("no certificate: %s", ca)
		}
		for _, server := range []string{"nats", "postgres"} {
			if _, err := tls.LoadX509KeyPair(secret(server+"_cert"), secret(server+"_key")); err != nil {
				t.Fatal(err)
			}
			block, _ := pem.Decode(read(t, secret(server+"_cert")))
			cert, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				t.Fatal(err)
			}
			for name, want := range map[string]bool{server: true, "localhost": true, "127.0.0.1": true, "db.example.org": true, "other": false} {
				if _, err := cert.Verify(x509.VerifyOptions{DNSName: name, Roots: roots}); (err == nil) != want {
					t.Errorf("%s as %s: %v", server, name, err)
				}
			}
			if info, err := os.Stat(secret(server + "_key")); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%s_key: %v, %v", server, info.Mode(), err)
			}
		}
	}
}

// addresses are the URLs of NATS and PostgreSQL that a file shows.
var addresses = regexp.MustCompile(`(nats|tls|postgres)://[^\s"]+`)

// TestTLS_deployments holds that the deployments encrypt and check the way to NATS
// and to PostgreSQL, and that neither server takes anybody unencrypted.
func TestTLS_deployments(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"README.md", "kubernetes/secrets.example.yaml"} {
		found := addresses.FindAllString(string(read(t, file)), -1)
		for _, text := range found {
			u, err := url.Parse(strings.NewReplacer("SERVICE", "voting", "…", "x").Replace(text))
			if err != nil {
				t.Fatal(err)
			}
			q := u.Query()
			if u.Scheme == "nats" || u.Scheme == "postgres" && (q.Get("sslmode") != "verify-full" || !strings.HasSuffix(q.Get("sslrootcert"), "/ca_cert")) {
				t.Errorf("%s: %s", file, text)
			}
		}
		if len(found) < 2 {
			t.Errorf("%s shows no addresses: %v", file, found)
		}
	}
	var compose struct {
		Services map[string]struct {
			Environment map[string]string
			Command     []string
			Volumes     []string
			Secrets     []string
		}
	}
	if err := yaml.Unmarshal(read(t, "compose.yaml"), &compose); err != nil {
		t.Fatal(err)
	}
	all := objects(t)
	for _, name := range append(event.Services(), "gateway", "streams") {
		if s := compose.Services[name]; s.Environment["NATS_CA_FILE"] != "/run/secrets/ca_cert" || !slices.Contains(s.Secrets, "ca_cert") {
			t.Errorf("compose: %s: %+v", name, s)
		}
		o, ok := all["Deployment/laurel-"+name]
		if !ok {
			o = all["Job/laurel-"+name]
		}
		c := o.Spec.Template.Spec.Containers[0]
		if shown := fmt.Sprint(c.Env, c.VolumeMounts); !strings.Contains(shown, "{NATS_CA_FILE /run/tls/ca_cert}") || !strings.Contains(shown, "{tls /run/tls}") {
			t.Errorf("kubernetes: %s: %s", name, shown)
		}
	}
	postgres := strings.Join(compose.Services["postgres"].Command, " ")
	for _, setting := range []string{"ssl=on", "ssl_cert_file=/run/secrets/postgres_cert", "hba_file=/etc/postgresql/pg_hba.conf"} {
		if !strings.Contains(postgres, setting) {
			t.Errorf("postgres runs without %s", setting)
		}
	}
	for line := range strings.Lines(string(read(t, "postgres/pg_hba.conf"))) {
		if method, _, _ := strings.Cut(line, " "); !slices.Contains([]string{"#", "local", "hostssl"}, method) {
			t.Errorf("pg_hba.conf lets in %s", line)
		}
	}
}
