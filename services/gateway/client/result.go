package client

import (
	"context"
	"io"
	"net/http"

	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/review"
	"github.com/laurel-awards/laurel/services/selection"
)

// Result is the computed result, before it is public.
func (c *Client) Result(ctx context.Context, slug string) (r review.Result, err error) {
	return r, c.call(ctx, http.MethodGet, of(slug)+"/result", nil, &r)
}

// Publish makes the result public.
func (c *Client) Publish(ctx context.Context, slug, why string) (r selection.Results, err error) {
	return r, c.call(ctx, http.MethodPost, of(slug)+"/publication", gateway.Reason{Reason: why}, &r)
}

// Results gives the published result.
func (c *Client) Results(ctx context.Context, slug string) (r selection.Results, err error) {
	return r, c.call(ctx, http.MethodGet, of(slug)+"/results", nil, &r)
}

// Notice gives the decision on public notice.
func (c *Client) Notice(ctx context.Context, slug string) (n selection.Notice, err error) {
	return n, c.call(ctx, http.MethodGet, of(slug)+"/notice", nil, &n)
}

// Page gives a page, or a file that a page links.
func (c *Client) Page(ctx context.Context, path string) (body []byte, err error) {
	return body, c.call(ctx, http.MethodGet, path, nil, &body)
}

// Export gives votes, scores, ballots or candidates as CSV, once they are made.
func (c *Client) Export(ctx context.Context, slug string, what gateway.File) ([]byte, error) {
	return c.document(ctx, of(slug)+"/exports/"+string(what))
}

// SaveExport writes such a file to w, however large it is.
func (c *Client) SaveExport(ctx context.Context, slug string, what gateway.File, w io.Writer) error {
	return c.save(ctx, of(slug)+"/exports/"+string(what), w)
}
