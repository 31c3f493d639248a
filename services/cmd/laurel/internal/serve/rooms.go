package serve

import (
	"fmt"

	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/services/identity"
	identityserver "github.com/laurel-awards/laurel/services/identity/server"
	"github.com/laurel-awards/laurel/services/nomination"
	nominationserver "github.com/laurel-awards/laurel/services/nomination/server"
	"github.com/laurel-awards/laurel/services/review"
	reviewserver "github.com/laurel-awards/laurel/services/review/server"
	"github.com/laurel-awards/laurel/services/selection"
	selectionserver "github.com/laurel-awards/laurel/services/selection/server"
	"github.com/laurel-awards/laurel/services/voting"
	votingserver "github.com/laurel-awards/laurel/services/voting/server"
)

// gatewayName is the service without a database.
const gatewayName = "gateway"

// Rooms are all rooms with their migrations and keys, in the order of a selection's life.
func Rooms() []run.Room {
	return []run.Room{
		{Name: identity.Name, Migrations: identityserver.Migrations(), Keys: identityserver.Keys()},
		{Name: selection.Name, Migrations: selectionserver.Migrations(), Keys: selectionserver.Keys()},
		{Name: nomination.Name, Migrations: nominationserver.Migrations()},
		{Name: voting.Name, Migrations: votingserver.Migrations(), Keys: votingserver.Keys()},
		{Name: review.Name, Migrations: reviewserver.Migrations()},
	}
}

// room wires one.
func (p *process) room(name string, deps run.Deps) (run.Room, error) {
	switch name {
	case identity.Name:
		key, err := p.key(p.cfg.CredentialKeyFile, credentialKey)
		if err != nil {
			return run.Room{}, err
		}
		rosterKey, err := p.key(p.cfg.RosterKeyFile, "roster")
		if err != nil {
			return run.Room{}, err
		}
		factorKey, err := p.key(p.cfg.FactorKeyFile, "factor")
		if err != nil {
			return run.Room{}, err
		}
		roles, err := p.cfg.SecondFactorRoles()
		if err != nil {
			return run.Room{}, err
		}
		return identityserver.New(deps, identityserver.Config{
			FactorKey: factorKey, SecondFactor: roles,
			CredentialKey: key, RosterKey: rosterKey, CredentialTTL: p.cfg.CredentialTTL, SessionTTL: p.cfg.SessionTTL,
			Mail:        identityserver.Mail{URL: p.cfg.SMTPURL, From: p.cfg.MailFrom, PublicURL: p.cfg.PublicURL},
			PrintingKey: p.cfg.PrintingKey,
		})
	case selection.Name:
		holidays, err := p.cfg.Holidays()
		if err != nil {
			return run.Room{}, err
		}
		if err := p.there(p.cfg.BundleKeyFile, "bundle"); err != nil {
			return run.Room{}, err
		}
		signer, err := p.cfg.BundleSigner()
		if err != nil {
			return run.Room{}, err
		}
		return selectionserver.Config{Holidays: holidays, Bundles: signer}.New(deps)
	case nomination.Name:
		return nominationserver.New(deps)
	case voting.Name:
		key, err := p.key(p.cfg.PseudonymKeyFile, "pseudonym")
		if err != nil {
			return run.Room{}, err
		}
		if err := p.there(p.cfg.LogKeyFile, "log"); err != nil {
			return run.Room{}, err
		}
		signer, err := p.cfg.LogSigner()
		if err != nil {
			return run.Room{}, err
		}
		return votingserver.New(deps, votingserver.Config{PseudonymKey: key, Log: signer})
	case review.Name:
		return reviewserver.Config{SearchBudget: p.cfg.SearchBudget}.New(deps)
	}
	return run.Room{}, fmt.Errorf("there is no room %q", name)
}

const credentialKey = "credential"
