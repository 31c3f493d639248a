package staff

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/laurel-awards/laurel/services/identity"
)

const (
	tokenSize = 32 // bytes
	maxTries  = 10 // failed ones for an email in tryWindow
	tryWindow = 15 * time.Minute
)

// SignIn implements identity.Service.
func (s *Staff) SignIn(ctx context.Context, in identity.SignIn) (identity.Session, error) {
	email, now := normalize(in.Email), s.deps.Time()
	var tries int
	err := s.deps.DB.GetContext(ctx, &tries, `SELECT tries FROM failed_sign_in WHERE email = $1 AND since > $2`, email, now.Add(-tryWindow))
	if err != nil && !noRows(err) {
		return identity.Session{}, fmt.Errorf("sign in: %w", err)
	}
	if tries >= maxTries {
		f := *identity.ErrTooManyTries
		f.RetryAfter = tryWindow
		return identity.Session{}, &f
	}
	id, phc := "", s.hasher.decoy
	err = s.deps.DB.QueryRowxContext(ctx, `SELECT id, password FROM account WHERE email = $1`, email).Scan(&id, &phc)
	if err != nil && !noRows(err) {
		return identity.Session{}, fmt.Errorf("sign in: %w", err)
	}
	ok, err := s.hasher.matches(ctx, in.Password, phc)
	if err != nil {
		return identity.Session{}, err
	}
	if !ok || id == "" {
		return identity.Session{}, s.failed(ctx, email, now)
	}
	return s.open(ctx, id, now)
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

func (s *Staff) open(ctx context.Context, account string, now time.Time) (identity.Session, error) {
	raw := make([]byte, tokenSize)
	rand.Read(raw)
	session := identity.Session{Token: base64.RawURLEncoding.EncodeToString(raw), ExpiresAt: now.Add(s.ttl)}
	if _, err := s.deps.DB.ExecContext(ctx, `INSERT INTO session (hash, account, expires_at) VALUES ($1, $2, $3)`,
		hash(session.Token), account, session.ExpiresAt); err != nil {
		return identity.Session{}, fmt.Errorf("open session: %w", err)
	}
	if _, err := s.deps.DB.ExecContext(ctx, `DELETE FROM session WHERE expires_at <= $1`, now); err != nil {
		return identity.Session{}, fmt.Errorf("open session: %w", err)
	}
	var err error
	session.Account, err = find(ctx, s.deps.DB, `id = $1`, account)
	return session, err
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
	var account string
	err := s.deps.DB.GetContext(ctx, &account, `SELECT account FROM session WHERE hash = $1 AND expires_at > $2`, hash(in.Token), s.deps.Time())
	if noRows(err) {
		return identity.Account{}, identity.ErrSession
	}
	if err != nil {
		return identity.Account{}, fmt.Errorf("authenticate: %w", err)
	}
	return find(ctx, s.deps.DB, `id = $1`, account)
}

func hash(token string) []byte {
	h := sha256.Sum256([]byte(token))
	return h[:]
}
