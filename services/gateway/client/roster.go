package client

import (
	"context"
	"net/http"

	"github.com/laurel-awards/laurel/services/identity"
)

// ImportRoster adds members from a CSV or XLSX, all or nothing.
func (c *Client) ImportRoster(ctx context.Context, slug string, file []byte) (i identity.RosterImported, err error) {
	return i, c.call(ctx, http.MethodPost, of(slug)+"/roster/import", file, &i)
}

// Roster gives a roster in figures.
func (c *Client) Roster(ctx context.Context, slug string) (r identity.Roster, err error) {
	return r, c.call(ctx, http.MethodGet, of(slug)+"/roster", nil, &r)
}

// ExportCodes makes the members' codes and gives the file, an "xlsx" or "html",
// that shows them this once. With a reason unused codes are replaced.
func (c *Client) ExportCodes(ctx context.Context, slug, format, why string) (file []byte, err error) {
	in := map[string]string{"format": format}
	if why != "" {
		in["reason"] = why
	}
	return file, c.call(ctx, http.MethodPost, of(slug)+"/roster/codes", in, &file)
}

// ReplaceCode gives a member a new code.
func (c *Client) ReplaceCode(ctx context.Context, slug, member, why string) (x identity.Coded, err error) {
	return x, c.call(ctx, http.MethodPost, of(slug)+"/roster/codes/replace", map[string]string{"member": member, "reason": why}, &x)
}

// RosterVoter obtains the credential of a member by their code.
func (c *Client) RosterVoter(ctx context.Context, slug, code string) (*Voter, error) {
	var credential identity.Credential
	if err := c.call(ctx, http.MethodPost, of(slug)+"/voters", map[string]string{"way": identity.WayRoster, "code": code}, &credential); err != nil {
		return nil, err
	}
	return c.Bearer(slug, credential.Credential), nil
}
