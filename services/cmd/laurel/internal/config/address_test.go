package config_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/config"
)

// TestServer_Proxies has whoever publishes the gateway say what stands in front
// of it.
func TestServer_Proxies(t *testing.T) {
	for name, c := range map[string]struct {
		url     string
		proxies []string
		want    []string
		refused string // what the error must say; empty: it is fine
	}{
		"nothing set":        {"", nil, nil, ""},
		"loopback":           {"http://localhost:8080", nil, nil, ""},
		"loopback, IPv4":     {"http://127.0.0.1:8080/", []string{""}, nil, ""},
		"loopback, IPv6":     {"http://[::1]:8080", nil, nil, ""},
		"loopback, proxies":  {"http://localhost", []string{"10.0.0.0/8"}, []string{"10.0.0.0/8"}, ""},
		"public":             {"https://awards.example.org", nil, nil, "TRUSTED_PROXIES=none"},
		"public, empty":      {"https://awards.example.org", []string{"", " "}, nil, "TRUSTED_PROXIES=10.0.0.0/8"},
		"public, plain http": {"http://awards.example.org", nil, nil, "TRUSTED_PROXIES"},
		"public, an address": {"https://192.0.2.7", nil, nil, "TRUSTED_PROXIES"},
		"not loopback":       {"https://localhost.example.org", nil, nil, "TRUSTED_PROXIES"},
		"public, none":       {"https://awards.example.org", []string{"none"}, nil, ""},
		"public, proxies":    {"https://awards.example.org", []string{"10.0.0.0/8", " 192.168.0.0/16"}, []string{"10.0.0.0/8", "192.168.0.0/16"}, ""},
		"none and a proxy":   {"https://awards.example.org", []string{"none", "10.0.0.0/8"}, nil, "only one"},
		"no address":         {"awards.example.org", nil, nil, "PUBLIC_URL"},
		"no host":            {"https://", nil, nil, "PUBLIC_URL"},
		"another scheme":     {"ftp://awards.example.org", nil, nil, "PUBLIC_URL"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := config.Server{PublicURL: c.url, TrustedProxies: c.proxies}.Proxies()
			if (err != nil) != (c.refused != "") || err != nil && !strings.Contains(err.Error(), c.refused) {
				t.Fatalf("error %v, want one that says %q", err, c.refused)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("proxies (-want +got):\n%s", diff)
			}
		})
	}
}

// TestServer_ListenProfile shows profiles to the machine alone.
func TestServer_ListenProfile(t *testing.T) {
	for _, address := range []string{
		"0.0.0.0:0", ":0", "[::]:0", "192.0.2.7:0", "example.org:0", "localhost.example.org:0", "6060", "[::ffff:192.0.2.7]:0", "169.254.0.1:0",
	} {
		l, err := config.Server{ProfileListen: address}.ListenProfile()
		if err == nil {
			t.Errorf("%s was taken: %v", address, l.Addr())
			_ = l.Close()
		} else if !strings.Contains(err.Error(), "PROFILE_LISTEN") || !strings.Contains(err.Error(), "127.0.0.1:PORT") {
			t.Errorf("%s: %v", address, err)
		}
	}
	for _, address := range []string{"127.0.0.1:0", "localhost:0", "unix:" + filepath.Join(t.TempDir(), "profile")} {
		l, err := config.Server{ProfileListen: address}.ListenProfile()
		if err != nil {
			t.Errorf("%s: %v", address, err)
			continue
		}
		_ = l.Close()
	}
	if l, err := (config.Server{}).ListenProfile(); l != nil || err != nil {
		t.Errorf("not set: %v, %v", l, err)
	}
}
