package staff

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	"golang.org/x/text/unicode/norm"

	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/identity/internal/mail"
)

// A code of recovery is 16 characters of Crockford's base32, 80 random bits, in
// groups of four.
const (
	recoveryCodes  = 10
	recoveryLength = 16
	recoveryGroup  = 4

	crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
)

func newRecovery() string {
	raw := make([]byte, recoveryLength)
	rand.Read(raw) // never fails
	var b strings.Builder
	for i, v := range raw {
		if i > 0 && i%recoveryGroup == 0 {
			b.WriteByte('-')
		}
		b.WriteByte(crockford[v&31])
	}
	return b.String()
}

// plainRecovery is a code as people type it without what does not count: case,
// full width, hyphens and spaces; O is 0, I and L are 1.
func plainRecovery(typed string) string {
	return strings.NewReplacer("-", "", " ", "", "O", "0", "I", "1", "L", "1").Replace(strings.ToUpper(norm.NFKC.String(typed)))
}

// renewRecovery gives an account new codes, and takes those of before.
func (s *Staff) renewRecovery(ctx context.Context, tx *sqlx.Tx, account string) (codes []string, err error) {
	var hashes pq.ByteaArray
	for range recoveryCodes {
		code := newRecovery()
		codes, hashes = append(codes, code), append(hashes, s.seal.hash(account, plainRecovery(code)))
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM account_recovery WHERE account = $1`, account); err != nil {
		return nil, fmt.Errorf("recovery codes: %w", err)
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO account_recovery (account, hash) SELECT $1, unnest($2::bytea[])`, account, hashes); err != nil {
		return nil, fmt.Errorf("recovery codes: %w", err)
	}
	return codes, nil
}

// takeRecovery uses a code up, and tells its holder. Fault: ErrSecond.
func (s *Staff) takeRecovery(ctx context.Context, tx *sqlx.Tx, a identity.Account, typed string) error {
	if len(typed) > maxLinkToken {
		return identity.ErrSecond
	}
	done, err := tx.ExecContext(ctx, `DELETE FROM account_recovery WHERE account = $1 AND hash = $2`, a.ID, s.seal.hash(a.ID, plainRecovery(typed)))
	if err != nil {
		return fmt.Errorf("take recovery code: %w", err)
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 {
		return orSecond(err)
	}
	left, err := recoveryLeft(ctx, tx, a.ID)
	if err != nil {
		return err
	}
	if err := audit.Record(as(ctx, a), tx, s.deps.Time(), "", "use_recovery_code", "", map[string]any{"email": a.Email, "left": left}); err != nil {
		return err
	}
	return s.mail.Add(ctx, tx, mail.Letter{Kind: mail.RecoveryUsed, Address: a.Email, Said: mail.Said{Left: &left}})
}

func recoveryLeft(ctx context.Context, q sqlx.QueryerContext, account string) (n int, err error) {
	if err := sqlx.GetContext(ctx, q, &n, `SELECT count(*) FROM account_recovery WHERE account = $1`, account); err != nil {
		return 0, fmt.Errorf("recovery codes: %w", err)
	}
	return n, nil
}
