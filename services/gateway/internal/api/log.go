package api

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/labstack/echo/v4"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
	"github.com/laurel-awards/laurel/services/gateway/internal/cache"
	"github.com/laurel-awards/laurel/services/voting"
)

const (
	// checkpointTTL is how long a checkpoint is handed out: the log grows by the
	// tenth of a second.
	checkpointTTL = 250 * time.Millisecond
	// tileTTL is how long a tile is kept; it never changes.
	tileTTL = time.Hour

	plainText = "text/plain; charset=utf-8"
	immutable = "public, max-age=31536000, immutable"
	// soon is for a tile that is not full: it never changes either, but nobody
	// asks for it when the log has grown.
	soon = "public, max-age=3600"

	// tileDepth is the most words that a tile's number and width have in a path:
	// x001/x234/067.p/17.
	tileDepth = 4
)

// ballotLog is what the gateway keeps of the logs.
type ballotLog struct {
	checkpoints *cache.Cache[voting.Checkpoint] // by slug
	tiles       *cache.Cache[[]byte]            // by slug/path
}

func (a *API) newBallotLog() ballotLog {
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

type consistencyInput struct {
	InSelection
	From int64 `query:"from" required:"true" doc:"Lines of the smaller log"`
	To   int64 `query:"to" required:"true" doc:"Lines of the larger one; at most as many as the log has"`
}

// consistency is a proof, which never changes.
type consistency struct {
	CacheControl string `header:"Cache-Control"`
	Body         voting.Consistency
}

// text is a document, not JSON.
type text struct {
	ContentType string `header:"Content-Type"`
	Body        []byte
}

func (a *API) logRoutes(e *echo.Echo) {
	a.statementRoutes()
	register(a, route{method: http.MethodGet, path: "/selections/{slug}/log/checkpoint", summary: "The ballot log's size and root, signed", media: "text/plain"},
		func(ctx context.Context, in *InSelection) (*text, error) {
			c, err := a.log.checkpoints.Get(ctx, in.Slug)
			return &text{plainText, []byte(c.Checkpoint)}, err
		})
	register(a, route{method: http.MethodGet, path: "/selections/{slug}/log/key", summary: "The public keys that verify the ballot log, one a line, signed by each of them", media: "text/plain"},
		func(ctx context.Context, in *InSelection) (*text, error) {
			c, err := a.log.checkpoints.Get(ctx, in.Slug)
			return &text{plainText, []byte(c.Key)}, err
		})
	register(a, route{method: http.MethodGet, path: "/selections/{slug}/log/consistency", summary: "Proof that the ballot log of one size grew out of that of another"},
		func(ctx context.Context, in *consistencyInput) (*consistency, error) {
			proof, err := a.voting.ProveGrowth(ctx, voting.ConsistencyOf{Slug: in.Slug, From: in.From, To: in.To})
			return &consistency{immutable, proof}, err
		})
	register(a, route{method: http.MethodGet, path: "/selections/{slug}/log/leaves", summary: "Every line of the ballot log, once the tally is final", media: "text/plain"},
		func(ctx context.Context, in *InSelection) (*huma.StreamResponse, error) {
			out, err := a.voting.ExportLeaves(ctx, voting.Of{Slug: in.Slug})
			if err != nil {
				return nil, err
			}
			file, size, err := a.blobs.Open(ctx, out.Blob)
			if err != nil {
				return nil, err
			}
			return &huma.StreamResponse{Body: func(out huma.Context) {
				defer file.Close()
				out.SetHeader("Content-Type", plainText)
				out.SetHeader("Content-Length", strconv.FormatInt(size, 10)) // so that a broken copy shows
				if _, err := io.Copy(out.BodyWriter(), file); err != nil {
					a.cfg.Log.WarnContext(ctx, "leaves broken off", "slug", in.Slug, "error", err)
				}
			}}, nil
		})
	path := "/api/v1/selections/{slug}/log/tile/{level}"
	for range tileDepth {
		path += "/{n" + strconv.Itoa(strings.Count(path, "/{n")+1) + "}"
		e.GET(echoPath(path), a.tile)
		a.describeTile(path)
	}
}

// tile is a plain handler: a tile's number is several words of the path, as
// https://c2sp.org/tlog-tiles has it.
func (a *API) tile(c echo.Context) error {
	slug := c.Param("slug")
	_, path, _ := strings.Cut(c.Request().URL.Path, "/log/tile/")
	ctx := c.Request().Context()
	hashes, err := a.log.tiles.Get(ctx, slug+"/"+path)
	if err != nil {
		return a.orUnknown(ctx, InSelection{slug}, err)
	}
	keep := immutable // a log only grows
	if len(hashes) < ballotlog.TileWidth*tlog.HashSize {
		keep = soon
	}
	c.Response().Header().Set("Cache-Control", keep)
	return c.Blob(http.StatusOK, echo.MIMEOctetStream, hashes)
}

// describeTile puts the plain handler into the OpenAPI document.
func (a *API) describeTile(path string) {
	op := &huma.Operation{
		OperationID: operationID(http.MethodGet, path), Method: http.MethodGet, Path: path,
		Summary: "Hashes of the ballot log, 32 bytes each: LEVEL/NUMBER[.p/WIDTH] as in https://c2sp.org/tlog-tiles",
		Responses: map[string]*huma.Response{
			"200":     {Description: "The hashes; they never change", Content: map[string]*huma.MediaType{echo.MIMEOctetStream: {Schema: &huma.Schema{}}}},
			"default": a.problemResponse(),
		},
	}
	for word := range strings.SplitSeq(path, "/") {
		if name, ok := strings.CutPrefix(word, "{"); ok {
			op.Parameters = append(op.Parameters, &huma.Param{Name: strings.TrimSuffix(name, "}"), In: "path", Required: true, Schema: &huma.Schema{Type: huma.TypeString}})
		}
	}
	a.huma.OpenAPI().AddOperation(op)
}
