// Package pg is how a service keeps its data in PostgreSQL (13 or later): open as
// the service's own role, migrate, transact, classify errors and lead by advisory
// lock.
package pg

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"regexp"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
)

// DefaultMaxOpen is the pool's size when Config.MaxOpen is zero. Five services
// with one replica each, a pool for long work beside it and a listener, then stay
// below PostgreSQL's default of 100 connections.
const DefaultMaxOpen = 13

// MinVersion is the oldest server that is accepted, as server_version_num.
const MinVersion = 130000

// ErrUnsafe is a server that may lose acknowledged commits. Its text names the
// setting.
var ErrUnsafe = errors.New("the server would lose acknowledged writes")

// Config says which database to open, and as whom.
type Config struct {
	// URL is a PostgreSQL URL or key=value string. Its options win over the
	// defaults of Open, except role, search_path and timezone. Without sslmode a
	// server on another machine must prove its name (verify-full).
	URL string
	// Service is the schema to work in; its role is RoleName(Service). Empty
	// works as the URL's own user, in that user's own search_path.
	Service string
	// MaxOpen limits the connections of the pool; zero is DefaultMaxOpen. Idle
	// ones are kept up to the same number and closed after five minutes.
	MaxOpen int
}

// RoleName is the role that owns a service's schema.
func RoleName(service string) string { return "laurel_" + service }

// Open connects to the database as the service's role, with the service's
// schema as the whole search path and UTC as its time zone, and proves the
// connection. It refuses a server older than MinVersion and one with fsync or
// synchronous_commit off (ErrUnsafe). A server that is not there (yet) gives an
// error that IsUnavailable knows.
//
// The settings are parameters of each connection, so a pooler in between must
// keep sessions apart.
func Open(ctx context.Context, cfg Config) (*sqlx.DB, error) {
	connector, err := connector(cfg)
	if err != nil {
		return nil, err
	}
	db := sqlx.NewDb(sql.OpenDB(connector), "postgres")
	size := cfg.MaxOpen
	if size == 0 {
		size = DefaultMaxOpen
	}
	db.SetMaxOpenConns(size)
	db.SetMaxIdleConns(size)
	db.SetConnMaxIdleTime(5 * time.Minute)
	if err := check(ctx, db); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// serviceName is what may name a service: it becomes an SQL identifier.
var serviceName = regexp.MustCompile(`^[a-z][a-z_]{0,39}$`)

func checkService(name string) error {
	if !serviceName.MatchString(name) {
		return fmt.Errorf("service name %q is not of small letters", name)
	}
	return nil
}

func connector(cfg Config) (*pool, error) {
	c, err := pq.NewConfig(cfg.URL)
	if err != nil {
		return nil, fmt.Errorf("database URL: %w", err)
	}
	// Bytes are sent as they are, and a statement with its parameters in one round
	// trip, not in two. A jsonb then takes text, for bytes would be its own format.
	c.BinaryParameters = true
	if c.ConnectTimeout == 0 {
		c.ConnectTimeout = 10 * time.Second
	}
	// A server elsewhere proves who it is, unless the URL says otherwise. lib/pq
	// alone would encrypt, and believe anybody.
	if c.SSLMode == "" && c.Host != "localhost" && !net.ParseIP(c.Host).IsLoopback() {
		c.SSLMode = pq.SSLModeVerifyFull
	}
	name := "laurel"
	runtime := map[string]string{
		// A dead client must not keep its advisory locks: the server looks after
		// ten idle seconds, and gives a silent peer thirty in all.
		"tcp_keepalives_idle":                 "10",
		"tcp_keepalives_interval":             "5",
		"tcp_keepalives_count":                "4",
		"tcp_user_timeout":                    "30000",
		"idle_in_transaction_session_timeout": "60000",
	}
	for k, v := range c.Runtime {
		runtime[k] = v
	}
	runtime["timezone"] = "UTC"
	if cfg.Service != "" {
		if err := checkService(cfg.Service); err != nil {
			return nil, err
		}
		name += "-" + cfg.Service
		runtime["role"] = RoleName(cfg.Service)
		runtime["search_path"] = cfg.Service
	}
	c.Runtime = runtime
	if c.ApplicationName == "" {
		c.ApplicationName = name
	}
	address := cfg.URL
	if c.SSLMode != "" {
		address = withMode(address, c.SSLMode)
	}
	return newPool(c, address), nil
}

// check proves the connection and that what it commits is kept.
func check(ctx context.Context, db *sqlx.DB) error {
	var s struct {
		Version int    `db:"version"`
		Fsync   string `db:"fsync"`
		Commit  string `db:"commit"`
	}
	err := db.GetContext(ctx, &s, `
		SELECT current_setting('server_version_num')::int AS version,
		       current_setting('fsync') AS fsync,
		       current_setting('synchronous_commit') AS commit`)
	switch {
	case err != nil:
		return fmt.Errorf("connect to the database: %w", err)
	case s.Version < MinVersion:
		return fmt.Errorf("PostgreSQL %d is too old: 13 or later is needed", s.Version/10000)
	case s.Fsync == "off":
		return fmt.Errorf("%w: fsync is off; set fsync = on", ErrUnsafe)
	case s.Commit == "off":
		return fmt.Errorf("%w: synchronous_commit is off; set synchronous_commit = on", ErrUnsafe)
	}
	return nil
}
