package client

import (
	"context"
	"net/http"

	"github.com/laurel-awards/laurel/services/identity"
)

// Me is the account that is signed in.
func (c *Client) Me(ctx context.Context) (a identity.Account, err error) {
	return a, c.call(ctx, http.MethodGet, "/api/v1/accounts/me", nil, &a)
}

// Staff gives the accounts with a role in a selection.
func (c *Client) Staff(ctx context.Context, slug string) (a []identity.Account, err error) {
	return a, c.call(ctx, http.MethodGet, of(slug)+"/staff", nil, &a)
}

// RevokeRole takes a role in a selection back.
func (c *Client) RevokeRole(ctx context.Context, slug, email string, role identity.Role, scope string) (a identity.Account, err error) {
	in := map[string]string{"email": email, "role": string(role)}
	if scope != "" {
		in["scope"] = scope
	}
	return a, c.call(ctx, http.MethodDelete, of(slug)+"/staff", in, &a)
}
