package api

import (
	"github.com/danielgtaylor/huma/v2"
	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/live"
)

func (a *API) liveRoute(e *echo.Echo) {
	const path = "/selections/{slug}/live"
	e.GET(echoPath(prefix+path), a.follow).Name = string(app.FollowTally)
	a.describeStream("GET " + path)
}

// follow is a plain handler: the connection leaves the HTTP server.
func (a *API) follow(c echo.Context) error {
	slug, ctx := c.Param("slug"), c.Request().Context()
	return a.app.OrUnknown(ctx, slug, a.app.Follow(ctx, c.Response(), c.Request(), slug))
}

// describeStream puts the plain handler into the OpenAPI document.
func (a *API) describeStream(at string) {
	op := a.operation(app.FollowTally, at, "The counts as they move, as server-sent events")
	op.Description = "Each event's data is what the tally route answers, its id the tally's version. There are at most four a second, " +
		"fewer the more listen. The last one is named `sealed` and ends the stream; who then comes back with its id in Last-Event-ID gets 204. " +
		"Comments keep a quiet stream open."
	op.Parameters = append(pathParams(op.Path), &huma.Param{
		Name: "Last-Event-ID", In: "header", Description: "The id of the last event that was seen.", Schema: &huma.Schema{Type: huma.TypeString},
	})
	op.Responses["200"] = &huma.Response{
		Description: "A stream of events",
		Content:     map[string]*huma.MediaType{live.ContentType: {Schema: &huma.Schema{Type: huma.TypeString}}},
	}
	op.Responses["204"] = &huma.Response{Description: "The tally is final and has been seen"}
	a.huma.OpenAPI().AddOperation(op)
}
