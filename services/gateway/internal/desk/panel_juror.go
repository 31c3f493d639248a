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

// aboutJuror is a panel with one of its jurors.
type aboutJuror struct {
	*inPanel

	one review.JurorProgress
	row jurorRow
}

// ofJuror is the one in the path. Fault: juror_unknown.
func (d *desk) ofJuror(c echo.Context, at *place) (*aboutJuror, error) {
	p, err := d.inPanel(c, at)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(p.Panel.Jurors, func(j review.JurorProgress) bool { return j.ID == c.Param("juror") })
	if i < 0 {
		return nil, errNoJuror
	}
	return &aboutJuror{p, p.Panel.Jurors[i], p.jurorRows()[i]}, nil
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
		fields = append(fields, Field{
			Name: prefix + ".category", Kind: "select", Label: at.T("attribute.category"), Optional: true,
			Options: append([]Option{{}}, categoryOptions(at, p.rules)...),
		})
	}
	return fields
}

// newcomer reads what these fields ask.
func newcomer(typed url.Values, prefix string) gateway.Newcomer {
	return gateway.Newcomer{Email: typed.Get(prefix + ".email"), Employer: typed.Get(prefix + ".employer"), Category: typed.Get(prefix + ".category")}
}

func (p *aboutJuror) leaveForm() *Form {
	at, j := p.at, p.one
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
	fields = append(fields, at.reason("desk.reason.hint"))
	return &Form{Action: p.row.Href + "/leave", Button: at.T("desk.juror.leave"), Fields: fields}
}

func (p *aboutJuror) assignForm() *Form {
	if p.rule.Assign != rulebook.AssignHand || p.one.LeftAt != nil || !p.at.Can(app.AssignByHand) {
		return nil
	}
	return &Form{Action: p.row.Href + "/assign", Button: p.at.T("desk.juror.assign")}
}

func (d *desk) jurorPage(c echo.Context, at *place) error {
	p, err := d.ofJuror(c, at)
	if err != nil {
		return err
	}
	return d.showJuror(c, p, http.StatusOK, p.assignForm(), p.leaveForm(), nil)
}

func (d *desk) showJuror(c echo.Context, p *aboutJuror, status int, assign, leave *Form, ticked []string) error {
	j := p.one
	data := jurorView{Row: p.row, Email: p.email(j.ID), Assign: assign, Leave: leave, Back: p.path(), To: p.title()}
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
	p, err := d.ofJuror(c, at)
	if err != nil {
		return err
	}
	in := gateway.AssignByHand{Juror: p.email(p.one.ID), Candidates: []int{}}
	ticked := several(typed, "candidate")
	for _, text := range ticked {
		n, _ := strconv.Atoi(text) // what is no number is no candidate
		in.Candidates = append(in.Candidates, n)
	}
	if _, err = d.app.AssignByHand(c.Request().Context(), ofPanel(c, at), in); err == nil {
		var before []string
		for _, n := range p.one.Candidates {
			before = append(before, strconv.Itoa(n))
		}
		back := &undo{Action: p.row.Href + "/assign", Values: map[string]string{"candidate": strings.Join(before, ",")}}
		return d.done(c, p.row.Href, at.N("desk.juror.assigned", int64(len(in.Candidates)), "name", p.one.Name), back)
	}
	form := &Form{Action: p.row.Href + "/assign", Button: at.T("desk.juror.assign")}
	return d.again(c, at, form, typed, err, func(status int) error { return d.showJuror(c, p, status, form, p.leaveForm(), ticked) })
}

func (d *desk) leave(c echo.Context, at *place, typed url.Values) error {
	p, err := d.ofJuror(c, at)
	if err != nil {
		return err
	}
	in := gateway.UnseatJuror{Juror: p.email(p.one.ID), Sheets: gateway.Sheets(typed.Get("sheets")), Reason: typed.Get("reason")}
	if who := newcomer(typed, "successor"); who.Email != "" {
		in.Successor = &who
	}
	if _, err = d.app.UnseatJuror(c.Request().Context(), ofPanel(c, at), in); err == nil {
		return d.done(c, p.path(), at.T("desk.juror.left", "name", p.one.Name), nil)
	}
	form := p.leaveForm()
	if form == nil {
		return err
	}
	return d.again(c, at, form, typed, err, func(status int) error { return d.showJuror(c, p, status, p.assignForm(), form, nil) })
}
