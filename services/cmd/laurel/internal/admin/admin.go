// Package admin is what an operator does on the machine: create accounts, replay
// dead letters, tell the gateway's public key.
package admin

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/config"
	"github.com/laurel-awards/laurel/services/identity"
	identityserver "github.com/laurel-awards/laurel/services/identity/server"
)

// Command is `laurel admin`.
type Command struct {
	CreateUser CreateUser `cmd:"" help:"Create a staff account, or add a role to one."`
	ReplayDead ReplayDead `cmd:"" help:"Put dead letters back into the stream."`
	GatewayKey GatewayKey `cmd:"" help:"Tell the public half of the gateway's key, for GATEWAY_PUBLIC_KEYS of the services."`
	CheckAudit CheckAudit `cmd:"" help:"Check that no entry of the audit log was changed or lost."`
	EraseAudit EraseAudit `cmd:"" help:"Erase a field of an entry of the audit log, such as a name."`
}

// CreateUser is `laurel admin create-user`: how the first organizer comes to be.
type CreateUser struct {
	config.Database `embed:""`
	Email           string        `required:"" help:"Sign-in name."`
	Name            string        `help:"Full name; the email where empty."`
	Role            identity.Role `help:"organizer, committee or auditor; none: only the account."`
	Selection       string        `default:"*" help:"Slug of the selection that the role is for; *: all, which lets an organizer create new ones."`
}

// Run reads the password from the first line of standard input, so that it is
// in no process list.
func (c *CreateUser) Run(ctx context.Context) error {
	url, err := c.Of(identity.Name)
	if err != nil {
		return err
	}
	db, err := pg.Open(ctx, pg.Config{URL: url, Service: identity.Name})
	if err != nil {
		return err
	}
	defer db.Close()
	if c.Name == "" {
		c.Name = c.Email
	}
	ctx = actor.With(ctx, actor.Actor{Kind: actor.System, ID: "admin", Name: "laurel admin"})
	accounts := identityserver.Accounts(run.Deps{DB: db, Now: time.Now})
	_, err = accounts.FindAccount(ctx, identity.Lookup{Email: c.Email})
	if errors.Is(err, identity.ErrNoAccount) {
		password, readErr := bufio.NewReader(os.Stdin).ReadString('\n')
		if readErr != nil && password == "" {
			return fmt.Errorf("the password is read from standard input: %w", readErr)
		}
		_, err = accounts.CreateAccount(ctx, identity.CreateAccount{Email: c.Email, Name: c.Name, Password: strings.TrimRight(password, "\r\n")})
	}
	if err != nil || c.Role == "" {
		return err
	}
	_, err = accounts.GrantRole(ctx, identity.Change{Email: c.Email, Grant: identity.Grant{Slug: c.Selection, Role: c.Role}})
	return err
}

// ReplayDead is `laurel admin replay-dead`.
type ReplayDead struct {
	config.NATS `embed:""`
	Service     string     `default:"*" help:"Whose dead letters; *: all."`
	Log         config.Log `embed:"" prefix:"log-"`
}

// Run puts the dead letters back and says how many.
func (c *ReplayDead) Run(ctx context.Context) error {
	b, err := c.Connect("admin", c.Log.Logger())
	if err != nil {
		return err
	}
	defer b.Close()
	n, err := b.ReplayDead(ctx, c.Service)
	fmt.Printf("%d events put back\n", n)
	return err
}

// GatewayKey is `laurel admin gateway-key`.
type GatewayKey struct {
	File string `name:"gateway-key-file" env:"GATEWAY_KEY_FILE" required:"" type:"path" help:"The gateway's key, as openssl rand -hex 32 makes it."`
}

// Run prints the public key.
func (c *GatewayKey) Run() error {
	signer, err := config.Server{GatewayKeyFile: c.File}.GatewaySigner()
	if err != nil {
		return err
	}
	fmt.Println(signer.Public())
	return nil
}
