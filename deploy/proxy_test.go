package deploy_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/laurel-awards/laurel/pkg/testkit"
)

// TestProxies holds the examples of reverse proxies to what the gateway needs: they
// say the address that they saw, take the largest body, hold no live counts back,
// and write no receipts down. Where the programs are, they check their files.
func TestProxies(t *testing.T) {
	nginx, caddy := string(read(t, "proxy/nginx.conf")), string(read(t, "proxy/Caddyfile"))
	largest := 0
	for _, m := range regexp.MustCompile(`"(\d+)M"`).FindAllStringSubmatch(string(read(t, "../services/gateway/internal/desk/photo.go")), -1) {
		n, err := strconv.Atoi(m[1])
		if err != nil {
			t.Fatal(err)
		}
		largest = max(largest, n)
	}
	for name, limit := range map[string]struct{ text, pattern string }{
		"nginx": {nginx, `client_max_body_size (\d+)m;`}, "caddy": {caddy, `max_size (\d+)MB`},
	} {
		m := regexp.MustCompile(limit.pattern).FindStringSubmatch(limit.text)
		if m == nil || largest == 0 {
			t.Fatalf("%s has no limit of bodies, or the desk none (%d)", name, largest)
		}
		if n, err := strconv.Atoi(m[1]); err != nil || n < largest {
			t.Errorf("%s takes %d MB, the desk %d: %v", name, n, largest, err)
		}
		if !strings.Contains(limit.text, "TRUSTED_PROXIES=127.0.0.0/8") || !strings.Contains(limit.text, "receipts") {
			t.Errorf("%s says nothing of the proxy's address, or keeps receipts in its log", name)
		}
	}
	for _, location := range regexp.MustCompile(`(?s)location [^{]*\{.*?\n\t\}`).FindAllString(nginx, -1) {
		if !strings.Contains(location, "X-Forwarded-For $remote_addr;") {
			t.Errorf("nginx passes on what clients say of themselves: %s", location)
		}
		if at, _, _ := strings.Cut(location, "{"); strings.Contains(at, "live") && !strings.Contains(location, "proxy_buffering off;") {
			t.Errorf("nginx holds live counts back: %s", location)
		}
	}
	if !strings.Contains(caddy, "flush_interval -1") || strings.Contains(caddy, "trusted_proxies") {
		t.Error("Caddy holds live counts back, or believes what clients say of themselves")
	}
	if program, err := exec.LookPath("nginx"); err == nil {
		dir := t.TempDir()
		cert, key := testkit.NewAuthority(t).Issue("awards.example.org")
		for from, to := range map[string]string{
			"/etc/letsencrypt/live/awards.example.org/fullchain.pem": cert, "/etc/letsencrypt/live/awards.example.org/privkey.pem": key,
			"/var/log/nginx": dir, "listen 80;": "listen unix:" + dir + "/80;", "listen 443": "listen unix:" + dir + "/443", // ports may be taken
		} {
			nginx = strings.ReplaceAll(nginx, from, to)
		}
		main := fmt.Sprintf("pid %s/pid;\nerror_log %[1]s/errors;\nevents {}\nhttp {\ninclude %[1]s/laurel.conf;\n}\n", dir)
		err := errors.Join(os.WriteFile(filepath.Join(dir, "laurel.conf"), []byte(nginx), 0o600),
			os.WriteFile(filepath.Join(dir, "nginx.conf"), []byte(main), 0o600))
		if err != nil {
			t.Fatal(err)
		}
		checks(t, program, "-t", "-c", filepath.Join(dir, "nginx.conf"))
	}
	if program, err := exec.LookPath("caddy"); err == nil {
		checks(t, program, "validate", "--adapter", "caddyfile", "--config", "proxy/Caddyfile")
	}
}

// TestSystemd holds the unit to the settings that there are, and to a process that
// may do nothing but its work.
func TestSystemd(t *testing.T) {
	unit := string(read(t, "systemd/laurel.service"))
	known := settings(t)
	for _, m := range regexp.MustCompile(`(?m)^Environment=(.*)$`).FindAllStringSubmatch(unit, -1) {
		for _, pair := range strings.Fields(m[1]) {
			if name, _, _ := strings.Cut(pair, "="); !slices.Contains(known, name) {
				t.Errorf("the program knows no %s", name)
			}
		}
	}
	for _, line := range []string{
		"User=laurel", "NoNewPrivileges=true", "CapabilityBoundingSet=", "ProtectSystem=strict", "ProtectHome=true", "PrivateTmp=true",
		"KillMode=mixed", "Restart=always", "UMask=0077", "StateDirectoryMode=0700", "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6",
	} {
		if !strings.Contains(unit, "\n"+line+"\n") {
			t.Errorf("the unit lacks %s", line)
		}
	}
	program, err := exec.LookPath("systemd-analyze")
	if err != nil {
		return // it is on machines that systemd runs
	}
	file := filepath.Join(t.TempDir(), "laurel.service")
	here, err := os.Executable() // an installed laurel is not there
	if err == nil {
		err = os.WriteFile(file, []byte(strings.ReplaceAll(unit, "/usr/local/bin/laurel", here)), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), program, "verify", "--man=no", file).CombinedOutput()
	if strings.Contains(string(out), "laurel.service:") { // where no systemd runs it also says that
		t.Errorf("%v\n%s", err, out)
	}
}

func checks(t *testing.T, program string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir()) // Caddy writes there
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s", program, err, out)
	}
}
