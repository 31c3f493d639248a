// Package migrate creates the services' roles, schemas and tables, or the streams
// in NATS, or brings them up to date.
package migrate

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/laurel-awards/laurel/pkg/pause"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/config"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/serve"
)

// Command is `laurel migrate`.
type Command struct {
	config.Database `embed:""`
	config.NATS     `embed:""`

	Streams bool       `name:"nats" help:"Make the streams and consumers in NATS, as its user admin, and touch no database. Needed once, after an upgrade, and after JetStream has lost its directory; not where NATS runs inside the process."`
	Log     config.Log `embed:"" prefix:"log-"`
}

// Run makes what rooms must not make for themselves.
func (c *Command) Run(ctx context.Context) error {
	if c.Streams {
		return c.streams(ctx)
	}
	return c.databases(ctx)
}

// limit is how long NATS may take to answer.
const limit = time.Minute

func (c *Command) streams(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	b, err := c.Connect("admin", c.Log.Logger())
	if err != nil {
		return err
	}
	defer b.Close()
	for b.Ready() != nil && pause.For(ctx, 100*time.Millisecond) {
	}
	done, err := b.Provision(ctx)
	for _, what := range done {
		fmt.Println(what)
	}
	if err != nil {
		return err
	}
	if len(done) == 0 {
		fmt.Println("streams and consumers are as they must be")
	}
	foreign, err := b.Foreign(ctx)
	if err == nil && len(foreign) > 0 {
		err = fmt.Errorf("the account also has what is not Laurel's: %s; it may copy passwords and ballots: find out who made it, and delete it",
			strings.Join(foreign, ", "))
	}
	return err
}

// databases makes each service's role and schema, as the user of the URL, and
// brings its tables up to date.
func (c *Command) databases(ctx context.Context) error {
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
