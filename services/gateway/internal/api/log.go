package api

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/labstack/echo/v4"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/voting"
)

const (
	immutable = "public, max-age=31536000, immutable"
	// soon is for a tile that is not full: it never changes either, but nobody
	// asks for it when the log has grown.
	soon = "public, max-age=3600"

	// tileDepth is the most words that a tile's number and width have in a path:
	// x001/x234/067.p/17.
	tileDepth = 4

	logPath = "/selections/{slug}/log"
)

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

func (a *API) logRoutes() {
	register(a, route{
		act: app.ReadLog, at: "GET " + logPath + "/checkpoint", summary: "The ballot log's size and root, signed", media: "text/plain",
	},
		func(ctx context.Context, in *InSelection) (*document, error) {
			c, err := a.app.Checkpoint(ctx, in.Slug)
			return &document{plainText, []byte(c.Checkpoint)}, err
		})
	register(a, route{
		act: app.ReadLog, at: "GET " + logPath + "/key", media: "text/plain",
		summary: "The public keys that verify the ballot log, one a line, signed by each of them",
	},
		func(ctx context.Context, in *InSelection) (*document, error) {
			c, err := a.app.Checkpoint(ctx, in.Slug)
			return &document{plainText, []byte(c.Key)}, err
		})
	register(a, route{
		act: app.ReadLog, at: "GET " + logPath + "/consistency", summary: "Proof that the ballot log of one size grew out of that of another",
	},
		func(ctx context.Context, in *consistencyInput) (*consistency, error) {
			proof, err := a.app.Consistency(ctx, voting.ConsistencyOf{Slug: in.Slug, From: in.From, To: in.To})
			return &consistency{immutable, proof}, err
		})
	register(a, route{
		act: app.ReadLog, at: "GET " + logPath + "/leaves", summary: "Every line of the ballot log, once the tally is final", media: "text/plain",
		made: true,
	},
		func(ctx context.Context, in *InSelection) (*huma.StreamResponse, error) {
			file, err := a.app.Leaves(ctx, in.Slug)
			if err != nil {
				return nil, err
			}
			return a.stream(ctx, plainText, file, "slug", in.Slug, "what", "leaves"), nil
		})
}

func (a *API) tileRoutes(e *echo.Echo) {
	path := logPath + "/tile/{level}"
	for i := range tileDepth {
		path += "/{n" + strconv.Itoa(i+1) + "}"
		e.GET(echoPath(prefix+path), a.tile).Name = string(app.ReadLog)
		a.describeTile("GET " + path)
	}
}

// tile is a plain handler: a tile's number is several words of the path, as
// https://c2sp.org/tlog-tiles has it.
func (a *API) tile(c echo.Context) error {
	slug, ctx := c.Param("slug"), c.Request().Context()
	_, path, _ := strings.Cut(c.Request().URL.Path, "/log/tile/")
	hashes, err := a.app.Tile(ctx, slug, path)
	if err != nil {
		return a.app.OrUnknown(ctx, slug, err)
	}
	keep := immutable // a log only grows
	if len(hashes) < ballotlog.TileWidth*tlog.HashSize {
		keep = soon
	}
	c.Response().Header().Set("Cache-Control", keep)
	return c.Blob(http.StatusOK, echo.MIMEOctetStream, hashes)
}

// describeTile puts the plain handler into the OpenAPI document.
func (a *API) describeTile(at string) {
	op := a.operation(app.ReadLog, at, "Hashes of the ballot log, 32 bytes each: LEVEL/NUMBER[.p/WIDTH] as in https://c2sp.org/tlog-tiles")
	op.Parameters = pathParams(op.Path)
	op.Responses["200"] = &huma.Response{
		Description: "The hashes; they never change",
		Content:     map[string]*huma.MediaType{echo.MIMEOctetStream: {Schema: &huma.Schema{}}},
	}
	a.huma.OpenAPI().AddOperation(op)
}
