package staff

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/google/uuid"
	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/identity/internal/mail"
)

// maxFactors is how many an account has.
const maxFactors = 10

// factor is a row of account_factor.
type factor struct {
	ID         string        `db:"id"`
	Account    string        `db:"account"`
	Kind       string        `db:"kind"`
	Name       string        `db:"name"`
	Credential []byte        `db:"credential"`
	Kept       []byte        `db:"kept"`
	Step       sql.NullInt64 `db:"step"`
	CreatedAt  time.Time     `db:"created_at"`
	UsedAt     sql.NullTime  `db:"used_at"`
}

func (f factor) told() identity.Factor {
	out := identity.Factor{ID: f.ID, Kind: identity.FactorKind(f.Kind), Name: f.Name, CreatedAt: f.CreatedAt.UTC()}
	if f.UsedAt.Valid {
		at := f.UsedAt.Time.UTC()
		out.UsedAt = &at
	}
	return out
}

// factorsOf are an account's, the first first.
func factorsOf(ctx context.Context, q sqlx.QueryerContext, account string) (all []factor, err error) {
	if err := sqlx.SelectContext(ctx, q, &all, `
		SELECT id, account, kind, name, credential, kept, step, created_at, used_at
		FROM account_factor WHERE account = $1 ORDER BY created_at, id`, account); err != nil {
		return nil, fmt.Errorf("factors: %w", err)
	}
	return all, nil
}

// ListFactors implements identity.Service.
func (s *Staff) ListFactors(ctx context.Context, in identity.Token) (identity.Factors, error) {
	a, err := s.holderOf(ctx, s.deps.DB, in.Token)
	if err != nil {
		return identity.Factors{}, err
	}
	return s.factors(ctx, s.deps.DB, a)
}

func (s *Staff) factors(ctx context.Context, q sqlx.QueryerContext, a identity.Account) (out identity.Factors, err error) {
	all, err := factorsOf(ctx, q, a.ID)
	if err != nil {
		return out, err
	}
	out = identity.Factors{Factors: make([]identity.Factor, len(all)), Required: s.must(a), Passkeys: s.passkeys != nil}
	for i, f := range all {
		out.Factors[i] = f.told()
	}
	out.RecoveryCodes, err = recoveryLeft(ctx, q, a.ID)
	return out, err
}

// again is the account of a session whose holder has shown the password again.
func (s *Staff) again(ctx context.Context, in identity.Present) (a identity.Account, t try, err error) {
	if a, err = s.holderOf(ctx, s.deps.DB, in.Token); err != nil {
		return a, t, err
	}
	t, err = s.present(ctx, identity.SignIn{Email: a.Email, Password: in.Password, Network: in.Network, Around: in.Around})
	return a, t, err
}

// stillIn holds a session's account until the transaction ends, if the session
// has not ended since. Fault: ErrSession.
func (s *Staff) stillIn(ctx context.Context, tx *sqlx.Tx, a identity.Account, token string) (identity.Account, error) {
	a, err := s.locked(ctx, tx, `id = $1`, a.ID)
	if err != nil {
		return a, err
	}
	return s.holderOf(ctx, tx, token)
}

// withFactors has an account's holder, who shows the password again, change its
// factors; change gets those that there are.
func (s *Staff) withFactors(
	ctx context.Context, in identity.Present, change func(tx *sqlx.Tx, a identity.Account, all []factor) error,
) error {
	a, t, err := s.again(ctx, in)
	if err != nil {
		return err
	}
	return s.inTx(ctx, func(tx *sqlx.Tx) error {
		if err := s.shown(ctx, tx, t); err != nil {
			return err
		}
		if a, err = s.stillIn(ctx, tx, a, in.Token); err != nil {
			return err
		}
		all, err := factorsOf(ctx, tx, a.ID)
		if err != nil {
			return err
		}
		return change(tx, a, all)
	})
}

// BeginFactor implements identity.Service.
func (s *Staff) BeginFactor(ctx context.Context, in identity.BeginFactor) (out identity.FactorBegun, err error) {
	switch {
	case !slices.Contains(identity.FactorKinds(), in.Kind):
		return out, identity.ErrInvalid.At(fault.OneOf("kind", identity.FactorKinds()...))
	case in.Kind == identity.FactorPasskey && s.passkeys == nil:
		return out, identity.ErrNoPasskeys
	}
	a, t, err := s.again(ctx, in.Present)
	if err != nil {
		return out, err
	}
	err = s.inTx(ctx, func(tx *sqlx.Tx) error {
		if err := s.shown(ctx, tx, t); err != nil {
			return err
		}
		all, err := factorsOf(ctx, tx, a.ID)
		if err != nil {
			return err
		}
		if len(all) >= maxFactors {
			return identity.ErrFactorsFull
		}
		var kept keptCeremony
		switch in.Kind {
		case identity.FactorTOTP:
			kept.Secret, out.Secret, out.Address, err = s.newTOTP(a)
		case identity.FactorPasskey:
			out.Passkey, kept.Session, err = s.newPasskey(a, all)
		}
		if err != nil {
			return err
		}
		out.Ceremony, out.ExpiresAt, err = s.beginCeremony(ctx, tx, ceremony{Kind: string(in.Kind), Account: a.ID}, kept)
		return err
	})
	return out, err
}

// newPasskey asks a device for one; those that have one of the account say so.
func (s *Staff) newPasskey(a identity.Account, all []factor) ([]byte, *webauthn.SessionData, error) {
	holder, err := s.keyHolder(a, all)
	if err != nil {
		return nil, nil, err
	}
	asked, session, err := s.passkeys.BeginRegistration(holder, webauthn.WithExclusions(webauthn.Credentials(holder.keys).CredentialDescriptors()))
	if err != nil {
		return nil, nil, fmt.Errorf("new passkey: %w", err)
	}
	out, err := options(asked.Response)
	return out, session, err
}

// FinishFactor implements identity.Service.
func (s *Staff) FinishFactor(ctx context.Context, in identity.FinishFactor) (out identity.FactorAdded, err error) {
	a, err := s.holderOf(ctx, s.deps.DB, in.Token)
	if err != nil {
		return out, err
	}
	kind := identity.FactorTOTP
	if len(in.Passkey) > 0 {
		kind = identity.FactorPasskey
	}
	in.Name = strings.TrimSpace(in.Name)
	if err := identity.ErrInvalid.Check(checkFactorName(in.Name)); err != nil {
		return out, err
	}
	c, kept, err := s.takeCeremony(ctx, kind, a.ID, in.Ceremony)
	if errors.Is(err, identity.ErrChallenge) {
		err = identity.ErrCeremony
	}
	if err != nil {
		return out, err
	}
	f, err := s.made(a, c, kept, in)
	if err != nil {
		return out, err
	}
	err = s.inTx(ctx, func(tx *sqlx.Tx) error {
		if a, err = s.stillIn(ctx, tx, a, in.Token); err != nil {
			return err
		}
		if err := endCeremony(ctx, tx, c); err != nil {
			return orCeremony(err)
		}
		out, err = s.addFactor(ctx, tx, a, f, in.Token)
		return err
	})
	return out, err
}

func orCeremony(err error) error {
	if errors.Is(err, identity.ErrChallenge) {
		err = identity.ErrCeremony
	}
	return err
}

// checkFactorName says what is wrong with what a holder calls a factor.
func checkFactorName(name string) []fault.Field {
	if !fault.Plain(name, false) {
		return []fault.Field{fault.NotPlain("name")}
	}
	return fault.Text("name", name, maxName)
}

// made is the factor that its holder has shown to have. Fault: ErrSecond.
func (s *Staff) made(a identity.Account, c ceremony, kept keptCeremony, in identity.FinishFactor) (f factor, err error) {
	id, err := uuid.NewV7()
	if err != nil {
		return f, fmt.Errorf("add factor: %w", err)
	}
	f = factor{ID: id.String(), Account: a.ID, Kind: c.Kind, Name: in.Name, CreatedAt: s.deps.Time()}
	if c.Kind == identity.FactorTOTP {
		step, ok, err := stepOf(kept.Secret, in.Code, f.CreatedAt, 0)
		if err != nil || !ok {
			return f, orSecond(err)
		}
		f.Step = sql.NullInt64{Int64: step, Valid: true} // the code is spent
		f.Kept, err = s.seal.close(kept.Secret, f.Kind, f.Account)
		return f, err
	}
	if s.passkeys == nil || kept.Session == nil {
		return f, identity.ErrNoPasskeys
	}
	answer, err := protocol.ParseCredentialCreationResponseBytes(in.Passkey)
	if err != nil {
		return f, identity.ErrSecond
	}
	key, err := s.passkeys.CreateCredential(keyHolder{account: a}, *kept.Session, answer)
	if err != nil {
		return f, identity.ErrSecond
	}
	f.Credential = key.ID
	f.Kept, err = s.seal.close(key, f.Kind, f.Account)
	return f, err
}

// addFactor adds a factor to an account that is locked, and tells its holder. The
// session is proved by it; those that no factor proves end.
func (s *Staff) addFactor(ctx context.Context, tx *sqlx.Tx, a identity.Account, f factor, token string) (out identity.FactorAdded, err error) {
	out.Factor = f.told()
	before, err := factorsOf(ctx, tx, a.ID)
	if err != nil {
		return out, err
	}
	if f.Kind == identity.FactorTOTP {
		if _, err := tx.ExecContext(ctx, `DELETE FROM account_factor WHERE account = $1 AND kind = 'totp'`, a.ID); err != nil {
			return out, fmt.Errorf("add factor: %w", err)
		}
	} else if len(before) >= maxFactors {
		return out, identity.ErrFactorsFull
	}
	done, err := tx.ExecContext(ctx, `
		INSERT INTO account_factor (id, account, kind, name, credential, kept, step, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (credential) DO NOTHING`,
		f.ID, f.Account, f.Kind, f.Name, f.Credential, f.Kept, f.Step, f.CreatedAt)
	if err != nil {
		return out, fmt.Errorf("add factor: %w", err)
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 {
		return out, orSecond(err) // a device that says it has made what is there
	}
	left, err := recoveryLeft(ctx, tx, a.ID)
	if err != nil {
		return out, err
	}
	if left == 0 {
		if out.RecoveryCodes, err = s.renewRecovery(ctx, tx, a.ID); err != nil {
			return out, err
		}
	}
	if _, err := tx.ExecContext(ctx, `UPDATE session SET factors = factors || $2 WHERE hash = $1 AND NOT factors @> $2`,
		hash(token), pq.Array([]string{f.Kind})); err != nil {
		return out, fmt.Errorf("add factor: %w", err)
	}
	if _, err := s.end(ctx, tx, a.ID, ` AND hash <> $2 AND factors = '{password}'`, hash(token)); err != nil {
		return out, err
	}
	return out, s.changed(ctx, tx, a, "add_factor", mail.FactorAdded, f)
}

// changed writes a change of an account's factors into the log, and to its holder.
func (s *Staff) changed(ctx context.Context, tx *sqlx.Tx, a identity.Account, act string, kind mail.Kind, f factor) error {
	detail := map[string]string{"email": a.Email, "factor": f.Kind, "name": f.Name}
	if err := audit.Record(as(ctx, a), tx, s.deps.Time(), "", act, "", detail); err != nil {
		return err
	}
	return s.mail.Add(ctx, tx, mail.Letter{Kind: kind, Address: a.Email, Said: mail.Said{Factor: f.Kind}})
}

// RemoveFactor implements identity.Service.
func (s *Staff) RemoveFactor(ctx context.Context, in identity.RemoveFactor) (out identity.Factors, err error) {
	err = s.withFactors(ctx, in.Present, func(tx *sqlx.Tx, a identity.Account, all []factor) error {
		i := slices.IndexFunc(all, func(f factor) bool { return f.ID == in.ID })
		switch {
		case i < 0:
			return identity.ErrNoFactor
		case len(all) == 1 && s.must(a):
			return identity.ErrFactorRequired
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM account_factor WHERE id = $1`, all[i].ID); err != nil {
			return fmt.Errorf("remove factor: %w", err)
		}
		if len(all) == 1 { // codes stand for nothing
			if _, err := tx.ExecContext(ctx, `DELETE FROM account_recovery WHERE account = $1`, a.ID); err != nil {
				return fmt.Errorf("remove factor: %w", err)
			}
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM ceremony WHERE account = $1`, a.ID); err != nil {
			return fmt.Errorf("remove factor: %w", err)
		}
		if err := s.changed(ctx, tx, a, "remove_factor", mail.FactorRemoved, all[i]); err != nil {
			return err
		}
		out, err = s.factors(ctx, tx, a)
		return err
	})
	return out, err
}

// RenewRecovery implements identity.Service.
func (s *Staff) RenewRecovery(ctx context.Context, in identity.Present) (out identity.RecoveryCodes, err error) {
	err = s.withFactors(ctx, in, func(tx *sqlx.Tx, a identity.Account, all []factor) error {
		if len(all) == 0 {
			return identity.ErrNoFactor
		}
		if out.Codes, err = s.renewRecovery(ctx, tx, a.ID); err != nil {
			return err
		}
		return s.changed(ctx, tx, a, "renew_recovery_codes", mail.RecoveryRenewed, factor{Kind: identity.FactorRecovery})
	})
	return out, err
}
