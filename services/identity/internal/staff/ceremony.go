package staff

import (
	"context"
	"fmt"
	"time"

	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/services/identity"
)

// What lies between two steps.
const (
	kindSecond        = "second"               // a sign-in whose password is right
	kindTOTP          = identity.FactorTOTP    // one that is being added
	kindPasskey       = identity.FactorPasskey // the same
	kindPasskeySignIn = "passkey_sign_in"      // by a passkey alone
	kindFresh         = "fresh"                // an act that takes a proof at that moment
	ceremonyLife      = 10 * time.Minute       // to type a code, or to set up an app
	ceremonyTries     = 5                      // wrong answers
)

// ceremony is what lies between two steps.
type ceremony struct {
	Kind    string `db:"kind"`
	Account string `db:"account"` // empty: not known yet
	Kept    []byte `db:"kept"`
	Tries   int    `db:"tries"` // this one too

	ExpiresAt time.Time `db:"expires_at"`

	hash []byte
}

// keptCeremony is what is kept of it, sealed.
type keptCeremony struct {
	Secret  []byte                `json:"secret,omitempty"`  // of a TOTP
	Session *webauthn.SessionData `json:"session,omitempty"` // of a passkey
	Options []byte                `json:"options,omitempty"` // what the browser was asked, JSON
	Factors []string              `json:"factors,omitempty"` // that will do
	Network string                `json:"network,omitempty"` // of the first step, as it was counted
	Around  string                `json:"around,omitempty"`
	Home    bool                  `json:"home,omitempty"`
}

// beginCeremony keeps what the next step needs, and gives the token that names it.
func (s *Staff) beginCeremony(ctx context.Context, db sqlx.ExecerContext, c ceremony, kept keptCeremony) (token string, expires time.Time, err error) {
	sealed, err := s.seal.close(kept, c.Kind, c.Account)
	if err != nil {
		return "", expires, err
	}
	now, token := s.deps.Time(), newToken()
	expires = now.Add(ceremonyLife)
	if _, err := db.ExecContext(ctx, `
		DELETE FROM ceremony WHERE hash IN (SELECT hash FROM ceremony WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)`,
		now, pruneAtOnce); err != nil {
		return "", expires, fmt.Errorf("begin %s: %w", c.Kind, err)
	}
	if _, err := db.ExecContext(ctx, `INSERT INTO ceremony (hash, kind, account, kept, expires_at) VALUES ($1, $2, nullif($3, '')::uuid, $4, $5)`,
		hash(token), c.Kind, c.Account, sealed, expires); err != nil {
		return "", expires, fmt.Errorf("begin %s: %w", c.Kind, err)
	}
	return token, expires, nil
}

// readCeremony finds one and leaves it as it is. Fault: ErrChallenge.
func (s *Staff) readCeremony(ctx context.Context, kind, token string) (c ceremony, kept keptCeremony, err error) {
	return s.openCeremony(ctx, s.deps.DB, `
		SELECT kind, coalesce(account::text, '') AS account, kept, tries, expires_at FROM ceremony
		WHERE hash = $1 AND kind = $2 AND expires_at > $3 AND tries < $4`, kind, token)
}

// takeCeremony counts a try before it is looked at; of an account, where one is
// given. Fault: ErrChallenge.
func (s *Staff) takeCeremony(ctx context.Context, kind, account, token string) (c ceremony, kept keptCeremony, err error) {
	c, kept, err = s.openCeremony(ctx, s.deps.DB, `
		UPDATE ceremony SET tries = tries + 1
		WHERE hash = $1 AND kind = $2 AND expires_at > $3 AND tries < $4
		RETURNING kind, coalesce(account::text, '') AS account, kept, tries, expires_at`, kind, token)
	if err == nil && account != "" && c.Account != account {
		err = identity.ErrChallenge
	}
	return c, kept, err
}

func (s *Staff) openCeremony(ctx context.Context, q sqlx.QueryerContext, statement, kind, token string) (c ceremony, kept keptCeremony, err error) {
	if len(token) > maxLinkToken {
		return c, kept, identity.ErrChallenge
	}
	err = sqlx.GetContext(ctx, q, &c, statement, hash(token), kind, s.deps.Time(), ceremonyTries)
	if noRows(err) {
		return c, kept, identity.ErrChallenge
	}
	if err != nil {
		return c, kept, fmt.Errorf("read %s: %w", kind, err)
	}
	c.hash, c.ExpiresAt = hash(token), c.ExpiresAt.UTC()
	return c, kept, s.seal.open(c.Kept, &kept, c.Kind, c.Account)
}

// endCeremony takes a ceremony away: of many at once, one finds it. The account
// is locked before, here and everywhere. Fault: ErrChallenge.
func endCeremony(ctx context.Context, tx *sqlx.Tx, c ceremony) error {
	done, err := tx.ExecContext(ctx, `DELETE FROM ceremony WHERE hash = $1`, c.hash)
	if err != nil {
		return fmt.Errorf("end %s: %w", c.Kind, err)
	}
	n, err := done.RowsAffected()
	if err == nil && n == 0 {
		err = identity.ErrChallenge
	}
	return err
}
