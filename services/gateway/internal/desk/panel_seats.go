package desk

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/identity"
)

const committeePath = of + "/committee"

func (d *desk) mountSeats() {
	d.page(app.SeatPanel, onePanel+"/seats", d.seats)
	d.form(app.SeatPanel, onePanel+"/seats", "take", d.seatPanel)
	d.page(app.SeatCommittee, committeePath, d.committee)
	d.form(app.SeatCommittee, committeePath, "take", d.seatCommittee)
}

// seatsPage asks who sits on a panel, or on the committee.
type seatsPage struct {
	Form       *Form // of what is wrong; its action and button
	Lead       string
	Rows       []seatRow
	Categories []Option // where jurors have one
	Panel      bool     // jurors' employers are asked
	People     string   // where they are invited
	Back, To   string
}

// seatRow is somebody who may be seated.
type seatRow struct {
	Name, Email string
	Seated      bool
	Employer    string
	Category    string
	Pending     bool // has yet to claim the account
}

// seatRows are all of a selection's staff, with those first who are seated.
func seatRows(staff []identity.Account, seated map[string]seatRow, typed url.Values) (rows []seatRow) {
	for _, a := range staff {
		row := seated[a.ID]
		row.Name, row.Email, row.Pending = a.Name, a.Email, a.State == identity.StateInvited
		if typed != nil {
			row.Seated = slices.Contains(typed["person"], a.Email)
			row.Employer, row.Category = typed.Get("employer:"+a.Email), typed.Get("category:"+a.Email)
		}
		rows = append(rows, row)
	}
	slices.SortStableFunc(rows, func(a, b seatRow) int {
		switch {
		case a.Seated == b.Seated:
			return 0
		case a.Seated:
			return -1
		}
		return 1
	})
	return rows
}

func (d *desk) seats(c echo.Context, at *place) error {
	return d.showSeats(c, at, http.StatusOK, nil, nil)
}

func (d *desk) showSeats(c echo.Context, at *place, status int, typed url.Values, wrong []Text) error {
	p, err := d.inPanel(c, at)
	if err != nil {
		return err
	}
	seated := map[string]seatRow{}
	for _, j := range p.Panel.Jurors {
		if j.LeftAt == nil {
			seated[j.ID] = seatRow{Seated: true, Employer: j.Employer, Category: j.Category}
		}
	}
	data := seatsPage{
		Form: &Form{Action: p.path("seats", "take"), Button: at.T("desk.seats.take"), Wrong: wrong}, Rows: seatRows(p.Staff, seated, typed), Panel: true,
		Lead: at.T("desk.seats.any"), People: d.to(at, "people"), Back: p.path(), To: p.title(),
	}
	if p.rule.Jurors > 0 {
		data.Lead = at.N("desk.seats.number", int64(p.rule.Jurors))
	}
	if p.rule.Assign == rulebook.AssignCategory {
		data.Categories = append([]Option{{}}, categoryOptions(at, p.rules)...)
	}
	return d.render(c, at, web.Page{Name: "seats", Status: status, Title: at.T("desk.seats.title", "panel", p.title()), Data: data})
}

func (d *desk) seatPanel(c echo.Context, at *place, typed url.Values) error {
	in := gateway.SeatPanel{Jurors: typed["person"], Employers: map[string]string{}, Categories: map[string]string{}}
	for _, email := range in.Jurors {
		in.Employers[email], in.Categories[email] = typed.Get("employer:"+email), typed.Get("category:"+email)
	}
	if _, err := d.app.SeatPanel(c.Request().Context(), ofPanel(c, at), in); err != nil {
		return d.unseated(at, err, in.Jurors, func(status int, wrong []Text) error { return d.showSeats(c, at, status, typed, wrong) })
	}
	return d.done(c, at.Path("panels", c.Param("panel")), at.N("desk.seats.taken", int64(len(in.Jurors))), nil)
}

// oneOf is a field of one of a list.
var oneOf = regexp.MustCompile(`^[a-z]+\[(\d+)\]`)

// unseated tells why nobody was seated, with the person at fault.
func (d *desk) unseated(at *place, err error, emails []string, show func(status int, wrong []Text) error) error {
	form := &Form{}
	status, failed := form.refuse(at.Printer, err)
	if failed != nil {
		return failed
	}
	var wrong []Text
	for _, f := range fault.From(err).Fields {
		text := at.Field(f)
		if m := oneOf.FindStringSubmatch(f.Name); m != nil {
			if i, err := strconv.Atoi(m[1]); err == nil && i < len(emails) {
				text.Text = at.T("desk.seats.wrong", "email", emails[i], "text", text.Text)
			}
		}
		wrong = append(wrong, text)
	}
	if len(wrong) == 0 {
		wrong = form.Wrong
	}
	return show(status, wrong)
}

func (d *desk) committee(c echo.Context, at *place) error {
	return d.showCommittee(c, at, http.StatusOK, nil, nil)
}

func (d *desk) showCommittee(c echo.Context, at *place, status int, typed url.Values, wrong []Text) error {
	ctx := c.Request().Context()
	staff, err := d.app.Staff(ctx, at.Slug)
	if err != nil {
		return err
	}
	decision, err := d.app.Decision(ctx, at.Slug)
	if err != nil {
		return err
	}
	seated := map[string]seatRow{}
	for _, m := range decision.Members {
		seated[m.ID] = seatRow{Seated: true}
	}
	return d.render(c, at, web.Page{Name: "seats", Status: status, Title: at.T("desk.committee"), Data: seatsPage{
		Form: &Form{Action: at.Path("committee", "take"), Button: at.T("desk.committee.take"), Wrong: wrong}, Rows: seatRows(staff, seated, typed),
		Lead: at.T("desk.committee.lead"), People: d.to(at, "people"), Back: at.Path("panels"), To: at.T("desk.panels"),
	}})
}

func (d *desk) seatCommittee(c echo.Context, at *place, typed url.Values) error {
	in := gateway.SeatCommittee{Members: typed["person"]}
	if _, err := d.app.SeatCommittee(c.Request().Context(), at.Slug, in); err != nil {
		return d.unseated(at, err, in.Members, func(status int, wrong []Text) error { return d.showCommittee(c, at, status, typed, wrong) })
	}
	return d.done(c, at.Path("panels"), at.N("desk.committee.taken", int64(len(in.Members))), nil)
}
