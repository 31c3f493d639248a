package client

import (
	"context"
	"net/http"

	"github.com/laurel-awards/laurel/services/gateway"
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

// ExportCodes makes the members' codes and gives the file that shows them this
// once. With a reason all codes are replaced.
func (c *Client) ExportCodes(ctx context.Context, slug string, form gateway.Form, why string) (file []byte, err error) {
	in := gateway.ExportCodes{Format: form, Reason: why}
	return file, c.call(ctx, http.MethodPost, of(slug)+"/roster/codes", in, &file)
}

// MailCodes has codes sent to members with an address, or to one of them again.
func (c *Client) MailCodes(ctx context.Context, slug string, in gateway.MailCodes) (m identity.CodesMailed, err error) {
	return m, c.call(ctx, http.MethodPost, of(slug)+"/roster/codes/mail", in, &m)
}

// ReplaceCode gives a member a new code.
func (c *Client) ReplaceCode(ctx context.Context, slug, member, why string) (x gateway.CodeReplaced, err error) {
	return x, c.call(ctx, http.MethodPost, of(slug)+"/roster/codes/replace", gateway.ReplaceCode{Member: member, Reason: why}, &x)
}
