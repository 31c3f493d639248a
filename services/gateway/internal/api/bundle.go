package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/laurel-awards/laurel/services/gateway/internal/app"
)

const (
	zipped = "application/zip"
	// again is for a file that a correction would make anew: it is asked for by its
	// ETag.
	again = "public, no-cache"
)

type bundleInput struct {
	InSelection
	Match string `header:"If-None-Match" maxLength:"200" doc:"ETag of the file that is there"`
}

func (a *API) bundleRoutes() {
	register(a, route{
		act: app.ReadBundle, at: "GET /selections/{slug}/bundle", media: zipped, made: true,
		summary: "The one file by which anybody checks the published result: `laurel verify FILE`",
	},
		func(ctx context.Context, in *bundleInput) (*huma.StreamResponse, error) {
			file, hash, err := a.app.Bundle(ctx, in.Slug)
			if err != nil {
				return nil, err
			}
			if file.Job != nil {
				return a.jobAnswer(ctx, *file.Job, http.StatusAccepted), nil
			}
			tag := `"` + hash + `"`
			whole := a.stream(ctx, zipped, file, "slug", in.Slug, "what", "bundle")
			return &huma.StreamResponse{Body: func(out huma.Context) {
				out.SetHeader("ETag", tag)
				out.SetHeader("Cache-Control", again)
				if in.Match == tag {
					out.SetStatus(http.StatusNotModified)
					_ = file.Body.Close()
					return
				}
				out.SetHeader("Content-Disposition", "attachment; filename="+in.Slug+".zip")
				whole.Body(out)
			}}, nil
		})
	register(a, route{
		act: app.ReadBundle, at: "GET /bundle-key", media: "text/plain",
		summary: "The public keys by which this installation signs bundles, one a line, signed by each of them",
	},
		func(ctx context.Context, _ *struct{}) (*document, error) {
			k, err := a.app.BundleKey(ctx)
			return &document{plainText, []byte(k.Key)}, err
		})
}
