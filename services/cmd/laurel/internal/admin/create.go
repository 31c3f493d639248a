package admin

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"golang.org/x/term"

	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/config"
	"github.com/laurel-awards/laurel/services/identity"
	identityserver "github.com/laurel-awards/laurel/services/identity/server"
	"github.com/laurel-awards/laurel/services/selection"
)

// CreateUser is `laurel admin create-user`: how the first organizer comes to be.
type CreateUser struct {
	config.Database `embed:""`
	Email           string        `required:"" help:"Sign-in name."`
	Name            string        `help:"Full name; the email where empty."`
	Role            identity.Role `help:"organizer, vetter, juror, committee or auditor; none: only the account."`
	Selection       string        `default:"*" help:"Slug of the selection that the role is for; *: all, which lets an organizer create new ones. A vetter and a juror are of one selection."`
	Scope           string        `help:"Department of a vetter, panel of a juror, as the rulebook calls it; at a terminal it is asked for."`
	Existing        bool          `help:"Take an account that is there: it gets the role and keeps its password, and the one that is typed is not used. Without this an account that is there is refused, for its password may be somebody else's."`
}

// Run makes an account with the password on standard input, and grants the role:
// both or neither. What is wrong with the role is said before a password is typed.
func (c *CreateUser) Run(ctx context.Context) error {
	grants, err := c.grants(ctx)
	if err != nil {
		return err
	}
	return accounts(ctx, c.Database, func(ctx context.Context, deps run.Deps) error {
		staff := identityserver.Accounts(deps)
		a, err := staff.FindAccount(ctx, identity.Lookup{Email: c.Email})
		switch {
		case errors.Is(err, identity.ErrNoAccount):
			password, err := readPassword()
			if err != nil {
				return err
			}
			_, err = staff.SetPassword(ctx, identityserver.Password{Email: c.Email, Name: c.Name, Password: password, New: true, Grants: grants})
			return err
		case err != nil:
			return err
		case !c.Existing:
			return fmt.Errorf("there is an account of %s, %s since %s; --existing gives it the role, and it keeps its password",
				a.Email, a.State, a.CreatedAt.Format(time.DateOnly))
		case a.State != identity.StateProved:
			return fmt.Errorf("the account of %s is %s: its holder is not known. Have them claim it by mail, or set its password in their presence: "+
				"laurel admin set-password --email %s", a.Email, a.State, a.Email)
		}
		fmt.Printf("There is an account of %s. It keeps its password; one that was typed was not used.\n", a.Email)
		for _, g := range grants {
			if _, err := staff.GrantRole(ctx, identity.Change{Email: c.Email, Grant: g}); err != nil {
				return err
			}
		}
		return nil
	})
}

// grants is the role, once it is known that it can be had.
func (c *CreateUser) grants(ctx context.Context) ([]identity.Grant, error) {
	scoped := map[identity.Role]string{identity.Vetter: "department", identity.Juror: "panel", identity.Signer: "host"}[c.Role]
	switch {
	case c.Role == "" && c.Scope != "":
		return nil, errors.New("--scope is a vetter's, a juror's or a signer's: say --role, too")
	case c.Role == "":
		return nil, nil
	case !slices.Contains(identity.Roles(), c.Role):
		return nil, fmt.Errorf("--role is one of %v", identity.Roles())
	case scoped == "" && c.Scope != "":
		return nil, fmt.Errorf("the role %s has no scope", c.Role)
	case scoped != "" && c.Selection == identity.AnySelection:
		return nil, fmt.Errorf("a %s is of one selection: name it with --selection", c.Role)
	}
	if c.Selection != identity.AnySelection {
		rules, err := c.rules(ctx)
		if err != nil {
			return nil, err
		}
		if scoped != "" {
			if err := c.settle(scoped, scopes(rules, c.Role)); err != nil {
				return nil, err
			}
		}
	}
	return []identity.Grant{{Slug: c.Selection, Role: c.Role, Scope: c.Scope}}, nil
}

// settle holds the scope to those that there are; a person is asked for it.
func (c *CreateUser) settle(what string, known []string) error {
	if len(known) == 0 {
		return fmt.Errorf("the rulebook of %s has no %s", c.Selection, what)
	}
	if c.Scope == "" && term.IsTerminal(int(os.Stdin.Fd())) {
		fmt.Printf("The %s (%s): ", what, strings.Join(known, ", "))
		line, err := readLine()
		if err != nil {
			return err
		}
		c.Scope = strings.TrimSpace(line)
	}
	if !slices.Contains(known, c.Scope) {
		return fmt.Errorf("--scope is the %s of the %s: one of %s", what, c.Role, strings.Join(known, ", "))
	}
	return nil
}

// scopes are the departments or the panels of a rulebook.
func scopes(rules *rulebook.Rulebook, role identity.Role) (ids []string) {
	if role == identity.Vetter {
		for _, d := range rules.Vetting.Departments {
			ids = append(ids, d.ID)
		}
		return ids
	}
	if role == identity.Signer {
		for _, h := range rules.Decision.SignOff {
			ids = append(ids, h.ID)
		}
		return ids
	}
	for _, p := range rules.Review.Panels {
		ids = append(ids, p.ID)
	}
	return ids
}

// rules is the selection's rulebook.
func (c *CreateUser) rules(ctx context.Context) (*rulebook.Rulebook, error) {
	text, err := withDatabase(ctx, c.Database, selection.Name, func(db *sqlx.DB) (text []byte, err error) {
		return text, db.GetContext(ctx, &text, `SELECT rulebook FROM selection WHERE slug = $1`, c.Selection)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("there is no selection %q", c.Selection)
	}
	if err != nil {
		return nil, fmt.Errorf("the rulebook of %s: %w", c.Selection, err)
	}
	return rulebook.Parse(text)
}

// readPassword reads the first line of standard input, so that a password is in
// no process list. At a terminal it is asked for, and is not shown.
func readPassword() (string, error) {
	if fd := int(os.Stdin.Fd()); term.IsTerminal(fd) {
		fmt.Print("Password: ")
		text, err := term.ReadPassword(fd)
		fmt.Println()
		return string(text), err
	}
	line, err := readLine()
	if err != nil {
		return "", fmt.Errorf("the password is read from standard input: %w", err)
	}
	return line, nil
}

func readLine() (string, error) {
	line, err := bufio.NewReader(os.Stdin).ReadString('\n')
	if err != nil && (!errors.Is(err, io.EOF) || line == "") {
		return "", err
	}
	return strings.TrimRight(line, "\r\n"), nil
}
