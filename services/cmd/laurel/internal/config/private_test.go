package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/config"
)

// TestDatabase_Dir finds the data where they are expected: in the working
// directory, or for a private PostgreSQL in a place of the user's own, unless
// another is named.
func TestDatabase_Dir(t *testing.T) {
	t.Setenv("XDG_DATA_HOME", "/home/li/.data")
	t.Setenv("DATA_DIR", "")
	own := "/home/li/.data/laurel/data"
	if os.Geteuid() == 0 {
		own = "/var/lib/laurel/data"
	}
	for args, want := range map[string]string{
		"": "data", "--private": own, "--data=/srv/laurel": "/srv/laurel", "--data-dir=/srv/laurel --private": "/srv/laurel",
	} {
		var d config.Database
		parser, err := kong.New(&d)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parser.Parse(strings.Fields(args)); err != nil {
			t.Fatal(err)
		}
		if got, err := d.Dir(); got != want || err != nil {
			t.Errorf("%s: %q, %v; want %q", args, got, err, want)
		}
	}
}

// TestDatabase_private refuses a database beside the private one, and one that
// nobody has started.
func TestDatabase_private(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "laurel")
	for name, d := range map[string]config.Database{
		"DATABASE_URL":          {Private: true, DataDir: dir, URL: "postgres://all"},
		"DATABASE_URL ":         {Private: true, DataDir: dir, VotingURL: "postgres://voting"},
		"no private PostgreSQL": {Private: true, DataDir: dir},
	} {
		if got, err := d.Of("identity"); err == nil || !strings.Contains(err.Error(), strings.TrimSpace(name)) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("looking made the directory")
	}
}
