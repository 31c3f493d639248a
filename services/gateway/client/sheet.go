package client

import (
	"context"
	"net/http"
	"net/url"

	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/review"
)

func ofSheet(slug, panel, candidate string) string {
	return ofPanel(slug, panel) + "/sheets/" + url.PathEscape(candidate)
}

// SaveSheet saves the signed-in juror's sheet of a candidate, named as the panel
// calls it.
func (c *Client) SaveSheet(ctx context.Context, slug, panel, candidate string, s gateway.SaveSheet) (saved review.Sheet, err error) {
	return saved, c.call(ctx, http.MethodPut, ofSheet(slug, panel, candidate), s, &saved)
}

// Assignments gives what the signed-in juror is to score.
func (c *Client) Assignments(ctx context.Context, slug, panel string) (a []review.Assignment, err error) {
	return a, c.call(ctx, http.MethodGet, of(slug)+"/panels/"+panel+"/sheets", nil, &a)
}

// Peers gives the others' scores of a candidate that the signed-in juror has
// scored.
func (c *Client) Peers(ctx context.Context, slug, panel, candidate string) (all []review.Peer, err error) {
	return all, c.call(ctx, http.MethodGet, ofSheet(slug, panel, candidate)+"/peers", nil, &all)
}

// Revisions gives every revision of the signed-in juror's sheet.
func (c *Client) Revisions(ctx context.Context, slug, panel, candidate string) (all []review.Sheet, err error) {
	return all, c.call(ctx, http.MethodGet, ofSheet(slug, panel, candidate)+"/history", nil, &all)
}
