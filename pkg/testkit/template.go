package testkit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/pg"
)

// template is the name of a migrated database to copy, made by the first test
// that needs just these migrations. It is built under another name, so that
// what has the name is whole.
func template(t testing.TB, service string, sets []pg.Set) string {
	t.Helper()
	address := admin(t)
	name, err := templateName(service, sets)
	if err != nil {
		t.Fatal(err)
	}
	ctx := bound(t)
	db, err := pg.Open(ctx, pg.Config{URL: address, MaxOpen: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := ensureTemplate(ctx, db, name, func(building string) error {
		return build(ctx, withDatabase(t, address, building), service, sets)
	}); err != nil {
		t.Fatalf("template of %s: %v", service, err)
	}
	return name
}

func ensureTemplate(ctx context.Context, db *sqlx.DB, name string, build func(building string) error) (err error) {
	const exists = `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)`
	var there bool
	if err := db.GetContext(ctx, &there, exists, name); err != nil || there {
		return err
	}
	turn, err := awaitTurn(ctx, db, name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, turn.Close()) }()
	conn := turn.Conn()
	if err := conn.GetContext(ctx, &there, exists, name); err != nil || there {
		return err
	}
	building := name + "_new"
	for _, s := range []string{`DROP DATABASE IF EXISTS ` + building + ` WITH (FORCE)`, `CREATE DATABASE ` + building + ` TEMPLATE template0 ENCODING 'UTF8'`} {
		if _, err := conn.ExecContext(ctx, s); err != nil {
			return err
		}
	}
	if err := build(building); err != nil {
		return err
	}
	_, err = conn.ExecContext(ctx, `ALTER DATABASE `+building+` RENAME TO `+name)
	return err
}

func awaitTurn(ctx context.Context, db *sqlx.DB, name string) (*pg.Leader, error) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		turn, err := pg.TryLeader(ctx, db, name)
		if err == nil || !errors.Is(err, pg.ErrHeld) {
			return turn, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-tick.C:
		}
	}
}

func build(ctx context.Context, address, service string, sets []pg.Set) error {
	if err := pg.Bootstrap(ctx, address, service); err != nil {
		return err
	}
	db, err := pg.Open(ctx, pg.Config{URL: address, Service: service, MaxOpen: 3})
	if err != nil {
		return err
	}
	return errors.Join(pg.Migrate(ctx, db, sets...), db.Close())
}

// templateName is made of the hash of all that goes into a template.
func templateName(service string, sets []pg.Set) (string, error) {
	h := sha256.New()
	fmt.Fprintf(h, "3 %q\n%s", service, pg.Schema(service)) // the number changes with this package's ways
	for _, s := range sets {
		fmt.Fprintf(h, "set %q\n", s.Table)
		err := fs.WalkDir(s.FS, ".", func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			text, err := fs.ReadFile(s.FS, path)
			if err != nil {
				return err
			}
			fmt.Fprintf(h, "file %q %d\n", path, len(text))
			_, err = h.Write(text)
			return err
		})
		if err != nil {
			return "", fmt.Errorf("migrations %s: %w", s.Table, err)
		}
	}
	_, _ = io.WriteString(h, "end")
	return "tpl_" + hex.EncodeToString(h.Sum(nil)[:12]), nil
}
