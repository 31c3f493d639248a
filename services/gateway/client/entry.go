package client

import (
	"context"
	"net/http"

	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/nomination"
)

// SubmitEntry hands in one entry.
func (c *Client) SubmitEntry(ctx context.Context, slug string, n nomination.Nominee) (e nomination.Entry, err error) {
	return e, c.call(ctx, http.MethodPost, of(slug)+"/entries", n, &e)
}

// ImportEntries hands in a CSV or XLSX, all or nothing.
func (c *Client) ImportEntries(ctx context.Context, slug string, file []byte) (i nomination.Imported, err error) {
	return i, c.call(ctx, http.MethodPost, of(slug)+"/entries/import", file, &i)
}

// CheckEntries is ImportEntries without importing.
func (c *Client) CheckEntries(ctx context.Context, slug string, file []byte) (i nomination.Imported, err error) {
	return i, c.call(ctx, http.MethodPost, of(slug)+"/entries/import?dry_run=true", file, &i)
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

// Entry gives one with its opinions.
func (c *Client) Entry(ctx context.Context, slug, entry string) (e nomination.Entry, err error) {
	return e, c.call(ctx, http.MethodGet, of(slug)+"/entries/"+entry, nil, &e)
}

// GiveOpinion is a department's word on an entry.
func (c *Client) GiveOpinion(ctx context.Context, slug, entry, department, verdict, why string) (e nomination.Entry, err error) {
	in := gateway.GiveOpinion{Department: department, Verdict: verdict, Reason: why}
	return e, c.call(ctx, http.MethodPost, of(slug)+"/entries/"+entry+"/opinions", in, &e)
}

// Withdraw takes an entry back before it is a candidate.
func (c *Client) Withdraw(ctx context.Context, slug, entry, why string) (e nomination.Entry, err error) {
	return e, c.call(ctx, http.MethodPost, of(slug)+"/entries/"+entry+"/withdraw", gateway.Reason{Reason: why}, &e)
}

// Vetting tells how far vetting is.
func (c *Client) Vetting(ctx context.Context, slug string) (p nomination.Progress, err error) {
	return p, c.call(ctx, http.MethodGet, of(slug)+"/vetting", nil, &p)
}
