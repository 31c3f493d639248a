package staff

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/services/identity"
)

// setupLife is how long a link to create the first organizer is good.
const setupLife = time.Hour

// setupLock is held by whoever makes such a link or uses one.
const setupLock = "setup"

// ErrSetUp says that there is an organizer of all selections already, be the
// account disabled or its address not proved.
var ErrSetUp = fault.New(fault.Conflict, "set_up", "there is an organizer of all selections already")

// SetupLink makes the link by which the first organizer comes to be, and gives
// its token; one that was made before is no longer good. It is in no contract:
// whoever gets the link has the machine. Fault: ErrSetUp; with empty, also where
// there is any account.
func (s *Staff) SetupLink(ctx context.Context, empty bool) (token string, err error) {
	token = newToken()
	return token, s.inTx(ctx, func(tx *sqlx.Tx) error {
		if err := pg.Lock(ctx, tx, setupLock); err != nil {
			return err
		}
		if err := notSetUp(ctx, tx, empty); err != nil {
			return err
		}
		now := s.deps.Time()
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO setup_link (hash, expires_at) VALUES ($1, $2)
			ON CONFLICT (one) DO UPDATE SET hash = excluded.hash, expires_at = excluded.expires_at`, hash(token), now.Add(setupLife)); err != nil {
			return fmt.Errorf("setup link: %w", err)
		}
		return audit.Record(ctx, tx, now, "", "print_setup_link", "", nil)
	})
}

// notSetUp gives ErrSetUp where there is an organizer of all selections, or any
// account.
func notSetUp(ctx context.Context, q sqlx.QueryerContext, empty bool) error {
	var found bool
	if err := sqlx.GetContext(ctx, q, &found, `
		SELECT EXISTS (SELECT FROM account_grant WHERE slug = $1 AND role = $2) OR $3 AND EXISTS (SELECT FROM account)`,
		identity.AnySelection, identity.Organizer, empty); err != nil {
		return fmt.Errorf("set up: %w", err)
	}
	if found {
		return ErrSetUp
	}
	return nil
}

// ReadSetup implements identity.Service.
func (s *Staff) ReadSetup(ctx context.Context, in identity.Link) (out identity.SetupRead, err error) {
	if len(in.Token) > maxLinkToken {
		return out, identity.ErrSetupLink
	}
	err = s.deps.DB.GetContext(ctx, &out.ExpiresAt, `
		SELECT expires_at FROM setup_link WHERE hash = $1 AND expires_at > $2
		AND NOT EXISTS (SELECT FROM account_grant WHERE slug = $3 AND role = $4)`,
		hash(in.Token), s.deps.Time(), identity.AnySelection, identity.Organizer)
	if noRows(err) {
		return out, identity.ErrSetupLink
	}
	if err != nil {
		return out, fmt.Errorf("read setup link: %w", err)
	}
	out.ExpiresAt = out.ExpiresAt.UTC()
	return out, nil
}

// SetUp implements identity.Service.
func (s *Staff) SetUp(ctx context.Context, in identity.SetUp) (a identity.Account, err error) {
	if _, err := s.ReadSetup(ctx, identity.Link{Token: in.Token}); err != nil {
		return a, err // before a password is hashed
	}
	in.Email, in.Name = normalize(in.Email), strings.TrimSpace(in.Name)
	if in.Name == "" {
		in.Name = in.Email
	}
	named := identity.Account{Email: in.Email, Name: in.Name}
	fields := append(checkEmail(in.Email), checkName(in.Name)...)
	if err := identity.ErrInvalid.Check(append(fields, checkPassword(in.Password, named)...)); err != nil {
		return a, err
	}
	password, err := s.hasher.hash(ctx, in.Password)
	if err != nil {
		return a, err
	}
	err = s.inTx(ctx, func(tx *sqlx.Tx) error {
		if err := pg.Lock(ctx, tx, setupLock); err != nil {
			return err
		}
		now := s.deps.Time()
		done, err := tx.ExecContext(ctx, `DELETE FROM setup_link WHERE hash = $1 AND expires_at > $2`, hash(in.Token), now)
		if err != nil {
			return fmt.Errorf("set up: %w", err)
		}
		if n, err := done.RowsAffected(); err != nil {
			return fmt.Errorf("set up: %w", err)
		} else if n == 0 || notSetUp(ctx, tx, false) != nil {
			return identity.ErrSetupLink
		}
		if _, err := s.account(ctx, tx, `email = $1`, in.Email); err == nil {
			return identity.ErrInvalid.At(fault.Wrong("email", "email_has_account",
				"has an account already; give it the role by the command: laurel admin create-user --existing"))
		}
		if a, err = s.invitee(ctx, tx, identity.Invite{Email: in.Email, Name: in.Name}); err != nil {
			return err
		}
		if err := s.setPassword(ctx, tx, a, in.Name, password); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE account SET proved_at = $2 WHERE id = $1`, a.ID, now); err != nil {
			return fmt.Errorf("set up: %w", err)
		}
		a.Name = in.Name
		ctx := as(ctx, a)
		if err := audit.Record(ctx, tx, now, "", "set_up", "", map[string]string{"email": a.Email, "name": a.Name}); err != nil {
			return err
		}
		if err := s.apply(ctx, tx, grant, a, identity.Grant{Slug: identity.AnySelection, Role: identity.Organizer}); err != nil {
			return err
		}
		a, err = s.account(ctx, tx, `id = $1`, a.ID)
		return err
	})
	return a, err
}
