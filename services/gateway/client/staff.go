package client

import (
	"context"
	"net/http"

	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/identity"
)

// CreateAccount adds a member of staff.
func (c *Client) CreateAccount(ctx context.Context, email, name, password string) (a identity.Account, err error) {
	return a, c.call(ctx, http.MethodPost, "/api/v1/accounts", gateway.CreateAccount{Email: email, Name: name, Password: password}, &a)
}

// Staff gives the accounts with a role in a selection.
func (c *Client) Staff(ctx context.Context, slug string) (a []identity.Account, err error) {
	return a, c.call(ctx, http.MethodGet, of(slug)+"/staff", nil, &a)
}

// GrantRole gives a role in a selection.
func (c *Client) GrantRole(ctx context.Context, slug, email string, role identity.Role, scope string) (a identity.Account, err error) {
	in := gateway.ChangeRole{Email: email, Role: role, Scope: scope}
	return a, c.call(ctx, http.MethodPut, of(slug)+"/staff", in, &a)
}

// RevokeRole takes a role in a selection back.
func (c *Client) RevokeRole(ctx context.Context, slug, email string, role identity.Role, scope string) (a identity.Account, err error) {
	in := gateway.ChangeRole{Email: email, Role: role, Scope: scope}
	return a, c.call(ctx, http.MethodDelete, of(slug)+"/staff", in, &a)
}
