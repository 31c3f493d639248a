// Package server wires the identity room.
package server

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/laurel-awards/laurel/pkg/key"
	"github.com/laurel-awards/laurel/pkg/mac"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/identity/codelist"
	"github.com/laurel-awards/laurel/services/identity/credential"
	"github.com/laurel-awards/laurel/services/identity/internal/mail"
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
	FactorKey     []byte         // at least 32 bytes; seals what is kept of second factors
	SecondFactor  SecondFactor
	Mail          Mail
	PrintingKey   string // public key of the office that prints codes which no organizer reads, age1…; empty: there is none
	PasswordCost  PasswordCost
}

// PasswordCost is that of hashing the password of an account; zero is the right one outside of tests.
type PasswordCost = staff.Cost

// SecondFactor is the roles that take one. Nil is the default: those that run a
// selection, once mail is sent, so that whoever is told of a change can act.
type SecondFactor []identity.Role

func (f SecondFactor) roles(mailed bool) []identity.Role {
	if f == nil && mailed {
		return []identity.Role{identity.Organizer}
	}
	return f
}

// Mail is how letters are sent to members of staff.
type Mail = mail.Config

// Migrations are the room's tables.
func Migrations() []pg.Set { return []pg.Set{migrations.Set()} }

// Keys are the room's keys, without the checks of those of an installation. Nobody
// tells who has a credential, so that its key counts from its first use.
func Keys() []key.Key {
	return []key.Key{
		{Name: "credential", Data: `SELECT EXISTS (SELECT FROM key_check WHERE name = 'credential') OR EXISTS (SELECT FROM account)`},
		{Name: "roster", Data: `SELECT EXISTS (SELECT FROM roster_member)`},
		{Name: "factor", Data: `SELECT EXISTS (SELECT FROM account_factor)`},
	}
}

// New wires the room.
func New(deps run.Deps, cfg Config) (run.Room, error) {
	if len(cfg.CredentialKey) < 32 {
		return run.Room{}, errors.New("identity: the credential key has fewer than 32 bytes")
	}
	if len(cfg.RosterKey) < 32 {
		return run.Room{}, errors.New("identity: the roster key has fewer than 32 bytes")
	}
	letters, err := mail.New(deps, cfg.Mail)
	if err != nil {
		return run.Room{}, fmt.Errorf("identity: %w", err)
	}
	signIns := mac.New(cfg.RosterKey).Sum([]byte("laurel/identity/sign-in")) // a key of its own
	accounts, err := staff.New(deps, staff.Config{
		SessionTTL: cfg.SessionTTL, SignIns: signIns[:], Factors: cfg.FactorKey,
		Required: cfg.SecondFactor.roles(letters.On()), PublicURL: cfg.Mail.PublicURL, Cost: cfg.PasswordCost,
	}, letters)
	if err != nil {
		return run.Room{}, fmt.Errorf("identity: %w", err)
	}
	keys := Keys()
	for i, secret := range [][]byte{cfg.CredentialKey, cfg.RosterKey, cfg.FactorKey} {
		keys[i] = keys[i].Secret(secret)
	}
	office := roster.Office{Address: cfg.Mail.PublicURL}
	if cfg.PrintingKey != "" {
		if office.Printer, err = codelist.NewPrinter(cfg.PrintingKey); err != nil {
			return run.Room{}, fmt.Errorf("identity: PRINTING_KEY: %w", err)
		}
		if u, err := url.Parse(office.Address); err != nil || u.Host == "" {
			return run.Room{}, errors.New("identity: PUBLIC_URL is needed where PRINTING_KEY is set: the codes on slips lead there")
		}
	}
	rosters := roster.New(deps, cfg.RosterKey, office, letters)
	devices := device.New(deps)
	voters := voter.New(cfg.CredentialKey, cfg.CredentialTTL, deps.Now, devices, rosters)
	secrets := map[mail.Kind]mail.Secrets{mail.Invitation: accounts, mail.RoleGiven: accounts, mail.Reset: accounts, mail.Code: rosters}
	service := struct {
		*staff.Staff
		*voter.Voters
		*roster.Rosters
		*mail.Outbox
	}{accounts, voters, rosters, mail.NewOutbox(letters, secrets)}
	return run.Room{
		Name: identity.Name, Migrations: Migrations(), Keys: keys, Endpoints: identity.Endpoints(service),
		Handlers:  append(accounts.Handlers(), rosters.Handlers()...),
		Tasks:     []run.Task{devices.Task(), letters.Task(secrets)},
		Retention: rosters.Retention(),
	}, nil
}

// Accounts is the staff part alone, for a command on the server's machine, which
// signs nobody in and sends no mail.
func Accounts(deps run.Deps) *staff.Staff { return staff.Bare(deps) }

// ErrSetUp says that there is an organizer of all selections already.
var ErrSetUp = staff.ErrSetUp

// Password is what an operator types on the machine.
type Password = staff.Password

// ErrEmailTaken says that there is an account that was to be new.
var ErrEmailTaken = staff.ErrEmailTaken

// Unsent is a letter that waits, or that was given up.
type Unsent = mail.Unsent

// UnsentMail gives the letters that were not sent, oldest first.
func UnsentMail(ctx context.Context, deps run.Deps) ([]Unsent, error) { return mail.List(ctx, deps.DB) }

// RetryMail queues the letters again that were given up, and gives their number.
func RetryMail(ctx context.Context, deps run.Deps) (int64, error) {
	return mail.Retry(ctx, deps.DB, deps.Time())
}
