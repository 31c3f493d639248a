package desk

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/identity"
)

const wordingPath = of + "/mail/wordings/:wording"

func (d *desk) mountWording() {
	d.page(app.ReadMail, wordingPath, d.wording)
	d.form(app.WordLetters, wordingPath, "save", d.saveWording, "zh", "en")
	d.form(app.WordLetters, wordingPath, "try", d.tryWording, "zh", "en")
	d.form(app.WordLetters, wordingPath, "reset", d.resetWording)
}

// wordingAt is the address of a wording.
func wordingAt(at *place, k identity.WordingKind) string {
	return at.Path("mail", "wordings", string(k))
}

// wordingPage shows how a selection words a letter.
type wordingPage struct {
	identity.Wording

	Form     *Form
	Save     string // address; empty: it is only read
	Try      string
	Reset    string // empty: it is the standard text
	SavedAt  *web.Moment
	Back     string
	Others   []link
	About    []aboutField
	Preview  *identity.LetterText
	Conflict bool
}

type aboutField struct{ Name, Text string }

func ofWording(c echo.Context, at *place) identity.OfWording {
	return identity.OfWording{Slug: at.Slug, Kind: identity.WordingKind(c.Param("wording"))}
}

func wordsOf(typed url.Values) identity.Words {
	return identity.Words{Subject: typed.Get("subject"), ZH: oneFeed(typed.Get("zh")), EN: oneFeed(typed.Get("en"))}
}

func wordingForm(at *place, w identity.Wording) *Form {
	return &Form{Action: wordingAt(at, w.Kind) + "/save", Button: at.T("desk.wording.save"), Fields: []Field{
		{Name: "subject", Label: at.T("desk.wording.subject"), Hint: at.T("desk.wording.subject.hint"), Value: w.Subject, Max: identity.MaxSubject},
		{Name: "zh", Kind: "area", Label: at.T("desk.wording.zh"), Value: w.ZH, Max: identity.MaxWording, Optional: true},
		{Name: "en", Kind: "area", Label: at.T("desk.wording.en"), Value: w.EN, Max: identity.MaxWording, Optional: true},
		{Name: "version", Kind: "hidden", Value: strconv.Itoa(w.Version)},
	}}
}

func (d *desk) readWording(c echo.Context, at *place) (w identity.Wording, err error) {
	of := ofWording(c, at)
	if !slices.Contains(identity.WordingKinds(), of.Kind) {
		return w, echo.ErrNotFound
	}
	return d.app.Wording(c.Request().Context(), of)
}

func (d *desk) wording(c echo.Context, at *place) error {
	w, err := d.readWording(c, at)
	if err != nil {
		return err
	}
	return d.showWording(c, at, http.StatusOK, w, wordingForm(at, w), nil)
}

func (d *desk) showWording(c echo.Context, at *place, status int, w identity.Wording, form *Form, preview *identity.LetterText) error {
	data := wordingPage{Wording: w, Form: form, Back: at.Path("mail"), Preview: preview}
	if at.Can(app.WordLetters) {
		data.Save, data.Try = form.Action, wordingAt(at, w.Kind)+"/try"
		if w.Own {
			data.Reset = wordingAt(at, w.Kind) + "/reset"
		}
	}
	if w.SavedAt != nil {
		data.SavedAt = new(at.moment(*w.SavedAt))
	}
	for _, f := range w.Fields {
		text := at.T("desk.wording.field." + f.Name[len("{{."):len(f.Name)-len("}}")])
		if f.Needed {
			text = at.T("desk.wording.needed", "what", text)
		}
		data.About = append(data.About, aboutField{f.Name, text})
	}
	for _, k := range identity.WordingKinds() {
		data.Others = append(data.Others, link{Href: wordingAt(at, k), Text: at.T("desk.wording.kind." + string(k)), Current: k == w.Kind})
	}
	return d.render(c, at, web.Page{
		Name: "wording", Status: status, Title: at.T("desk.wording.kind." + string(w.Kind)), Address: wordingAt(at, w.Kind), Data: data,
	})
}

// refuseWording shows what was sent, unsaved, with what is wrong with it.
func (d *desk) refuseWording(c echo.Context, at *place, w identity.Wording, typed url.Values, err error) error {
	form := wordingForm(at, w)
	return d.again(c, at, form, typed, err, func(status int) error { return d.showWording(c, at, status, w, form, nil) })
}

func (d *desk) tryWording(c echo.Context, at *place, typed url.Values) error {
	w, err := d.readWording(c, at)
	if err != nil {
		return err
	}
	preview, err := d.app.TryWording(c.Request().Context(), identity.TryWording{OfWording: ofWording(c, at), Words: wordsOf(typed)})
	if err != nil {
		return d.refuseWording(c, at, w, typed, err)
	}
	form := wordingForm(at, w)
	form.fill(typed)
	return d.showWording(c, at, http.StatusOK, w, form, &preview)
}

func (d *desk) saveWording(c echo.Context, at *place, typed url.Values) error {
	return d.keepWording(c, at, typed, false)
}

func (d *desk) resetWording(c echo.Context, at *place, typed url.Values) error {
	return d.keepWording(c, at, typed, true)
}

// keepWording saves a wording or goes back to the standard text. The second of two
// who change it is shown what the first has written.
func (d *desk) keepWording(c echo.Context, at *place, typed url.Values, reset bool) error {
	w, err := d.readWording(c, at)
	if err != nil {
		return err
	}
	version, err := strconv.Atoi(typed.Get("version"))
	if err != nil {
		version = -1
	}
	in := identity.SaveWording{OfWording: ofWording(c, at), Words: wordsOf(typed), Version: version, Reset: reset}
	_, err = d.app.SaveWording(c.Request().Context(), in)
	switch {
	case err == nil && reset:
		return d.done(c, wordingAt(at, in.Kind), at.T("desk.wording.reset.done"), nil)
	case err == nil:
		return d.done(c, wordingAt(at, in.Kind), at.T("desk.wording.saved"), nil)
	case errors.Is(err, identity.ErrWordingChanged):
		return d.changedWording(c, at, in.Words)
	}
	return d.refuseWording(c, at, w, typed, err)
}

// changedWordingPage shows the second who saves what the first has saved.
type changedWordingPage struct {
	identity.Wording

	SavedAt *web.Moment
	Form    *Form
	Lines   []difference
	Path    string
}

func (d *desk) changedWording(c echo.Context, at *place, mine identity.Words) error {
	now, err := d.readWording(c, at)
	if err != nil {
		return err
	}
	form := wordingForm(at, now)
	form.fill(url.Values{"subject": {mine.Subject}, "zh": {mine.ZH}, "en": {mine.EN}})
	whole := func(w identity.Words) string { return w.Subject + "\n\n" + w.ZH + "\n\n—\n\n" + w.EN }
	data := changedWordingPage{
		Wording: now, Form: form, Path: wordingAt(at, now.Kind), Lines: folded(differences(whole(now.Words), whole(mine))),
	}
	if now.SavedAt != nil {
		data.SavedAt = new(at.moment(*now.SavedAt))
	}
	return d.render(c, at, web.Page{
		Name: "wording-changed", Status: http.StatusConflict, Title: at.T("desk.wording.changed"), Address: data.Path, Data: data,
	})
}
