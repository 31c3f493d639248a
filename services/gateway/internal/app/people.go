package app

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/laurel-awards/laurel/pkg/blob"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/selection"
)

// MaxPeopleList is how large a list of people may be.
const MaxPeopleList = 4 << 20

// readTime is how long a list of people may take to be read.
const readTime = 20 * time.Second

// Seating is a role that somebody may be invited to in a selection.
type Seating struct {
	Role  identity.Role
	Scope string        // department, panel or host
	Title rulebook.Text // of it
}

// Seatings are the roles of a selection, in the order of identity.Roles.
func (a *App) Seatings(ctx context.Context, slug string) ([]Seating, error) {
	ctx, err := a.may(ctx, ChangeRole, slug, "")
	if err != nil {
		return nil, err
	}
	return a.seatings(ctx, slug)
}

func (a *App) seatings(ctx context.Context, slug string) ([]Seating, error) {
	s, err := a.selections.Get(ctx, slug)
	if err != nil {
		return nil, err
	}
	return a.SeatingsOf(s)
}

// SeatingsOf are the roles of a selection, as its rulebook has them, for whom it
// is public.
func (a *App) SeatingsOf(s selection.Selection) (all []Seating, err error) {
	rules, err := a.RulebookOf(s)
	if err != nil {
		return nil, err
	}
	for _, role := range identity.Roles() {
		switch role {
		case identity.Vetter:
			for _, d := range rules.Vetting.Departments {
				all = append(all, Seating{role, d.ID, d.Title})
			}
		case identity.Juror:
			for _, p := range rules.Review.Panels {
				all = append(all, Seating{role, p.ID, p.Title})
			}
		case identity.Signer:
			for _, h := range rules.Decision.SignOff {
				all = append(all, Seating{role, h.ID, h.Title})
			}
		default:
			all = append(all, Seating{Role: role})
		}
	}
	return all, nil
}

// Held is a role that somebody has, or had until it ended.
type Held struct {
	identity.Grant

	Ended bool
}

// Held are the roles of an account that was told of.
func (*App) Held(account identity.Account) (all []Held) {
	for _, g := range slices.Concat(account.Grants, account.Pending) {
		all = append(all, Held{Grant: g})
	}
	for _, g := range account.Ended {
		all = append(all, Held{Grant: g, Ended: true})
	}
	return all
}

// People gives who has a role in a selection, and whether they have been told.
func (a *App) People(ctx context.Context, slug string) ([]identity.StaffMember, error) {
	ctx, err := a.may(ctx, ListStaff, slug, "")
	if err != nil {
		return nil, err
	}
	people, err := a.identity.ListPeople(ctx, identity.ListStaff{Slug: slug})
	for i := range people {
		people[i].Account = told(ctx, people[i].Account, slug)
	}
	return people, err
}

// ReadPeople reads a list of names and addresses: identity.Service.ReadPeople.
func (a *App) ReadPeople(ctx context.Context, slug string, list []byte) (out identity.PeopleRead, err error) {
	ctx, err = a.may(ctx, ChangeRole, slug, "")
	if err != nil {
		return out, err
	}
	name, drop, err := a.upload(ctx, list, MaxPeopleList)
	if _, tooLarge := errors.AsType[*blob.TooLargeError](err); tooLarge {
		return out, ErrIntake.Because(err)
	}
	if err != nil {
		return out, err
	}
	defer drop()
	return a.readPeople(ctx, slug, name)
}

// ReadPeopleFile is ReadPeople of the file of a form.
func (a *App) ReadPeopleFile(ctx context.Context, slug string, files *Intake) (out identity.PeopleRead, err error) {
	ctx, err = a.may(ctx, ChangeRole, slug, "")
	switch {
	case err != nil:
		return out, err
	case files.Refused != nil:
		return out, files.Refused
	case len(files.Files) == 0:
		return out, identity.ErrInvalid.At(fault.Required("file"))
	}
	return a.readPeople(ctx, slug, files.Files[0].Blob)
}

func (a *App) readPeople(ctx context.Context, slug, name string) (identity.PeopleRead, error) {
	ctx, cancel := context.WithTimeout(ctx, readTime)
	defer cancel()
	return a.identity.ReadPeople(ctx, identity.ReadPeople{Slug: slug, Blob: name})
}

// InvitePeople gives one role of the rulebook's to many.
func (a *App) InvitePeople(ctx context.Context, in identity.InvitePeople) ([]identity.Invited, error) {
	known := func(ctx context.Context, in identity.InvitePeople) ([]identity.Invited, error) {
		if err := a.seats(ctx, in.Grant); err != nil {
			return nil, err
		}
		return a.identity.InvitePeople(ctx, in)
	}
	out, ctx, err := changeRole(ctx, a, in.Slug, known, in)
	for i := range out {
		out[i].Account = told(ctx, out[i].Account, in.Slug)
	}
	return out, err
}

// seats says what is wrong with the department or panel of a role.
func (a *App) seats(ctx context.Context, g identity.Grant) error {
	all, err := a.seatings(ctx, g.Slug)
	if err != nil {
		return err
	}
	var scopes []string
	for _, s := range all {
		if s.Role == g.Role && s.Scope != "" {
			scopes = append(scopes, s.Scope)
		}
	}
	if g.Scope == "" || len(scopes) > 0 && slices.Contains(scopes, g.Scope) {
		return nil
	}
	return identity.ErrInvalid.At(fault.OneOf("scope", scopes...))
}
