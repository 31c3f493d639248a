package admin

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/config"
	"github.com/laurel-awards/laurel/services/identity"
	identityserver "github.com/laurel-awards/laurel/services/identity/server"
)

// accounts opens identity's database in the operator's name.
func accounts(ctx context.Context, cfg config.Database, do func(ctx context.Context, deps run.Deps) error) error {
	ctx = actor.With(ctx, actor.Actor{Kind: actor.System, ID: "admin", Name: "laurel admin"})
	_, err := withDatabase(ctx, cfg, identity.Name, func(db *sqlx.DB) (struct{}, error) {
		clock, err := pg.NewClock(ctx, db)
		if err != nil {
			return struct{}{}, err
		}
		return struct{}{}, do(ctx, run.Deps{DB: db, Now: clock.Now})
	})
	return err
}

// SetPassword is `laurel admin set-password`.
type SetPassword struct {
	config.Database `embed:""`
	Email           string `required:"" help:"Sign-in name."`
}

// Run gives an account the password on standard input, and proves it.
func (c *SetPassword) Run(ctx context.Context) error {
	return accounts(ctx, c.Database, func(ctx context.Context, deps run.Deps) error {
		staff := identityserver.Accounts(deps)
		password, err := readPassword()
		if err != nil {
			return err
		}
		a, err := staff.SetPassword(ctx, identityserver.Password{Email: c.Email, Password: password})
		if err == nil {
			fmt.Printf("The account of %s is proved, its sessions have ended, and these are its roles:\n", a.Email)
			tellRoles(a.Grants, "")
		}
		return err
	})
}

// RevokeRole is `laurel admin revoke-role`.
type RevokeRole struct {
	config.Database `embed:""`
	Email           string        `required:"" help:"Sign-in name."`
	Role            identity.Role `required:"" help:"organizer, vetter, juror, committee or auditor."`
	Selection       string        `default:"*" help:"Slug of the selection; *: the role in all of them."`
	Scope           string        `help:"Department of a vetter, panel of a juror."`
}

// Run takes the role back.
func (c *RevokeRole) Run(ctx context.Context) error {
	return accounts(ctx, c.Database, func(ctx context.Context, deps run.Deps) error {
		_, err := identityserver.Accounts(deps).
			RevokeRole(ctx, identity.Change{Email: c.Email, Grant: identity.Grant{Slug: c.Selection, Role: c.Role, Scope: c.Scope}})
		return err
	})
}

// access names an account, and why it is disabled or enabled.
type access struct {
	config.Database `embed:""`
	Email           string `required:"" help:"Sign-in name."`
	Reason          string `required:"" help:"Why; goes into the audit log."`
}

// DisableUser is `laurel admin disable-user`.
type DisableUser struct {
	access `embed:""`
}

// Run ends the account's sessions and lets it open no others.
func (c *DisableUser) Run(ctx context.Context) error {
	return accounts(ctx, c.Database, func(ctx context.Context, deps run.Deps) error {
		_, err := identityserver.Accounts(deps).DisableAccount(ctx, identity.ChangeAccess{Email: c.Email, Reason: c.Reason})
		return err
	})
}

// EnableUser is `laurel admin enable-user`.
type EnableUser struct {
	access `embed:""`
}

// Run undoes disable-user.
func (c *EnableUser) Run(ctx context.Context) error {
	return accounts(ctx, c.Database, func(ctx context.Context, deps run.Deps) error {
		_, err := identityserver.Accounts(deps).EnableAccount(ctx, identity.ChangeAccess{Email: c.Email, Reason: c.Reason})
		return err
	})
}

// ListUsers is `laurel admin list-users`.
type ListUsers struct {
	config.Database `embed:""`
	Unproved        bool `help:"Only those whose address is not proved."`
}

// Run prints accounts with their states and roles.
func (c *ListUsers) Run(ctx context.Context) error {
	return accounts(ctx, c.Database, func(ctx context.Context, deps run.Deps) error {
		staff := identityserver.Accounts(deps)
		all, err := staff.ListAccounts(ctx)
		for _, a := range all {
			if c.Unproved && a.State == identity.StateProved {
				continue
			}
			disabled := ""
			if a.Disabled {
				disabled = ", disabled"
			}
			fmt.Printf("%s (%s): %s%s\n", a.Email, a.Name, a.State, disabled)
			tellRoles(a.Grants, "")
			tellRoles(a.Pending, " (without effect)")
		}
		return err
	})
}

func tellRoles(grants []identity.Grant, note string) {
	for _, g := range grants {
		role := string(g.Role)
		if g.Scope != "" {
			role += " of " + g.Scope
		}
		fmt.Printf("  %s in %s%s\n", role, g.Slug, note)
	}
}

// Mail is `laurel admin mail`.
type Mail struct {
	config.Database `embed:""`
	Retry           bool `help:"Try those again that were given up."`
}

// Run prints the letters that were not sent.
func (c *Mail) Run(ctx context.Context) error {
	return accounts(ctx, c.Database, func(ctx context.Context, deps run.Deps) error {
		if c.Retry {
			n, err := identityserver.RetryMail(ctx, deps)
			fmt.Printf("%d letters are tried again\n", n)
			return err
		}
		all, err := identityserver.UnsentMail(ctx, deps)
		for _, l := range all {
			fmt.Printf("%s  %s to %s since %s, %d tries: %s\n", l.State, l.Kind, l.Address, l.CreatedAt.UTC().Format(time.RFC3339), l.Tries, l.Error)
		}
		return err
	})
}
