package app

import (
	"context"

	"github.com/laurel-awards/laurel/services/selection"
	"github.com/laurel-awards/laurel/services/voting"
)

// Bundle opens the one file by which anybody checks a published result, and tells
// its SHA-256, or names the job that makes it. Faults: those of
// selection.Service.ExportBundle and voting.Service.ExportLeaves.
func (a *App) Bundle(ctx context.Context, slug string) (file File, hash string, err error) {
	ctx, err = a.may(ctx, ReadBundle, slug, "")
	if err != nil {
		return File{}, "", err
	}
	made, err := a.bundles.Get(ctx, slug)
	switch {
	case err != nil:
		return File{}, "", err
	case made.Job != nil:
		return File{Job: toldJob(selection.Name, *made.Job)}, "", nil
	}
	file, err = a.open(ctx, selection.Name, made.Blob)
	return file, made.Blob, err
}

// BundleKey gives the keys by which this installation signs bundles.
func (a *App) BundleKey(ctx context.Context) (selection.BundleKey, error) {
	return do(ctx, a, ReadBundle, "", a.selection.GetBundleKey, struct{}{})
}

// askBundle asks for the bundle, with what the room of selections has not itself.
func (a *App) askBundle(ctx context.Context, slug string) (selection.Bundle, error) {
	in := selection.ExportBundle{Slug: slug}
	if _, err := a.published.Get(ctx, slug); err != nil {
		return selection.Bundle{}, err
	}
	rules, err := a.rulebook(ctx, slug)
	if err != nil {
		return selection.Bundle{}, err
	}
	if len(rules.Voting.Voters) > 0 {
		leaves, err := a.voting.ExportLeaves(ctx, voting.Of{Slug: slug})
		if err != nil || leaves.Job != nil {
			return selection.Bundle{Job: leaves.Job}, err
		}
		head, err := a.voting.GetCheckpoint(ctx, voting.Of{Slug: slug})
		if err != nil {
			return selection.Bundle{}, err
		}
		in.Leaves, in.Checkpoint, in.Key = leaves.Blob, head.Checkpoint, head.Key
	}
	return a.selection.ExportBundle(ctx, in)
}

// orderBundle has the bundle made as soon as there is a result to check. Who asks
// for it later orders it, too.
func (a *App) orderBundle(ctx context.Context, slug string) {
	if _, err := a.askBundle(ctx, slug); err != nil {
		a.cfg.Log.WarnContext(ctx, "bundle not ordered yet", "slug", slug, "error", err)
	}
}
