package desk

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/review"
)

const oneJuror = onePanel + "/jurors/:juror"

func (d *desk) mountJuror() {
	d.page(app.ReadPanel, oneJuror, d.jurorPage)
	d.form(app.AssignByHand, oneJuror, "assign", d.assign)
	d.form(app.UnseatJuror, oneJuror, "leave", d.leave, "reason")
}

// jurorView is a juror of a panel, with what may be done with them.
type jurorView struct {
	Row        jurorRow
	Email      string
	Candidates []tickRow
	Assign     *Form // nil: the rulebook says who scores whom, or the reader may not
	Leave      *Form
	Back, To   string
	Conflicts  []knownConflict
}

// tickRow is a candidate in a juror's list.
type tickRow struct {
	Href, Name     string
	Number         int
	Theirs, Scored bool
}

var errNoJuror = fault.New(fault.NotFound, "juror_unknown", "there is no such juror on this panel")

// seatedJuror gives the one in the path. Fault: juror_unknown.
func (p *inPanel) seatedJuror(id string) (review.JurorProgress, int, error) {
	i := slices.IndexFunc(p.Panel.Jurors, func(j review.JurorProgress) bool { return j.ID == id })
	if i < 0 {
		return review.JurorProgress{}, 0, errNoJuror
	}
	return p.Panel.Jurors[i], i, nil
}

// email is that of an account of the selection's staff.
func (p *inPanel) email(id string) string {
	for _, a := range p.Staff {
		if a.ID == id {
			return a.Email
		}
	}
	return ""
}

// people are the staff who may be called, by email; first whom no other is
// chosen for.
func (p *inPanel) people(first string, on bool) []Option {
	options := []Option{{Text: first}}
	for _, a := range p.Staff {
		text := a.Name
		if _, seated := p.who[a.ID]; seated {
			if !on {
				continue
			}
			text = p.at.T("desk.panel.onpanel", "name", a.Name)
		}
		options = append(options, Option{Value: a.Email, Text: text})
	}
	return options
}

// newcomerFields ask who comes: who they are, and what finds their conflicts.
func (p *inPanel) newcomerFields(who Field, prefix string) []Field {
	at := p.at
	who.Name = prefix + ".email"
	fields := []Field{who, {Name: prefix + ".employer", Label: at.T("attribute.employer"), Hint: at.T("desk.seats.employer.hint"), Max: 200, Optional: true}}
	if p.rule.Assign == rulebook.AssignCategory {
		one := Field{Name: prefix + ".category", Kind: "select", Label: at.T("attribute.category"), Optional: true, Options: []Option{{}}}
		for _, c := range p.rules.Categories {
			one.Options = append(one.Options, Option{Value: c.ID, Text: category(at, p.rules, c.ID)})
		}
		fields = append(fields, one)
	}
	return fields
}

func (p *inPanel) leaveForm(j review.JurorProgress) *Form {
	at := p.at
	if j.LeftAt != nil || !at.Can(app.UnseatJuror) || p.email(j.ID) == "" {
		return nil
	}
	successor := Field{
		Kind: "select", Label: at.T("desk.juror.successor"), Hint: at.T("desk.juror.successor.hint"), Optional: true,
		Options: p.people(at.T("desk.juror.nobody"), false),
	}
	fields := []Field{
		{Name: "sheets", Kind: "radio", Label: at.T("desk.juror.sheets"), Options: []Option{
			{Value: string(gateway.KeepSheets), Text: at.T("desk.juror.keep")}, {Value: string(gateway.WithdrawSheets), Text: at.T("desk.juror.withdraw")},
		}},
	}
	fields = append(fields, p.newcomerFields(successor, "successor")...)
	fields = append(fields, Field{Name: "reason", Kind: "area", Label: at.T("desk.reason"), Hint: at.T("desk.reason.hint"), Max: 1000})
	return &Form{Action: p.juror(j.ID) + "/leave", Button: at.T("desk.juror.leave"), Fields: fields}
}

func (p *inPanel) assignForm(j review.JurorProgress) *Form {
	if p.rule.Assign != rulebook.AssignHand || j.LeftAt != nil || !p.at.Can(app.AssignByHand) {
		return nil
	}
	return &Form{Action: p.juror(j.ID) + "/assign", Button: p.at.T("desk.juror.assign")}
}

func (d *desk) jurorPage(c echo.Context, at *place) error {
	p, err := d.inPanel(c, at)
	if err != nil {
		return err
	}
	j, _, err := p.seatedJuror(c.Param("juror"))
	if err != nil {
		return err
	}
	return d.showJuror(c, p, http.StatusOK, p.assignForm(j), p.leaveForm(j), nil)
}

func (d *desk) showJuror(c echo.Context, p *inPanel, status int, assign, leave *Form, ticked []string) error {
	j, i, err := p.seatedJuror(c.Param("juror"))
	if err != nil {
		return err
	}
	data := jurorView{Row: p.jurorRows()[i], Email: p.email(j.ID), Assign: assign, Leave: leave, Back: p.path(), To: p.title()}
	for _, one := range p.Candidates {
		row := tickRow{Href: p.candidate(one.Number), Name: one.Name, Number: one.Number, Theirs: slices.Contains(j.Candidates, one.Number)}
		row.Scored = slices.Contains(j.Scored, one.Number)
		if ticked != nil {
			row.Theirs = slices.Contains(ticked, strconv.Itoa(one.Number))
		}
		if !one.Struck && (row.Theirs || assign != nil) {
			data.Candidates = append(data.Candidates, row)
		}
	}
	for _, one := range p.Conflicts {
		if one.Juror == j.ID {
			data.Conflicts = append(data.Conflicts, p.knownConflict(one))
		}
	}
	return d.render(c, p.at, web.Page{Name: "panel-juror", Status: status, Title: j.Name, Data: data})
}

func (d *desk) assign(c echo.Context, at *place, typed url.Values) error {
	p, err := d.inPanel(c, at)
	if err != nil {
		return err
	}
	j, _, err := p.seatedJuror(c.Param("juror"))
	if err != nil {
		return err
	}
	in := gateway.AssignByHand{Juror: p.email(j.ID), Candidates: []int{}}
	ticked := several(typed, "candidate")
	for _, text := range ticked {
		n, _ := strconv.Atoi(text) // what is no number is no candidate
		in.Candidates = append(in.Candidates, n)
	}
	if _, err = d.app.AssignByHand(c.Request().Context(), ofPanel(c, at), in); err == nil {
		var before []string
		for _, n := range j.Candidates {
			before = append(before, strconv.Itoa(n))
		}
		back := &undo{Action: p.juror(j.ID) + "/assign", Values: map[string]string{"candidate": strings.Join(before, ",")}}
		return d.done(c, p.juror(j.ID), at.N("desk.juror.assigned", int64(len(in.Candidates)), "name", j.Name), back)
	}
	form := &Form{Action: p.juror(j.ID) + "/assign", Button: at.T("desk.juror.assign")}
	return d.again(c, at, form, typed, err, func(status int) error { return d.showJuror(c, p, status, form, p.leaveForm(j), ticked) })
}

func (d *desk) leave(c echo.Context, at *place, typed url.Values) error {
	p, err := d.inPanel(c, at)
	if err != nil {
		return err
	}
	j, _, err := p.seatedJuror(c.Param("juror"))
	if err != nil {
		return err
	}
	in := gateway.UnseatJuror{Juror: p.email(j.ID), Sheets: gateway.Sheets(typed.Get("sheets")), Reason: typed.Get("reason")}
	if email := typed.Get("successor.email"); email != "" {
		in.Successor = &gateway.Newcomer{Email: email, Employer: typed.Get("successor.employer"), Category: typed.Get("successor.category")}
	}
	if _, err = d.app.UnseatJuror(c.Request().Context(), ofPanel(c, at), in); err == nil {
		return d.done(c, p.path(), at.T("desk.juror.left", "name", j.Name), nil)
	}
	form := p.leaveForm(j)
	if form == nil {
		return err
	}
	return d.again(c, at, form, typed, err, func(status int) error { return d.showJuror(c, p, status, p.assignForm(j), form, nil) })
}
