package client

import (
	"context"
	"net/http"
	"strconv"

	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/review"
)

// Oversight tells how the jurors of a panel agree.
func (c *Client) Oversight(ctx context.Context, slug, panel string) (o review.Oversight, err error) {
	return o, c.call(ctx, http.MethodGet, ofPanel(slug, panel)+"/oversight", nil, &o)
}

// History gives every submitted revision of a candidate's sheets.
func (c *Client) History(ctx context.Context, slug, panel string, candidate int) (all []review.Revision, err error) {
	return all, c.call(ctx, http.MethodGet, ofPanel(slug, panel)+"/history/"+strconv.Itoa(candidate), nil, &all)
}

// Conflicts gives all conflicts of a panel.
func (c *Client) Conflicts(ctx context.Context, slug, panel string) (all []review.Conflict, err error) {
	return all, c.call(ctx, http.MethodGet, ofPanel(slug, panel)+"/conflicts", nil, &all)
}

// DeclareConflict is the signed-in juror's word that they must not score a
// candidate, named as the panel calls it or by its number.
func (c *Client) DeclareConflict(ctx context.Context, slug, panel, candidate, why string) (x review.Declared, err error) {
	in := gateway.DeclareConflict{Candidate: candidate, Reason: why}
	return x, c.call(ctx, http.MethodPost, ofPanel(slug, panel)+"/conflicts", in, &x)
}

// PinConflict is the organizer's word on whether a juror may score a candidate.
func (c *Client) PinConflict(ctx context.Context, slug, panel, juror string, candidate int, conflicted bool, why string) (x review.Conflict, err error) {
	in := gateway.PinConflict{Juror: juror, Candidate: candidate, Conflicted: conflicted, Reason: why}
	return x, c.call(ctx, http.MethodPut, ofPanel(slug, panel)+"/conflicts", in, &x)
}
