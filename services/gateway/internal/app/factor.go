package app

import (
	"context"

	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/gateway/internal/limit"
	"github.com/laurel-awards/laurel/services/identity"
)

// ReadSetup tells whether a link to set up is good.
func (a *App) ReadSetup(ctx context.Context, token string) (identity.SetupRead, error) {
	return atRate(ctx, a, SetUp, a.identity.ReadSetup, identity.Link{Token: token})
}

// SetUp creates the first organizer: identity.Service.SetUp.
func (a *App) SetUp(ctx context.Context, in gateway.SetUp) (identity.Account, error) {
	return atRate(ctx, a, SetUp, a.identity.SetUp, identity.SetUp{Token: in.Token, Email: in.Email, Name: in.Name, Password: in.Password})
}

// Challenge is what a sign-in asks for beside the password.
func (a *App) Challenge(ctx context.Context, token string) (identity.Challenge, error) {
	return atRate(ctx, a, SignIn, a.identity.ReadChallenge, identity.Token{Token: token})
}

// ProveSecond answers a challenge and opens the session.
func (a *App) ProveSecond(ctx context.Context, in gateway.ProveSecond) (identity.Session, error) {
	return atRate(ctx, a, SignIn, a.identity.ProveSecond, identity.ProveSecond{
		Challenge: in.Challenge, Code: in.Code, Recovery: in.Recovery, Passkey: in.Passkey,
	})
}

// AskPasskey begins a sign-in by a passkey alone.
func (a *App) AskPasskey(ctx context.Context) (identity.PasskeyWanted, error) {
	return atRate(ctx, a, SignIn, a.identity.AskPasskey, identity.PasskeyAsked{})
}

// SignInByPasskey opens a session for the holder of a passkey.
func (a *App) SignInByPasskey(ctx context.Context, in gateway.SignInByPasskey) (identity.Session, error) {
	return atRate(ctx, a, SignIn, a.identity.SignInByPasskey, identity.SignInByPasskey{
		Ceremony: in.Ceremony, Passkey: in.Passkey, Network: CallerOf(ctx).Address,
	})
}

// Factors are the caller's.
func (a *App) Factors(ctx context.Context) (identity.Factors, error) {
	return do(ctx, a, ReadFactors, "", a.identity.ListFactors, identity.Token{Token: CallerOf(ctx).Token})
}

// BeginFactor adds a factor to the caller's account.
func (a *App) BeginFactor(ctx context.Context, in gateway.BeginFactor) (identity.FactorBegun, error) {
	return do(ctx, a, ChangeFactors, "", patient(a.identity.BeginFactor), identity.BeginFactor{Present: presentOf(ctx, in.Present), Kind: in.Kind})
}

// FinishFactor shows that the factor is there.
func (a *App) FinishFactor(ctx context.Context, in gateway.FinishFactor) (identity.FactorAdded, error) {
	return do(ctx, a, ChangeFactors, "", patient(a.identity.FinishFactor), identity.FinishFactor{
		Token: CallerOf(ctx).Token, Ceremony: in.Ceremony, Name: in.Name, Code: in.Code, Passkey: in.Passkey,
	})
}

// RemoveFactor takes one of the caller's factors away.
func (a *App) RemoveFactor(ctx context.Context, id, password string) (identity.Factors, error) {
	return do(ctx, a, ChangeFactors, "", patient(a.identity.RemoveFactor), identity.RemoveFactor{Present: presentOf(ctx, password), ID: id})
}

// RenewRecovery makes new codes of recovery for the caller.
func (a *App) RenewRecovery(ctx context.Context, password string) (identity.RecoveryCodes, error) {
	return do(ctx, a, ChangeFactors, "", patient(a.identity.RenewRecovery), presentOf(ctx, password))
}

// presentOf is the caller's session with the password that they show again.
func presentOf(ctx context.Context, password string) identity.Present {
	caller := CallerOf(ctx)
	return identity.Present{Token: caller.Token, Password: password, Network: caller.Address, Around: limit.Wider(caller.Address)}
}

// patient has a service take as long as a sign-in does.
func patient[In, Out any](service func(context.Context, In) (Out, error)) func(context.Context, In) (Out, error) {
	return func(ctx context.Context, in In) (Out, error) {
		ctx, cancel := context.WithTimeout(ctx, signInTime)
		defer cancel()
		return service(ctx, in)
	}
}
