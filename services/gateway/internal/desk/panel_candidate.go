package desk

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"
	"golang.org/x/sync/errgroup"

	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/review"
)

const scoredCandidate = onePanel + "/candidates/:number"

func (d *desk) mountScored() {
	d.page(app.ReadHistory, scoredCandidate, d.scored)
	for name, one := range map[string]struct {
		act  app.Act
		send func(c echo.Context, of review.OfCandidate, typed url.Values) error
	}{"further": {app.CallFurther, d.further}, "return": {app.SendBack, d.sendBack}, "pin": {app.PinConflict, d.pin}} {
		d.page(one.act, scoredCandidate+"/"+name, func(c echo.Context, at *place) error { return d.about(c, at, name) })
		d.form(one.act, scoredCandidate+"/"+name, "send", func(c echo.Context, at *place, typed url.Values) error {
			return d.send(c, at, name, typed, one.send)
		}, "reason")
	}
}

// scoredView is a candidate on a panel: every sheet, and what may be done.
type scoredView struct {
	Row       scoredRow
	Criteria  []string
	Sheets    []submittedRow
	Conflicts []knownConflict
	Acts      []link
	Back, To  string
}

// aboutView asks for what an act about a candidate takes.
type aboutView struct {
	Form     *Form
	Text     string
	Back, To string
}

type submittedRow struct {
	Juror     string
	Revision  int
	Scores    []string // by criterion
	Comment   string
	Abstained bool
	At        web.Moment
}

// aboutCandidate is a panel with the sheets of a candidate.
type aboutCandidate struct {
	*inPanel

	number int
	sheets []review.Revision
}

// scoredIn is the candidate in the path.
func scoredIn(c echo.Context, at *place) (review.OfCandidate, error) {
	number, err := strconv.Atoi(c.Param("number"))
	if err != nil {
		return review.OfCandidate{}, nomination.ErrNoCandidate
	}
	return review.OfCandidate{Slug: at.Slug, Panel: c.Param("panel"), Candidate: number}, nil
}

// ofCandidate reads what is known of the candidate in the path.
func (d *desk) ofCandidate(c echo.Context, at *place) (*aboutCandidate, error) {
	of, err := scoredIn(c, at)
	if err != nil {
		return nil, err
	}
	p := &aboutCandidate{number: of.Candidate}
	var g errgroup.Group
	g.Go(func() (err error) { p.inPanel, err = d.inPanel(c, at); return err })
	g.Go(func() (err error) { p.sheets, err = d.app.History(c.Request().Context(), of); return err })
	return p, g.Wait()
}

// aboutForm is that of an act about a candidate; nil: there is nobody to do it to.
func (p *aboutCandidate) aboutForm(name string) *Form {
	at := p.at
	form := &Form{Action: p.candidate(p.number) + "/" + name + "/send", Button: at.T("desk.scored." + name)}
	reason := at.reason("desk.reason.hint")
	if name == "further" {
		who := Field{Kind: "select", Label: at.T("desk.scored.who"), Options: p.people(at.T("desk.choose"), true)}
		form.Fields = append(p.newcomerFields(who, "juror"), reason)
		return form
	}
	who := Field{Name: "juror", Kind: "select", Label: at.T("desk.panel.juror"), Options: []Option{{Text: at.T("desk.choose")}}}
	for _, j := range p.Panel.Jurors {
		has := slices.ContainsFunc(p.sheets, func(r review.Revision) bool { return r.Juror == j.ID })
		if email := p.email(j.ID); email != "" && j.LeftAt == nil && (has || name == "pin") {
			who.Options = append(who.Options, Option{Value: email, Text: j.Name})
		}
	}
	if len(who.Options) == 1 {
		return nil
	}
	form.Fields = []Field{who}
	if name == "pin" {
		form.Fields = append(form.Fields, Field{Name: "conflicted", Kind: "radio", Label: at.T("desk.scored.conflicted"), Options: []Option{
			{Value: "yes", Text: at.T("desk.panel.pinned.yes")}, {Value: "no", Text: at.T("desk.panel.pinned.no")},
		}})
	} else {
		reason.Hint = at.T("desk.scored.told")
	}
	form.Fields = append(form.Fields, reason)
	return form
}

func (d *desk) scored(c echo.Context, at *place) error {
	p, err := d.ofCandidate(c, at)
	if err != nil {
		return err
	}
	number := p.number
	data := scoredView{Row: scoredRow{Number: number, Name: p.names[number]}, Back: p.path(), To: p.title()}
	for _, s := range p.Oversight.Candidates {
		if s.Candidate == number {
			data.Row = p.scoredRow(s)
		}
	}
	for _, one := range p.rule.Criteria {
		title := at.Words(one.Title)
		if title == "" {
			title = one.ID
		}
		data.Criteria = append(data.Criteria, title)
	}
	for _, r := range p.sheets {
		row := submittedRow{Juror: p.who[r.Juror], Revision: r.Revision, Comment: r.Comment, Abstained: r.Abstained, At: at.moment(r.At)}
		for _, one := range p.rule.Criteria {
			row.Scores = append(row.Scores, r.Scores[one.ID])
		}
		data.Sheets = append(data.Sheets, row)
	}
	for _, one := range p.Conflicts {
		if one.Candidate == number {
			data.Conflicts = append(data.Conflicts, p.knownConflict(one))
		}
	}
	if at.Can(app.SendBack) { // as whoever runs the panel may
		for _, name := range []string{"further", "return", "pin"} {
			if p.aboutForm(name) != nil {
				data.Acts = append(data.Acts, link{Href: p.candidate(number) + "/" + name, Text: at.T("desk.scored." + name)})
			}
		}
	}
	return d.render(c, at, web.Page{Name: "panel-candidate", Title: p.candidateTitle(), Data: data})
}

func (p *aboutCandidate) candidateTitle() string {
	return p.at.T("desk.scored.title", "number", p.number, "name", p.names[p.number])
}

// about asks for what an act takes.
func (d *desk) about(c echo.Context, at *place, name string) error {
	p, err := d.ofCandidate(c, at)
	if err != nil {
		return err
	}
	form := p.aboutForm(name)
	if form == nil {
		return review.ErrNoSheet
	}
	return d.showAbout(c, p, name, http.StatusOK, form)
}

func (d *desk) showAbout(c echo.Context, p *aboutCandidate, name string, status int, form *Form) error {
	at := p.at
	return d.render(c, at, web.Page{Name: "panel-act", Status: status, Title: at.T("desk.scored." + name), Data: aboutView{
		Form: form, Text: at.T("desk.scored.does." + name), Back: p.candidate(p.number), To: p.candidateTitle(),
	}})
}

// send does an act, and leads back to the candidate.
func (d *desk) send(c echo.Context, at *place, name string, typed url.Values, do func(c echo.Context, of review.OfCandidate, typed url.Values) error) error {
	of, err := scoredIn(c, at)
	if err != nil {
		return err
	}
	if err = do(c, of, typed); err == nil {
		return d.done(c, at.Path("panels", of.Panel, "candidates", c.Param("number")), at.T("desk.scored.done."+name), nil)
	}
	p, failed := d.ofCandidate(c, at)
	if failed != nil {
		return err
	}
	form := p.aboutForm(name)
	if form == nil {
		return err
	}
	return d.again(c, at, form, typed, err, func(status int) error { return d.showAbout(c, p, name, status, form) })
}

func (d *desk) further(c echo.Context, of review.OfCandidate, typed url.Values) error {
	_, err := d.app.CallFurther(c.Request().Context(), review.OfPanel{Slug: of.Slug, Panel: of.Panel}, gateway.CallFurther{
		Candidate: of.Candidate, Reason: typed.Get("reason"),
		Juror: newcomer(typed, "juror"),
	})
	return err
}

func (d *desk) sendBack(c echo.Context, of review.OfCandidate, typed url.Values) error {
	_, err := d.app.SendBack(c.Request().Context(), of, gateway.SendBack{Juror: typed.Get("juror"), Reason: typed.Get("reason")})
	return err
}

func (d *desk) pin(c echo.Context, of review.OfCandidate, typed url.Values) error {
	conflicted, err := yesOrNo("conflicted", typed.Get("conflicted"))
	if err != nil {
		return err
	}
	_, err = d.app.PinConflict(c.Request().Context(), review.OfPanel{Slug: of.Slug, Panel: of.Panel}, gateway.PinConflict{
		Juror: typed.Get("juror"), Candidate: of.Candidate, Conflicted: conflicted, Reason: typed.Get("reason"),
	})
	return err
}
