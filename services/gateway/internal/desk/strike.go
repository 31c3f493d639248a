package desk

import (
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/nomination"
)

func (d *desk) mountStrike() {
	const at = of + "/entries/:entry/strike"
	d.page(app.StrikeCandidate, at, d.striking)
	d.form(app.StrikeCandidate, at, "confirm", d.strike, "reason")
}

// strikePage takes a candidate off the list, for good: it has a page of its own.
type strikePage struct {
	Name   string
	Number int
	Form   *Form // nil: the entry is no candidate, or is none any more
	Back   string
}

// canStrike tells whether an entry is a candidate whom the reader may strike.
func canStrike(at *place, e nomination.Entry) bool {
	return e.State == nomination.Admitted && e.Number > 0 && at.Can(app.StrikeCandidate)
}

func strikeForm(at *place, e nomination.Entry) *Form {
	if !canStrike(at, e) {
		return nil
	}
	return &Form{Action: at.Path("entries", e.ID, "strike", "confirm"), Button: at.T("desk.strike"), Fields: []Field{
		at.reason("desk.strike.reason.hint"),
	}}
}

func (d *desk) striking(c echo.Context, at *place) error {
	e, err := d.app.Entry(c.Request().Context(), ofEntry(c, at))
	if err != nil {
		return err
	}
	return d.showStrike(c, at, e, http.StatusOK, strikeForm(at, e))
}

func (d *desk) showStrike(c echo.Context, at *place, e nomination.Entry, status int, form *Form) error {
	data := strikePage{Name: e.Nominee.Name, Number: e.Number, Form: form, Back: at.Path("entries", e.ID)}
	return d.render(c, at, web.Page{Name: "strike", Status: status, Title: at.T("desk.strike"), Data: data})
}

func (d *desk) strike(c echo.Context, at *place, typed url.Values) error {
	ctx := c.Request().Context()
	e, err := d.app.Entry(ctx, ofEntry(c, at))
	if err != nil {
		return err
	}
	form := strikeForm(at, e)
	if form == nil {
		return d.showStrike(c, at, e, http.StatusConflict, nil)
	}
	_, err = d.app.StrikeCandidate(ctx, nomination.StrikeCandidate{Slug: at.Slug, Number: e.Number, Reason: typed.Get("reason")})
	if err != nil {
		return d.again(c, at, form, typed, err, func(status int) error { return d.showStrike(c, at, e, status, form) })
	}
	return d.done(c, at.Path("entries", e.ID), at.T("desk.strike.done", "name", e.Nominee.Name), nil)
}
