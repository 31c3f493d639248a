package staff

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/services/identity"
)

const tokenSize = 32 // bytes

// SignIn implements identity.Service.
func (s *Staff) SignIn(ctx context.Context, in identity.SignIn) (identity.Session, error) {
	t, err := s.prove(ctx, in)
	if err != nil {
		return identity.Session{}, err
	}
	return s.open(ctx, t)
}

// prove holds a password against its account, at the rates of both and in its
// turn. Faults: ErrTooManyTries, ErrSignIn, errBusy.
func (s *Staff) prove(ctx context.Context, in identity.SignIn) (try, error) {
	leave, err := s.hasher.queue.enter(ctx, in.Around)
	if err != nil {
		return try{}, err
	}
	defer leave()
	t, err := s.begin(ctx, in)
	if err != nil {
		return try{}, err
	}
	ok, err := matches(in.Password, t.phc)
	if err != nil {
		return try{}, err
	}
	if !ok || t.account == "" {
		return try{}, s.failed(ctx, t)
	}
	return t, nil
}

// open opens the session of who has proved an account, unless it was disabled or
// its password changed since: both end sessions, and this one must not slip
// through.
func (s *Staff) open(ctx context.Context, t try) (identity.Session, error) {
	now, token := s.deps.Time(), newToken()
	session := identity.Session{Token: token, ExpiresAt: now.Add(s.ttl), Factors: []string{identity.FactorPassword}}
	err := pg.InTx(ctx, s.deps.DB, func(tx *sqlx.Tx) (err error) {
		if err := s.still(ctx, tx, t); err != nil {
			return err
		}
		if session.Account, err = find(ctx, tx, `id = $1`, t.account); err != nil {
			return err
		}
		if session.Account.Disabled {
			return identity.ErrDisabled
		}
		if err := s.succeeded(ctx, tx, t, now); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO session (hash, account, expires_at, created_at, factors) VALUES ($1, $2, $3, $4, $5)`,
			hash(token), t.account, session.ExpiresAt, now, pq.Array(session.Factors)); err != nil {
			return fmt.Errorf("open session: %w", err)
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM session WHERE expires_at <= $1`, now); err != nil {
			return fmt.Errorf("open session: %w", err)
		}
		return audit.Record(as(ctx, session.Account), tx, now, "", "sign_in", "", signedIn{Email: t.Email, Network: t.Network})
	})
	if err != nil {
		return identity.Session{}, err
	}
	return session, nil
}

// still holds an account until the transaction ends, if its password is the one
// that was proved. Fault: ErrSignIn.
func (s *Staff) still(ctx context.Context, tx *sqlx.Tx, t try) error {
	var id string
	err := tx.GetContext(ctx, &id, `SELECT id FROM account WHERE id = $1 AND password = $2 FOR NO KEY UPDATE`, t.account, t.phc)
	if noRows(err) {
		return identity.ErrSignIn
	}
	if err != nil {
		return fmt.Errorf("hold account: %w", err)
	}
	return nil
}

// newToken is a random one that goes into cookies, headers and links.
func newToken() string {
	raw := make([]byte, tokenSize)
	rand.Read(raw) // never fails
	return base64.RawURLEncoding.EncodeToString(raw)
}

// SignOut implements identity.Service.
func (s *Staff) SignOut(ctx context.Context, in identity.Token) (identity.Account, error) {
	return identity.Account{}, pg.InTx(ctx, s.deps.DB, func(tx *sqlx.Tx) error {
		var account string
		err := tx.GetContext(ctx, &account, `DELETE FROM session WHERE hash = $1 RETURNING account`, hash(in.Token))
		if noRows(err) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("sign out: %w", err)
		}
		a, err := find(ctx, tx, `id = $1`, account)
		if err != nil {
			return err
		}
		return audit.Record(as(ctx, a), tx, s.deps.Time(), "", "sign_out", "", signedIn{Email: a.Email})
	})
}

// as is a context in which the account acts: it has just proved to be there.
func as(ctx context.Context, a identity.Account) context.Context {
	return actor.With(ctx, actor.Actor{Kind: actor.Staff, ID: a.ID, Name: a.Name})
}

// Authenticate implements identity.Service.
func (s *Staff) Authenticate(ctx context.Context, in identity.Token) (identity.Account, error) {
	found, err := list(ctx, s.deps.DB, `id = (SELECT account FROM session WHERE hash = $1 AND expires_at > $2)`, hash(in.Token), s.deps.Time())
	if err == nil && len(found) == 0 {
		err = identity.ErrSession
	}
	if err != nil {
		return identity.Account{}, err
	}
	return found[0], nil
}

func hash(token string) []byte {
	h := sha256.Sum256([]byte(token))
	return h[:]
}
