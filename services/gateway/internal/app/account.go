package app

import (
	"context"
	"slices"

	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/gateway/internal/limit"
	"github.com/laurel-awards/laurel/services/identity"
)

// ReadLink tells what a link is good for: identity.Service.ReadLink, at the rate
// of the address.
func (a *App) ReadLink(ctx context.Context, token string) (identity.LinkRead, error) {
	return atRate(ctx, a, ClaimAccount, a.identity.ReadLink, identity.Link{Token: token})
}

// ClaimAccount uses a link: identity.Service.ClaimAccount.
func (a *App) ClaimAccount(ctx context.Context, in gateway.ClaimAccount) (identity.Account, error) {
	network := CallerOf(ctx).Address
	return atRate(ctx, a, ClaimAccount, a.identity.ClaimAccount, identity.ClaimAccount{
		Token: in.Token, Name: in.Name, Password: in.Password, Network: network, Around: limit.Wider(network),
	})
}

// AskReset asks for a link by mail: identity.Service.AskReset.
func (a *App) AskReset(ctx context.Context, email string) error {
	_, err := atRate(ctx, a, ForgotPassword, a.identity.AskReset, identity.Lookup{Email: email})
	return err
}

// atRate does what anybody may, at the rate of sign-ins from the address.
func atRate[In, Out any](ctx context.Context, a *App, act Act, service func(context.Context, In) (Out, error), in In) (out Out, err error) {
	ctx, err = a.may(ctx, act, "", "")
	if err != nil {
		return out, err
	}
	if err := a.signIns.Take(CallerOf(ctx).Address); err != nil {
		return out, err
	}
	ctx, cancel := context.WithTimeout(ctx, signInTime)
	defer cancel()
	return service(ctx, in)
}

// ChangePassword sets the caller's password.
func (a *App) ChangePassword(ctx context.Context, in gateway.ChangePassword) (identity.Account, error) {
	caller := CallerOf(ctx)
	ctx, cancel := context.WithTimeout(ctx, signInTime)
	defer cancel()
	return do(ctx, a, ChangePassword, "", a.identity.ChangePassword, identity.ChangePassword{
		Token: caller.Token, Present: in.Present, Password: in.Password, Network: caller.Address, Around: limit.Wider(caller.Address),
	})
}

// Sessions are the caller's.
func (a *App) Sessions(ctx context.Context) ([]identity.OpenSession, error) {
	return do(ctx, a, ReadSessions, "", a.identity.ListSessions, identity.Token{Token: CallerOf(ctx).Token})
}

// EndSessions ends one of the caller's other sessions, or all of them where id
// is empty, and gives those that are left.
func (a *App) EndSessions(ctx context.Context, id string) ([]identity.OpenSession, error) {
	return do(ctx, a, EndSessions, "", a.identity.EndSessions, identity.EndSessions{Token: CallerOf(ctx).Token, ID: id})
}

// OperatorRoles are the roles that acts for all selections take.
func OperatorRoles() []identity.Role { return []identity.Role{identity.Organizer, identity.Auditor} }

// RolesInAll are the roles that an account has in all selections, or gets there
// once it is claimed.
func RolesInAll(account identity.Account) (roles []identity.Grant) {
	for _, g := range slices.Concat(account.Grants, account.Pending) {
		if g.Slug == identity.AnySelection {
			roles = append(roles, g)
		}
	}
	return roles
}

// Operators are the accounts with a role in all selections.
func (a *App) Operators(ctx context.Context) ([]identity.Account, error) {
	return do(ctx, a, ListOperators, "", a.identity.ListStaff, identity.ListStaff{Slug: identity.AnySelection})
}

// GiveOperator gives a role in all selections, by mail to whoever is new.
func (a *App) GiveOperator(ctx context.Context, in identity.Invite) (identity.Invited, error) {
	in.Slug = identity.AnySelection
	return do(ctx, a, ChangeOperators, "", a.identity.Invite, in)
}

// RevokeOperator takes a role in all selections back.
func (a *App) RevokeOperator(ctx context.Context, in identity.Change) (identity.Account, error) {
	in.Slug = identity.AnySelection
	return do(ctx, a, ChangeOperators, "", a.identity.RevokeRole, in)
}

// DisableAccount ends an account's sessions and lets it open no others.
func (a *App) DisableAccount(ctx context.Context, in identity.ChangeAccess) (identity.Account, error) {
	return do(ctx, a, ChangeAccess, "", a.identity.DisableAccount, in)
}

// EnableAccount undoes DisableAccount.
func (a *App) EnableAccount(ctx context.Context, in identity.ChangeAccess) (identity.Account, error) {
	return do(ctx, a, ChangeAccess, "", a.identity.EnableAccount, in)
}
