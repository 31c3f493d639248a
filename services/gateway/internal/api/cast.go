package api

import (
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
)

const (
	keyHeader     = "Idempotency-Key"
	earlierHeader = "Laurel-Earlier-Receipt"
)

func (a *API) castRoute(e *echo.Echo) {
	const path = "/selections/{slug}/ballots"
	e.POST(echoPath(prefix+path), a.castBallot).Name = string(app.CastBallot)
	a.describeCasting("POST " + path)
}

// castBallot is a plain handler: it is the hot path. Whoever cannot be served now
// hears so before any work is done for them.
func (a *API) castBallot(c echo.Context) error {
	if err := a.app.Busy(); err != nil {
		return err
	}
	voter, err := a.app.Voter(app.CallerOf(c.Request().Context()).Token, c.Param("slug"))
	if err != nil {
		return named(err, echo.HeaderAuthorization)
	}
	picks, err := readBallot(c.Response(), c.Request())
	if err != nil {
		return err
	}
	out, err := a.app.Cast(voter, picks, c.Request().Header.Get(keyHeader), c.Request().Header.Get(earlierHeader))
	if err != nil {
		return err
	}
	status := http.StatusCreated
	if out.Again {
		status = http.StatusOK
	}
	return c.JSONBlob(status, countedJSON(gateway.Counted{Receipt: out.Receipt, At: out.At}))
}

// countedJSON is what encoding/json makes of it: a receipt needs no escapes.
func countedJSON(c gateway.Counted) []byte {
	b := append(make([]byte, 0, 96), `{"receipt":"`...)
	b = append(b, c.Receipt...)
	b = append(b, `","at":"`...)
	b = c.At.AppendFormat(b, time.RFC3339Nano)
	return append(b, `"}`...)
}

// describeCasting puts the plain handler into the OpenAPI document.
func (a *API) describeCasting(at string) {
	doc := a.huma.OpenAPI()
	schema := func(v any) map[string]*huma.MediaType {
		return map[string]*huma.MediaType{"application/json": {Schema: huma.SchemaFromType(doc.Components.Schemas, reflect.TypeOf(v))}}
	}
	op := a.operation(app.CastBallot, at, "Cast a ballot")
	op.Parameters = append(pathParams(op.Path), &huma.Param{
		Name: keyHeader, In: "header", Schema: &huma.Schema{Type: huma.TypeString},
		Description: "Whoever lost the answer sends the ballot again with the same key and gets the same receipt, also on a later day: a key belongs to the period " +
			"in which it came first, for 31 days. Each further ballot takes a key of its own.",
	}, &huma.Param{
		Name: earlierHeader, In: "header", Schema: &huma.Schema{Type: huma.TypeString},
		Description: "Receipt of an earlier ballot of the period, for a roster's voter who adds picks where the rulebook allows that.",
	})
	op.RequestBody = &huma.RequestBody{Required: true, Content: schema(gateway.Ballot{})}
	op.Responses["201"] = &huma.Response{Description: "Counted", Content: schema(gateway.Counted{})}
	op.Responses["200"] = &huma.Response{Description: "Counted before, with the same Idempotency-Key", Content: schema(gateway.Counted{})}
	doc.AddOperation(op)
}
