// Package testkit gives tests the real thing: PostgreSQL databases of their own
// on a private server, buses, rooms and selections, and a settable clock. A
// missing PostgreSQL fails the test and says what to install; nothing is skipped
// for it.
package testkit

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/pg/private"
)

// URLVariable overrides the private server: a superuser's URL of a database on
// a server where tests may create databases and roles.
const URLVariable = "LAUREL_TEST_DATABASE_URL"

// maxOpen keeps the pools small, for many tests share one server.
const maxOpen = 8

// Server is the private server that all tests of this user share. It outlives
// the tests, so that the next ones start at once; scripts/testdb stops it. Most
// of a test's time would be the disk's, for the making and dropping of its
// database: where there is room for the data in memory, they are there.
func Server() private.Server {
	return private.Server{Dir: filepath.Join(cmp.Or(inMemory(), os.TempDir()), fmt.Sprintf("laurel-test-pg-%d", os.Getuid()))}
}

// DB is a fresh, empty database, opened as the server's superuser. Like all
// databases of this package it is dropped at the end of the test, whoever is
// still connected.
func DB(t testing.TB) *sqlx.DB {
	t.Helper()
	return open(t, pg.Config{URL: create(t, "template0")})
}

// Service is a fresh database with the service's role, schema and migrations,
// opened as that service.
func Service(t testing.TB, service string, sets ...pg.Set) *sqlx.DB {
	t.Helper()
	return Open(t, ServiceURL(t, service, sets...), service)
}

// ServiceURL is the superuser's URL of a database such as Service makes, for
// tests that open it several times.
func ServiceURL(t testing.TB, service string, sets ...pg.Set) string {
	t.Helper()
	return create(t, template(t, service, sets))
}

// URL is the superuser's URL of a fresh database with the role and the schema of
// each service named, or of all of them, but no tables: what a program gets as
// its DATABASE_URL.
func URL(t testing.TB, services ...string) string {
	t.Helper()
	if len(services) == 0 {
		services = event.Services()
	}
	address := create(t, "template0")
	if err := pg.Bootstrap(bound(t), address, services...); err != nil {
		t.Fatal(err)
	}
	return address
}

// Open opens a database of this package as one of the services; it is closed at
// the end of the test.
func Open(t testing.TB, address, service string) *sqlx.DB {
	t.Helper()
	return open(t, pg.Config{URL: address, Service: service})
}

func open(t testing.TB, cfg pg.Config) *sqlx.DB {
	t.Helper()
	cfg.MaxOpen = maxOpen
	db, err := pg.Open(bound(t), cfg)
	if err != nil {
		t.Fatal(err)
	}
	// A session that the server has ended cannot be told goodbye: that is an error of Close, and none of the test.
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// bound is a context for set-up and clean-up. Clean-up runs when the test's own
// context has ended.
func bound(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	t.Cleanup(cancel)
	return ctx
}

// admin is the URL of the server's database "postgres", or of the one given.
func admin(t testing.TB) string {
	t.Helper()
	if address := os.Getenv(URLVariable); address != "" {
		return address
	}
	server, err := Server().Start(bound(t))
	if err != nil {
		t.Fatalf("the tests need PostgreSQL: %v", err)
	}
	return server.URL("postgres")
}

// create makes a database from a template and returns its URL.
func create(t testing.TB, template string) string {
	t.Helper()
	address := admin(t)
	name := "t_" + random()
	exec(t, address, `CREATE DATABASE `+name+` TEMPLATE `+template+` ENCODING 'UTF8'`)
	t.Cleanup(func() { exec(t, address, `DROP DATABASE IF EXISTS `+name+` WITH (FORCE)`) })
	return withDatabase(t, address, name)
}

// exec runs one statement outside of a transaction. CREATE DATABASE loses at
// times to somebody who still looks at the template, and is tried again.
func exec(t testing.TB, address, statement string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	db, err := pg.Open(ctx, pg.Config{URL: address, MaxOpen: 1})
	if err != nil {
		t.Fatal(err)
	}
	for {
		_, err = db.ExecContext(ctx, statement)
		if pq.As(err, pqerror.ObjectInUse) == nil {
			break
		}
	}
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// withDatabase exchanges the database of a URL.
func withDatabase(t testing.TB, address, name string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil || !strings.HasPrefix(u.Scheme, "postgres") {
		t.Fatalf("%s must be a postgres:// URL (%v)", URLVariable, err)
	}
	u.Path = "/" + name
	return u.String()
}

func random() string {
	b := make([]byte, 8)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}
