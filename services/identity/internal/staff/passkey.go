package staff

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/google/uuid"
	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/services/identity"
)

// passkeys is the installation as devices know it (WebAuthn's relying party).
type passkeys struct{ *webauthn.WebAuthn }

// newPasskeys gives nil where browsers would not make a passkey.
func newPasskeys(publicURL string) (*passkeys, error) {
	name, origin, ok := identity.PasskeySite(publicURL)
	if !ok {
		return nil, nil //nolint:nilnil // see above
	}
	w, err := webauthn.New(&webauthn.Config{
		RPID: name, RPDisplayName: "Laurel", RPOrigins: []string{origin},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementPreferred, UserVerification: protocol.VerificationPreferred,
		},
		// What browsers and managers of passwords add unasked is nothing to us.
		ExtensionsUnsolicitedOutputPolicy: protocol.UnsolicitedOutputPolicyIgnore,
	})
	if err != nil {
		return nil, fmt.Errorf("passkeys: %w", err)
	}
	return &passkeys{w}, nil
}

// keyHolder is an account as the library takes it.
type keyHolder struct {
	account identity.Account
	keys    []webauthn.Credential
}

// WebAuthnID implements webauthn.User.
func (h keyHolder) WebAuthnID() []byte {
	id := uuid.MustParse(h.account.ID)
	return id[:]
}

// WebAuthnName implements webauthn.User.
func (h keyHolder) WebAuthnName() string { return h.account.Email }

// WebAuthnDisplayName implements webauthn.User.
func (h keyHolder) WebAuthnDisplayName() string { return h.account.Name }

// WebAuthnCredentials implements webauthn.User.
func (h keyHolder) WebAuthnCredentials() []webauthn.Credential { return h.keys }

// keyHolder opens an account's passkeys.
func (s *Staff) keyHolder(a identity.Account, factors []factor) (h keyHolder, err error) {
	h.account = a
	for _, f := range factors {
		if f.Kind != identity.FactorPasskey {
			continue
		}
		var c webauthn.Credential
		if err := s.seal.open(f.Kept, &c, f.Kind, f.Account); err != nil {
			return h, err
		}
		h.keys = append(h.keys, c)
	}
	return h, nil
}

// options are what goes to the browser: the object inside the library's.
func options(v any) (json.RawMessage, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("passkey: %w", err)
	}
	return data, nil
}

// takePasskey notes the use of a passkey that answered, and gives ErrSecond where
// it may be a copy: its counter went back.
func (s *Staff) takePasskey(ctx context.Context, tx *sqlx.Tx, a identity.Account, c *webauthn.Credential) error {
	if c.Authenticator.CloneWarning {
		return identity.ErrSecond
	}
	kept, err := s.seal.close(c, identity.FactorPasskey, a.ID)
	if err != nil {
		return err
	}
	done, err := tx.ExecContext(ctx, `UPDATE account_factor SET kept = $3, used_at = $4 WHERE account = $1 AND credential = $2`,
		a.ID, c.ID, kept, s.deps.Time())
	if err != nil {
		return fmt.Errorf("take passkey: %w", err)
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 {
		return orSecond(err)
	}
	return nil
}

// orSecond is err, or where there is none ErrSecond.
func orSecond(err error) error {
	if err == nil {
		err = identity.ErrSecond
	}
	return err
}

// AskPasskey implements identity.Service.
func (s *Staff) AskPasskey(ctx context.Context, _ identity.PasskeyAsked) (w identity.PasskeyWanted, err error) {
	if s.passkeys == nil {
		return w, identity.ErrNoPasskeys
	}
	asked, session, err := s.passkeys.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return w, fmt.Errorf("ask passkey: %w", err)
	}
	if w.Passkey, err = options(asked.Response); err != nil {
		return w, err
	}
	w.Ceremony, w.ExpiresAt, err = s.beginCeremony(ctx, s.deps.DB, ceremony{Kind: kindPasskeySignIn}, keptCeremony{Session: session})
	return w, err
}

// SignInByPasskey implements identity.Service. A PIN or the like is asked for by
// the passkey, so that it is both what one has and what one knows or is.
func (s *Staff) SignInByPasskey(ctx context.Context, in identity.SignInByPasskey) (session identity.Session, err error) {
	if s.passkeys == nil {
		return session, identity.ErrNoPasskeys
	}
	c, kept, err := s.takeCeremony(ctx, kindPasskeySignIn, "", in.Ceremony)
	if err != nil {
		return session, err
	}
	if c.Tries > 1 || kept.Session == nil {
		return session, identity.ErrChallenge
	}
	answer, err := protocol.ParseCredentialRequestResponseBytes(in.Passkey)
	if err != nil {
		return session, identity.ErrSecond
	}
	err = s.inTx(ctx, func(tx *sqlx.Tx) error {
		var a identity.Account
		holder := func(_, handle []byte) (webauthn.User, error) {
			id, err := uuid.FromBytes(handle)
			if err != nil {
				return nil, identity.ErrSecond
			}
			if a, err = s.locked(ctx, tx, `id = $1`, id); err != nil {
				return nil, err
			}
			factors, err := factorsOf(ctx, tx, a.ID)
			if err != nil {
				return nil, err
			}
			return s.keyHolder(a, factors)
		}
		_, key, err := s.passkeys.ValidatePasskeyLogin(holder, *kept.Session, answer)
		if err != nil {
			return s.wrongPasskey(ctx, err)
		}
		if a.Disabled {
			return identity.ErrDisabled
		}
		if err := s.takePasskey(ctx, tx, a, key); err != nil {
			return err
		}
		session, err = s.admit(ctx, tx, try{SignIn: identity.SignIn{Email: a.Email, Network: in.Network}, account: a.ID}, a, identity.FactorPasskey)
		return err
	})
	return session, err
}

// wrongPasskey is what the library's error means: ErrSecond, unless it was ours.
func (s *Staff) wrongPasskey(ctx context.Context, err error) error {
	var refused *protocol.Error
	if !errors.As(err, &refused) {
		return err
	}
	if cause := errors.Unwrap(refused); cause != nil && !errors.Is(cause, identity.ErrSecond) && !errors.Is(cause, identity.ErrNoAccount) {
		s.deps.Log.DebugContext(ctx, "a passkey was refused", "error", cause)
	}
	return identity.ErrSecond
}
