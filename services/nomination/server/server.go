// Package server wires the nomination room.
package server

import (
	"github.com/laurel-awards/laurel/pkg/job"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/phase"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/nomination/internal/candidate"
	"github.com/laurel-awards/laurel/services/nomination/internal/entry"
	"github.com/laurel-awards/laurel/services/nomination/internal/photo"
	"github.com/laurel-awards/laurel/services/nomination/internal/vetting"
	"github.com/laurel-awards/laurel/services/nomination/migrations"
)

// Migrations are the room's tables.
func Migrations() []pg.Set {
	return []pg.Set{phase.Set(), migrations.Set()}
}

// New wires the room.
func New(deps run.Deps) (run.Room, error) {
	deps.Selections = phase.NewSelections()
	vet := vetting.New(deps)
	entries := entry.New(deps, photo.NewMaker())
	service := struct {
		*entry.Entries
		*vetting.Vetting
		*candidate.Candidates
	}{entries, vet, candidate.New(deps)}
	return run.Room{
		Name:       nomination.Name,
		Migrations: Migrations(),
		Endpoints:  nomination.Endpoints(service),
		Handlers:   append(deps.Selections.Handlers(deps.Time, phase.Hooks{Changed: vet.Changed}), entry.Ended()),
		Retention:  entries.Retention(),
		Jobs:       []job.Kind{entries.ImportJob(), entries.PhotosJob(), entries.SizesJob()},
	}, nil
}
