package staff

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/identity/internal/mail"
)

// setPassword sets name and password, and ends the account's sessions.
func (s *Staff) setPassword(ctx context.Context, tx *sqlx.Tx, a identity.Account, name, password string) error {
	if _, err := tx.ExecContext(ctx, `UPDATE account SET name = $2, password = $3 WHERE id = $1`, a.ID, name, password); err != nil {
		return fmt.Errorf("set password: %w", err)
	}
	_, err := s.end(ctx, tx, a.ID, ``)
	return err
}

// end ends those of an account's sessions for which more holds, and gives their
// number. What is between two steps begins again.
func (s *Staff) end(ctx context.Context, tx *sqlx.Tx, account, more string, args ...any) (int64, error) {
	if _, err := tx.ExecContext(ctx, `DELETE FROM ceremony WHERE account = $1`, account); err != nil {
		return 0, fmt.Errorf("end sessions: %w", err)
	}
	done, err := tx.ExecContext(ctx, `DELETE FROM session WHERE account = $1`+more, append([]any{account}, args...)...)
	if err != nil {
		return 0, fmt.Errorf("end sessions: %w", err)
	}
	return done.RowsAffected()
}

// ChangePassword implements identity.Service.
func (s *Staff) ChangePassword(ctx context.Context, in identity.ChangePassword) (a identity.Account, err error) {
	if a, err = s.Authenticate(ctx, identity.Token{Token: in.Token}); err != nil {
		return a, err
	}
	if err := identity.ErrInvalid.Check(checkPassword(in.Password, a)); err != nil {
		return a, err
	}
	t, err := s.present(ctx, identity.SignIn{Email: a.Email, Password: in.Present, Network: in.Network, Around: in.Around})
	if err != nil {
		return a, err
	}
	after, err := s.hasher.hash(ctx, in.Password)
	if err != nil {
		return a, err
	}
	ctx = as(ctx, a)
	err = pg.InTx(ctx, s.deps.DB, func(tx *sqlx.Tx) error {
		if err := s.shown(ctx, tx, t); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE account SET password = $2 WHERE id = $1`, a.ID, after); err != nil {
			return fmt.Errorf("change password: %w", err)
		}
		if _, err := s.end(ctx, tx, a.ID, ` AND hash <> $2`, hash(in.Token)); err != nil {
			return err
		}
		// The links of an address that is not proved stay: they may be its holder's,
		// and whoever changes the password need not be.
		if a.State == identity.StateProved {
			if _, err := tx.ExecContext(ctx, `DELETE FROM account_link WHERE account = $1`, a.ID); err != nil {
				return fmt.Errorf("change password: %w", err)
			}
		}
		if err := audit.Record(ctx, tx, s.deps.Time(), "", "change_password", "", map[string]string{"email": a.Email}); err != nil {
			return err
		}
		return s.mail.Add(ctx, tx, mail.Letter{Kind: mail.PasswordChanged, Address: a.Email})
	})
	return a, err
}

// ListSessions implements identity.Service.
func (s *Staff) ListSessions(ctx context.Context, in identity.Token) ([]identity.OpenSession, error) {
	a, err := s.holderOf(ctx, s.deps.DB, in.Token)
	if err != nil {
		return nil, err
	}
	var rows []struct {
		ID        string         `db:"id"`
		CreatedAt time.Time      `db:"created_at"`
		ExpiresAt time.Time      `db:"expires_at"`
		Factors   pq.StringArray `db:"factors"`
		Network   string         `db:"network"`
		Current   bool           `db:"current"`
	}
	if err := s.deps.DB.SelectContext(ctx, &rows, `
		SELECT id, created_at, expires_at, factors, network, hash = $2 AS current
		FROM session WHERE account = $1 AND expires_at > $3 ORDER BY created_at DESC, id`, a.ID, hash(in.Token), s.deps.Time()); err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	open := make([]identity.OpenSession, len(rows))
	for i, r := range rows {
		open[i] = identity.OpenSession{
			ID: r.ID, CreatedAt: r.CreatedAt.UTC(), ExpiresAt: r.ExpiresAt.UTC(), Factors: r.Factors, Network: r.Network, Current: r.Current,
		}
	}
	return open, nil
}

// EndSessions implements identity.Service.
func (s *Staff) EndSessions(ctx context.Context, in identity.EndSessions) ([]identity.OpenSession, error) {
	a, err := s.Authenticate(ctx, identity.Token{Token: in.Token})
	if err != nil {
		return nil, err
	}
	more, args := ` AND hash <> $2`, []any{hash(in.Token)}
	if in.ID != "" {
		id, err := uuid.Parse(in.ID)
		if err != nil {
			return s.ListSessions(ctx, identity.Token{Token: in.Token}) // nobody's
		}
		more, args = more+` AND id = $3`, append(args, id)
	}
	err = pg.InTx(ctx, s.deps.DB, func(tx *sqlx.Tx) error {
		n, err := s.end(ctx, tx, a.ID, more, args...)
		if err != nil || n == 0 {
			return err
		}
		if err := audit.Record(as(ctx, a), tx, s.deps.Time(), "", "end_sessions", "", map[string]any{"email": a.Email, "sessions": n}); err != nil {
			return err
		}
		return s.mail.Add(ctx, tx, mail.Letter{Kind: mail.SessionsEnded, Address: a.Email})
	})
	if err != nil {
		return nil, err
	}
	return s.ListSessions(ctx, identity.Token{Token: in.Token})
}
