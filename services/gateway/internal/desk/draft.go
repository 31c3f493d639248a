package desk

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/selection"
)

// draftPath is where a rulebook is at work.
const draftPath = newPath + "/:draft"

func (d *desk) mountDraft() {
	d.page(app.DraftRulebook, draftPath, d.draft)
	d.formUpTo(maxDraft, app.DraftRulebook, draftPath, "check", d.saveText, web.AllLines)
	d.formUpTo(maxDraft, app.DraftRulebook, draftPath, "apply", d.saveForm, web.AllLines)
	d.formUpTo(maxDraft, app.DraftRulebook, draftPath, "try", d.tryDraft, web.AllLines)
	d.formUpTo(maxDraft, app.CreateSelection, draftPath, "create", d.finishDraft, web.AllLines)
	d.confirm(confirmed{app.DraftRulebook, draftPath + "/discard", d.askDiscard, d.discardDraft})
}

// draftPage shows a rulebook at work.
type draftPage struct {
	selection.Draft
	draftView

	Path    string
	SavedAt web.Moment
	Wrong   []Text // what is wrong with the address, or with the form as a whole
	Unsaved bool   // what is shown is not what is saved
}

func (d *desk) draft(c echo.Context, at *place) error {
	draft, err := d.app.Draft(c.Request().Context(), c.Param("draft"))
	if err != nil {
		return err
	}
	checked, err := d.app.CheckRulebook(c.Request().Context(), draft.Rulebook, nil)
	if err != nil {
		return err
	}
	return d.showDraft(c, at, http.StatusOK, draftPage{Draft: draft, draftView: d.view(at.Printer, draft.ID, checked)})
}

func (d *desk) showDraft(c echo.Context, at *place, status int, data draftPage) error {
	data.Path = newPath + "/" + data.ID
	data.SavedAt = at.utc(data.Draft.SavedAt)
	return d.render(c, at, web.Page{Name: "draft", Status: status, Title: at.T("desk.draft"), Address: data.Path, Section: "new", Data: data})
}

// work is what somebody sent of a draft.
type work struct {
	saved   selection.Draft // as it is now
	checked app.CheckedRulebook
	slug    string
}

// read gives what was sent: the text, with what the form changes where the form
// counts. Whoever read another version than what is saved gets ErrDraftChanged.
func (d *desk) work(c echo.Context, form url.Values, formCounts bool) (w work, err error) {
	ctx := c.Request().Context()
	if w.saved, err = d.app.Draft(ctx, c.Param("draft")); err != nil {
		return w, err
	}
	w.slug = form.Get("slug")
	text := oneFeed(form.Get("rulebook"))
	var changes []rulebook.Change
	if doc, failed := rulebook.ReadDocument([]byte(w.saved.Rulebook)); formCounts && failed == nil {
		changes = draftChanges(doc.Form(), form)
	}
	if add := form.Get("add"); formCounts && add != "" {
		changes = append(changes, rulebook.Change{Do: rulebook.DoAdd, Path: add})
	}
	if remove := form.Get("remove"); formCounts && remove != "" {
		changes = append(changes, rulebook.Change{Do: rulebook.DoRemove, Path: remove})
	}
	if w.checked, err = d.app.CheckRulebook(ctx, text, changes); err != nil {
		return w, err
	}
	if form.Get("version") != strconv.Itoa(w.saved.Version) {
		return w, selection.ErrDraftChanged
	}
	return w, nil
}

// save writes what was sent. It answers by itself, and gives ok false, where that
// is not to be: somebody else has saved, or the form asks for what cannot be.
func (d *desk) save(c echo.Context, at *place, form url.Values, formCounts bool) (draft selection.Draft, ok bool, err error) {
	w, err := d.work(c, form, formCounts)
	if err == nil && len(w.checked.Refused) > 0 {
		return draft, false, d.refuseDraft(c, at, w, nil)
	}
	if err == nil && w.checked.Text == w.saved.Rulebook && w.slug == w.saved.Slug {
		return w.saved, true, nil
	}
	if err == nil {
		draft, err = d.app.SaveDraft(c.Request().Context(), selection.SaveDraft{
			ID: w.saved.ID, Version: w.saved.Version, Slug: w.slug, Rulebook: w.checked.Text,
		})
	}
	switch {
	case err == nil:
		return draft, true, nil
	case errors.Is(err, selection.ErrDraftChanged):
		return draft, false, d.changed(c, at, w)
	case fault.Is(err, fault.Invalid):
		return draft, false, d.refuseDraft(c, at, w, err)
	}
	return draft, false, err
}

// refuseDraft shows what was sent, unsaved, with what is wrong with it.
func (d *desk) refuseDraft(c echo.Context, at *place, w work, err error) error {
	data := draftPage{Draft: w.saved, draftView: d.view(at.Printer, w.saved.ID, w.checked), Unsaved: true}
	data.Slug = w.slug
	status := http.StatusUnprocessableEntity
	if err != nil {
		f := fault.From(err)
		status = f.Kind.Status()
		for _, wrong := range f.Fields {
			if f.Code != rulebook.CodeInvalid || wrong.Name == "slug" { // the rest stands at its line
				data.Wrong = append(data.Wrong, at.Field(wrong))
			}
		}
		if len(f.Fields) == 0 {
			data.Wrong = append(data.Wrong, at.Fault(f))
		}
	}
	return d.showDraft(c, at, status, data)
}

// saveText saves the text, and the form follows.
func (d *desk) saveText(c echo.Context, at *place, form url.Values) error {
	draft, ok, err := d.save(c, at, form, false)
	if !ok || err != nil {
		return err
	}
	return d.done(c, newPath+"/"+draft.ID, at.T("desk.draft.saved", "version", draft.Version), nil)
}

// saveForm saves what the form changes in the text.
func (d *desk) saveForm(c echo.Context, at *place, form url.Values) error {
	draft, ok, err := d.save(c, at, form, true)
	if !ok || err != nil {
		return err
	}
	to := newPath + "/" + draft.ID
	if place := form.Get("add") + form.Get("remove"); place != "" {
		to += "#" + elementID(place)
	}
	return d.done(c, to, at.T("desk.draft.saved", "version", draft.Version), nil)
}

// finishDraft saves what was sent, and makes a selection of it.
func (d *desk) finishDraft(c echo.Context, at *place, form url.Values) error {
	draft, ok, err := d.save(c, at, form, true)
	if !ok || err != nil {
		return err
	}
	created, err := d.app.FinishDraft(c.Request().Context(), selection.OfVersion{ID: draft.ID, Version: draft.Version})
	if err == nil {
		return d.done(c, root+"/s/"+created.Slug, at.T("desk.draft.created"), nil)
	}
	if errors.Is(err, selection.ErrDraftChanged) || !fault.Is(err, fault.Invalid) && !fault.Is(err, fault.Conflict) {
		return err
	}
	checked, failed := d.app.CheckRulebook(c.Request().Context(), draft.Rulebook, nil)
	if failed != nil {
		return failed
	}
	return d.refuseDraft(c, at, work{saved: draft, checked: checked, slug: draft.Slug}, err)
}

func (d *desk) askDiscard(c echo.Context, at *place) (string, askPage, error) {
	draft, err := d.app.Draft(c.Request().Context(), c.Param("draft"))
	to := newPath + "/" + draft.ID
	form := &Form{Action: to + "/discard/confirm", Button: at.T("desk.draft.discard.button"), Fields: []Field{
		{Name: "version", Kind: "hidden", Value: strconv.Itoa(draft.Version)},
	}}
	return at.T("desk.draft.discard"), askPage{Lead: at.T("desk.draft.discard.text"), Form: form, Back: to, BackButton: at.T("desk.draft")}, err
}

func (d *desk) discardDraft(c echo.Context, at *place, form url.Values) error {
	version, err := strconv.Atoi(form.Get("version"))
	if err != nil {
		return selection.ErrDraftChanged
	}
	if _, err := d.app.DiscardDraft(c.Request().Context(), selection.OfVersion{ID: c.Param("draft"), Version: version}); err != nil {
		return err
	}
	return d.done(c, newPath, at.T("desk.draft.discarded"), nil)
}

// changedPage shows the second who saves what the first has saved.
type changedPage struct {
	Path    string
	Theirs  selection.Draft
	SavedAt web.Moment
	Mine    string
	Slug    string
	Lines   []difference
}

func (d *desk) changed(c echo.Context, at *place, w work) error {
	now, err := d.app.Draft(c.Request().Context(), w.saved.ID)
	if err != nil {
		return err
	}
	return d.render(c, at, web.Page{
		Name: "changed", Status: http.StatusConflict, Title: at.T("desk.changed"), Address: newPath + "/" + now.ID, Section: "new",
		Data: changedPage{
			Path: newPath + "/" + now.ID, Theirs: now, SavedAt: at.utc(now.SavedAt),
			Mine: w.checked.Text, Slug: w.slug, Lines: folded(differences(now.Rulebook, w.checked.Text)),
		},
	})
}

// tried is what a page's script gets: the text, and the parts of the page.
type tried struct {
	Text     string `json:"text"`
	Form     string `json:"form"`
	Mistakes string `json:"mistakes"`
	Preview  string `json:"preview"` // empty: it stays as it was
	Lines    []int  `json:"lines"`   // that have a mistake
}

// tryDraft says what a text, or a change of one field, would be. Nothing is
// saved.
func (d *desk) tryDraft(c echo.Context, at *place, form url.Values) error {
	var changes []rulebook.Change
	if do := form.Get("do"); do != "" {
		changes = []rulebook.Change{{Do: rulebook.Do(do), Path: form.Get("path"), Text: oneFeed(form.Get("text"))}}
	}
	checked, err := d.app.CheckRulebook(c.Request().Context(), oneFeed(form.Get("rulebook")), changes)
	if err != nil {
		return err
	}
	v := d.view(at.Printer, c.Param("draft"), checked)
	out := tried{Text: v.Text, Lines: []int{}}
	for _, m := range v.Mistakes {
		if m.Line > 0 {
			out.Lines = append(out.Lines, m.Line)
		}
	}
	parts := map[string]*string{"draft-form": &out.Form, "draft-mistakes": &out.Mistakes}
	if v.Timeline != nil {
		parts["draft-preview"] = &out.Preview
	}
	for name, to := range parts {
		part, err := d.views.View(c).Part("draft", name, v)
		if err != nil {
			return err
		}
		*to = string(part)
	}
	return c.JSON(http.StatusOK, out)
}
