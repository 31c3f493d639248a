package desk

import (
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/selection"
)

// enterable tells whether the reader may enter a nominee now.
func enterable(at *place) bool {
	return at.Can(app.SubmitEntry) && at.Selection.Phase(rulebook.PhaseNomination).State == selection.Opened
}

func newEntryForm(at *place, rules *rulebook.Rulebook) *Form {
	return &Form{
		Action: at.Path("entries", "new", "send"), Button: at.T("desk.enter.send"), Fields: nomineeFields(at, rules, nomination.Nominee{}),
	}
}

// newEntry asks for one entry, such as of a letter.
func (d *desk) newEntry(c echo.Context, at *place) error {
	rules, err := d.app.RulebookOf(at.Selection)
	if err != nil {
		return err
	}
	return d.showNewEntry(c, at, newEntryForm(at, rules), http.StatusOK)
}

func (d *desk) showNewEntry(c echo.Context, at *place, form *Form, status int) error {
	data := correctPage{Form: form, Back: at.Path("entries"), To: at.T("desk.entries")}
	return d.render(c, at, web.Page{Name: "correct", Status: status, Title: at.T("desk.enter"), Address: at.Path("entries", "new"), Data: data})
}

func (d *desk) sendEntry(c echo.Context, at *place, typed url.Values) error {
	rules, err := d.app.RulebookOf(at.Selection)
	if err != nil {
		return err
	}
	n, err := app.NomineeOf(rules, typed)
	var e nomination.Entry
	if err == nil {
		e, err = d.app.SubmitEntry(c.Request().Context(), nomination.SubmitEntry{Slug: at.Slug, Nominee: n})
	}
	if err == nil {
		return d.done(c, at.Path("entries", e.ID), at.T("desk.enter.done", "name", n.Name), nil)
	}
	form := newEntryForm(at, rules)
	return d.again(c, at, form, typed, unprefixed(err, "nominee."), func(status int) error { return d.showNewEntry(c, at, form, status) })
}
