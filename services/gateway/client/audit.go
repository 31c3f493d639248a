package client

import (
	"context"
	"net/http"

	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/voting"
)

// CheckTally has the voting service recount.
func (c *Client) CheckTally(ctx context.Context, slug string) (x voting.Check, err error) {
	return x, c.call(ctx, http.MethodGet, of(slug)+"/check", nil, &x)
}

// Deliveries tells whether every event reached everyone it concerns, once.
func (c *Client) Deliveries(ctx context.Context, slug string) (d gateway.DeliveryReport, err error) {
	return d, c.call(ctx, http.MethodGet, of(slug)+"/deliveries", nil, &d)
}

// Audit gives every act of staff, oldest first.
func (c *Client) Audit(ctx context.Context, slug string) (a []gateway.Act, err error) {
	return a, c.call(ctx, http.MethodGet, of(slug)+"/audit", nil, &a)
}
