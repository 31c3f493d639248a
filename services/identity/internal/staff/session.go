package staff

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"

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

// open opens the session of who has shown the password, or asks them for a
// second factor; unless the account was disabled or its password changed since:
// both end sessions, and this one must not slip through.
func (s *Staff) open(ctx context.Context, t try) (session identity.Session, err error) {
	err = pg.InTx(ctx, s.deps.DB, func(tx *sqlx.Tx) error {
		if err := s.still(ctx, tx, t); err != nil {
			return err
		}
		a, err := s.account(ctx, tx, `id = $1`, t.account)
		if err != nil {
			return err
		}
		if a.Disabled {
			return identity.ErrDisabled
		}
		factors, err := factorsOf(ctx, tx, a.ID)
		if err != nil {
			return err
		}
		if len(factors) > 0 {
			session, err = s.challenge(ctx, tx, t, a, factors)
			return err
		}
		session, err = s.admit(ctx, tx, t, a, identity.FactorPassword)
		return err
	})
	return session, err
}

// admit opens a session of an account that has proved itself by these factors,
// and gives back what the try was counted by.
func (s *Staff) admit(ctx context.Context, tx *sqlx.Tx, t try, a identity.Account, factors ...string) (identity.Session, error) {
	now, token := s.deps.Time(), newToken()
	session := identity.Session{Token: token, ExpiresAt: now.Add(s.ttl), Factors: factors, Account: s.limited(a, factors)}
	if err := s.succeeded(ctx, tx, t, now); err != nil {
		return session, err
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO session (hash, account, expires_at, created_at, factors, network) VALUES ($1, $2, $3, $4, $5, $6)`,
		hash(token), a.ID, session.ExpiresAt, now, pq.Array(factors), t.Network); err != nil {
		return session, fmt.Errorf("open session: %w", err)
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM session WHERE expires_at <= $1`, now); err != nil {
		return session, fmt.Errorf("open session: %w", err)
	}
	return session, audit.Record(as(ctx, a), tx, now, "", "sign_in", "", signedIn{Email: a.Email, Network: t.Network, Factors: factors})
}

// must tells whether an account's roles take a second factor.
func (s *Staff) must(a identity.Account) bool {
	return slices.ContainsFunc(a.Grants, func(g identity.Grant) bool { return slices.Contains(s.required, g.Role) })
}

// limited is an account in a session that these factors prove: where its roles
// take a second one, they have no effect without.
func (s *Staff) limited(a identity.Account, factors []string) identity.Account {
	if !s.must(a) || slices.ContainsFunc(factors, func(f string) bool { return f != identity.FactorPassword }) {
		return a
	}
	a.Pending, a.Grants, a.NeedsFactor = append(a.Grants, a.Pending...), []identity.Grant{}, true
	return a
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
		a, err := s.account(ctx, tx, `id = $1`, account)
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
	a, err := s.holderOf(ctx, s.deps.DB, in.Token)
	if err != nil || !s.must(a) {
		return a, err
	}
	var factors pq.StringArray
	err = s.deps.DB.GetContext(ctx, &factors, `SELECT factors FROM session WHERE hash = $1`, hash(in.Token))
	if noRows(err) {
		return identity.Account{}, identity.ErrSession
	}
	if err != nil {
		return identity.Account{}, fmt.Errorf("authenticate: %w", err)
	}
	return s.limited(a, factors), nil
}

// holderOf is the account of a session with all its roles. Fault: ErrSession.
func (s *Staff) holderOf(ctx context.Context, q sqlx.QueryerContext, token string) (identity.Account, error) {
	found, err := s.list(ctx, q, `id = (SELECT account FROM session WHERE hash = $1 AND expires_at > $2)`, hash(token), s.deps.Time())
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
