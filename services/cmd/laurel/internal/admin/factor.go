package admin

import (
	"context"
	"fmt"

	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/config"
	"github.com/laurel-awards/laurel/services/identity"
	identityserver "github.com/laurel-awards/laurel/services/identity/server"
)

// SetupLink is `laurel admin setup-link`.
type SetupLink struct {
	config.Database `embed:""`
	Listen          string `env:"LISTEN" default:"127.0.0.1:8080" help:"Address of the public API and pages, as laurel serve has it."`
	PublicURL       string `name:"public-url" env:"PUBLIC_URL" help:"How browsers reach the gateway."`
}

// Run prints the link, where there is no organizer of all selections.
func (c *SetupLink) Run(ctx context.Context) error {
	return accounts(ctx, c.Database, func(ctx context.Context, deps run.Deps) error {
		token, err := identityserver.Accounts(deps).SetupLink(ctx, false)
		if err == nil {
			fmt.Println(config.Server{Listen: c.Listen, PublicURL: c.PublicURL}.SetupLink(token))
		}
		return err
	})
}

// RemoveFactors is `laurel admin remove-factors`.
type RemoveFactors struct {
	access `embed:""`
}

// Run removes the factors and says how many there were.
func (c *RemoveFactors) Run(ctx context.Context) error {
	return accounts(ctx, c.Database, func(ctx context.Context, deps run.Deps) error {
		n, err := identityserver.Accounts(deps).RemoveFactors(ctx, identity.ChangeAccess{Email: c.Email, Reason: c.Reason})
		if err == nil {
			fmt.Printf("%d factors removed\n", n)
		}
		return err
	})
}
