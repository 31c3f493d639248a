// Package fault holds the typed errors that every room speaks and the one
// table that maps them to HTTP and back.
//
// An error that is not a *Error is unknown: whoever answers a caller turns it
// into a bare Internal and keeps the detail for the log.
package fault

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Kind is what sort of failure it is; it decides the HTTP status.
type Kind string

// The kinds, each with its meaning to the caller.
const (
	Malformed    Kind = "malformed"    // the request cannot be read
	Invalid      Kind = "invalid"      // readable, but fields break a rule
	Unauthorized Kind = "unauthorized" // who are you?
	Forbidden    Kind = "forbidden"    // you may not
	NotFound     Kind = "not_found"    // there is no such thing
	Method       Kind = "method"       // not with this HTTP method
	Conflict     Kind = "conflict"     // not in the present state
	Gone         Kind = "gone"         // was here, and is no more
	TooLarge     Kind = "too_large"    // the body passes its limit
	Media        Kind = "media"        // a content type that is not taken
	TooMany      Kind = "too_many"     // slow down; RetryAfter says for how long
	Unavailable  Kind = "unavailable"  // try again; the outcome may be unknown
	Internal     Kind = "internal"     // our own fault
)

// Kinds are all kinds.
func Kinds() []Kind {
	return []Kind{
		Malformed, Invalid, Unauthorized, Forbidden, NotFound, Method, Conflict, Gone, TooLarge, Media, TooMany, Unavailable, Internal,
	}
}

// status is the one table of kinds and HTTP statuses. They are written out: with
// net/http every program that has faults would have a client and a server in it, the
// one for browsers too.
func (k Kind) status() (code int, title string) {
	switch k {
	case Malformed:
		return 400, "Malformed request"
	case Invalid:
		return 422, "Invalid input"
	case Unauthorized:
		return 401, "Not signed in"
	case Forbidden:
		return 403, "Not allowed"
	case NotFound:
		return 404, "Not found"
	case Method:
		return 405, "Method not allowed"
	case Conflict:
		return 409, "Not in this state"
	case Gone:
		return 410, "Gone"
	case TooLarge:
		return 413, "Too large"
	case Media:
		return 415, "Unsupported media type"
	case TooMany:
		return 429, "Too many requests"
	case Unavailable:
		return 503, "Temporarily unavailable"
	case Internal:
	}
	return 500, "Internal error"
}

// Passes tells whether the same request may succeed a little later.
func (k Kind) Passes() bool { return k == TooMany || k == Unavailable }

// Status is the HTTP status of the kind, and Title its short name.
func (k Kind) Status() int { code, _ := k.status(); return code }

// Title is a short human name of the kind, for a problem's title.
func (k Kind) Title() string { _, title := k.status(); return title }

// Error is a failure that a caller can understand. It travels over NATS as its
// JSON form, without its cause.
type Error struct {
	Kind       Kind              `json:"kind"`
	Code       string            `json:"code"`                  // stable and machine readable: ballot_duplicate
	Message    string            `json:"message"`               // for a person
	Fields     []Field           `json:"fields,omitempty"`      // every field at fault
	Params     map[string]string `json:"params,omitempty"`      // facts that belong to the code: first=2026-05-01T…
	RetryAfter time.Duration     `json:"retry_after,omitempty"` // nanoseconds; when to try again

	cause error
}

// Error gives the message with the fields and, for the log, the cause.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Message)
	for i, f := range e.Fields {
		if i == 0 {
			b.WriteString(": ")
		} else {
			b.WriteString("; ")
		}
		if f.Line > 0 {
			fmt.Fprintf(&b, "line %d: ", f.Line)
		}
		b.WriteString(f.Name + ": " + f.Message)
	}
	if e.cause != nil {
		b.WriteString(": " + e.cause.Error())
	}
	return b.String()
}

// Unwrap gives the cause, which stays in this process.
func (e *Error) Unwrap() error { return e.cause }

// Is matches another *Error by its code, so that sentinels survive the wire.
func (e *Error) Is(target error) bool {
	var t *Error
	return errors.As(target, &t) && t.Code == e.Code
}

// New makes an error of a kind.
func New(kind Kind, code, message string, fields ...Field) *Error {
	return &Error{Kind: kind, Code: code, Message: message, Fields: fields}
}

// NewInvalid says which fields break a rule.
func NewInvalid(code, message string, fields ...Field) *Error {
	return New(Invalid, code, message, fields...)
}

// NewUnavailable asks the caller to try again after a while.
func NewUnavailable(code, message string, after time.Duration) *Error {
	e := New(Unavailable, code, message)
	e.RetryAfter = after
	return e
}

// With gives a copy of e that also carries a fact.
func (e *Error) With(key, value string) *Error {
	c := *e
	c.Params = make(map[string]string, len(e.Params)+1)
	for k, v := range e.Params {
		c.Params[k] = v
	}
	c.Params[key] = value
	return &c
}

// At gives a copy of e that names the fields at fault.
func (e *Error) At(fields ...Field) *Error {
	c := *e
	c.Fields = fields
	return &c
}

// Check gives e with the fields at fault, or nil where there are none.
func (e *Error) Check(fields []Field) error {
	if len(fields) == 0 {
		return nil
	}
	return e.At(fields...)
}

// Because gives a copy of e with a cause for the log.
func (e *Error) Because(cause error) *Error {
	c := *e
	c.cause = cause
	return &c
}

// From gives the *Error in err's chain; the unknown becomes a bare Internal
// that keeps err as its cause.
func From(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return New(Internal, "internal", "something went wrong on our side").Because(err)
}

// Is tells whether err is a fault of the kind.
func Is(err error, kind Kind) bool {
	var e *Error
	return errors.As(err, &e) && e.Kind == kind
}

// HasCode tells whether err is a fault with the code.
func HasCode(err error, code string) bool {
	var e *Error
	return errors.As(err, &e) && e.Code == code
}
