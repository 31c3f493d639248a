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

// field says what a detail is about, without huma's "body." and the like: of
// what is missing the thing itself, not the object that lacks it. Its message is
// huma's.
func field(d *huma.ErrorDetail) fault.Field {
	name, message := d.Location, d.Message
	// A number that the schema lets pass and the type does not hold.
	if _, wrong, ok := strings.Cut(message, " into Go struct field "); ok {
		wrong, _, _ = strings.Cut(wrong, " ")
		return fault.Wrong(wrong[strings.IndexByte(wrong, '.')+1:], "out_of_range", "is out of range")
	}
	code, param, value := codeOf(message)
	if code == "required" {
		name += "." + value
	}
	for _, prefix := range []string{"body.", "path.", "query.", "header."} {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			name = rest
			break
		}
	}
	f := fault.Wrong(name, code, message)
	if param != "" {
		f.Params = map[string]string{param: value}
	}
	return f
}

// codeOf finds the code of huma's message, and what it says of a limit or of
// the values that are taken; of a missing property, its name.
func codeOf(message string) (code, param, value string) {
	for _, one := range []struct{ format, code, param string }{
		{validation.MsgExpectedRequiredProperty, "required", ""},
		{validation.MsgUnexpectedProperty, "unknown", ""},
		{validation.MsgExpectedOneOf, "not_one_of", "values"},
		{validation.MsgExpectedMaxLength, "too_long", "max"},
		{validation.MsgExpectedMinLength, "too_short", "min"},
		{validation.MsgExpectedMaxItems, "too_many", "max"},
		{validation.MsgExpectedMinItems, "too_few", "min"},
		{validation.MsgExpectedMaximumNumber, "too_large", "max"},
		{validation.MsgExpectedMinimumNumber, "too_small", "min"},
		{validation.MsgExpectedMatchPattern, "pattern", "pattern"},
		{validation.MsgExpectedRFC4122UUID, "not_a_uuid", ""},
		{validation.MsgExpectedString, "not_a_string", ""},
		{validation.MsgExpectedNumber, "not_a_number", ""},
		{validation.MsgExpectedInteger, "not_a_number", ""},
		{validation.MsgExpectedBoolean, "not_a_boolean", ""},
		{validation.MsgExpectedArray, "not_a_list", ""},
		{validation.MsgExpectedObject, "not_an_object", ""},
	} {
		if value, ok := scan(one.format, message); ok {
			return one.code, one.param, value
		}
	}
	return "malformed", "", ""
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
