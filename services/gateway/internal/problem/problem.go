// Package problem writes faults as RFC 9457 problems.
package problem

import (
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"
	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/fault"
)

// ContentType of a problem.
const ContentType = "application/problem+json"

// Problem is a fault as clients see it.
type Problem struct {
	Type      string            `json:"type" doc:"about:blank; the code says what it is" example:"about:blank"`
	Title     string            `json:"title" doc:"Short name of the status" example:"Not in this state"`
	Status    int               `json:"status" doc:"HTTP status" example:"409"`
	Code      string            `json:"code" doc:"Stable name of the problem" example:"ballot_duplicate"`
	Detail    string            `json:"detail" doc:"For a person"`
	Errors    []Field           `json:"errors,omitempty" doc:"Every field at fault"`
	Params    map[string]string `json:"params,omitempty" doc:"Facts that belong to the code"`
	RequestID string            `json:"request_id,omitempty" doc:"Names the request in the log"`

	retryAfter time.Duration
}

// Field is one field at fault.
type Field struct {
	Field   string `json:"field" doc:"Path in the request: picks[2]; or a column of a file" example:"picks[2]"`
	Message string `json:"message"`
	Line    int    `json:"line,omitempty" doc:"In a file, from 1"`
	Column  int    `json:"column,omitempty" doc:"In a file, from 1"`
}

// From makes the problem of an error; the unknown is a bare 500.
func From(err error, request string) *Problem {
	f := fault.From(err)
	p := &Problem{
		Type: "about:blank", Title: f.Kind.Title(), Status: f.Kind.Status(), Code: f.Code,
		Detail: f.Message, Params: f.Params, RequestID: request, retryAfter: f.RetryAfter,
	}
	for _, x := range f.Fields {
		p.Errors = append(p.Errors, Field{x.Name, x.Message, x.Line, x.Column})
	}
	return p
}

// Error implements error.
func (p *Problem) Error() string { return p.Code + ": " + p.Detail }

// GetStatus implements huma.StatusError.
func (p *Problem) GetStatus() int { return p.Status }

// GetHeaders implements huma.HeadersError.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{}
	if wait := math.Ceil(p.retryAfter.Seconds()); wait > 0 || p.Status == http.StatusServiceUnavailable || p.Status == http.StatusTooManyRequests {
		h.Set("Retry-After", strconv.Itoa(int(max(wait, 1))))
	}
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", "Bearer") // RFC 9110, section 11.6.1
	}
	return h
}

// ContentType implements huma.ContentTypeFilter.
func (*Problem) ContentType(string) string { return ContentType }

// Write answers an Echo request with the problem of err.
func Write(c echo.Context, err error) error {
	p := From(Known(err), actor.Request(c.Request().Context()))
	h := c.Response().Header()
	for k, v := range p.GetHeaders() {
		h[k] = v
	}
	h.Set(echo.HeaderContentType, ContentType)
	body, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return c.Blob(p.Status, ContentType, body)
}

// Known turns the errors of Echo and net/http into faults.
func Known(err error) error {
	var h *echo.HTTPError
	if !errors.As(err, &h) {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return TooLarge(tooLarge.Limit)
		}
		return err
	}
	if h.Internal != nil && fault.From(h.Internal).Kind != fault.Internal {
		return h.Internal
	}
	return Status(h.Code, http.StatusText(h.Code))
}

// TooLarge says that a body passes its limit in bytes.
func TooLarge(limit int64) error {
	return fault.New(fault.TooLarge, "body_too_large", "the body is too large", fault.Field{Name: "body", Message: "takes at most " + strconv.FormatInt(limit, 10) + " bytes"})
}

// Status is the fault of a bare HTTP status.
func Status(status int, message string) error {
	switch status {
	case http.StatusNotFound:
		return fault.New(fault.NotFound, "route_unknown", "there is nothing at this address")
	case http.StatusMethodNotAllowed:
		return fault.New(fault.Method, "method_not_allowed", "this address does not take this method")
	case http.StatusRequestEntityTooLarge:
		return fault.New(fault.TooLarge, "body_too_large", "the body is too large", fault.Field{Name: "body", Message: "is too large"})
	case http.StatusUnsupportedMediaType:
		return fault.New(fault.Media, "media_type", "this content type is not taken", fault.Field{Name: "Content-Type", Message: message})
	case http.StatusTooManyRequests:
		return fault.New(fault.TooMany, "too_many_requests", "slow down")
	case http.StatusUnauthorized:
		return fault.New(fault.Unauthorized, "unauthorized", message)
	case http.StatusForbidden:
		return fault.New(fault.Forbidden, "forbidden", message)
	case http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return fault.NewUnavailable("unavailable", message, time.Second)
	case http.StatusUnprocessableEntity:
		return fault.New(fault.Invalid, "input_invalid", message)
	}
	if status >= 400 && status < 500 {
		return fault.New(fault.Malformed, "request_malformed", message)
	}
	return fault.New(fault.Internal, "internal", "something went wrong on our side")
}

// init has huma say what is wrong with a request in our problems. Its hooks are
// package variables, so they are set before anybody serves.
func init() {
	huma.NewErrorWithContext = fromHuma
	huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
		return fromHuma(nil, status, message, errs...)
	}
}

// fromHuma names each field that breaks the schema.
func fromHuma(ctx huma.Context, status int, message string, errs ...error) huma.StatusError {
	f := *fault.From(Status(status, message))
	for _, err := range errs {
		var d huma.ErrorDetailer
		if errors.As(err, &d) {
			f.Fields = append(f.Fields, field(d.ErrorDetail()))
		}
	}
	if len(f.Fields) == 0 && f.Kind == fault.Malformed {
		f.Fields = []fault.Field{{Name: "body", Message: message}}
	}
	request := ""
	if ctx != nil {
		request = actor.Request(ctx.Context())
	}
	return From(&f, request)
}

// field names what a detail is about, without huma's "body." and the like: of
// what is missing the thing itself, not the object that lacks it.
func field(d *huma.ErrorDetail) fault.Field {
	name := d.Location
	// A number that the schema lets pass and the type does not hold.
	if _, wrong, ok := strings.Cut(d.Message, " into Go struct field "); ok {
		wrong, _, _ = strings.Cut(wrong, " ")
		return fault.Field{Name: wrong[strings.IndexByte(wrong, '.')+1:], Message: "is out of range"}
	}
	before, after, _ := strings.Cut(validation.MsgExpectedRequiredProperty, "%s")
	if missing, ok := strings.CutPrefix(d.Message, before); ok {
		name += "." + strings.TrimSuffix(missing, after)
	}
	for _, prefix := range []string{"body.", "path.", "query.", "header."} {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			name = rest
			break
		}
	}
	return fault.Field{Name: name, Message: d.Message}
}
