package client

import (
	"context"
	"net/http"

	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/identity"
)

// Staff gives the accounts with a role in a selection.
func (c *Client) Staff(ctx context.Context, slug string) (a []identity.Account, err error) {
	return a, c.call(ctx, http.MethodGet, of(slug)+"/staff", nil, &a)
}

// GiveRole gives a role in a selection, and invites whoever is new.
func (c *Client) GiveRole(ctx context.Context, slug string, in gateway.GiveRole) (g gateway.RoleGiven, err error) {
	return g, c.call(ctx, http.MethodPut, of(slug)+"/staff", in, &g)
}

// RevokeRole takes a role in a selection back.
func (c *Client) RevokeRole(ctx context.Context, slug, email string, role identity.Role, scope string) (a identity.Account, err error) {
	in := gateway.ChangeRole{Email: email, Role: role, Scope: scope}
	return a, c.call(ctx, http.MethodDelete, of(slug)+"/staff", in, &a)
}
