package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/laurel-awards/laurel/pkg/audit"
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

// AuditPage gives a page of a service's whole audit log behind an entry's id.
func (c *Client) AuditPage(ctx context.Context, service string, after int64) (a []gateway.Act, err error) {
	query := url.Values{"service": {service}, "after": {strconv.FormatInt(after, 10)}}
	return a, c.call(ctx, http.MethodGet, "/api/v1/audit?"+query.Encode(), nil, &a)
}

// CheckAudit tells of each service whether its audit log is what was recorded.
func (c *Client) CheckAudit(ctx context.Context) (r []audit.Report, err error) {
	return r, c.call(ctx, http.MethodGet, "/api/v1/audit/check", nil, &r)
}
