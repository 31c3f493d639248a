package client

import (
	"context"
	"net/http"
	"strconv"

	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/review"
	"github.com/laurel-awards/laurel/services/selection"
)

func of(slug string) string { return "/api/v1/selections/" + slug }

type reason struct {
	Reason string `json:"reason"`
}

// SignIn opens a session; use its token with WithToken.
func (c *Client) SignIn(ctx context.Context, email, password string) (s identity.Session, err error) {
	return s, c.call(ctx, http.MethodPost, "/api/v1/sessions", identity.SignIn{Email: email, Password: password}, &s)
}

// SignOut ends the session.
func (c *Client) SignOut(ctx context.Context) error {
	return c.call(ctx, http.MethodDelete, "/api/v1/sessions/current", nil, nil)
}

// CreateAccount adds a member of staff.
func (c *Client) CreateAccount(ctx context.Context, email, name, password string) (a identity.Account, err error) {
	return a, c.call(ctx, http.MethodPost, "/api/v1/accounts", identity.CreateAccount{Email: email, Name: name, Password: password}, &a)
}

// GrantRole gives a role in a selection.
func (c *Client) GrantRole(ctx context.Context, slug, email string, role identity.Role, scope string) (a identity.Account, err error) {
	in := map[string]string{"email": email, "role": string(role)}
	if scope != "" {
		in["scope"] = scope
	}
	return a, c.call(ctx, http.MethodPut, of(slug)+"/staff", in, &a)
}

// CreateSelection makes a selection of a rulebook's text.
func (c *Client) CreateSelection(ctx context.Context, slug, rulebook string) (s selection.Selection, err error) {
	return s, c.call(ctx, http.MethodPost, "/api/v1/selections", selection.CreateSelection{Slug: slug, Rulebook: rulebook}, &s)
}

// ChangePhase opens or closes a phase; action is event.Open or event.Close.
func (c *Client) ChangePhase(ctx context.Context, slug, phase, action, why string) (s selection.Selection, err error) {
	return s, c.call(ctx, http.MethodPost, of(slug)+"/phases/"+phase+"/"+action, reason{why}, &s)
}

// SubmitEntry hands in one entry.
func (c *Client) SubmitEntry(ctx context.Context, slug string, n nomination.Nominee) (e nomination.Entry, err error) {
	return e, c.call(ctx, http.MethodPost, of(slug)+"/entries", n, &e)
}

// ImportEntries hands in a CSV or XLSX, all or nothing.
func (c *Client) ImportEntries(ctx context.Context, slug string, file []byte) (i nomination.Imported, err error) {
	return i, c.call(ctx, http.MethodPost, of(slug)+"/entries/import", file, &i)
}

// SetPhoto gives an entry its photo.
func (c *Client) SetPhoto(ctx context.Context, slug, entry string, picture []byte) (e nomination.Entry, err error) {
	return e, c.call(ctx, http.MethodPut, of(slug)+"/entries/"+entry+"/photo", picture, &e)
}

// Entries gives all entries in order of submission.
func (c *Client) Entries(ctx context.Context, slug string) ([]nomination.Entry, error) {
	var all []nomination.Entry
	for after := ""; ; {
		var page []nomination.Entry
		path := of(slug) + "/entries"
		if after != "" {
			path += "?after=" + after
		}
		if err := c.call(ctx, http.MethodGet, path, nil, &page); err != nil || len(page) == 0 {
			return all, err
		}
		all = append(all, page...)
		after = page[len(page)-1].ID
	}
}

// GiveOpinion is a department's word on an entry.
func (c *Client) GiveOpinion(ctx context.Context, slug, entry, department, verdict, why string) (e nomination.Entry, err error) {
	in := map[string]string{"department": department, "verdict": verdict}
	if why != "" {
		in["reason"] = why
	}
	return e, c.call(ctx, http.MethodPost, of(slug)+"/entries/"+entry+"/opinions", in, &e)
}

// Strike takes a candidate off the list.
func (c *Client) Strike(ctx context.Context, slug string, number int, why string) (x nomination.Candidate, err error) {
	return x, c.call(ctx, http.MethodPost, of(slug)+"/candidates/"+strconv.Itoa(number)+"/strike", reason{why}, &x)
}

// SeatPanel says by email who is on a panel.
func (c *Client) SeatPanel(ctx context.Context, slug, panel string, jurors []string) (p review.Panel, err error) {
	return c.SeatJurors(ctx, slug, panel, Seats{Jurors: jurors})
}

// Sheet is a juror's scores for a candidate, decimal text by criterion.
type Sheet struct {
	Scores   map[string]string `json:"scores,omitempty"`
	Comment  string            `json:"comment,omitempty"`
	Comments map[string]string `json:"comments,omitempty"` // by criterion
	Abstain  bool              `json:"abstain,omitempty"`  // takes no scores
	Submit   bool              `json:"submit,omitempty"`   // else a draft
}

// SaveSheet saves the signed-in juror's sheet of a candidate, named as the panel
// calls it.
func (c *Client) SaveSheet(ctx context.Context, slug, panel, candidate string, s Sheet) (saved review.Sheet, err error) {
	return saved, c.call(ctx, http.MethodPut, ofSheet(slug, panel, candidate), s, &saved)
}

// SeatCommittee says by email who decides.
func (c *Client) SeatCommittee(ctx context.Context, slug string, members []string) (d review.Decision, err error) {
	return d, c.call(ctx, http.MethodPut, of(slug)+"/decision/committee", map[string]any{"members": members}, &d)
}

// Move puts the computed result to the vote.
func (c *Client) Move(ctx context.Context, slug, motion string) (d review.Decision, err error) {
	return d, c.call(ctx, http.MethodPost, of(slug)+"/decision/motion", map[string]string{"motion": motion}, &d)
}

// VoteMotion is the signed-in member's vote.
func (c *Client) VoteMotion(ctx context.Context, slug, choice string) (d review.Decision, err error) {
	return d, c.call(ctx, http.MethodPost, of(slug)+"/decision/votes", map[string]string{"choice": choice}, &d)
}

// CloseMotion counts the committee's votes.
func (c *Client) CloseMotion(ctx context.Context, slug string) (d review.Decision, err error) {
	return d, c.call(ctx, http.MethodPost, of(slug)+"/decision/close", nil, &d)
}

// Publish makes the result public.
func (c *Client) Publish(ctx context.Context, slug, why string) (r selection.Results, err error) {
	return r, c.call(ctx, http.MethodPost, of(slug)+"/publication", reason{why}, &r)
}
