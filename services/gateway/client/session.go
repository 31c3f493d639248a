package client

import (
	"context"
	"net/http"

	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/identity"
)

// SignIn opens a session; use its token with WithToken.
func (c *Client) SignIn(ctx context.Context, email, password string) (s identity.Session, err error) {
	return s, c.call(ctx, http.MethodPost, "/api/v1/sessions", gateway.SignIn{Email: email, Password: password}, &s)
}

// SignOut ends the session.
func (c *Client) SignOut(ctx context.Context) error {
	return c.call(ctx, http.MethodDelete, "/api/v1/sessions/current", nil, nil)
}

// Me is the account that is signed in.
func (c *Client) Me(ctx context.Context) (a identity.Account, err error) {
	return a, c.call(ctx, http.MethodGet, "/api/v1/accounts/me", nil, &a)
}
