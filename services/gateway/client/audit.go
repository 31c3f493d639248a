package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/job"
	"github.com/laurel-awards/laurel/pkg/pause"
	"github.com/laurel-awards/laurel/services/gateway"
)

// CheckTally has the ballots recounted, and waits for what that finds.
func (c *Client) CheckTally(ctx context.Context, slug string) (x gateway.Check, err error) {
	j, err := c.OrderCheck(ctx, slug)
	for wait := firstPause; err == nil && j.EndedAt == nil; wait = min(2*wait, lastPause) {
		if !pause.For(ctx, wait) {
			return x, noAnswer("the ballots are still being recounted", ctx.Err())
		}
		j, err = c.Job(ctx, j)
	}
	if err == nil && j.State != job.Done {
		err = fault.New(fault.Conflict, j.Code, j.Message)
	}
	if err != nil {
		return x, err
	}
	return x, c.call(ctx, http.MethodGet, of(slug)+"/check", nil, &x)
}

// The pauses between questions of how far the check is.
const (
	firstPause = 50 * time.Millisecond
	lastPause  = 2 * time.Second
)

// OrderCheck has the ballots recounted by a job.
func (c *Client) OrderCheck(ctx context.Context, slug string) (j gateway.Job, err error) {
	return j, c.call(ctx, http.MethodPost, of(slug)+"/check", nil, &j)
}

// CancelCheck ends the check that is at work.
func (c *Client) CancelCheck(ctx context.Context, slug string) (j gateway.Job, err error) {
	return j, c.call(ctx, http.MethodDelete, of(slug)+"/check", nil, &j)
}

// Job tells how far a job is.
func (c *Client) Job(ctx context.Context, j gateway.Job) (now gateway.Job, err error) {
	return now, c.call(ctx, http.MethodGet, of(j.Slug)+"/jobs/"+j.Service+"/"+j.ID, nil, &now)
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
