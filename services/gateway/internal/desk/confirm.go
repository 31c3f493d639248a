package desk

import (
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/services/gateway/internal/app"
)

// confirmed is an act that cannot be undone: it has a page of its own, which says
// what it does, and on it the form.
type confirmed struct {
	act  app.Act
	path string // of the page
	ask  func(c echo.Context, at *place) (title string, page askPage, err error)
	do   sent
}

func (d *desk) confirm(one confirmed) {
	show := func(c echo.Context, at *place, status int, refuse func(f *Form) (int, error)) error {
		title, page, err := one.ask(c, at)
		if err == nil && refuse != nil {
			status, err = refuse(page.Form)
		}
		if err != nil {
			return err
		}
		return d.ask(c, at, status, title, page)
	}
	d.page(one.act, one.path, func(c echo.Context, at *place) error { return show(c, at, http.StatusOK, nil) })
	d.form(one.act, one.path, "confirm", func(c echo.Context, at *place, typed url.Values) error {
		err := one.do(c, at, typed)
		if err == nil {
			return nil
		}
		return show(c, at, http.StatusOK, func(f *Form) (int, error) { return f.refuse(at.Printer, err) })
	})
}
