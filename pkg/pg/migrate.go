package pg

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	"github.com/pressly/goose/v3"
)

var (
	// ErrNewer is a database that a newer program has migrated.
	ErrNewer = errors.New("the database is newer than this program")
	// ErrNotMigrated is a database that lacks migrations of this program.
	ErrNotMigrated = errors.New("the database is not migrated")
)

// Set is one line of migrations: those of a service, or of a package that
// brings tables with it. Each service that uses it has its own copy.
type Set struct {
	// Table keeps the versions that were applied, in the service's schema.
	Table string
	// FS holds 00001_init.sql, 00002_… in its root, in goose's format.
	FS fs.FS
}

// Embedded is the set in the directory migrations of a package's files.
func Embedded(table string, files embed.FS) Set {
	sub, err := fs.Sub(files, "migrations")
	if err != nil {
		panic(err) // "migrations" is a valid path
	}
	return Set{Table: table, FS: sub}
}

// provider reads the set; it does not touch the database.
func (s Set) provider(db *sqlx.DB) (*goose.Provider, int64, error) {
	p, err := goose.NewProvider(goose.DialectPostgres, db.DB, s.FS,
		goose.WithTableName(s.Table), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return nil, 0, fmt.Errorf("migrations %s: %w", s.Table, err)
	}
	sources := p.ListSources()
	return p, sources[len(sources)-1].Version, nil
}

// version is the last one applied, -1 before the first run.
func (s Set) version(ctx context.Context, db *sqlx.DB) (int64, error) {
	table := pq.QuoteIdentifier(s.Table)
	var there bool
	err := db.GetContext(ctx, &there, `SELECT to_regclass($1) IS NOT NULL`, table)
	if err != nil || !there {
		return -1, err
	}
	var v int64
	err = db.GetContext(ctx, &v, `SELECT coalesce(max(version_id), 0) FROM `+table)
	return v, err
}

// Migrate applies what is missing of each set, in the order given, and does
// nothing when nothing is. Starters that run it at once take turns. It needs two
// connections of db's pool. A database that is ahead gives ErrNewer, unchanged.
func Migrate(ctx context.Context, db *sqlx.DB, sets ...Set) (err error) {
	turn, err := waitLeader(ctx, db, "laurel/migrate")
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	defer func() { err = errors.Join(err, turn.Close()) }()
	for _, s := range sets {
		p, target, err := s.provider(db)
		if err != nil {
			return err
		}
		current, err := s.version(ctx, db)
		if err != nil {
			return fmt.Errorf("migrations %s: %w", s.Table, err)
		}
		if current > target {
			return fmt.Errorf("%w: %s is at version %d, known are %d", ErrNewer, s.Table, current, target)
		}
		if _, err := p.Up(ctx); err != nil {
			return fmt.Errorf("migrations %s: %w", s.Table, err)
		}
	}
	return nil
}

// Migrated returns ErrNotMigrated, naming the set, unless every migration of
// each set is applied. A database that is ahead passes: replicas of the former
// release stay ready while the next one rolls out.
func Migrated(ctx context.Context, db *sqlx.DB, sets ...Set) error {
	for _, s := range sets {
		_, target, err := s.provider(db)
		if err != nil {
			return err
		}
		current, err := s.version(ctx, db)
		if err != nil {
			return fmt.Errorf("migrations %s: %w", s.Table, err)
		}
		if current < target {
			return fmt.Errorf("%w: %s is at version %d of %d", ErrNotMigrated, s.Table, max(current, 0), target)
		}
	}
	return nil
}
