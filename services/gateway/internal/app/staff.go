package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/gateway/internal/limit"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/review"
)

// signInTime is how long a sign-in waits for its turn and for its answer: longer
// than identity has anybody wait.
const signInTime = 30 * time.Second

// SignIn opens a session: identity.Service.SignIn, at the rate of the address.
func (a *App) SignIn(ctx context.Context, in identity.SignIn) (identity.Session, error) {
	ctx, err := a.may(ctx, SignIn, "", "")
	if err != nil {
		return identity.Session{}, err
	}
	in.Network = CallerOf(ctx).Address
	in.Around = limit.Wider(in.Network)
	if err := a.signIns.Take(in.Network); err != nil {
		return identity.Session{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, signInTime)
	defer cancel()
	return a.identity.SignIn(ctx, in)
}

// SignOut ends the caller's session.
func (a *App) SignOut(ctx context.Context) error {
	ctx, err := a.may(ctx, SignOut, "", "")
	if err != nil {
		return err
	}
	_, err = a.identity.SignOut(ctx, identity.Token{Token: CallerOf(ctx).Token})
	return err
}

// Account is the one that is signed in.
func (a *App) Account(ctx context.Context) (identity.Account, error) {
	ctx, err := a.may(ctx, ReadAccount, "", "")
	return accountOf(ctx), err
}

// Staff gives the accounts with a role in a selection, and their roles there.
func (a *App) Staff(ctx context.Context, slug string) ([]identity.Account, error) {
	ctx, err := a.may(ctx, ListStaff, slug, "")
	if err != nil {
		return nil, err
	}
	return a.staffOf(ctx, slug)
}

// staffOf gives them for whoever acts in ctx.
func (a *App) staffOf(ctx context.Context, slug string) ([]identity.Account, error) {
	staff, err := a.identity.ListStaff(ctx, identity.ListStaff{Slug: slug})
	for i := range staff {
		staff[i] = told(ctx, staff[i], slug)
	}
	return staff, err
}

// told is what whoever acts in ctx, in one selection, may know of an account:
// its roles there, and in all selections if they themselves have one in all.
func told(ctx context.Context, account identity.Account, slug string) identity.Account {
	inAll := slices.ContainsFunc(accountOf(ctx).Grants, func(g identity.Grant) bool { return g.Slug == identity.AnySelection })
	untold := func(g identity.Grant) bool { return g.Slug != slug && (g.Slug != identity.AnySelection || !inAll) }
	account.Grants = slices.DeleteFunc(slices.Clone(account.Grants), untold)
	account.Pending = slices.DeleteFunc(slices.Clone(account.Pending), untold)
	account.Ended = slices.DeleteFunc(slices.Clone(account.Ended), untold)
	return account
}

// GiveRole gives a role in a selection that exists, and invites whoever is new.
func (a *App) GiveRole(ctx context.Context, in identity.Invite) (identity.Invited, error) {
	out, ctx, err := changeRole(ctx, a, in.Slug, a.identity.Invite, in)
	out.Account = told(ctx, out.Account, in.Slug)
	return out, err
}

// RevokeRole takes a role back.
func (a *App) RevokeRole(ctx context.Context, in identity.Change) (identity.Account, error) {
	account, ctx, err := changeRole(ctx, a, in.Slug, a.identity.RevokeRole, in)
	return told(ctx, account, in.Slug), err
}

// changeRole changes a role in a selection that exists, in the context in which
// the caller acts.
func changeRole[In, Out any](
	ctx context.Context, a *App, slug string, change func(context.Context, In) (Out, error), in In,
) (out Out, acting context.Context, err error) {
	acting, err = a.may(ctx, ChangeRole, slug, "")
	if err != nil {
		return out, acting, err
	}
	if err := a.known(acting, slug); err != nil {
		return out, acting, err
	}
	out, err = change(acting, in)
	return out, acting, err
}

// people finds a selection's staff by email: whoever has neither a role nor an
// invitation there is not found, whether there is such an account or not. field
// names the list in a fault.
func (a *App) people(ctx context.Context, slug, field string, emails []string) ([]review.Person, error) {
	people := make([]review.Person, 0, len(emails))
	var missing []fault.Field
	for i, email := range emails {
		one, err := a.person(ctx, slug, fmt.Sprintf("%s[%d]", field, i), email)
		switch {
		case errors.Is(err, review.ErrInvalid):
			missing = append(missing, fault.From(err).Fields...)
		case err != nil:
			return nil, err
		}
		people = append(people, one)
	}
	return people, review.ErrInvalid.Check(missing)
}

// person finds one of a selection's staff by email; field names it in a fault.
func (a *App) person(ctx context.Context, slug, field, email string) (review.Person, error) {
	account, err := a.identity.FindAccount(ctx, identity.Lookup{Email: email, Slug: slug})
	if errors.Is(err, identity.ErrNoAccount) {
		err = review.ErrInvalid.At(fault.Wrong(field, "account_unknown", "has no role in this selection: invite them first"))
	}
	return review.Person{ID: account.ID, Name: account.Name}, err
}

// newcomer finds who gets a new seat; field names them in a fault.
func (a *App) newcomer(ctx context.Context, slug, field string, in gateway.Newcomer) (review.Person, error) {
	person, err := a.person(ctx, slug, field+".email", in.Email)
	person.Employer, person.Category = in.Employer, in.Category
	return person, err
}
