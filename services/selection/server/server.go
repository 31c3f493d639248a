// Package server wires the selection room.
package server

import (
	"slices"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
	"github.com/laurel-awards/laurel/pkg/calendar"
	"github.com/laurel-awards/laurel/pkg/key"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/services/selection"
	"github.com/laurel-awards/laurel/services/selection/internal/notice"
	"github.com/laurel-awards/laurel/services/selection/internal/publication"
	"github.com/laurel-awards/laurel/services/selection/internal/store"
	"github.com/laurel-awards/laurel/services/selection/internal/timing"
	"github.com/laurel-awards/laurel/services/selection/migrations"
)

// Migrations are the room's tables.
func Migrations() []pg.Set { return []pg.Set{migrations.Set()} }

// Keys are the room's keys, without the checks of those of an installation.
func Keys() []key.Key { return []key.Key{publication.Key()} }

// Config is what an installation may settle.
type Config struct {
	Holidays calendar.Holidays // before those that come with this version
	Bundles  ballotlog.Signer  // signs the bundles of published results
}

// New wires the room of an installation that settles nothing.
func New(deps run.Deps) (run.Room, error) { return Config{}.New(deps) }

// New wires the room.
func (c Config) New(deps run.Deps) (run.Room, error) {
	selections, phases, public := store.New(deps), timing.New(deps, c.Holidays), publication.New(deps, c.Bundles)
	notices := notice.New(deps, c.Holidays)
	service := struct {
		*store.Store
		*timing.Timing
		*notice.Notices
		*publication.Publication
	}{selections, phases, notices, public}
	return run.Room{
		Name:       selection.Name,
		Migrations: Migrations(),
		Keys:       []key.Key{publication.Key().Signer(c.Bundles)},
		Jobs:       public.Jobs(),
		Endpoints:  selection.Endpoints(service),
		Handlers:   slices.Concat(selections.Handlers(), phases.Handlers()),
		Tasks:      []run.Task{phases.Clock().Task()},
		Retention:  public.Retention().With(notices.Retention()),
	}, nil
}
