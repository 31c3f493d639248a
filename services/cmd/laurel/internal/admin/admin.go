// Package admin is what an operator does on the machine: keep accounts, replay dead
// letters, tell the gateway's public key, look after the audit log.
package admin

import (
	"context"
	"fmt"

	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/config"
)

// Command is `laurel admin`.
type Command struct {
	CreateUser    CreateUser    `cmd:"" help:"Create a staff account, or with --existing add a role to one; the password is the first line of standard input."`
	SetupLink     SetupLink     `cmd:"" help:"Print a link to create the first organizer, good for an hour and once; one that was printed before is no longer good."`
	SetPassword   SetPassword   `cmd:"" help:"Give an account the password on the first line of standard input: proves it as its holder's, and ends its sessions."`
	RemoveFactors RemoveFactors `cmd:"" help:"Remove the second factors of an account whose holder has lost them, and end its sessions."`
	RevokeRole    RevokeRole    `cmd:"" help:"Take a role back."`
	DisableUser   DisableUser   `cmd:"" help:"Disable an account, and end its sessions."`
	EnableUser    EnableUser    `cmd:"" help:"Enable an account again."`
	ListUsers     ListUsers     `cmd:"" help:"List accounts with their states and roles."`
	Mail          Mail          `cmd:"" help:"List the letters that were not sent."`
	ReplayDead    ReplayDead    `cmd:"" help:"Put dead letters back into the stream."`
	GatewayKey    GatewayKey    `cmd:"" help:"Tell the public half of the gateway's key, for GATEWAY_PUBLIC_KEYS of the services."`
	CheckAudit    CheckAudit    `cmd:"" help:"Check that no entry of the audit log was changed or lost."`
	EraseAudit    EraseAudit    `cmd:"" help:"Erase a field of an entry of the audit log, such as a name."`
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
