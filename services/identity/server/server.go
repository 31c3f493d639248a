// Package server wires the identity room.
package server

import (
	"errors"
	"time"

	"github.com/laurel-awards/laurel/pkg/mac"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/identity/credential"
	"github.com/laurel-awards/laurel/services/identity/internal/staff"
	"github.com/laurel-awards/laurel/services/identity/internal/voter"
	"github.com/laurel-awards/laurel/services/identity/internal/way/device"
	"github.com/laurel-awards/laurel/services/identity/internal/way/roster"
	"github.com/laurel-awards/laurel/services/identity/migrations"
)

// Config is what the room needs to be told.
type Config struct {
	CredentialKey credential.Key // at least 32 bytes; the gateway has the same
	RosterKey     []byte         // at least 32 bytes; hashes the codes of rosters, and what sign-ins are counted by
	CredentialTTL time.Duration  // of a voter's credential
	SessionTTL    time.Duration  // of a staff session
}

// Migrations are the room's tables.
func Migrations() []pg.Set { return []pg.Set{migrations.Set()} }

// New wires the room.
func New(deps run.Deps, cfg Config) (run.Room, error) {
	if len(cfg.CredentialKey) < 32 {
		return run.Room{}, errors.New("identity: the credential key has fewer than 32 bytes")
	}
	if len(cfg.RosterKey) < 32 {
		return run.Room{}, errors.New("identity: the roster key has fewer than 32 bytes")
	}
	signIns := mac.New(cfg.RosterKey).Sum([]byte("laurel/identity/sign-in")) // a key of its own
	accounts := staff.New(deps, cfg.SessionTTL, signIns[:])
	rosters := roster.New(deps, cfg.RosterKey)
	devices := device.New(deps)
	voters := voter.New(cfg.CredentialKey, cfg.CredentialTTL, deps.Now, devices, rosters)
	service := struct {
		*staff.Staff
		*voter.Voters
		*roster.Rosters
	}{accounts, voters, rosters}
	return run.Room{
		Name: identity.Name, Migrations: Migrations(), Endpoints: identity.Endpoints(service),
		Handlers: append(accounts.Handlers(), rosters.Handlers()...), Tasks: []run.Task{devices.Task()},
	}, nil
}

// Accounts is the staff part alone, for a command on the server's machine, which
// signs nobody in.
func Accounts(deps run.Deps) *staff.Staff { return staff.New(deps, 0, nil) }
