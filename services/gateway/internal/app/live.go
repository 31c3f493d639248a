package app

import (
	"context"
	"net/http"
)

// Stream answers a request for a selection's live counts: live.Hub.Serve.
func (a *App) Stream(ctx context.Context, w http.ResponseWriter, r *http.Request, slug string) error {
	return a.OrUnknown(ctx, slug, a.live.Serve(w, r, slug, CallerOf(ctx).Address))
}

// EndStreams ends the live streams at once; browsers look for another gateway.
func (a *App) EndStreams() { a.live.End() }
