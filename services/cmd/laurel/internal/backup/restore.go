package backup

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/config"
)

// stopLimit is how long PostgreSQL may take to write what was restored.
const stopLimit = time.Minute

// Restore is `laurel restore`.
type Restore struct {
	DataDir string `name:"data-dir" aliases:"data" env:"DATA_DIR" help:"Data directory of the new installation, as for laurel serve --private; it is new or empty."`
	From    string `required:"" type:"existingfile" help:"The backup."`
	Keys    string `required:"" type:"existingfile" help:"The keys of its installation, as laurel backup --keys wrote them."`
}

// Run makes an installation out of a backup; laurel serve --private then runs it.
// Where that fails, nothing of it stays.
func (c *Restore) Run(ctx context.Context) (err error) {
	in := at(c.DataDir)
	dir, err := in.Dir()
	if err != nil {
		return err
	}
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return fmt.Errorf("%s is not empty: choose a new directory", dir)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, empty(dir))
		}
	}()
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	if err := each(c.Keys, func(name string, r io.Reader) error { return put(root, config.KeysDir, name, r) }); err != nil {
		return err
	}
	var said about
	whole := false
	err = each(c.From, func(name string, r io.Reader) error {
		switch {
		case name == aboutName:
			if err := json.NewDecoder(r).Decode(&said); err != nil {
				return err
			}
			if said.Format != format {
				return fmt.Errorf("the backup has the format %d; this version reads %d", said.Format, format)
			}
			return said.missing(filepath.Join(dir, config.KeysDir))
		case said.Format == 0:
			return errors.New("it does not begin as a backup does")
		case name == databaseName:
			return load(ctx, in, r)
		case name == endName:
			whole = true
			return nil
		}
		return put(root, config.BlobsDir, name, r)
	})
	if err == nil && !whole {
		err = fmt.Errorf("%s has lost its end", c.From)
	}
	return err
}

// load makes the private PostgreSQL and its database, and stops it again.
func load(ctx context.Context, in config.Database, r io.Reader) (err error) {
	server, err := in.Postgres()
	if err != nil {
		return err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopLimit)
		defer cancel()
		err = errors.Join(err, server.Stop(ctx))
	}()
	running, err := server.Start(ctx)
	if err != nil {
		return err
	}
	if err := pg.CreateDatabase(ctx, running.URL("postgres"), config.PrivateDatabase); err != nil {
		return err
	}
	// A dump holds no roles.
	if err := pg.Bootstrap(ctx, running.URL(config.PrivateDatabase), event.Services()...); err != nil {
		return err
	}
	return running.Load(ctx, config.PrivateDatabase, r)
}

// each reads a tar; a file that ends in its midst is refused.
func each(file string, do func(name string, r io.Reader) error) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	files := 0
	for in := tar.NewReader(f); ; files++ {
		h, err := in.Next()
		if errors.Is(err, io.EOF) && files > 0 {
			return nil
		}
		if err == nil {
			err = do(h.Name, in)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
}

// put writes a file that must lie in a folder of the root.
func put(root *os.Root, folder, name string, r io.Reader) error {
	if !strings.HasPrefix(name, folder+"/") {
		return fmt.Errorf("%q has no place in it", name)
	}
	if err := root.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	f, err := root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, r)
	return errors.Join(err, f.Sync(), f.Close())
}

// empty removes what is in a directory.
func empty(dir string) error {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		err = errors.Join(err, os.RemoveAll(filepath.Join(dir, e.Name())))
	}
	return err
}
