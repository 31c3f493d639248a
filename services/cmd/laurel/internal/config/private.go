package config

import (
	"errors"
	"maps"
	"path/filepath"
	"slices"

	"github.com/alecthomas/kong"

	"github.com/laurel-awards/laurel/pkg/pg/private"
)

// What is in the data directory.
const (
	KeysDir  = "keys"
	BlobsDir = "blobs"
	NATSDir  = "nats"

	postgresDir = "postgres"
)

// PrivateDatabase is the name of the one database of a private PostgreSQL.
const PrivateDatabase = "laurel"

// Dir is the data directory. An empty DATA_DIR is as none: kong would take it for
// the working directory.
func (d Database) Dir() (string, error) {
	switch {
	case d.DataDir != "":
		return kong.ExpandPath(d.DataDir), nil
	case d.Private:
		return private.DefaultDir("data")
	}
	return "data", nil
}

// Postgres is the private PostgreSQL of the data directory. A database that is
// named beside it is refused: one of the two is a mistake.
func (d Database) Postgres() (private.Server, error) {
	for _, url := range append(slices.Collect(maps.Values(d.own())), d.URL) {
		if url != "" {
			return private.Server{}, errors.New("--private takes the PostgreSQL of the data directory, and DATABASE_URL names another: only one of them can be")
		}
	}
	dir, err := d.Dir()
	return private.Server{Dir: filepath.Join(dir, postgresDir)}, err
}

// privateURL is how to reach it while it runs.
func (d Database) privateURL() (string, error) {
	s, err := d.Postgres()
	if err != nil {
		return "", err
	}
	at, err := s.Made()
	if err != nil {
		return "", err
	}
	return at.URL(PrivateDatabase), nil
}
