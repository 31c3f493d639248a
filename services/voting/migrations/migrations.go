// Package migrations has the tables of voting.
package migrations

import (
	"embed"

	"github.com/laurel-awards/laurel/pkg/pg"
)

//go:embed *.sql
var files embed.FS

// Set is voting's migrations.
func Set() pg.Set { return pg.Set{Table: "migration", FS: files} }
