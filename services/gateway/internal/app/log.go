package app

import (
	"context"
	"strings"
	"time"

	"github.com/laurel-awards/laurel/services/gateway/internal/cache"
	"github.com/laurel-awards/laurel/services/voting"
)

const (
	// checkpointTTL is how long a checkpoint is handed out: the log grows by the
	// tenth of a second.
	checkpointTTL = 250 * time.Millisecond
	// tileTTL is how long a tile is kept; it never changes.
	tileTTL = time.Hour
)

// ballotLog is what the gateway keeps of the logs.
type ballotLog struct {
	checkpoints *cache.Cache[voting.Checkpoint] // by slug
	tiles       *cache.Cache[[]byte]            // by slug/path
}

func (a *App) newBallotLog() ballotLog {
	return ballotLog{
		checkpoints: cache.New(checkpointTTL, a.cfg.Now, func(ctx context.Context, slug string) (voting.Checkpoint, error) {
			return a.voting.GetCheckpoint(ctx, voting.Of{Slug: slug})
		}),
		tiles: cache.New(tileTTL, a.cfg.Now, func(ctx context.Context, key string) ([]byte, error) {
			slug, path, _ := strings.Cut(key, "/")
			tile, err := a.voting.GetTile(ctx, voting.TileOf{Slug: slug, Path: path})
			return tile.Hashes, err
		}),
	}
}

// Checkpoint gives the ballot log's signed head, and the keys that verify it.
func (a *App) Checkpoint(ctx context.Context, slug string) (voting.Checkpoint, error) {
	return do(ctx, a, ReadLog, slug, a.log.checkpoints.Get, slug)
}

// Tile gives hashes of the ballot log, 32 bytes each; nobody changes them. The
// path is as ballotlog.ParseTile reads it.
func (a *App) Tile(ctx context.Context, slug, path string) ([]byte, error) {
	return do(ctx, a, ReadLog, slug, a.log.tiles.Get, slug+"/"+path)
}

// Consistency proves that the ballot log of one size grew out of that of
// another.
func (a *App) Consistency(ctx context.Context, in voting.ConsistencyOf) (voting.Consistency, error) {
	return do(ctx, a, ReadLog, in.Slug, a.voting.ProveGrowth, in)
}

// Leaves opens every line of the ballot log, once the tally is final, or names
// the job that writes them.
func (a *App) Leaves(ctx context.Context, slug string) (File, error) {
	ctx, err := a.may(ctx, ReadLog, slug, "")
	if err != nil {
		return File{}, err
	}
	return a.made(ctx, slug, voting.LeavesJob)
}

// Receipt gives what is recorded behind a receipt.
func (a *App) Receipt(ctx context.Context, in voting.GetReceipt) (voting.Recorded, error) {
	return do(ctx, a, ReadReceipt, in.Slug, a.voting.GetReceipt, in)
}
