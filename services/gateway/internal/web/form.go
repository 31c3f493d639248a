package web

import (
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/problem"
)

const formKey = "laurel.form"

// Post registers a form that stands on the page at a path: it is sent to
// PATH/NAME.
func Post(e *echo.Echo, act app.Act, path, name string, h echo.HandlerFunc, middlewares ...echo.MiddlewareFunc) {
	stands := func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			c.Set(formKey, strings.TrimSuffix(c.Request().URL.Path, "/"+name))
			return next(c)
		}
	}
	e.POST(path+"/"+name, h, append([]echo.MiddlewareFunc{stands}, middlewares...)...).Name = string(act)
}

// FormPage is the address of the page on which the form of a request stands;
// the start page for what is no form.
func FormPage(c echo.Context) string {
	if path, ok := c.Get(formKey).(string); ok {
		return (&url.URL{Path: path}).String()
	}
	return "/"
}

// AllLines stands for all fields of a form.
const AllLines = "*"

// Form reads what was sent. Its texts are fault.Plain; those of the fields that
// are named here may have several lines. A fault names each that is not.
func Form(c echo.Context, lines ...string) (url.Values, error) {
	values, err := c.FormParams()
	if err != nil {
		return nil, errMalformed.Because(err)
	}
	return values, problem.Invalid(NotPlain(values, lines...))
}

// NotPlain names the values that are not fault.Plain, in the order of their
// names.
func NotPlain(values url.Values, lines ...string) (fields []fault.Field) {
	for _, name := range slices.Sorted(maps.Keys(values)) {
		for _, text := range append([]string{name}, values[name]...) {
			if !fault.Plain(text, slices.Contains(lines, name) || slices.Contains(lines, AllLines)) {
				fields = append(fields, fault.NotPlain(strings.ToValidUTF8(name, "\uFFFD")))
				break
			}
		}
	}
	return fields
}
