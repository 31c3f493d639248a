package client

import (
	"context"
	"net/http"

	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/selection"
)

func of(slug string) string { return "/api/v1/selections/" + slug }

// CreateSelection makes a selection of a rulebook's text.
func (c *Client) CreateSelection(ctx context.Context, slug, rulebook string) (s selection.Selection, err error) {
	return s, c.call(ctx, http.MethodPost, "/api/v1/selections", gateway.CreateSelection{Slug: slug, Rulebook: rulebook}, &s)
}

// ChangePhase opens or closes a phase; action is event.Open or event.Close.
func (c *Client) ChangePhase(ctx context.Context, slug, phase, action, why string) (s selection.Selection, err error) {
	return s, c.call(ctx, http.MethodPost, of(slug)+"/phases/"+phase+"/"+action, gateway.Reason{Reason: why}, &s)
}

// CloseVetting closes vetting, whether or not the awards can be filled.
func (c *Client) CloseVetting(ctx context.Context, slug, why string) (s selection.Selection, err error) {
	body := gateway.ClosePhase{Reason: why, Acknowledge: true}
	return s, c.call(ctx, http.MethodPost, of(slug)+"/phases/vetting/close", body, &s)
}

// Selections gives all, newest first.
func (c *Client) Selections(ctx context.Context) (s []selection.Selection, err error) {
	return s, c.call(ctx, http.MethodGet, "/api/v1/selections", nil, &s)
}

// Selection gives one with its phases.
func (c *Client) Selection(ctx context.Context, slug string) (s selection.Selection, err error) {
	return s, c.call(ctx, http.MethodGet, of(slug), nil, &s)
}

// Rulebook gives the document, whose SHA-256 is the rulebook's hash.
func (c *Client) Rulebook(ctx context.Context, slug string) (b []byte, err error) {
	return b, c.call(ctx, http.MethodGet, of(slug)+"/rulebook", nil, &b)
}
