package api

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/services/gateway/internal/live"
)

func (a *API) liveRoutes(e *echo.Echo) {
	const path = "/api/v1/selections/{slug}/live"
	e.GET(echoPath(path), a.stream)
	a.describeStream(path)
}

// stream is a plain handler: the connection leaves the HTTP server.
func (a *API) stream(c echo.Context) error {
	return a.app.Stream(c.Request().Context(), c.Response(), c.Request(), c.Param("slug"))
}

// describeStream puts the plain handler into the OpenAPI document.
func (a *API) describeStream(path string) {
	a.huma.OpenAPI().AddOperation(&huma.Operation{
		OperationID: operationID(http.MethodGet, path), Method: http.MethodGet, Path: path,
		Summary: "The counts as they move, as server-sent events",
		Description: "Each event's data is what the tally route answers, its id the tally's version. There are at most four a second, " +
			"fewer the more listen. The last one is named `sealed` and ends the stream; who then comes back with its id in Last-Event-ID gets 204. " +
			"Comments keep a quiet stream open.",
		Parameters: []*huma.Param{
			{Name: "slug", In: "path", Required: true, Schema: &huma.Schema{Type: huma.TypeString}},
			{Name: "Last-Event-ID", In: "header", Description: "The id of the last event that was seen.", Schema: &huma.Schema{Type: huma.TypeString}},
		},
		Responses: map[string]*huma.Response{
			"200":     {Description: "A stream of events", Content: map[string]*huma.MediaType{live.ContentType: {Schema: &huma.Schema{Type: huma.TypeString}}}},
			"204":     {Description: "The tally is final and has been seen"},
			"default": a.problemResponse(),
		},
	})
}
