package api

import (
	"context"
	"net/url"

	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/identity"
)

type giveRole struct {
	InSelection
	Reached
	Body gateway.GiveRole
}

func (a *API) staffRoutes() {
	const staff = "/selections/{slug}/staff"
	serve(a, route{act: app.ListStaff, at: "GET " + staff, summary: "Who has a role in a selection"},
		func(ctx context.Context, in *InSelection) ([]identity.Account, error) {
			return a.app.Staff(ctx, in.Slug)
		})
	serve(a, route{act: app.ChangeRole, at: "PUT " + staff, summary: "Give a role, and invite whoever is new"},
		func(ctx context.Context, in *giveRole) (gateway.RoleGiven, error) {
			out, err := a.app.GiveRole(ctx, invite(in.Slug, in.Body))
			return a.given(out, in.Reached), err
		})
	serve(a, route{act: app.ChangeRole, at: "DELETE " + staff, summary: "Take a role back"},
		func(ctx context.Context, in *about[gateway.ChangeRole]) (identity.Account, error) {
			return a.app.RevokeRole(ctx, change(in.Slug, in.Body))
		})
}

type peopleInput struct {
	InSelection
	Upload
}

type invitePeople struct {
	InSelection
	Reached
	Body gateway.InvitePeople
}

// peopleRoutes invite many, and tell who has come.
func (a *API) peopleRoutes() {
	const people = "/selections/{slug}/people"
	serve(a, route{act: app.ListStaff, at: "GET " + people, summary: "Who has a role in a selection, and whether they have been told"},
		func(ctx context.Context, in *InSelection) ([]identity.StaffMember, error) {
			return a.app.People(ctx, in.Slug)
		})
	serve(a, route{
		act: app.ChangeRole, at: "POST " + people + "/read", body: app.MaxPeopleList,
		summary: `Read a list of people: lines such as "Name <mail>", CSV or XLSX with a heading, vCards; nobody is invited by it`,
	},
		func(ctx context.Context, in *peopleInput) (identity.PeopleRead, error) {
			file, err := in.file()
			if err != nil {
				return identity.PeopleRead{}, err
			}
			read, err := a.app.ReadPeople(ctx, in.Slug, file)
			return read, called(err, "blob", "body")
		})
	serve(a, route{act: app.ChangeRole, at: "POST " + people, summary: "Give a role to many, all or none, and invite whoever is new", body: maxRules},
		func(ctx context.Context, in *invitePeople) ([]gateway.RoleGiven, error) {
			b := in.Body
			out, err := a.app.InvitePeople(ctx, identity.InvitePeople{
				Grant: identity.Grant{Slug: in.Slug, Role: b.Role, Scope: b.Scope, Until: b.Until}, HandOver: b.HandOver, People: b.People,
			})
			given := make([]gateway.RoleGiven, len(out))
			for i, one := range out {
				given[i] = a.given(one, in.Reached)
			}
			return given, err
		})
}

func invite(slug string, in gateway.GiveRole) identity.Invite {
	return identity.Invite{
		Email: in.Email, Name: in.Name, Grant: identity.Grant{Slug: slug, Role: in.Role, Scope: in.Scope, Until: in.Until}, HandOver: in.HandOver,
	}
}

func change(slug string, in gateway.ChangeRole) identity.Change {
	return identity.Change{Email: in.Email, Grant: identity.Grant{Slug: slug, Role: in.Role, Scope: in.Scope}}
}

// given is the answer to a role that was given, with the link that is to be
// handed over.
func (a *API) given(out identity.Invited, at Reached) gateway.RoleGiven {
	g := gateway.RoleGiven{Account: out.Account}
	if i := out.Invitation; i != nil {
		g.Invitation = &gateway.Invitation{Mailed: i.Mailed, ExpiresAt: i.ExpiresAt}
		if i.Token != "" {
			g.Invitation.Link = a.address(at) + gateway.ClaimPath + "?token=" + url.QueryEscape(i.Token)
		}
	}
	return g
}
