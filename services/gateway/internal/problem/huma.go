package problem

import (
	"errors"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/fault"
)

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
		f.Fields = []fault.Field{fault.Wrong("body", "malformed", message)}
	}
	request := ""
	if ctx != nil {
		request = actor.Request(ctx.Context())
	}
	return From(&f, request)
}

// field says what a detail is about, without huma's "body." and the like.
func field(d *huma.ErrorDetail) fault.Field {
	// A number that the schema lets pass and the type does not hold.
	if _, wrong, ok := strings.Cut(d.Message, " into Go struct field "); ok {
		wrong, _, _ = strings.Cut(wrong, " ")
		return fault.Wrong(wrong[strings.IndexByte(wrong, '.')+1:], "number_too_great", "is out of range")
	}
	name := d.Location
	for _, prefix := range []string{"body.", "path.", "query.", "header."} {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			name = rest
			break
		}
	}
	for _, known := range mistakes(name) {
		if value, ok := scan(known.format, d.Message); ok {
			return known.field(value)
		}
	}
	return fault.Wrong(name, "input_malformed", d.Message)
}

// mistake is a message of huma's, and what is said in its place.
type mistake struct {
	format string
	field  func(value string) fault.Field // of what stands in place of the format's verb
}

// mistakes are those that a field can have. Of what is missing the field is the
// thing itself, not the object that lacks it.
func mistakes(name string) []mistake {
	always := func(f fault.Field) func(string) fault.Field { return func(string) fault.Field { return f } }
	limit := func(code, message, param string) func(string) fault.Field {
		return func(value string) fault.Field { return fault.Wrong(name, code, message, param, value) }
	}
	return []mistake{
		{validation.MsgExpectedRequiredProperty, func(missing string) fault.Field {
			return fault.Required(strings.TrimPrefix(name+"."+missing, "body."))
		}},
		{validation.MsgUnexpectedProperty, always(fault.Wrong(name, "field_unknown", "is not known here"))},
		{validation.MsgExpectedOneOf, limit("not_one_of", "is one of {values}", "values")},
		{validation.MsgExpectedMaxLength, limit("too_long", "takes at most {max} characters", "max")},
		{validation.MsgExpectedMinLength, limit("too_short", "takes at least {min} characters", "min")},
		{validation.MsgExpectedMaxItems, limit("list_too_long", "takes at most {max}", "max")},
		{validation.MsgExpectedMinItems, limit("list_too_short", "takes at least {min}", "min")},
		{validation.MsgExpectedMaximumNumber, limit("number_too_large", "is at most {max}", "max")},
		{validation.MsgExpectedMinimumNumber, limit("number_too_small", "is at least {min}", "min")},
		{validation.MsgExpectedMatchPattern, limit("pattern_unmatched", "does not match {pattern}", "pattern")},
		{validation.MsgExpectedRFC4122UUID, always(fault.Wrong(name, "uuid_wanted", "is no UUID"))},
		{validation.MsgExpectedString, always(fault.Wrong(name, "text_wanted", "is no text"))},
		{validation.MsgExpectedNumber, always(fault.Wrong(name, "number_wanted", "is no number"))},
		{validation.MsgExpectedInteger, always(fault.Wrong(name, "integer_wanted", "is no whole number"))},
		{validation.MsgExpectedBoolean, always(fault.Wrong(name, "boolean_wanted", "is neither true nor false"))},
		{validation.MsgExpectedArray, always(fault.Wrong(name, "list_wanted", "is no list"))},
		{validation.MsgExpectedObject, always(fault.Wrong(name, "object_wanted", "is no object"))},
	}
}

// scan gives what stands in a message in place of its format's verb.
func scan(format, message string) (value string, ok bool) {
	before, verb, hasVerb := strings.Cut(format, "%")
	if !hasVerb {
		return "", message == format
	}
	value, ok = strings.CutPrefix(message, before)
	if !ok {
		return "", false
	}
	return strings.CutSuffix(value, verb[1:])
}
