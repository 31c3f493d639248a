package staff

import (
	"context"
	"errors"
	"fmt"
	"math/bits"
	"slices"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/identity/internal/mail"
)

// alarming is how many second factors may be wrong before the holder is told that
// somebody knows the password.
const alarming = 4

// inTx runs fn in a transaction.
func (s *Staff) inTx(ctx context.Context, fn func(tx *sqlx.Tx) error) error {
	return pg.InTx(ctx, s.deps.DB, fn)
}

// challenge asks who has shown the password for a second factor. What the try was
// counted by is given back when that is shown, too.
func (s *Staff) challenge(ctx context.Context, tx *sqlx.Tx, t try, a identity.Account, factors []factor) (identity.Session, error) {
	c := &identity.Challenge{}
	kept := keptCeremony{Network: t.Network, Around: t.Around, Home: t.home}
	for _, f := range factors {
		if f.Kind == identity.FactorPasskey && s.passkeys == nil {
			continue // browsers reach us by no name any more
		}
		if !slices.Contains(kept.Factors, f.Kind) {
			kept.Factors = append(kept.Factors, f.Kind)
		}
	}
	left, err := recoveryLeft(ctx, tx, a.ID)
	if err != nil {
		return identity.Session{}, err
	}
	if left > 0 {
		kept.Factors = append(kept.Factors, identity.FactorRecovery)
	}
	if slices.Contains(kept.Factors, identity.FactorPasskey) {
		holder, err := s.keyHolder(a, factors)
		if err != nil {
			return identity.Session{}, err
		}
		asked, session, err := s.passkeys.BeginLogin(holder)
		if err != nil {
			return identity.Session{}, fmt.Errorf("challenge: %w", err)
		}
		if c.Passkey, err = options(asked.Response); err != nil {
			return identity.Session{}, err
		}
		kept.Session, kept.Options = session, c.Passkey
	}
	c.Factors = kept.Factors
	c.Token, c.ExpiresAt, err = s.beginCeremony(ctx, tx, ceremony{Kind: kindSecond, Account: a.ID}, kept)
	return identity.Session{Factors: []string{identity.FactorPassword}, ExpiresAt: c.ExpiresAt, Challenge: c}, err
}

// ReadChallenge implements identity.Service.
func (s *Staff) ReadChallenge(ctx context.Context, in identity.Token) (identity.Challenge, error) {
	c, kept, err := s.readCeremony(ctx, kindSecond, in.Token)
	return identity.Challenge{Token: in.Token, Factors: kept.Factors, Passkey: kept.Options, ExpiresAt: c.ExpiresAt}, err
}

// ProveSecond implements identity.Service.
func (s *Staff) ProveSecond(ctx context.Context, in identity.ProveSecond) (session identity.Session, err error) {
	factor, err := answered(in)
	if err != nil {
		return session, err
	}
	c, kept, err := s.takeCeremony(ctx, kindSecond, "", in.Challenge)
	if err != nil {
		return session, err
	}
	t := try{SignIn: identity.SignIn{Network: kept.Network, Around: kept.Around}, account: c.Account, home: kept.Home}
	second := count{s.key("second", t.account), ofSecond}
	if t.home {
		second.key = s.key("second home", t.account, t.Network)
	}
	if err := s.inTx(ctx, func(tx *sqlx.Tx) error { return second.take(ctx, tx, s.deps.Time()) }); err != nil {
		return session, err
	}
	err = s.inTx(ctx, func(tx *sqlx.Tx) error {
		a, err := s.locked(ctx, tx, `id = $1`, c.Account)
		if err != nil {
			return err
		}
		if a.Disabled {
			return identity.ErrDisabled
		}
		t.Email = a.Email
		t.counts = s.counts(t)
		if err := endCeremony(ctx, tx, c); err != nil {
			return err
		}
		if err := s.takeSecond(ctx, tx, a, factor, kept, in); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM sign_in_try WHERE key = $1`, second.key); err != nil {
			return fmt.Errorf("second factor: %w", err)
		}
		session, err = s.admit(ctx, tx, t, a, identity.FactorPassword, factor)
		return err
	})
	if errors.Is(err, identity.ErrSecond) {
		return identity.Session{}, s.secondFailed(ctx, t)
	}
	return session, err
}

// answered tells by what a challenge is answered.
func answered(in identity.ProveSecond) (factor string, err error) {
	var given []string
	for name, is := range map[string]bool{
		identity.FactorTOTP: in.Code != "", identity.FactorRecovery: in.Recovery != "", identity.FactorPasskey: len(in.Passkey) > 0,
	} {
		if is {
			given = append(given, name)
		}
	}
	if len(given) != 1 {
		return "", identity.ErrInvalid.At(fault.Wrong("code", "one_answer", "takes one answer: a code, a code of recovery or a passkey"))
	}
	return given[0], nil
}

// takeSecond takes a second factor of an account that is locked. Fault: ErrSecond.
func (s *Staff) takeSecond(ctx context.Context, tx *sqlx.Tx, a identity.Account, kind string, kept keptCeremony, in identity.ProveSecond) error {
	if kind == identity.FactorRecovery {
		return s.takeRecovery(ctx, tx, a, in.Recovery)
	}
	factors, err := factorsOf(ctx, tx, a.ID)
	if err != nil {
		return err
	}
	if kind == identity.FactorTOTP {
		return s.takeTOTP(ctx, tx, factors, in.Code)
	}
	if s.passkeys == nil || kept.Session == nil {
		return identity.ErrSecond
	}
	answer, err := protocol.ParseCredentialRequestResponseBytes(in.Passkey)
	if err != nil {
		return identity.ErrSecond
	}
	holder, err := s.keyHolder(a, factors)
	if err != nil {
		return err
	}
	key, err := s.passkeys.ValidateLogin(holder, *kept.Session, answer)
	if err != nil {
		return s.wrongPasskey(ctx, err)
	}
	return s.takePasskey(ctx, tx, a, key)
}

// secondFailed gives ErrSecond. The log hears of it as of a wrong password, and
// the holder that somebody knows it, before long.
func (s *Staff) secondFailed(ctx context.Context, t try) error {
	err := s.inTx(ctx, func(tx *sqlx.Tx) error {
		now := s.deps.Time()
		failures, err := failure(ctx, tx, s.key("second failures", t.account), now)
		if err != nil || bits.OnesCount(failures) != 1 {
			return err
		}
		detail := signedIn{Email: t.Email, Network: t.Network, Failures: failures}
		if err := audit.Record(ctx, tx, now, "", "second_factor_failed", "", detail); err != nil || failures < alarming {
			return err
		}
		return s.mail.Add(ctx, tx, mail.Letter{Kind: mail.SecondFailed, Address: t.Email})
	})
	if err != nil {
		return err
	}
	return identity.ErrSecond
}
