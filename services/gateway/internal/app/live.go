package app

import (
	"context"
	"net/http"
)

// Follow answers a request for a selection's live counts: live.Hub.Serve.
func (a *App) Follow(ctx context.Context, w http.ResponseWriter, r *http.Request, slug string) error {
	ctx, err := a.may(ctx, FollowTally, slug, "")
	if err != nil {
		return err
	}
	return a.live.Serve(w, r, slug, CallerOf(ctx).Address)
}

// EndStreams ends the live streams at once; browsers look for another gateway.
func (a *App) EndStreams() { a.live.End() }
