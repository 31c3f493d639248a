package staff

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"fmt"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"
	"golang.org/x/text/unicode/norm"

	"github.com/laurel-awards/laurel/services/identity"
)

// The parameters that every app knows (RFC 6238): others are ignored by some.
const (
	totpStep   = 30 * time.Second
	totpSkew   = 1  // steps that a phone's clock may be off, each way
	totpSecret = 20 // bytes (RFC 4226, section 4, R6)
)

// newTOTP makes a secret, with the address by which apps take it.
func (s *Staff) newTOTP(a identity.Account) (secret []byte, text, address string, err error) {
	secret = make([]byte, totpSecret)
	rand.Read(secret) // never fails
	issuer := "Laurel"
	if s.passkeys != nil {
		issuer += " " + s.passkeys.Config.RPID
	}
	key, err := totp.Generate(totp.GenerateOpts{Issuer: issuer, AccountName: a.Email, Secret: secret})
	if err != nil {
		return nil, "", "", fmt.Errorf("new totp: %w", err)
	}
	return secret, key.Secret(), key.URL(), nil
}

// digits are those of a code as people type it, with spaces or hyphens.
func digits(code string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		if r == ' ' || r == '-' {
			return -1
		}
		return 'x' // no code has it
	}, norm.NFKC.String(strings.TrimSpace(code)))
}

// stepOf is the half minute after last whose code this is; ok is false where it
// is none of them. All are looked at, so that the time tells nothing.
func stepOf(secret []byte, code string, now time.Time, last int64) (step int64, ok bool, err error) {
	if len(code) > maxLinkToken {
		return 0, false, nil
	}
	code = digits(code)
	if len(code) != otp.DigitsSix.Length() {
		return 0, false, nil
	}
	present := now.Unix() / int64(totpStep/time.Second)
	text := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret)
	for at := present - totpSkew; at <= present+totpSkew; at++ {
		right, err := hotp.ValidateCustom(code, uint64(at), text, hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		if err != nil {
			return 0, false, fmt.Errorf("totp: %w", err)
		}
		if right && at > last {
			step, ok = at, true
		}
	}
	return step, ok, nil
}

// takeTOTP takes a code, once: the step that it spends is noted in the write.
// Fault: ErrSecond.
func (s *Staff) takeTOTP(ctx context.Context, tx *sqlx.Tx, factors []factor, code string) error {
	for _, f := range factors {
		if f.Kind != identity.FactorTOTP {
			continue
		}
		var secret []byte
		if err := s.seal.open(f.Kept, &secret, f.Kind, f.Account); err != nil {
			return err
		}
		step, ok, err := stepOf(secret, code, s.deps.Time(), f.Step.Int64)
		if err != nil || !ok {
			return orSecond(err)
		}
		done, err := tx.ExecContext(ctx, `UPDATE account_factor SET step = $2, used_at = $3 WHERE id = $1 AND step < $2`, f.ID, step, s.deps.Time())
		if err != nil {
			return fmt.Errorf("take code: %w", err)
		}
		if n, err := done.RowsAffected(); err != nil || n == 0 {
			return orSecond(err)
		}
		return nil
	}
	return identity.ErrSecond
}
