package desk

import (
	"net/http"
	"net/url"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/job"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/problem"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/review"
	"github.com/laurel-awards/laurel/services/selection"
)

const searchPath = of + "/search"

func (d *desk) mountSearch() {
	d.page(app.ReadSearch, searchPath, d.search)
	d.form(app.OrderSearch, searchPath, "order", d.orderSearch)
	d.form(app.OrderSearch, searchPath, "cancel", d.cancelSearch)
}

// searchPage tells how far it is decided who can be seated under the quotas.
type searchPage struct {
	Waits   Text   // why there is nothing to decide yet
	State   string // the text's key
	Figures []figure
	Running bool
	Percent int
	Refresh string
	Failed  Text   // of the last search
	Form    *Form  // nil: the reader may order none, or none is needed
	Cancel  string // address of the form; empty as above
	Meeting string // where the committee may decide instead; empty: nowhere
}

// budgets are what an organizer may choose from: minutes, an hour, a night.
func budgets() []int64 { return []int64{100_000_000_000, 1_000_000_000_000, review.MostBudget} }

func (d *desk) search(c echo.Context, at *place) error {
	return d.showSearch(c, at, nil, http.StatusOK)
}

func (d *desk) showSearch(c echo.Context, at *place, form *Form, status int) error {
	data := searchPage{State: "desk.seating.decided", Refresh: at.Path("search"), Form: form}
	s, err := d.app.Search(c.Request().Context(), at.Slug)
	switch f := fault.From(err); {
	case fault.Is(err, fault.Conflict):
		data.Waits = at.Fault(f)
	case err != nil:
		return err
	default:
		data.fill(c, at, s)
	}
	return d.render(c, at, web.Page{Name: "search", Status: status, Title: at.T("desk.seating"), Data: data})
}

func (p *searchPage) fill(c echo.Context, at *place, s gateway.Search) {
	if s.Budget > 0 {
		p.Figures = []figure{
			{at.T("desk.seating.work"), at.N("desk.number", s.Work)},
			{at.T("desk.seating.budget"), at.N("desk.number", s.Budget)},
		}
	}
	if !s.Undecided {
		p.Form = nil
		return
	}
	p.State = "desk.seating.undecided"
	if s.Job != nil && s.Job.EndedAt == nil {
		p.State, p.Running, p.Form = "desk.seating.running", true, nil
		c.Response().Header().Set("Refresh", refresh)
		p.Percent = percentOf(s.Job.Done, s.Job.Total)
		if at.Can(app.OrderSearch) {
			p.Cancel = at.Path("search", "cancel")
		}
		return
	}
	if s.Job != nil && s.Job.State == job.Failed {
		p.Failed = at.Fault(&fault.Error{Kind: fault.Conflict, Code: s.Job.Code, Message: s.Job.Message})
	}
	if p.Form == nil && at.Can(app.OrderSearch) {
		p.Form = searchForm(at, s.Work)
	}
	if at.Can(app.PutMotion) && at.Selection.Phase(rulebook.PhaseDecision).State == selection.Opened {
		p.Meeting = at.Path("meeting", "motion")
	}
}

// searchForm asks for a budget beyond what has been spent.
func searchForm(at *place, spent int64) *Form {
	budget := Field{Name: "budget", Kind: "radio", Label: at.T("desk.seating.more"), Hint: at.T("desk.seating.more.hint")}
	for i, n := range budgets() {
		if n > spent {
			budget.Options = append(budget.Options, Option{Value: strconv.FormatInt(n, 10), Text: at.T("desk.seating.more." + strconv.Itoa(i+1))})
		}
	}
	if len(budget.Options) == 0 {
		return nil
	}
	return &Form{Action: at.Path("search", "order"), Button: at.T("desk.seating.order"), Fields: []Field{budget}}
}

func (d *desk) orderSearch(c echo.Context, at *place, typed url.Values) error {
	budget, err := strconv.ParseInt(typed.Get("budget"), 10, 64)
	if err != nil {
		err = problem.Invalid([]fault.Field{fault.Required("budget")})
	} else {
		_, err = d.app.OrderSearch(c.Request().Context(), review.OrderSearch{Slug: at.Slug, Budget: budget})
	}
	if err == nil {
		return d.done(c, at.Path("search"), at.T("desk.seating.ordered"), nil)
	}
	form := searchForm(at, 0)
	return d.again(c, at, form, typed, err, func(status int) error { return d.showSearch(c, at, form, status) })
}

func (d *desk) cancelSearch(c echo.Context, at *place, _ url.Values) error {
	if _, err := d.app.CancelSearch(c.Request().Context(), at.Slug); err != nil && !fault.HasCode(err, job.ErrUnknown.Code) {
		return err
	}
	return d.done(c, at.Path("search"), at.T("desk.seating.cancelled"), nil)
}
