package config_test

import (
	"bytes"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/config"
)

func TestDatabase_Of(t *testing.T) {
	d := config.Database{URL: "postgres://all", VotingURL: "postgres://voting"}
	for service, want := range map[string]string{"voting": "postgres://voting", "identity": "postgres://all"} {
		if got, err := d.Of(service); got != want || err != nil {
			t.Errorf("%s: %q, %v", service, got, err)
		}
	}
	for _, service := range event.Services() { // each may have its own
		url := "postgres://" + service
		var own config.Database
		parser, err := kong.New(&own)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parser.Parse([]string{"--" + service + "-database-url", url}); err != nil {
			t.Fatal(err)
		}
		if got, err := own.Of(service); got != url || err != nil {
			t.Errorf("%s: %q, %v", service, got, err)
		}
	}
	if _, err := (config.Database{VotingURL: "postgres://voting"}).Of("review"); err == nil ||
		!strings.Contains(err.Error(), "review") || !strings.Contains(err.Error(), "DATABASE_URL") {
		t.Errorf("no database: %v", err)
	}
}

// TestServer_Key_once has many processes start at once: they agree on one key.
func TestServer_Key_once(t *testing.T) {
	s := config.Server{Database: config.Database{DataDir: t.TempDir()}}
	keys := make([][]byte, 16)
	var wg sync.WaitGroup
	for i := range keys {
		wg.Go(func() {
			var err error
			if keys[i], err = s.Key("", "credential"); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for i, k := range keys {
		if len(k) != 32 || !bytes.Equal(k, keys[0]) {
			t.Errorf("key %d is %x, the first %x", i, k, keys[0])
		}
	}
	dir := filepath.Join(s.DataDir, "keys")
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Fatalf("left behind: %v, %v", entries, err)
	}
	for path, most := range map[string]os.FileMode{dir: 0o700, filepath.Join(dir, "credential"): 0o600} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if mode := info.Mode().Perm(); mode&^most != 0 {
			t.Errorf("%s can be read by others: %v", path, mode)
		}
	}
	if other, err := s.Key("", "pseudonym"); err != nil || bytes.Equal(other, keys[0]) {
		t.Errorf("two names have one key: %v", err)
	}
}

func TestServer_Key_file(t *testing.T) {
	dir := t.TempDir()
	write := func(text string) string {
		file := filepath.Join(dir, "secret")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	s := config.Server{Database: config.Database{DataDir: t.TempDir()}}
	want := bytes.Repeat([]byte{0xab}, 32)
	if got, err := s.Key(write(" "+hex.EncodeToString(want)+"\n"), "credential"); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%x, %v", got, err)
	}
	for name, text := range map[string]string{
		"empty": "", "short": strings.Repeat("ab", 31), "long": strings.Repeat("ab", 33), "not hex": strings.Repeat("xy", 32),
	} {
		file := write(text)
		_, err := s.Key(file, "credential")
		if err == nil || !strings.Contains(err.Error(), "credential") || !strings.Contains(err.Error(), file) {
			t.Errorf("%s: %v, want the key and its file named", name, err)
		}
		if err != nil && text != "" && strings.Contains(err.Error(), text) {
			t.Errorf("%s: the error tells what the file holds: %v", name, err)
		}
	}
	absent := filepath.Join(dir, "absent")
	if _, err := s.Key(absent, "credential"); err == nil || !strings.Contains(err.Error(), absent) {
		t.Errorf("a named file that is not there: %v", err)
	}
	if _, err := os.Stat(absent); err == nil {
		t.Error("a key was made where one was named: two processes would have two")
	}
}

// TestServer_LogSigner takes the key that is made at the first start, and a file
// of several.
func TestServer_LogSigner(t *testing.T) {
	s := config.Server{Database: config.Database{DataDir: t.TempDir()}}
	made, err := s.LogSigner()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "log")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s.LogKeyFile = file
	next := strings.Repeat("ab", 32)
	write(next + "\n" + made.Public().String() + "\n")
	signer, err := s.LogSigner()
	if err != nil || len(signer.Public().Texts()) != 2 || signer.Public().Texts()[1] != made.Public().String() {
		t.Errorf("%v, %v", signer.Public(), err)
	}
	write(next + "\n" + next[2:] + "\n")
	_, err = s.LogSigner()
	if err == nil || !strings.Contains(err.Error(), file) || !strings.Contains(err.Error(), "line 2") || strings.Contains(err.Error(), "abab") {
		t.Errorf("a short second line: %v", err)
	}
}

// TestServer_Trusted knows the gateway by its key in the data directory, or by the
// keys that are named; then it needs no secret.
func TestServer_Trusted(t *testing.T) {
	s := config.Server{Database: config.Database{DataDir: t.TempDir()}}
	trusted, err := s.Trusted()
	if err != nil {
		t.Fatal(err)
	}
	signer, err := s.GatewaySigner()
	if err != nil || len(trusted) != 1 || hex.EncodeToString(trusted[0]) != signer.Public() {
		t.Errorf("%x, of %s, %v", trusted, signer.Public(), err)
	}
	apart := config.Server{Database: config.Database{DataDir: t.TempDir()}, GatewayPublicKeys: []string{signer.Public(), strings.Repeat("ab", 32)}}
	if trusted, err := apart.Trusted(); err != nil || len(trusted) != 2 {
		t.Errorf("two keys: %x, %v", trusted, err)
	}
	if entries, err := os.ReadDir(apart.DataDir); err != nil || len(entries) != 0 {
		t.Errorf("a service with public keys made %v, %v", entries, err)
	}
	apart.GatewayPublicKeys = []string{"torn"}
	if _, err := apart.Trusted(); err == nil || !strings.Contains(err.Error(), "GATEWAY_PUBLIC_KEYS") {
		t.Errorf("no key: %v", err)
	}
}

// TestServer_Key_damaged does not replace a key that cannot be read: what was
// signed with it would be lost.
func TestServer_Key_damaged(t *testing.T) {
	s := config.Server{Database: config.Database{DataDir: t.TempDir()}}
	file := filepath.Join(s.DataDir, "keys", "pseudonym")
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("torn"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Key("", "pseudonym"); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("a damaged key: %v", err)
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != "torn" {
		t.Errorf("the file is now %q, %v", text, err)
	}
}

// TestRetention_Periods refuses what the database would not do, and names it.
func TestRetention_Periods(t *testing.T) {
	var all config.Retention
	parser, err := kong.New(&all)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse(nil); err != nil {
		t.Fatal(err)
	}
	p, err := all.Periods()
	if err != nil || p.Struck != 180*24*time.Hour || p.SignIns != 180*24*time.Hour || p.Audit != 1095*24*time.Hour {
		t.Errorf("by default %+v, %v", p, err)
	}
	for name, wrong := range map[string]config.Retention{
		"RETENTION_SIGN_INS": {SignIns: 179}, "RETENTION_AUDIT": {Audit: 1}, "RETENTION_STRUCK": {Struck: -1}, "RETENTION_ROSTER": {Roster: 1 << 40},
	} {
		if _, err := wrong.Periods(); err == nil || !strings.HasPrefix(err.Error(), name+": ") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if p, err := (config.Retention{}).Periods(); err != nil || p.Audit != 0 {
		t.Errorf("never: %+v, %v", p, err)
	}
}
