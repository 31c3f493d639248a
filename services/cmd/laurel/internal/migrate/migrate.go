// Package migrate creates the services' roles, schemas and tables, or brings them
// up to date.
package migrate

import (
	"context"
	"errors"
	"fmt"

	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/config"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/serve"
)

// Command is `laurel migrate`.
type Command struct {
	config.Database `embed:""`
}

// Run makes each service's role and schema, as the user of the URL, and brings
// its tables up to date.
func (c *Command) Run(ctx context.Context) error {
	for _, room := range serve.Rooms() {
		url, err := c.Of(room.Name)
		if err != nil {
			return err
		}
		if err := pg.Bootstrap(ctx, url, room.Name); err != nil {
			return fmt.Errorf("%s: %w", room.Name, err)
		}
		db, err := pg.Open(ctx, pg.Config{URL: url, Service: room.Name})
		if err != nil {
			return fmt.Errorf("%s: %w", room.Name, err)
		}
		if err := errors.Join(pg.Migrate(ctx, db, room.Sets()...), db.Close()); err != nil {
			return fmt.Errorf("%s: %w", room.Name, err)
		}
	}
	return nil
}
