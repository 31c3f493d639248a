package pg

import (
	"context"
	_ "embed" // schema.sql
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"
)

// CreateDatabase makes the database if there is none of that name, as UTF-8,
// through an admin's URL of any database of the server.
func CreateDatabase(ctx context.Context, adminURL, name string) (err error) {
	db, err := Open(ctx, Config{URL: adminURL, MaxOpen: 1})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var exists bool
	if err := db.GetContext(ctx, &exists, `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)`, name); err != nil {
		return fmt.Errorf("create database %s: %w", name, err)
	}
	if exists {
		return nil
	}
	_, err = db.ExecContext(ctx, `CREATE DATABASE `+pq.QuoteIdentifier(name)+` ENCODING 'UTF8'`)
	if err != nil && pq.As(err, pqerror.DuplicateDatabase) == nil && !IsUnique(err, "") {
		return fmt.Errorf("create database %s: %w", name, err)
	}
	return nil
}

// Bootstrap makes the services' roles and schemas, lets the URL's user act as
// each of them, and takes PUBLIC's rights on schemas away. A schema belongs to a
// keeper, not to the service, which may use it and create in it: so a service
// cannot take what the keeper has, its audit log. The URL's user needs CREATEROLE
// and CREATE on the database. It changes nothing if everything is there, and may
// run many times at once.
func Bootstrap(ctx context.Context, adminURL string, services ...string) (err error) {
	db, err := Open(ctx, Config{URL: adminURL, MaxOpen: 2})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	turn, err := waitLeader(ctx, db, "laurel/bootstrap")
	if err != nil {
		return fmt.Errorf("bootstrap: %w", err)
	}
	defer func() { err = errors.Join(err, turn.Close()) }()
	for _, s := range services {
		if err := checkService(s); err != nil {
			return err
		}
		for _, role := range []string{RoleName(s), KeeperName(s)} {
			if err := ensureRole(ctx, db, role); err != nil {
				return fmt.Errorf("role of %s: %w", s, err)
			}
		}
		if _, err := db.ExecContext(ctx, Schema(s)); err != nil {
			return fmt.Errorf("schema of %s: %w", s, err)
		}
	}
	return closePublic(ctx, db)
}

// Schema is what Bootstrap runs for a service.
func Schema(service string) string { return strings.ReplaceAll(schema, "SERVICE", service) }

// KeeperName is the role that owns a service's schema and what the service may
// not rewrite.
func KeeperName(service string) string { return "laurel_" + service + "_keeper" }

// schema makes the schema of SERVICE. keep_audit gives the tables of the audit
// log to the keeper; the log's migrations call it, as the service. audit_expire is
// what the service may do to entries: empty old ones of what may tell of people,
// which records itself. It is the same as in deploy/postgres/roles.sql.
//
//go:embed schema.sql
var schema string

// ensureRole makes the role and the right to act as it. Roles belong to the
// whole server, and no lock of one database guards them: a Bootstrap that loses
// against another database's looks again.
func ensureRole(ctx context.Context, db *sqlx.DB, role string) error {
	var err error
	for range 20 {
		if err = tryRole(ctx, db, role); err == nil || !isCatalogRace(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
	return err
}

func tryRole(ctx context.Context, db *sqlx.DB, role string) error {
	var exists bool
	if err := db.GetContext(ctx, &exists, `SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)`, role); err != nil {
		return err
	}
	if !exists {
		if _, err := db.ExecContext(ctx, `CREATE ROLE `+role+` NOLOGIN`); err != nil {
			return err
		}
	}
	// Since 16 a member may lack the right to become the role, its creator too.
	var may bool
	err := db.GetContext(ctx, &may, `
		SELECT pg_has_role(current_user, $1,
		       CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END)`, role)
	if err != nil || may {
		return err
	}
	_, err = db.ExecContext(ctx, `GRANT `+role+` TO CURRENT_USER`)
	return err
}

// isCatalogRace knows what a concurrent change of the same role or grant gives:
// a duplicate, or "tuple concurrently updated", which has no code of its own.
func isCatalogRace(err error) bool {
	return IsUnique(err, "") || pq.As(err, pqerror.DuplicateObject, pqerror.InternalError) != nil
}

// closePublic takes PUBLIC's rights on the schema public, where the URL's user
// may: before 15 everybody could create tables there.
func closePublic(ctx context.Context, db *sqlx.DB) error {
	var mine bool
	err := db.GetContext(ctx, &mine, `
		SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'public' AND pg_has_role(nspowner, 'USAGE'))`)
	if err == nil && mine {
		_, err = db.ExecContext(ctx, `REVOKE ALL ON SCHEMA public FROM PUBLIC`)
	}
	if err != nil {
		return fmt.Errorf("schema public: %w", err)
	}
	return nil
}
