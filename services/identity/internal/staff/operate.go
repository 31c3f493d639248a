package staff

import (
	"context"
	"fmt"
	"strings"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/services/identity"
)

// Password is what an operator types on the machine.
type Password struct {
	Email    string
	Name     string // as it is where empty; of a new account the email
	Password string
	New      bool // there must be no account yet
	Grants   []identity.Grant
}

// ErrEmailTaken says that there is an account that was to be new.
var ErrEmailTaken = fault.New(fault.Conflict, "email_taken", "there is an account with this email")

// SetPassword gives an account a password, proves it and grants it the roles, all
// or nothing, for whoever runs the
// command has the machine; the sessions end, so that nobody who claimed the
// address before keeps anything of it. It is in no contract: nobody sets
// another's password over the network. Faults: ErrInvalid, ErrEmailTaken.
func (s *Staff) SetPassword(ctx context.Context, in Password) (a identity.Account, err error) {
	in.Email, in.Name = normalize(in.Email), strings.TrimSpace(in.Name)
	named := identity.Account{Email: in.Email, Name: in.Name}
	fields := append(checkEmail(in.Email), checkName(in.Name)...)
	for _, g := range in.Grants {
		fields = append(fields, grantFields(g)...)
	}
	if err := identity.ErrInvalid.Check(append(fields, checkPassword(in.Password, named)...)); err != nil {
		return a, err
	}
	password, err := s.hasher.hash(ctx, in.Password)
	if err != nil {
		return a, err
	}
	err = pg.InTx(ctx, s.deps.DB, func(tx *sqlx.Tx) error {
		act := "set_password"
		if in.New {
			act = "create_account"
			if err := pg.Lock(ctx, tx, "account/"+in.Email); err != nil {
				return err
			}
			if _, err := s.account(ctx, tx, `email = $1`, in.Email); err == nil {
				return ErrEmailTaken
			}
			name := in.Name
			if name == "" {
				name = in.Email
			}
			if a, err = s.invitee(ctx, tx, identity.Invite{Email: in.Email, Name: name}); err != nil {
				return err
			}
		} else if a, err = s.locked(ctx, tx, `email = $1`, in.Email); err != nil {
			return err
		}
		name := in.Name
		if name == "" {
			name = a.Name
		}
		if err := s.setPassword(ctx, tx, a, name, password); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE account SET proved_at = coalesce(proved_at, $2) WHERE id = $1`, a.ID, s.deps.Time()); err != nil {
			return fmt.Errorf("%s: %w", act, err)
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM account_link WHERE account = $1`, a.ID); err != nil {
			return fmt.Errorf("%s: %w", act, err)
		}
		if err := audit.Record(ctx, tx, s.deps.Time(), "", act, "", map[string]string{"email": a.Email, "name": name}); err != nil {
			return err
		}
		for _, g := range in.Grants {
			if err := s.apply(ctx, tx, grant, a, g); err != nil {
				return err
			}
		}
		a, err = s.account(ctx, tx, `id = $1`, a.ID)
		return err
	})
	return a, err
}

// ListAccounts gives all accounts, by name.
func (s *Staff) ListAccounts(ctx context.Context) ([]identity.Account, error) {
	return s.list(ctx, s.deps.DB, `id IS NOT NULL`)
}

// RemoveFactors takes all factors of an account away, for a holder who has lost
// them and the codes of recovery; the sessions end. Like SetPassword it is whoever
// has the machine who does it. Faults: ErrInvalid for the reason, ErrNoAccount.
func (s *Staff) RemoveFactors(ctx context.Context, in identity.ChangeAccess) (n int64, err error) {
	if err := identity.ErrInvalid.Check(audit.Reason(in.Reason)); err != nil {
		return 0, err
	}
	return n, s.inTx(ctx, func(tx *sqlx.Tx) error {
		a, err := s.locked(ctx, tx, `email = $1`, normalize(in.Email))
		if err != nil {
			return err
		}
		done, err := tx.ExecContext(ctx, `DELETE FROM account_factor WHERE account = $1`, a.ID)
		if err != nil {
			return fmt.Errorf("remove factors: %w", err)
		}
		if n, err = done.RowsAffected(); err != nil {
			return fmt.Errorf("remove factors: %w", err)
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM account_recovery WHERE account = $1`, a.ID); err != nil {
			return fmt.Errorf("remove factors: %w", err)
		}
		if _, err := s.end(ctx, tx, a.ID, ``); err != nil {
			return err
		}
		return audit.Record(ctx, tx, s.deps.Time(), "", "remove_factors", strings.TrimSpace(in.Reason), map[string]any{"email": a.Email, "factors": n})
	})
}

// operator is the grant of whoever runs the installation.
var operator = identity.Grant{Slug: identity.AnySelection, Role: identity.Organizer}

// keepOperator makes a change that may take an operator away, unless it takes the
// last one who can sign in. Such changes come one after the other: of two
// operators who revoke each other, one stays. Fault: ErrLastOperator.
func keepOperator(ctx context.Context, tx *sqlx.Tx, change func() error) error {
	if err := pg.Lock(ctx, tx, "identity/operators"); err != nil {
		return err
	}
	there := func() (there bool, err error) {
		err = tx.GetContext(ctx, &there, `
			SELECT EXISTS (SELECT FROM account a JOIN account_grant g ON g.account = a.id AND g.slug = $1 AND g.role = $2 AND g.scope = '' AND g.until IS NULL
			WHERE a.password IS NOT NULL AND a.proved_at IS NOT NULL AND a.disabled_at IS NULL)`, operator.Slug, operator.Role)
		if err != nil {
			err = fmt.Errorf("operators: %w", err)
		}
		return there, err
	}
	before, err := there()
	if err != nil {
		return err
	}
	if err := change(); err != nil {
		return err
	}
	after, err := there()
	if err == nil && before && !after {
		err = identity.ErrLastOperator
	}
	return err
}
