// Package backup copies an installation on a private PostgreSQL into one file
// while it runs, and makes an installation out of such a file.
package backup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/config"
)

// A backup is a tar of these, in this order: the database before the blobs, so
// that no row of it wants a blob that came later.
const (
	aboutName    = "laurel.json"
	databaseName = "database.dump"
	endName      = "end" // what comes before it is whole
)

// format is the version of the file.
const format = 1

// about is what a backup tells of itself.
type about struct {
	Format int       `json:"format"`
	MadeAt time.Time `json:"made_at"`
	// Keys are the SHA-256 of the key files: the data are of no use without them.
	Keys map[string]string `json:"keys"`
}

// at names the installation of a data directory.
func at(dir string) config.Database { return config.Database{DataDir: dir, Private: true} }

// Command is `laurel backup`.
type Command struct {
	DataDir string `name:"data-dir" aliases:"data" env:"DATA_DIR" help:"Data directory of laurel serve --private; its default."`
	To      string `required:"" type:"path" help:"The file to write. It replaces one of that name once it is whole."`
	Keys    string `type:"path" placeholder:"FILE" help:"Write the keys, too, to a file that is kept elsewhere. They never change, so that once is enough; without them the backup cannot be restored."`
}

// Run makes the backup. What it writes is synced before it has its name.
func (c *Command) Run(ctx context.Context) error {
	in := at(c.DataDir)
	dir, err := in.Dir()
	if err != nil {
		return err
	}
	keys, err := hashes(filepath.Join(dir, config.KeysDir))
	if err != nil {
		return err
	}
	if c.Keys != "" {
		err := write(c.Keys, func(f *archive) error { return f.addTree(config.KeysDir, filepath.Join(dir, config.KeysDir)) })
		if err != nil {
			return err
		}
	}
	server, err := in.Postgres()
	if err != nil {
		return err
	}
	running, err := server.Made()
	if err != nil {
		return err
	}
	return write(c.To, func(f *archive) error {
		said, err := json.MarshalIndent(about{Format: format, MadeAt: time.Now().UTC().Truncate(time.Second), Keys: keys}, "", "  ")
		if err != nil {
			return err
		}
		if err := f.addBytes(aboutName, append(said, '\n')); err != nil {
			return err
		}
		err = f.addStream(databaseName, func(w io.Writer) error { return running.Dump(ctx, config.PrivateDatabase, w) })
		if err != nil {
			return err
		}
		if err := f.addTree(config.BlobsDir, filepath.Join(dir, config.BlobsDir)); err != nil {
			return err
		}
		return f.addBytes(endName, nil)
	})
}

// hashes are those of the files of a directory, by name.
func hashes(dir string) (map[string]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	all := map[string]string{}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if errors.Is(err, fs.ErrNotExist) {
			continue // a key at its making
		}
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(text)
		all[e.Name()] = hex.EncodeToString(sum[:])
	}
	return all, nil
}

// missing says which keys a backup needs and a directory does not have.
func (a about) missing(dir string) error {
	have, err := hashes(dir)
	if err != nil {
		return err
	}
	for name, hash := range a.Keys {
		if have[name] != hash {
			return fmt.Errorf("the key %s is not that of the backup's installation", name)
		}
	}
	return nil
}
