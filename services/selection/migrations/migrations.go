// Package migrations has the tables of selection.
package migrations

import (
	"embed"

	"github.com/laurel-awards/laurel/pkg/pg"
)

//go:embed *.sql
var files embed.FS

// Set is selection's migrations.
func Set() pg.Set { return pg.Set{Table: "migration", FS: files} }
