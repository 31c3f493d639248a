package desk

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/nomination"
)

// manyData names the entries that an opinion is about to be given on.
type manyData struct {
	Due     due
	Name    string // of the department
	Veto    bool
	Entries []docketLine
	IDs     string
	Gone    int // of those that were chosen, who do not wait any more
	Back    string
	Give    string
	Fail    Form
	Phrases []phrase
}

func (d *desk) manyPage(c echo.Context, at *place) error {
	return d.showMany(c, at, c.QueryParams(), func(*Form) (int, error) { return http.StatusOK, nil })
}

// showMany renders the page for those of the chosen entries that wait.
func (d *desk) showMany(c echo.Context, at *place, typed url.Values, fill func(f *Form) (int, error)) error {
	v, err := d.docketOf(c, at)
	if err != nil {
		return err
	}
	ids := chosen(typed)
	// The ids come from a list of what waits, or of all: they are looked up in the
	// latter, whatever the search was.
	all := v.VettingQuery
	all.Show, all.Search = nomination.ShowDue, ""
	data := manyData{Due: dueOf(at, rulebook.PhaseVetting), Name: department(at, v.rules, v.Department.ID), Veto: v.Department.Veto, Back: v.address(at)}
	var list nomination.VettingList
	if len(ids) > 0 {
		list, err = d.app.Docket(c.Request().Context(), nomination.ListVetting{VettingQuery: all, Only: ids})
	}
	if err != nil {
		return err
	}
	data.Gone = len(ids) - len(list.Entries)
	var found []string
	for _, e := range list.Entries {
		data.Entries = append(data.Entries, v.line(at, e, data.Due.Open))
		found = append(found, e.ID)
	}
	data.IDs = strings.Join(found, ",")
	data.Give = v.sends(at, "many", "give")
	data.Phrases = phrases(at, list.Reasons)
	data.Fail = Form{Fields: []Field{{Name: "reason", Kind: "area", Label: at.T("desk.vetting.reason"), Max: audit.MaxReason}}}
	data.Fail.fill(typed)
	status, err := fill(&data.Fail)
	if err != nil {
		return err
	}
	v.set("entry", data.IDs)
	return d.render(c, at, web.Page{
		Name: "vetting-many", Status: status, Title: at.N("desk.vetting.many.title", int64(len(found))), Address: v.address(at, "many"), Data: data,
	})
}

// giveMany gives a department's word on many entries.
func (d *desk) giveMany(c echo.Context, at *place, form url.Values) error {
	if phrase := form.Get("phrase"); phrase != "" {
		form.Set("reason", strings.TrimSpace(form.Get("reason")+"\n"+phrase))
		return d.showMany(c, at, form, func(*Form) (int, error) { return http.StatusOK, nil })
	}
	v, err := d.docketOf(c, at)
	if err != nil {
		return err
	}
	ids := chosen(form)
	out, err := d.app.GiveOpinions(c.Request().Context(), nomination.GiveOpinions{
		Slug: at.Slug, Entries: ids, Department: v.Department.ID, Verdict: form.Get("verdict"), Reason: form.Get("reason"),
	})
	switch {
	case errors.Is(err, nomination.ErrInvalid), errors.Is(err, nomination.ErrDecided), errors.Is(err, nomination.ErrPhase):
		return d.showMany(c, at, form, func(f *Form) (int, error) { return f.refuse(at.Printer, err) })
	case err != nil:
		return err
	}
	return d.done(c, v.address(at), saidOf(at, form.Get("verdict"), out), v.takesBack(at, ids...))
}
