package client

import (
	"context"
	"net/http"
	"strconv"

	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/review"
)

func ofPanel(slug, panel string) string { return of(slug) + "/panels/" + panel }

// SeatJurors says who is on a panel, with employers and categories.
func (c *Client) SeatJurors(ctx context.Context, slug, panel string, s gateway.SeatPanel) (p review.Panel, err error) {
	return p, c.call(ctx, http.MethodPut, ofPanel(slug, panel), s, &p)
}

// SeatPanel says by email who is on a panel.
func (c *Client) SeatPanel(ctx context.Context, slug, panel string, jurors []string) (p review.Panel, err error) {
	return c.SeatJurors(ctx, slug, panel, gateway.SeatPanel{Jurors: jurors})
}

// Panel tells how far a panel is.
func (c *Client) Panel(ctx context.Context, slug, panel string) (p review.Panel, err error) {
	return p, c.call(ctx, http.MethodGet, of(slug)+"/panels/"+panel, nil, &p)
}

// AssignByHand says which candidates a juror scores, whole.
func (c *Client) AssignByHand(ctx context.Context, slug, panel, juror string, candidates []int) (p review.Panel, err error) {
	return p, c.call(ctx, http.MethodPut, ofPanel(slug, panel)+"/assignments", gateway.AssignByHand{Juror: juror, Candidates: candidates}, &p)
}

// Unseat takes a juror off a panel.
func (c *Client) Unseat(ctx context.Context, slug, panel string, d gateway.UnseatJuror) (p review.Panel, err error) {
	return p, c.call(ctx, http.MethodPost, ofPanel(slug, panel)+"/departures", d, &p)
}

// CallFurther has a further juror score a candidate.
func (c *Client) CallFurther(ctx context.Context, slug, panel string, candidate int, juror gateway.Newcomer, why string) (p review.Panel, err error) {
	in := gateway.CallFurther{Candidate: candidate, Juror: juror, Reason: why}
	return p, c.call(ctx, http.MethodPost, ofPanel(slug, panel)+"/further", in, &p)
}

// SendBack asks a juror for a second look at a submitted sheet.
func (c *Client) SendBack(ctx context.Context, slug, panel, juror string, candidate int, why string) (p review.Panel, err error) {
	in := gateway.SendBack{Juror: juror, Reason: why}
	return p, c.call(ctx, http.MethodPost, ofSheet(slug, panel, strconv.Itoa(candidate))+"/return", in, &p)
}

// Recuse takes a candidate from a juror, who is named by email.
func (c *Client) Recuse(ctx context.Context, slug, panel, juror string, candidate int, why string) (p review.Panel, err error) {
	in := gateway.RecuseJuror{Juror: juror, Candidate: candidate, Reason: why}
	return p, c.call(ctx, http.MethodPost, ofPanel(slug, panel)+"/recusals", in, &p)
}
