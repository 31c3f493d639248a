package run

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/key"
	"github.com/laurel-awards/laurel/pkg/pause"
	"github.com/laurel-awards/laurel/pkg/pg"
)

// auditKey signs the heads of each room's audit log.
var auditKey = key.Key{Name: "audit", Data: `SELECT EXISTS (SELECT FROM audit_head)`}

// Needed are the names of the keys that the room's data were made with, by the
// tables that Start would make.
func (r Room) Needed(ctx context.Context, db *sqlx.DB) ([]string, error) {
	if err := pg.Migrate(ctx, db, r.Sets()...); err != nil {
		return nil, fmt.Errorf("%s: %w", r.Name, err)
	}
	names, err := key.Needed(ctx, db, append(slices.Clip(r.Keys), auditKey))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.Name, err)
	}
	return names, nil
}

// Closed is a room that does not open: it answers nobody, hears no event and does no
// work, so that another replica does all of it, and it is not ready. Its message tells
// operators why, and what to do.
func Closed(ctx context.Context, name string, why *fault.Error, log *slog.Logger) *Running {
	log.ErrorContext(ctx, "room does not open", "service", name, "error", why)
	return &Running{room: Room{Name: name}, refusal: why, failed: make(chan error)}
}

// Refusal is why the room does not open, or nil.
func (r *Running) Refusal() *fault.Error { return r.refusal }

// keysPace is how often a room looks whether its keys are still those that are
// recorded: until there are data, another replica's may take their place.
const keysPace = time.Minute

// watchKeys ends the process whose keys are no longer those that are recorded.
func (r *Running) watchKeys(ctx context.Context) error {
	for pause.For(ctx, keysPace) {
		err := key.Confirm(ctx, r.deps.DB, r.room.Name, r.room.Keys)
		if errors.Is(err, key.ErrUnknown) {
			return err
		}
	}
	return nil
}
