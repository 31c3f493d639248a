package staff

import (
	"context"
	"fmt"
	"strings"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/identity/internal/mail"
)

// DisableAccount implements identity.Service.
func (s *Staff) DisableAccount(ctx context.Context, in identity.ChangeAccess) (identity.Account, error) {
	return s.access(ctx, in, "disable_account", mail.Disabled, func(tx *sqlx.Tx, a identity.Account) error {
		// The row first: a session that is being opened waits for it, or is seen below.
		if err := keepOperator(ctx, tx, func() error {
			_, err := tx.ExecContext(ctx, `UPDATE account SET disabled_at = $2 WHERE id = $1`, a.ID, s.deps.Time())
			return err
		}); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM account_link WHERE account = $1`, a.ID); err != nil {
			return err
		}
		_, err := s.end(ctx, tx, a.ID, ``)
		return err
	})
}

// EnableAccount implements identity.Service.
func (s *Staff) EnableAccount(ctx context.Context, in identity.ChangeAccess) (identity.Account, error) {
	return s.access(ctx, in, "enable_account", mail.Enabled, func(tx *sqlx.Tx, a identity.Account) error {
		_, err := tx.ExecContext(ctx, `UPDATE account SET disabled_at = NULL WHERE id = $1`, a.ID)
		return err
	})
}

// access disables or enables an account, unless it is so already.
func (s *Staff) access(
	ctx context.Context, in identity.ChangeAccess, act string, kind mail.Kind, change func(*sqlx.Tx, identity.Account) error,
) (a identity.Account, err error) {
	if err := identity.ErrInvalid.Check(audit.Reason(in.Reason)); err != nil {
		return a, err
	}
	reason := strings.TrimSpace(in.Reason)
	err = pg.InTx(ctx, s.deps.DB, func(tx *sqlx.Tx) error {
		if a, err = s.locked(ctx, tx, `email = $1`, normalize(in.Email)); err != nil || a.Disabled == (kind == mail.Disabled) {
			return err
		}
		if err := change(tx, a); err != nil {
			return fmt.Errorf("%s: %w", act, err)
		}
		if err := audit.Record(ctx, tx, s.deps.Time(), "", act, reason, map[string]string{"email": a.Email}); err != nil {
			return err
		}
		if err := s.mail.Add(ctx, tx, mail.Letter{Kind: kind, Address: a.Email, Said: mail.Said{Reason: reason}}); err != nil {
			return err
		}
		a, err = s.account(ctx, tx, `id = $1`, a.ID)
		return err
	})
	return a, err
}
