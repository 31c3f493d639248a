// Package server wires the voting room.
package server

import (
	"github.com/laurel-awards/laurel/pkg/ballotlog"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/phase"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/services/voting"
	"github.com/laurel-awards/laurel/services/voting/internal/casting"
	"github.com/laurel-awards/laurel/services/voting/internal/counting"
	"github.com/laurel-awards/laurel/services/voting/internal/live"
	"github.com/laurel-awards/laurel/services/voting/internal/record"
	"github.com/laurel-awards/laurel/services/voting/internal/roll"
	"github.com/laurel-awards/laurel/services/voting/internal/secret"
	"github.com/laurel-awards/laurel/services/voting/migrations"
)

// Config is what the room needs to be told.
type Config struct {
	// PseudonymKey has at least 32 bytes, the same in all replicas and for as
	// long as a vote runs: with another, everybody could vote again, and the
	// room refuses.
	PseudonymKey []byte
	// LogKey is the seed of the Ed25519 key that signs the ballot log, 32 bytes,
	// the same in all replicas.
	LogKey []byte
}

// Migrations are the room's tables.
func Migrations() []pg.Set {
	return []pg.Set{phase.Set(), migrations.Set()}
}

// New wires the room.
func New(deps run.Deps, cfg Config) (run.Room, error) {
	keys, err := secret.New(cfg.PseudonymKey)
	if err != nil {
		return run.Room{}, err
	}
	signer, err := ballotlog.NewSigner(cfg.LogKey)
	if err != nil {
		return run.Room{}, err
	}
	cache := roll.NewCache()
	sequencer := counting.New(deps, signer)
	box := casting.New(deps, keys, cache, sequencer.Wake)
	reader := record.New(deps, keys, signer, cache)
	service := struct {
		*casting.Box
		*record.Record
	}{box, reader}
	return run.Room{
		Name:       voting.Name,
		Migrations: Migrations(),
		Endpoints:  voting.Endpoints(service),
		Handlers:   roll.Handlers(deps.Time, keys),
		Tasks: []run.Task{
			{Name: "writer", Run: box.Run},
			{Name: "sequencer", Run: sequencer.Run},
			{Name: "live tally", Run: live.New(deps, reader).Run},
		},
	}, nil
}
