// Package server wires the voting room.
package server

import (
	"encoding/hex"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
	"github.com/laurel-awards/laurel/pkg/key"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/phase"
	"github.com/laurel-awards/laurel/pkg/retention"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/services/voting"
	"github.com/laurel-awards/laurel/services/voting/internal/candidates"
	"github.com/laurel-awards/laurel/services/voting/internal/casting"
	"github.com/laurel-awards/laurel/services/voting/internal/counting"
	"github.com/laurel-awards/laurel/services/voting/internal/live"
	"github.com/laurel-awards/laurel/services/voting/internal/query"
	"github.com/laurel-awards/laurel/services/voting/internal/roster"
	"github.com/laurel-awards/laurel/services/voting/internal/secret"
	"github.com/laurel-awards/laurel/services/voting/migrations"
)

// Config is what the room needs to be told.
type Config struct {
	// PseudonymKey has at least 32 bytes, the same in all replicas and for as
	// long as there are ballots: with another, everybody could vote again, and no
	// receipt would be known. The room does not open then.
	PseudonymKey []byte
	// Log signs the ballot log. The replicas may have different keys while one
	// hands over to the next: each must verify what the others sign.
	Log ballotlog.Signer
}

// Migrations are the room's tables.
func Migrations() []pg.Set {
	return []pg.Set{phase.Set(), migrations.Set()}
}

// Keys are the room's keys, without the checks of those of an installation.
func Keys() []key.Key {
	const began = `SELECT EXISTS (SELECT FROM voting)`
	return []key.Key{
		{Name: secret.Name, Data: began, Before: `SELECT encode(key_check, 'hex') FROM voting ORDER BY id DESC LIMIT 1`},
		{Name: "log", Data: began},
	}
}

// New wires the room.
func New(deps run.Deps, cfg Config) (run.Room, error) {
	keys, err := secret.New(cfg.PseudonymKey)
	if err != nil {
		return run.Room{}, err
	}
	if _, err := cfg.Log.Keys(); err != nil {
		return run.Room{}, err
	}
	own := Keys()
	own[0].Checks, own[1] = []string{hex.EncodeToString(keys.Check)}, own[1].Signer(cfg.Log)
	deps.Selections = phase.NewSelections()
	cache := candidates.NewCache(deps.Selections)
	sequencer := counting.New(deps, cfg.Log, cache)
	caster := casting.New(deps, keys, cache, sequencer.Wake)
	reader := query.New(deps, keys, cfg.Log, cache)
	members := roster.New(deps, keys, cache)
	service := struct {
		*casting.Caster
		*query.Reader
		*roster.Voters
	}{caster, reader, members}
	endpoints := voting.Endpoints(service)
	for i := range endpoints {
		endpoints[i].Own = endpoints[i].Name == voting.CastVerb // a gateway chooses who takes ballots
	}
	return run.Room{
		Name:       voting.Name,
		Migrations: Migrations(),
		Keys:       own,
		Ready:      sequencer.Ready,
		Endpoints:  endpoints,
		Handlers:   append(candidates.Handlers(deps.Selections, deps.Time, keys), members.Handlers()...),
		Jobs:       reader.Jobs(),
		Retention:  retention.Plan{Needs: query.Needs},
		Tasks: []run.Task{
			{Name: "writer", Run: caster.Run},
			{Name: "sequencer", Run: sequencer.Run},
			{Name: "counting", Run: sequencer.Watch},
			{Name: "live tally", Run: live.New(deps, reader).Run},
		},
	}, nil
}
