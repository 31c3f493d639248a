package staff

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/identity"
)

// AskFresh implements identity.Service.
func (s *Staff) AskFresh(ctx context.Context, in identity.Token) (out identity.Fresh, err error) {
	a, err := s.holderOf(ctx, s.deps.DB, in.Token)
	if err != nil {
		return out, err
	}
	all, err := factorsOf(ctx, s.deps.DB, a.ID)
	if err != nil {
		return out, err
	}
	if out.Factors, err = s.beside(ctx, s.deps.DB, all, a.ID); err != nil {
		return out, err
	}
	holder, err := s.keyHolder(a, all)
	if err != nil || s.passkeys == nil || len(holder.keys) == 0 {
		return out, err
	}
	// A PIN or the like makes it both what one has and what one knows or is.
	asked, session, err := s.passkeys.BeginLogin(holder, webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return out, fmt.Errorf("ask anew: %w", err)
	}
	if out.Passkey, err = options(asked.Response); err != nil {
		return out, err
	}
	out.Ceremony, _, err = s.beginCeremony(ctx, s.deps.DB, ceremony{Kind: kindFresh, Account: a.ID}, keptCeremony{Session: session})
	return out, err
}

// beside is what an account is asked for beside its password.
func (s *Staff) beside(ctx context.Context, q sqlx.QueryerContext, all []factor, account string) (kinds []string, err error) {
	kinds = []string{}
	if slices.ContainsFunc(all, func(f factor) bool { return f.Kind == identity.FactorTOTP }) {
		kinds = append(kinds, identity.FactorTOTP)
	}
	left, err := recoveryLeft(ctx, q, account)
	if len(all) > 0 && left > 0 {
		kinds = append(kinds, identity.FactorRecovery)
	}
	return kinds, err
}

// ShowFresh implements identity.Service.
func (s *Staff) ShowFresh(ctx context.Context, in identity.ShowFresh) (identity.Account, error) {
	if len(in.Passkey) > 0 {
		return s.showPasskey(ctx, in)
	}
	a, t, err := s.again(ctx, in.Present)
	if err != nil {
		return a, err
	}
	all, err := factorsOf(ctx, s.deps.DB, a.ID)
	if err != nil {
		return a, err
	}
	if len(all) > 0 {
		if in.Code == "" && in.Recovery == "" {
			return a, identity.ErrInvalid.At(fault.Required("code"))
		}
		second := count{s.key("second", t.account), ofSecond}
		if t.home {
			second.key = s.key("second home", t.account, t.Network)
		}
		if err := s.inTx(ctx, func(tx *sqlx.Tx) error { return second.take(ctx, tx, s.deps.Time()) }); err != nil {
			return a, err
		}
		t.counts = append([]count{second}, t.counts...)
	}
	err = s.inTx(ctx, func(tx *sqlx.Tx) error {
		if err := s.shown(ctx, tx, t); err != nil {
			return err
		}
		if a, err = s.stillIn(ctx, tx, a, in.Token); err != nil {
			return err
		}
		if all, err = factorsOf(ctx, tx, a.ID); err != nil || len(all) == 0 {
			return err
		}
		factor := identity.FactorTOTP
		if in.Code == "" {
			factor = identity.FactorRecovery
		}
		return s.takeSecond(ctx, tx, a, factor, keptCeremony{}, identity.ProveSecond{Code: in.Code, Recovery: in.Recovery})
	})
	if errors.Is(err, identity.ErrSecond) {
		err = s.secondFailed(ctx, t)
	}
	return a, err
}

// showPasskey is ShowFresh by a passkey alone.
func (s *Staff) showPasskey(ctx context.Context, in identity.ShowFresh) (a identity.Account, err error) {
	if s.passkeys == nil {
		return a, identity.ErrNoPasskeys
	}
	if a, err = s.holderOf(ctx, s.deps.DB, in.Token); err != nil {
		return a, err
	}
	c, kept, err := s.takeCeremony(ctx, kindFresh, a.ID, in.Ceremony)
	if err != nil {
		return a, err
	}
	if c.Tries > 1 || kept.Session == nil {
		return a, identity.ErrChallenge
	}
	return a, s.inTx(ctx, func(tx *sqlx.Tx) error {
		if a, err = s.stillIn(ctx, tx, a, in.Token); err != nil {
			return err
		}
		if err := endCeremony(ctx, tx, c); err != nil {
			return err
		}
		return s.takeSecond(ctx, tx, a, identity.FactorPasskey, kept, identity.ProveSecond{Passkey: in.Passkey})
	})
}
