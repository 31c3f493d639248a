// Package problem writes faults as RFC 9457 problems.
package problem

import (
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/blob"
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
	fault      *fault.Error
	language   string // empty: English
}

// Field is one field at fault.
type Field struct {
	Field   string            `json:"field" doc:"Path in the request: picks[2]; or a column of a file" example:"picks[2]"`
	Code    string            `json:"code" doc:"Stable name of what is wrong" example:"too_long"`
	Message string            `json:"message" doc:"For a person, without the subject"`
	Params  map[string]string `json:"params,omitempty" doc:"What the message says, to say it in other languages"`
	Line    int               `json:"line,omitempty" doc:"In a file, from 1"`
	Column  int               `json:"column,omitempty" doc:"In a file, from 1"`
}

// From makes the problem of an error; the unknown is a bare 500.
func From(err error, request string) *Problem {
	f := fault.From(Known(err))
	p := &Problem{
		Type: "about:blank", Title: f.Kind.Title(), Status: f.Kind.Status(), Code: f.Code,
		Detail: f.Message, Params: f.Params, RequestID: request, retryAfter: f.RetryAfter, fault: f,
	}
	for _, x := range f.Fields {
		p.Errors = append(p.Errors, Field{x.Name, x.Code, x.Message, x.Params, x.Line, x.Column})
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
func Write(c echo.Context, err error, languages Languages) error {
	p := From(err, actor.Request(c.Request().Context())).In(languages.of(c.Request().Header.Get(acceptLanguage)))
	h := c.Response().Header()
	for k, v := range p.GetHeaders() {
		h[k] = v
	}
	h.Set(echo.HeaderContentType, ContentType)
	h.Set(contentLanguage, p.spoken())
	h.Add(echo.HeaderVary, acceptLanguage)
	body, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return c.Blob(p.Status, ContentType, body)
}

// Known turns the errors of Echo, net/http and the blob store into faults.
func Known(err error) error {
	var (
		h        *echo.HTTPError
		body     *http.MaxBytesError
		uploaded *blob.TooLargeError
	)
	switch {
	case errors.As(err, &h):
	case errors.As(err, &body):
		return TooLarge(body.Limit)
	case errors.As(err, &uploaded):
		return TooLarge(uploaded.Limit)
	default:
		return err
	}
	if h.Internal != nil && fault.From(h.Internal).Kind != fault.Internal {
		return h.Internal
	}
	return Status(h.Code, http.StatusText(h.Code))
}

// TooLarge says that a body passes its limit in bytes.
func TooLarge(limit int64) error {
	return fault.New(fault.TooLarge, "body_too_large", "the body is too large",
		fault.Wrong("body", "body_too_large", "takes at most {max} bytes", "max", limit))
}

func errInvalid(message string) *fault.Error {
	return fault.New(fault.Invalid, "input_invalid", message)
}

// Invalid is the fault of a request with fields that are wrong; nil where there
// are none.
func Invalid(fields []fault.Field) error { return errInvalid("the input breaks a rule").Check(fields) }

// Status is the fault of a bare HTTP status.
func Status(status int, message string) error {
	switch status {
	case http.StatusNotFound:
		return fault.New(fault.NotFound, "route_unknown", "there is nothing at this address")
	case http.StatusMethodNotAllowed:
		return fault.New(fault.Method, "method_not_allowed", "this address does not take this method")
	case http.StatusRequestEntityTooLarge:
		return fault.New(fault.TooLarge, "body_too_large", "the body is too large", fault.Wrong("body", "body_far_too_large", "is too large"))
	case http.StatusUnsupportedMediaType:
		return fault.New(fault.Media, "media_type", "this content type is not taken", fault.Wrong("Content-Type", "media_type_refused", message))
	case http.StatusTooManyRequests:
		return fault.New(fault.TooMany, "too_many_requests", "slow down")
	case http.StatusUnauthorized:
		return fault.New(fault.Unauthorized, "unauthorized", message)
	case http.StatusForbidden:
		return fault.New(fault.Forbidden, "forbidden", message)
	case http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return fault.NewUnavailable("unavailable", message, time.Second)
	case http.StatusUnprocessableEntity:
		return errInvalid(message)
	}
	if status >= 400 && status < 500 {
		return fault.New(fault.Malformed, "request_malformed", message)
	}
	return fault.New(fault.Internal, "internal", "something went wrong on our side")
}
