package run

import (
	"context"
	"errors"
	"time"

	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/pg"
)

// The faults of a room whose database fails. Rooms pass the errors of pg on; here
// they are turned into faults, once for all rooms.
var (
	// ErrDatabaseDown says that nothing was done, because the database is away.
	ErrDatabaseDown = fault.NewUnavailable("database_down", "the database cannot be reached at this moment; try again", time.Second)
	// ErrUnknownOutcome says that the database went away during a commit, or behind
	// one.
	ErrUnknownOutcome = fault.NewUnavailable("outcome_unknown", "it is not known whether this was done; look, then try again", time.Second)
)

// endpointLimit is longer than any caller waits. A request that still waits for
// the database then holds a connection for nobody.
const endpointLimit = 2 * time.Minute

// withDatabase is the endpoint with the database's failures as faults.
func withDatabase(e bus.Endpoint) bus.Endpoint {
	handle := e.Handle
	e.Handle = func(ctx context.Context, data []byte) (any, error) {
		ctx, cancel := context.WithTimeout(ctx, endpointLimit)
		defer cancel()
		ctx, committed := pg.Watch(ctx)
		out, err := handle(ctx, data)
		return out, databaseFault(err, committed())
	}
	return e
}

// databaseFault leaves alone what already is a fault. An unknown commit comes
// first: its cause is a lost connection, too. What fails behind a commit does not
// undo it.
func databaseFault(err error, committed bool) error {
	var known *fault.Error
	switch {
	case err == nil, errors.As(err, &known):
		return err
	case errors.Is(err, pg.ErrUnknownCommit):
		return ErrUnknownOutcome.Because(err)
	case pg.IsUnavailable(err) && committed:
		return ErrUnknownOutcome.Because(err)
	case pg.IsUnavailable(err):
		return ErrDatabaseDown.Because(err)
	}
	return err
}
