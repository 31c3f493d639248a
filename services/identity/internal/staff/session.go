package staff

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/lib/pq"

	"github.com/laurel-awards/laurel/services/identity"
)

const (
	tokenSize = 32 // bytes
	maxTries  = 10 // failed ones for an email in tryWindow
	tryWindow = 15 * time.Minute
)

// SignIn implements identity.Service.
func (s *Staff) SignIn(ctx context.Context, in identity.SignIn) (identity.Session, error) {
	p, err := s.verify(ctx, in.Email, in.Password)
	if err != nil {
		return identity.Session{}, err
	}
	return s.open(ctx, p)
}

// proof is an account whose password somebody knows.
type proof struct{ account, password string }

// verify proves an account by its password. Faults as SignIn, but for
// ErrDisabled.
func (s *Staff) verify(ctx context.Context, email, password string) (p proof, err error) {
	email = normalize(email)
	now := s.deps.Time()
	var tries int
	err = s.deps.DB.GetContext(ctx, &tries, `SELECT tries FROM failed_sign_in WHERE email = $1 AND since > $2`, email, now.Add(-tryWindow))
	if err != nil && !noRows(err) {
		return p, fmt.Errorf("sign in: %w", err)
	}
	if tries >= maxTries {
		f := *identity.ErrTooManyTries
		f.RetryAfter = tryWindow
		return p, &f
	}
	p.password = s.hasher.decoy
	err = s.deps.DB.QueryRowxContext(ctx, `SELECT id, password FROM account WHERE email = $1 AND password IS NOT NULL`, email).
		Scan(&p.account, &p.password)
	if err != nil && !noRows(err) {
		return p, fmt.Errorf("sign in: %w", err)
	}
	ok, err := s.hasher.matches(ctx, password, p.password)
	if err != nil {
		return p, err
	}
	if !ok || p.account == "" {
		return p, s.failed(ctx, email, now)
	}
	return p, nil
}

// failed counts a failed try.
func (s *Staff) failed(ctx context.Context, email string, now time.Time) error {
	if _, err := s.deps.DB.ExecContext(ctx, `
		INSERT INTO failed_sign_in (email, tries, since) VALUES ($1, 1, $2)
		ON CONFLICT (email) DO UPDATE SET
			tries = CASE WHEN failed_sign_in.since > $3 THEN failed_sign_in.tries + 1 ELSE 1 END,
			since = CASE WHEN failed_sign_in.since > $3 THEN failed_sign_in.since ELSE excluded.since END`,
		email, now, now.Add(-tryWindow)); err != nil {
		return fmt.Errorf("sign in: %w", err)
	}
	return identity.ErrSignIn
}

// open opens a session, unless the account was disabled or its password changed
// since it was proved: both end sessions, and this one must not slip through.
func (s *Staff) open(ctx context.Context, p proof) (identity.Session, error) {
	now, token := s.deps.Time(), newToken()
	session := identity.Session{Token: token, ExpiresAt: now.Add(s.ttl), Factors: []string{identity.FactorPassword}}
	var disabled bool
	err := s.deps.DB.GetContext(ctx, &disabled, `
		WITH proved AS (SELECT id, disabled_at FROM account WHERE id = $2 AND password = $6 FOR SHARE),
		opened AS (
			INSERT INTO session (hash, account, expires_at, created_at, factors)
			SELECT $1, id, $3, $4, $5 FROM proved WHERE disabled_at IS NULL)
		SELECT disabled_at IS NOT NULL FROM proved`,
		hash(token), p.account, session.ExpiresAt, now, pq.Array(session.Factors), p.password)
	switch {
	case noRows(err):
		return identity.Session{}, identity.ErrSignIn
	case err != nil:
		return identity.Session{}, fmt.Errorf("open session: %w", err)
	case disabled:
		return identity.Session{}, identity.ErrDisabled
	}
	if _, err := s.deps.DB.ExecContext(ctx, `DELETE FROM session WHERE expires_at <= $1`, now); err != nil {
		return identity.Session{}, fmt.Errorf("open session: %w", err)
	}
	session.Account, err = find(ctx, s.deps.DB, `id = $1`, p.account)
	return session, err
}

// newToken is a random one that goes into cookies, headers and links.
func newToken() string {
	raw := make([]byte, tokenSize)
	rand.Read(raw) // never fails
	return base64.RawURLEncoding.EncodeToString(raw)
}

// SignOut implements identity.Service.
func (s *Staff) SignOut(ctx context.Context, in identity.Token) (identity.Account, error) {
	if _, err := s.deps.DB.ExecContext(ctx, `DELETE FROM session WHERE hash = $1`, hash(in.Token)); err != nil {
		return identity.Account{}, fmt.Errorf("sign out: %w", err)
	}
	return identity.Account{}, nil
}

// Authenticate implements identity.Service.
func (s *Staff) Authenticate(ctx context.Context, in identity.Token) (identity.Account, error) {
	account, err := s.holder(ctx, in.Token)
	if err != nil {
		return identity.Account{}, err
	}
	return find(ctx, s.deps.DB, `id = $1`, account)
}

func hash(token string) []byte {
	h := sha256.Sum256([]byte(token))
	return h[:]
}
