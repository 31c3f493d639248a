package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/review"
)

// SignIn opens a session: identity.Service.SignIn, at the rate of the address.
func (a *App) SignIn(ctx context.Context, in identity.SignIn) (identity.Session, error) {
	ctx, err := a.may(ctx, SignIn, "", "")
	if err != nil {
		return identity.Session{}, err
	}
	if err := a.signIns.Take(CallerOf(ctx).Address); err != nil {
		return identity.Session{}, err
	}
	return a.identity.SignIn(ctx, in)
}

// SignOut ends the caller's session.
func (a *App) SignOut(ctx context.Context) error {
	ctx, err := a.may(ctx, SignOut, "", "")
	if err != nil {
		return err
	}
	token := CallerOf(ctx).Token
	defer a.accounts.Drop(token)
	_, err = a.identity.SignOut(ctx, identity.Token{Token: token})
	return err
}

// Account is the one that is signed in.
func (a *App) Account(ctx context.Context) (identity.Account, error) {
	ctx, err := a.may(ctx, ReadAccount, "", "")
	if err != nil {
		return identity.Account{}, err
	}
	_, account, err := a.signedIn(ctx)
	return account, err
}

// Staff gives the accounts with a role in a selection.
func (a *App) Staff(ctx context.Context, slug string) ([]identity.Account, error) {
	return do(ctx, a, ListStaff, slug, a.identity.ListStaff, identity.ListStaff{Slug: slug})
}

// GiveRole gives a role in a selection that exists, and invites whoever is new.
func (a *App) GiveRole(ctx context.Context, in identity.Invite) (identity.Invited, error) {
	return changeRole(ctx, a, in.Slug, a.identity.Invite, in)
}

// RevokeRole takes a role back.
func (a *App) RevokeRole(ctx context.Context, in identity.Change) (identity.Account, error) {
	return changeRole(ctx, a, in.Slug, a.identity.RevokeRole, in)
}

func changeRole[In, Out any](
	ctx context.Context, a *App, slug string, change func(context.Context, In) (Out, error), in In,
) (out Out, err error) {
	ctx, err = a.may(ctx, ChangeRole, slug, "")
	if err != nil {
		return out, err
	}
	if err := a.known(ctx, slug); err != nil {
		return out, err
	}
	return change(ctx, in)
}

// people finds accounts by email. field names the list in a fault.
func (a *App) people(ctx context.Context, field string, emails []string) ([]review.Person, error) {
	people := make([]review.Person, 0, len(emails))
	var missing []fault.Field
	for i, email := range emails {
		account, err := a.identity.FindAccount(ctx, identity.Lookup{Email: email})
		if errors.Is(err, identity.ErrNoAccount) {
			missing = append(missing, noAccount(fmt.Sprintf("%s[%d]", field, i)))
			continue
		}
		if err != nil {
			return nil, err
		}
		people = append(people, review.Person{ID: account.ID, Name: account.Name})
	}
	return people, review.ErrInvalid.Check(missing)
}

// person finds an account by email; field names it in a fault.
func (a *App) person(ctx context.Context, field, email string) (review.Person, error) {
	account, err := a.identity.FindAccount(ctx, identity.Lookup{Email: email})
	if errors.Is(err, identity.ErrNoAccount) {
		err = review.ErrInvalid.At(noAccount(field))
	}
	return review.Person{ID: account.ID, Name: account.Name}, err
}

// newcomer finds who gets a new seat; field names them in a fault.
func (a *App) newcomer(ctx context.Context, field string, in gateway.Newcomer) (review.Person, error) {
	person, err := a.person(ctx, field+".email", in.Email)
	person.Employer, person.Category = in.Employer, in.Category
	return person, err
}

func noAccount(field string) fault.Field {
	return fault.Wrong(field, identity.ErrNoAccount.Code, identity.ErrNoAccount.Message)
}
