package client

import (
	"context"
	"net/http"

	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/review"
)

// Minutes are those of the committee's meeting.
func (c *Client) Minutes(ctx context.Context, slug string) (m gateway.Minutes, err error) {
	return m, c.call(ctx, http.MethodGet, of(slug)+"/minutes", nil, &m)
}

// Signing is what hosts sign, and which have.
func (c *Client) Signing(ctx context.Context, slug string) (s review.Signing, err error) {
	return s, c.call(ctx, http.MethodGet, of(slug)+"/decision/signatures", nil, &s)
}

// SignDecision signs for a host.
func (c *Client) SignDecision(ctx context.Context, slug string, in gateway.SignDecision) (s review.Signing, err error) {
	return s, c.call(ctx, http.MethodPost, of(slug)+"/decision/signatures", in, &s)
}
