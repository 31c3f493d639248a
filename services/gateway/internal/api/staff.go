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

func invite(slug string, in gateway.GiveRole) identity.Invite {
	return identity.Invite{
		Email: in.Email, Name: in.Name, Grant: identity.Grant{Slug: slug, Role: in.Role, Scope: in.Scope}, HandOver: in.HandOver,
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
