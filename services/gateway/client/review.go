package client

import (
	"context"
	"net/http"

	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/services/review"
)

// Panel tells how far a panel is.
func (c *Client) Panel(ctx context.Context, slug, panel string) (p review.Panel, err error) {
	return p, c.call(ctx, http.MethodGet, of(slug)+"/panels/"+panel, nil, &p)
}

// Assignments gives what the signed-in juror is to score.
func (c *Client) Assignments(ctx context.Context, slug, panel string) (a []review.Assignment, err error) {
	return a, c.call(ctx, http.MethodGet, of(slug)+"/panels/"+panel+"/sheets", nil, &a)
}

// Recuse takes a candidate from a juror, who is named by email.
func (c *Client) Recuse(ctx context.Context, slug, panel, juror string, candidate int, why string) (p review.Panel, err error) {
	in := map[string]any{"juror": juror, "candidate": candidate, "reason": why}
	return p, c.call(ctx, http.MethodPost, of(slug)+"/panels/"+panel+"/recusals", in, &p)
}

// Result is the computed result, before it is public.
func (c *Client) Result(ctx context.Context, slug string) (r review.Result, err error) {
	return r, c.call(ctx, http.MethodGet, of(slug)+"/result", nil, &r)
}

// Decision is the state of the committee's meeting.
func (c *Client) Decision(ctx context.Context, slug string) (d review.Decision, err error) {
	return d, c.call(ctx, http.MethodGet, of(slug)+"/decision", nil, &d)
}

// Act is an entry of the audit log of one service.
type Act struct {
	Service string `json:"service"`
	audit.Entry
}

// Audit gives every act of staff, oldest first.
func (c *Client) Audit(ctx context.Context, slug string) (a []Act, err error) {
	return a, c.call(ctx, http.MethodGet, of(slug)+"/audit", nil, &a)
}
