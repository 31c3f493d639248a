package client

import (
	"context"
	"net/http"

	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/review"
)

// SeatCommittee says by email who decides.
func (c *Client) SeatCommittee(ctx context.Context, slug string, members []string) (d review.Decision, err error) {
	return d, c.call(ctx, http.MethodPut, of(slug)+"/decision/committee", gateway.SeatCommittee{Members: members}, &d)
}

// Move puts the computed result to the vote.
func (c *Client) Move(ctx context.Context, slug, motion string) (d review.Decision, err error) {
	return d, c.call(ctx, http.MethodPost, of(slug)+"/decision/motion", gateway.PutMotion{Motion: motion}, &d)
}

// MoveSeats puts to the vote how the seats are filled where the search ended
// undecided.
func (c *Client) MoveSeats(ctx context.Context, slug, motion string, seats []gateway.SeatGiven) (d review.Decision, err error) {
	return d, c.call(ctx, http.MethodPost, of(slug)+"/decision/motion", gateway.PutMotion{Motion: motion, Seats: seats}, &d)
}

// Put puts a motion of any kind to the vote.
func (c *Client) Put(ctx context.Context, slug string, in gateway.PutMotion) (d review.Decision, err error) {
	return d, c.call(ctx, http.MethodPost, of(slug)+"/decision/motion", in, &d)
}

// RecuseMotion says that the signed-in member takes no part in the motion.
func (c *Client) RecuseMotion(ctx context.Context, slug, reason string) (d review.Decision, err error) {
	return d, c.call(ctx, http.MethodPost, of(slug)+"/decision/recusals", gateway.RecuseMotion{Reason: reason}, &d)
}

// VoteMotion is the signed-in member's vote.
func (c *Client) VoteMotion(ctx context.Context, slug, choice string) (d review.Decision, err error) {
	return d, c.call(ctx, http.MethodPost, of(slug)+"/decision/votes", gateway.VoteMotion{Choice: choice}, &d)
}

// CloseMotion counts the committee's votes.
func (c *Client) CloseMotion(ctx context.Context, slug string) (d review.Decision, err error) {
	return d, c.call(ctx, http.MethodPost, of(slug)+"/decision/close", nil, &d)
}

// Decision is the state of the committee's meeting.
func (c *Client) Decision(ctx context.Context, slug string) (d review.Decision, err error) {
	return d, c.call(ctx, http.MethodGet, of(slug)+"/decision", nil, &d)
}

// RecordLot records the value that lots are drawn from.
func (c *Client) RecordLot(ctx context.Context, slug, value, why string) (l review.Lot, err error) {
	return l, c.call(ctx, http.MethodPut, of(slug)+"/lot", gateway.RecordLot{Value: value, Reason: why}, &l)
}

// Lot gives the value that lots are drawn from.
func (c *Client) Lot(ctx context.Context, slug string) (l review.Lot, err error) {
	return l, c.call(ctx, http.MethodGet, of(slug)+"/lot", nil, &l)
}

// OrderSearch goes on with the search for who can be seated under the quotas.
func (c *Client) OrderSearch(ctx context.Context, slug string, budget int64) (s gateway.Search, err error) {
	return s, c.call(ctx, http.MethodPost, of(slug)+"/search", gateway.OrderSearch{Budget: budget}, &s)
}

// CancelSearch ends the search that is at work.
func (c *Client) CancelSearch(ctx context.Context, slug string) (s gateway.Search, err error) {
	return s, c.call(ctx, http.MethodDelete, of(slug)+"/search", nil, &s)
}

// Search tells how far it is.
func (c *Client) Search(ctx context.Context, slug string) (s gateway.Search, err error) {
	return s, c.call(ctx, http.MethodGet, of(slug)+"/search", nil, &s)
}
