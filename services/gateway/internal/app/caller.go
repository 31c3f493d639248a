package app

import (
	"context"
	"slices"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/nomination"
)

// Caller is what a request tells of who sends it, before anybody is asked.
type Caller struct {
	Address string // of the client, or its network: limit.Network
	Token   string // of a staff session, or a voter's credential
}

// SessionCookie holds a staff session's token in browsers.
const SessionCookie = "laurel_session"

type callerKey struct{}

// WithCaller gives a context in which c asks.
func WithCaller(ctx context.Context, c Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// CallerOf is who asks in ctx.
func CallerOf(ctx context.Context) Caller {
	c, _ := ctx.Value(callerKey{}).(Caller)
	return c
}

// Admit counts a request to the API against its address. Fault:
// too_many_requests.
func (a *App) Admit(address string) error { return a.requests.Take(address) }

var (
	ErrNoSession = fault.New(fault.Unauthorized, "session_missing", "sign in first: Authorization: Bearer TOKEN")
	ErrForbidden = fault.New(fault.Forbidden, "role_missing", "your account does not have the role for this")
)

// maxToken is the longest session token in characters.
const maxToken = 128

// SignedIn gives the account that asks, and a context in which it acts.
func (a *App) SignedIn(ctx context.Context) (context.Context, identity.Account, error) {
	token := CallerOf(ctx).Token
	if token == "" {
		return ctx, identity.Account{}, ErrNoSession
	}
	if len(token) > maxToken {
		return ctx, identity.Account{}, identity.ErrSession
	}
	account, err := a.accounts.Get(ctx, token)
	if err != nil {
		return ctx, identity.Account{}, err
	}
	return actor.With(ctx, actor.Actor{Kind: actor.Staff, ID: account.ID, Name: account.Name}), account, nil
}

// May lets an account pass that has one of the roles in the selection.
func (a *App) May(ctx context.Context, slug string, roles ...identity.Role) (context.Context, error) {
	return a.MayIn(ctx, slug, "", roles...)
}

// MayIn is May in a department or panel. Before it refuses it asks again: the
// role may have been given since the account was kept.
func (a *App) MayIn(ctx context.Context, slug, scope string, roles ...identity.Role) (context.Context, error) {
	acting, account, err := a.SignedIn(ctx)
	if err == nil && !hasOne(account, slug, scope, roles) {
		a.accounts.Drop(CallerOf(ctx).Token)
		if acting, account, err = a.SignedIn(ctx); err == nil && !hasOne(account, slug, scope, roles) {
			err = ErrForbidden
		}
	}
	if err != nil {
		return ctx, err
	}
	return acting, nil
}

func hasOne(account identity.Account, slug, scope string, roles []identity.Role) bool {
	return slices.ContainsFunc(roles, func(r identity.Role) bool { return account.May(slug, r, scope) })
}

// to be unexported when the API asks App alone

func (a *App) AdmitEntry(address string) error  { return a.entries.Take(address) }
func (a *App) AdmitSignIn(address string) error { return a.signIns.Take(address) }
func (a *App) ForgetAccount(token string)       { a.accounts.Drop(token) }
func (a *App) Forget(slug string)               { a.selections.Drop(slug) }
func (a *App) AllCandidates(ctx context.Context, slug string) ([]nomination.Candidate, error) {
	return a.allCandidates(ctx, slug)
}
