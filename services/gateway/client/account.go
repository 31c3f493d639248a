package client

import (
	"context"
	"net/http"
	"net/url"

	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/identity"
)

// Claim uses a link that was mailed or handed over.
func (c *Client) Claim(ctx context.Context, link, name, password string) (a identity.Account, err error) {
	u, err := url.Parse(link)
	if err != nil {
		return a, err
	}
	in := gateway.ClaimAccount{Token: u.Query().Get("token"), Name: name, Password: password}
	return a, c.call(ctx, http.MethodPost, "/api/v1/accounts/claim", in, &a)
}

// Forgot has a link mailed to set a new password.
func (c *Client) Forgot(ctx context.Context, email string) error {
	return c.call(ctx, http.MethodPost, "/api/v1/accounts/forgot", gateway.ForgotPassword{Email: email}, nil)
}

// ChangePassword sets one's own password.
func (c *Client) ChangePassword(ctx context.Context, present, password string) (a identity.Account, err error) {
	in := gateway.ChangePassword{Present: present, Password: password}
	return a, c.call(ctx, http.MethodPut, "/api/v1/accounts/me/password", in, &a)
}

// Sessions are one's own.
func (c *Client) Sessions(ctx context.Context) (s []identity.OpenSession, err error) {
	return s, c.call(ctx, http.MethodGet, "/api/v1/accounts/me/sessions", nil, &s)
}

// EndSessions ends one of one's other sessions, or all of them where id is
// empty.
func (c *Client) EndSessions(ctx context.Context, id string) (s []identity.OpenSession, err error) {
	path := "/api/v1/accounts/me/sessions"
	if id != "" {
		path += "/" + url.PathEscape(id)
	}
	return s, c.call(ctx, http.MethodDelete, path, nil, &s)
}

// DisableAccount ends an account's sessions and lets it open no others.
func (c *Client) DisableAccount(ctx context.Context, email, reason string) (a identity.Account, err error) {
	return a, c.call(ctx, http.MethodPost, "/api/v1/accounts/disable", gateway.ChangeAccess{Email: email, Reason: reason}, &a)
}

// GiveOperator gives a role in all selections.
func (c *Client) GiveOperator(ctx context.Context, in gateway.GiveRole) (g gateway.RoleGiven, err error) {
	return g, c.call(ctx, http.MethodPut, "/api/v1/staff", in, &g)
}
