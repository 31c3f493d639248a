package client

import (
	"context"
	"net/http"
	"strconv"

	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/nomination"
)

// Candidates gives the list by number, struck ones too.
func (c *Client) Candidates(ctx context.Context, slug string) (x []nomination.Candidate, err error) {
	return x, c.call(ctx, http.MethodGet, of(slug)+"/candidates?order=number", nil, &x)
}

// Candidate gives one with the whole story.
func (c *Client) Candidate(ctx context.Context, slug string, number int) (x nomination.Candidate, err error) {
	return x, c.call(ctx, http.MethodGet, of(slug)+"/candidates/"+strconv.Itoa(number), nil, &x)
}

// Strike takes a candidate off the list.
func (c *Client) Strike(ctx context.Context, slug string, number int, why string) (x nomination.Candidate, err error) {
	return x, c.call(ctx, http.MethodPost, of(slug)+"/candidates/"+strconv.Itoa(number)+"/strike", gateway.Reason{Reason: why}, &x)
}
