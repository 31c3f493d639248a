package app

import (
	"context"
	"fmt"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/identity"
)

var (
	errNoSession = fault.New(fault.Unauthorized, "session_missing", "sign in first: Authorization: Bearer TOKEN")
	errForbidden = fault.New(fault.Forbidden, "role_missing", "your account does not have the role for this")
	// ErrFactorMissing is whoever must set up a second factor before all else.
	ErrFactorMissing = fault.New(fault.Forbidden, "second_factor_missing",
		"your roles take a second factor: set one up first, and sign in with it from then on")
)

// maxToken is the longest session token in characters.
const maxToken = 128

type accountKey struct{}

// signedIn gives the account that asks, and a context in which it acts. Identity
// is asked each time, so that an ended session and a role that was taken back
// count no more from the next request on, whatever gateway gets it.
func (a *App) signedIn(ctx context.Context) (context.Context, identity.Account, error) {
	token := CallerOf(ctx).Token
	if token == "" {
		return ctx, identity.Account{}, errNoSession
	}
	if len(token) > maxToken {
		return ctx, identity.Account{}, identity.ErrSession
	}
	account, err := a.identity.Authenticate(ctx, identity.Token{Token: token})
	if err != nil {
		return ctx, identity.Account{}, err
	}
	ctx = context.WithValue(ctx, accountKey{}, account)
	return actor.With(ctx, actor.Actor{Kind: actor.Staff, ID: account.ID, Name: account.Name}), account, nil
}

// accountOf is the account that acts in a context of may's.
func accountOf(ctx context.Context) identity.Account {
	account, _ := ctx.Value(accountKey{}).(identity.Account)
	return account
}

// Enter refuses whoever has no session where the act takes one: a face asks
// before it reads a request's body, so that a stranger does not make us hold
// megabytes. Whether the account may do it is decided later.
func (a *App) Enter(ctx context.Context, act Act) error {
	if !a.rules[act].AtOnce() {
		return nil
	}
	_, _, err := a.signedIn(ctx)
	return err
}

// may decides whether the caller may do an act in a selection, and gives a
// context in which they do. The scope is the department or the panel, where the
// act is one of its members. Faults: session_missing, identity.ErrSession,
// role_missing,
// second_factor_missing.
func (a *App) may(ctx context.Context, act Act, slug, scope string) (context.Context, error) {
	rule, ok := a.rules[act]
	if !ok {
		return ctx, fmt.Errorf("nobody has said who may %s", act)
	}
	switch rule.Who {
	case Anybody:
		return ctx, nil
	case Strangers:
		if caller := CallerOf(ctx); caller.Token == "" {
			return actor.With(ctx, actor.Actor{Kind: actor.Public, ID: caller.Address}), nil
		}
	case Published:
		if s, err := a.selections.Get(ctx, slug); err == nil && s.PublishedAt != nil {
			return ctx, nil
		}
	case Holders:
		if CallerOf(ctx).Token == "" {
			return ctx, errNoSession
		}
		return ctx, nil
	case SignedIn:
		acting, account, err := a.signedIn(ctx)
		if err == nil && account.NeedsFactor && !rule.First {
			err = ErrFactorMissing
		}
		return acting, err
	case Voters: // Voter reads the credential
		return ctx, fmt.Errorf("%s takes a credential", act)
	}
	return a.byRole(ctx, rule, slug, scope)
}

// byRole lets an account pass that has one of the rule's roles, and has it act
// in that role.
func (a *App) byRole(ctx context.Context, rule Rule, slug, scope string) (context.Context, error) {
	ctx, account, err := a.signedIn(ctx)
	if err != nil {
		return ctx, err
	}
	if account.NeedsFactor {
		return ctx, ErrFactorMissing
	}
	role, ok := rule.allows(account, slug, scope)
	if !ok {
		return ctx, errForbidden
	}
	return as(ctx, role), nil
}

// as has whoever acts in ctx do so in a role.
func as(ctx context.Context, role identity.Role) context.Context {
	who := actor.From(ctx)
	who.As = string(role)
	return actor.With(ctx, who)
}

// do has a service do an act in a selection, if the caller may.
func do[In, Out any](
	ctx context.Context, a *App, act Act, slug string, service func(context.Context, In) (Out, error), in In,
) (Out, error) {
	return doIn(ctx, a, act, slug, "", service, in)
}

// doIn is do for an act of a department's or a panel's members.
func doIn[In, Out any](
	ctx context.Context, a *App, act Act, slug, scope string, service func(context.Context, In) (Out, error), in In,
) (Out, error) {
	ctx, err := a.may(ctx, act, slug, scope)
	if err != nil {
		var none Out
		return none, err
	}
	return service(ctx, in)
}
