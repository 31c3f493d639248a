package desk

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/identity"
)

const rosterPath = of + "/roster"

func (d *desk) mountRoster() {
	d.section(app.ReadRoster, "roster", "desk.roster", d.roster)
	d.files(rosterPath, "import", intake{app.ImportRoster, 1, app.MaxImport, "21M"}, d.importRoster)
	d.mountCodes()
}

// rosterPage is a roster in figures, and what may be done with it.
type rosterPage struct {
	Taken   bool // the rulebook takes voters by roster
	Figures []figure
	Printer string
	Failed  []identity.Failed
	Lists   []listRow
	Import  *Form  // nil: the reader may not
	Acts    []link // with codes
	Faults  []placed
	More    int
	Result  *identity.RosterImported // of the import that led here
	Doubts  []placed
}

// listRow says what was handed out.
type listRow struct {
	identity.List

	Form string
	At   web.Moment
}

func rosterForm(at *place) *Form {
	if !at.Can(app.ImportRoster) {
		return nil
	}
	return &Form{Action: at.Path("roster", "import"), Button: at.T("desk.roster.import"), Files: true, Fields: []Field{
		{Name: "blob", Kind: "file", Label: at.T("desk.roster.file"), Hint: at.T("desk.roster.file.hint")},
		{Name: "sheet", Label: at.T("desk.roster.sheet"), Hint: at.T("desk.roster.sheet.hint"), Max: 100, Optional: true},
	}}
}

func (d *desk) roster(c echo.Context, at *place) error {
	return d.showRoster(c, at, http.StatusOK, rosterPage{Import: rosterForm(at)})
}

func (d *desk) showRoster(c echo.Context, at *place, status int, data rosterPage) error {
	rules, err := d.app.RulebookOf(at.Selection)
	if err != nil {
		return err
	}
	if data.Taken = rules.Voting.Admits(rulebook.WayRoster); !data.Taken {
		return d.render(c, at, web.Page{Name: "roster", Title: at.T("desk.roster"), Data: data})
	}
	r, err := d.app.Roster(c.Request().Context(), at.Slug)
	switch {
	case errors.Is(err, identity.ErrNoRoster):
	case err != nil:
		return err
	default:
		data.fill(at, r)
	}
	return d.render(c, at, web.Page{Name: "roster", Status: status, Title: at.T("desk.roster"), Data: data})
}

// fill puts in what is known of a roster.
func (p *rosterPage) fill(at *place, r identity.Roster) {
	add := func(key string, n int) {
		p.Figures = append(p.Figures, figure{at.T(key), at.N("desk.number", int64(n))})
	}
	add("desk.roster.members", r.Members)
	add("desk.roster.coded", r.Coded)
	add("desk.roster.addressed", r.Addressed)
	add("desk.roster.sent", r.Mailed.Sent)
	add("desk.roster.waiting", r.Mailed.Waiting)
	add("desk.roster.failed", r.Mailed.Failed)
	add("desk.roster.slips", r.Slips)
	add("desk.roster.private", r.Private)
	if r.Voted != nil {
		add("desk.roster.voted", *r.Voted)
	}
	p.Failed, p.Printer = r.Failed, r.Printer
	for _, l := range r.Lists {
		p.Lists = append(p.Lists, listRow{List: l, Form: formName(at, l.Form), At: at.moment(l.At)})
	}
	for _, one := range codeActs() {
		if at.Can(one.act) {
			p.Acts = append(p.Acts, link{Href: at.Path("roster", one.name), Text: at.T("desk.codes." + one.name)})
		}
	}
}

func (d *desk) importRoster(c echo.Context, at *place, typed url.Values, files *app.Intake) error {
	out, err := d.app.TakeRoster(c.Request().Context(), at.Slug, typed.Get("sheet"), files)
	if err == nil && len(out.Differs) == 0 && len(out.Warnings) == 0 {
		return d.done(c, at.Path("roster"), at.N("desk.roster.imported", int64(out.Added), "kept", out.Kept), nil)
	}
	data := rosterPage{Import: rosterForm(at)}
	if err == nil {
		data.Result = &out
		for _, w := range out.Warnings {
			data.Doubts = append(data.Doubts, at.inRow(fault.Field{Name: w.Field, Code: w.Code, Message: w.Message, Params: w.Params, Line: w.Row}))
		}
		return d.showRoster(c, at, http.StatusOK, data)
	}
	known := fault.From(err)
	var rest []fault.Field
	for _, f := range known.Fields {
		switch {
		case f.Line == 0:
			rest = append(rest, f)
		case len(data.Faults) == maxShown:
			data.More++
		default:
			data.Faults = append(data.Faults, at.inRow(f))
		}
	}
	whole := *known
	whole.Fields = rest
	return d.again(c, at, data.Import, typed, &whole, func(status int) error { return d.showRoster(c, at, status, data) })
}

// inRow says what is wrong in a row of a file.
func (at *place) inRow(f fault.Field) placed {
	out := placed{Name: f.Name, Text: at.Field(f)}
	if f.Line > 0 {
		out.Where = at.T("desk.import.row", "row", f.Line)
	}
	return out
}
