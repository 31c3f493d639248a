package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/laurel-awards/laurel/services/review"
)

// Seats says by email who is on a panel.
type Seats struct {
	Jurors     []string          `json:"jurors"`
	Employers  map[string]string `json:"employers,omitempty"`  // by email; find conflicts
	Categories map[string]string `json:"categories,omitempty"` // by email, where the rulebook assigns by category
}

// Newcomer is who gets a new seat on a panel.
type Newcomer struct {
	Email    string `json:"email"`
	Employer string `json:"employer,omitempty"`
	Category string `json:"category,omitempty"`
}

// Departure takes a juror off a panel.
type Departure struct {
	Juror     string    `json:"juror"`  // email
	Sheets    string    `json:"sheets"` // review.KeepSheets or review.WithdrawSheets
	Successor *Newcomer `json:"successor,omitempty"`
	Reason    string    `json:"reason"`
}

func ofPanel(slug, panel string) string { return of(slug) + "/panels/" + panel }

func ofSheet(slug, panel, candidate string) string {
	return ofPanel(slug, panel) + "/sheets/" + url.PathEscape(candidate)
}

// SeatJurors says who is on a panel, with employers and categories.
func (c *Client) SeatJurors(ctx context.Context, slug, panel string, s Seats) (p review.Panel, err error) {
	return p, c.call(ctx, http.MethodPut, ofPanel(slug, panel), s, &p)
}

// AssignByHand says which candidates a juror scores, whole.
func (c *Client) AssignByHand(ctx context.Context, slug, panel, juror string, candidates []int) (p review.Panel, err error) {
	return p, c.call(ctx, http.MethodPut, ofPanel(slug, panel)+"/assignments", map[string]any{"juror": juror, "candidates": candidates}, &p)
}

// Unseat takes a juror off a panel.
func (c *Client) Unseat(ctx context.Context, slug, panel string, d Departure) (p review.Panel, err error) {
	return p, c.call(ctx, http.MethodPost, ofPanel(slug, panel)+"/departures", d, &p)
}

// CallFurther has a further juror score a candidate.
func (c *Client) CallFurther(ctx context.Context, slug, panel string, candidate int, juror Newcomer, why string) (p review.Panel, err error) {
	in := map[string]any{"candidate": candidate, "juror": juror, "reason": why}
	return p, c.call(ctx, http.MethodPost, ofPanel(slug, panel)+"/further", in, &p)
}

// Oversight tells how the jurors of a panel agree.
func (c *Client) Oversight(ctx context.Context, slug, panel string) (o review.Oversight, err error) {
	return o, c.call(ctx, http.MethodGet, ofPanel(slug, panel)+"/oversight", nil, &o)
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

// History gives every submitted revision of a candidate's sheets.
func (c *Client) History(ctx context.Context, slug, panel string, candidate int) (all []review.Revision, err error) {
	return all, c.call(ctx, http.MethodGet, ofPanel(slug, panel)+"/history/"+strconv.Itoa(candidate), nil, &all)
}

// SendBack asks a juror for a second look at a submitted sheet.
func (c *Client) SendBack(ctx context.Context, slug, panel, juror string, candidate int, why string) (p review.Panel, err error) {
	in := map[string]string{"juror": juror, "reason": why}
	return p, c.call(ctx, http.MethodPost, ofSheet(slug, panel, strconv.Itoa(candidate))+"/return", in, &p)
}

// Conflicts gives all conflicts of a panel.
func (c *Client) Conflicts(ctx context.Context, slug, panel string) (all []review.Conflict, err error) {
	return all, c.call(ctx, http.MethodGet, ofPanel(slug, panel)+"/conflicts", nil, &all)
}

// DeclareConflict is the signed-in juror's word that they must not score a
// candidate, named as the panel calls it or by its number.
func (c *Client) DeclareConflict(ctx context.Context, slug, panel, candidate, why string) (x review.Declared, err error) {
	in := map[string]string{"candidate": candidate, "reason": why}
	return x, c.call(ctx, http.MethodPost, ofPanel(slug, panel)+"/conflicts", in, &x)
}

// PinConflict is the organizer's word on whether a juror may score a candidate.
func (c *Client) PinConflict(ctx context.Context, slug, panel, juror string, candidate int, conflicted bool, why string) (x review.Conflict, err error) {
	in := map[string]any{"juror": juror, "candidate": candidate, "conflicted": conflicted, "reason": why}
	return x, c.call(ctx, http.MethodPut, ofPanel(slug, panel)+"/conflicts", in, &x)
}

// RecordLot records the value that lots are drawn from.
func (c *Client) RecordLot(ctx context.Context, slug, value, why string) (l review.Lot, err error) {
	return l, c.call(ctx, http.MethodPut, of(slug)+"/lot", map[string]string{"value": value, "reason": why}, &l)
}

// Lot gives the value that lots are drawn from.
func (c *Client) Lot(ctx context.Context, slug string) (l review.Lot, err error) {
	return l, c.call(ctx, http.MethodGet, of(slug)+"/lot", nil, &l)
}
