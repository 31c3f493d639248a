package server

import (
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/gateway/internal/problem"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
)

// door refuses what is no text (fault.Plain) in the address of a request and in
// the headers that are read, whatever route it is for. Bodies are looked at where
// they are read: JSON by the API, forms by web.Form.
func door(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		var fields []fault.Field
		req := c.Request()
		if !fault.Plain(req.URL.Path, false) {
			fields = append(fields, fault.NotPlain(partOfPath(c)))
		}
		if escaped(req.URL.RawQuery) {
			fields = append(fields, web.NotPlain(req.URL.Query())...)
		}
		for _, name := range []string{echo.HeaderAuthorization, "Idempotency-Key", "Last-Event-ID", "Laurel-Earlier-Receipt"} {
			if !fault.Plain(req.Header.Get(name), false) {
				fields = append(fields, fault.NotPlain(name))
			}
		}
		if err := problem.Invalid(fields); err != nil {
			return err
		}
		return next(c)
	}
}

// partOfPath names the parameter of the route that is no text.
func partOfPath(c echo.Context) string {
	for i, value := range c.ParamValues() {
		if !fault.Plain(value, false) {
			return c.ParamNames()[i]
		}
	}
	return "path"
}

// escaped tells whether there may be more in a query than plain ASCII.
func escaped(query string) bool {
	return strings.IndexFunc(query, func(r rune) bool { return r == '%' || r < ' ' || r >= 0x7F }) >= 0
}
