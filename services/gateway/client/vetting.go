package client

import (
	"context"
	"net/http"

	"github.com/laurel-awards/laurel/services/nomination"
)

// Entry gives one with its opinions.
func (c *Client) Entry(ctx context.Context, slug, entry string) (e nomination.Entry, err error) {
	return e, c.call(ctx, http.MethodGet, of(slug)+"/entries/"+entry, nil, &e)
}

// Withdraw takes an entry back before it is a candidate.
func (c *Client) Withdraw(ctx context.Context, slug, entry, why string) (e nomination.Entry, err error) {
	return e, c.call(ctx, http.MethodPost, of(slug)+"/entries/"+entry+"/withdraw", reason{why}, &e)
}

// CheckEntries is ImportEntries without importing.
func (c *Client) CheckEntries(ctx context.Context, slug string, file []byte) (i nomination.Imported, err error) {
	return i, c.call(ctx, http.MethodPost, of(slug)+"/entries/import?dry_run=true", file, &i)
}

// Vetting tells how far vetting is.
func (c *Client) Vetting(ctx context.Context, slug string) (p nomination.Progress, err error) {
	return p, c.call(ctx, http.MethodGet, of(slug)+"/vetting", nil, &p)
}
