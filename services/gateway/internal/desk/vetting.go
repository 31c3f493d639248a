package desk

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/selection"
)

// docketSize is how many entries a page of a department's list has. As many can
// be chosen at once, so that what takes their opinions back fits in a note.
const docketSize = 40

func (d *desk) mountVetting() {
	const list, entry, many = of + "/vetting", of + "/vetting/:entry", of + "/vetting/many"
	d.section(app.ReadDocket, "vetting", "desk.vetting", d.docket)
	d.form(app.WithdrawOpinion, list, "withdraw", d.withdrawOpinions)
	d.page(app.ReadDocket, many, d.manyPage)
	d.form(app.GiveOpinion, many, "give", d.giveMany, "reason")
	d.page(app.ReadDocket, entry, d.docketEntry)
	d.form(app.GiveOpinion, entry, "give", d.giveOpinion, "reason")
}

// docket is where a vetter works: a department, and which of its entries.
type docket struct {
	nomination.VettingQuery
	Departments []rulebook.Department // for which the vetter speaks
	Department  rulebook.Department
	rules       *rulebook.Rulebook
	values      url.Values // of the address
}

// docketOf reads the department and what its list shows from the address.
func (d *desk) docketOf(c echo.Context, at *place) (docket, error) {
	rules, err := d.app.RulebookOf(at.Selection)
	if err != nil {
		return docket{}, err
	}
	v := docket{rules: rules, values: url.Values{}}
	for _, one := range rules.Vetting.Departments {
		if at.Within(app.ReadDocket, one.ID) {
			v.Departments = append(v.Departments, one)
		}
	}
	asked := c.FormValue("department")
	i := slices.IndexFunc(v.Departments, func(one rulebook.Department) bool { return asked == "" || one.ID == asked })
	if i >= 0 {
		v.Department = v.Departments[i]
	} else {
		v.Department.ID = asked // app says who may
	}
	v.VettingQuery = nomination.VettingQuery{
		Slug: at.Slug, Department: v.Department.ID, Show: nomination.ShowDue, Search: strings.TrimSpace(c.QueryParam("search")),
	}
	if show := nomination.Show(c.QueryParam("show")); slices.Contains(nomination.Shows(), show) {
		v.Show = show
	}
	if order := nomination.VettingOrder(c.QueryParam("order")); slices.Contains(nomination.VettingOrders(), order) {
		v.Order = order
	}
	if len(v.Departments) > 1 || i < 0 {
		v.set("department", v.Department.ID)
	}
	v.set("show", strings.TrimPrefix(string(v.Show), string(nomination.ShowDue)))
	v.set("search", v.Search)
	v.set("order", string(v.Order))
	return v, nil
}

func (v docket) set(name, value string) {
	if value != "" {
		v.values.Set(name, value)
	}
}

// address is a page of the docket, which shows the same.
func (v docket) address(at *place, parts ...string) string {
	to := at.Path(append([]string{"vetting"}, parts...)...)
	if len(v.values) > 0 {
		to += "?" + v.values.Encode()
	}
	return to
}

// sends is the address of a form of the docket. It names the department.
func (v docket) sends(at *place, parts ...string) string {
	values := url.Values{"department": {v.Department.ID}}
	for name := range v.values {
		values.Set(name, v.values.Get(name))
	}
	return at.Path(append([]string{"vetting"}, parts...)...) + "?" + values.Encode()
}

// due is what is told of the time that is left.
type due struct {
	Open  bool
	Text  string
	Until *web.Moment // by the clock
}

// dueOf tells of vetting, or of review.
func dueOf(at *place, phase string) due {
	p := at.Selection.Phase(phase)
	out := due{Open: p.State == selection.Opened}
	word := "closed"
	switch {
	case out.Open && p.ClosesAt != nil:
		m := at.moment(*p.ClosesAt)
		out.Until, word = &m, "until"
	case out.Open:
		word = "open"
	case p.State == selection.Pending, p.State == selection.Opening, p.State == "":
		word = "pending"
	}
	out.Text = at.T("desk.due." + phase + "." + word)
	return out
}

// docketPage is a department's list.
type docketPage struct {
	Due      due
	Name     string // of the department
	Others   []link
	Counts   []docketCount
	Search   string
	Query    []hidden // of the search form
	Orders   []Option
	Order    string
	Entries  []docketLine
	Found    int
	First    string // address of the first entry
	Choose   string // address of the page for many
	Ticked   bool
	TickHref string
	Pager    Pager
}

type hidden struct{ Name, Value string }

type docketCount struct {
	link
	Count int
}

type docketLine struct {
	nomination.VettingEntry
	Href, Category string
	State, Verdict string // empty: submitted, none
	Choosable      bool
}

// line is an entry as a list shows it.
func (v docket) line(at *place, e nomination.VettingEntry, open bool) docketLine {
	l := docketLine{VettingEntry: e, Href: v.address(at, e.ID), Category: category(at, v.rules, e.Category)}
	if e.Opinion != nil {
		l.Verdict = at.T("desk.vetting.verdict." + e.Opinion.Verdict)
	}
	if e.State != nomination.Submitted {
		l.State = stateOf(at, e.State)
	}
	l.Choosable = open && l.State == "" && l.Verdict == ""
	return l
}

func stateOf(at *place, s nomination.State) string { return at.T("desk.vetting.state." + string(s)) }

func (d *desk) docket(c echo.Context, at *place) error {
	v, err := d.docketOf(c, at)
	if err != nil {
		return err
	}
	page := pageOf(c)
	list, err := d.app.Docket(c.Request().Context(), nomination.ListVetting{VettingQuery: v.VettingQuery, Offset: (page - 1) * docketSize, Limit: docketSize})
	if err != nil {
		return err
	}
	data := docketPage{
		Due: dueOf(at, rulebook.PhaseVetting), Name: department(at, v.rules, v.Department.ID), Search: v.Search, Order: string(v.Order), Found: list.Found,
		Pager: pager(c, list.Found, docketSize), Choose: at.Path("vetting", "many"), Ticked: c.QueryParam("ticked") != "",
	}
	data.TickHref = address(c, "ticked", "all")
	if data.Ticked {
		data.TickHref = address(c, "ticked", "")
	}
	for _, one := range v.Departments {
		to := url.Values{"department": {one.ID}}
		data.Others = append(data.Others, link{
			Href: at.Path("vetting") + "?" + to.Encode(), Text: department(at, v.rules, one.ID), Current: one.ID == v.Department.ID,
		})
	}
	for _, show := range nomination.Shows() {
		data.Counts = append(data.Counts, docketCount{
			link{Href: address(c, "show", string(show)), Text: at.T("desk.vetting.show." + string(show)), Current: show == v.Show}, list.Counts[show],
		})
	}
	for _, order := range nomination.VettingOrders() {
		data.Orders = append(data.Orders, Option{Value: string(order), Text: at.T("desk.vetting.order." + cmp.Or(string(order), "submission"))})
	}
	for _, name := range []string{"department", "show"} {
		if value := v.values.Get(name); value != "" {
			data.Query = append(data.Query, hidden{name, value})
		}
	}
	for _, e := range list.Entries {
		data.Entries = append(data.Entries, v.line(at, e, data.Due.Open))
	}
	if len(data.Entries) > 0 {
		data.First = data.Entries[0].Href
	}
	return d.render(c, at, web.Page{Name: "vetting", Title: at.T("desk.vetting"), Data: data})
}

// withdrawOpinions takes opinions back, of one entry or many.
func (d *desk) withdrawOpinions(c echo.Context, at *place, form url.Values) error {
	v, err := d.docketOf(c, at)
	if err != nil {
		return err
	}
	ids := chosen(form)
	out, err := d.app.WithdrawOpinions(c.Request().Context(), nomination.WithdrawOpinions{Slug: at.Slug, Department: v.Department.ID, Entries: ids})
	if err != nil {
		return err
	}
	if len(out.Entries) == 1 {
		return d.done(c, v.address(at, out.Entries[0].ID), at.T("desk.vetting.withdrawn", "name", out.Entries[0].Name), nil)
	}
	return d.done(c, v.address(at), at.N("desk.vetting.withdrawn.many", int64(len(out.Entries))), nil)
}

// chosen are the entries of a form.
func chosen(form url.Values) []string { return several(form, "entry") }

// several are the values of a name in a form: a field each, or all in one by
// commas.
func several(form url.Values, name string) (values []string) {
	for _, one := range form[name] {
		for value := range strings.SplitSeq(one, ",") {
			if value != "" && !slices.Contains(values, value) {
				values = append(values, value)
			}
		}
	}
	return values
}

// takesBack is what takes opinions back, for a note.
func (v docket) takesBack(at *place, ids ...string) *undo {
	return &undo{Action: v.sends(at, "withdraw"), Values: map[string]string{"entry": strings.Join(ids, ",")}}
}

// said is what is told of opinions that were given.
func saidOf(at *place, verdict string, out nomination.Vetted) string {
	if len(out.Entries) != 1 {
		return at.N("desk.vetting.given.many."+verdict, int64(len(out.Entries)))
	}
	e := out.Entries[0]
	key := "desk.vetting.given." + verdict
	switch e.State {
	case nomination.Admitted:
		return at.T("desk.vetting.given.admitted", "name", e.Name, "number", strconv.Itoa(e.Number))
	case nomination.Vetoed:
		key = "desk.vetting.given.vetoed"
	}
	return at.T(key, "name", e.Name)
}

// known tells whether an entry's id in a path can be one.
func known(c echo.Context) error {
	if _, err := uuid.Parse(c.Param("entry")); err != nil {
		return nomination.ErrNoEntry
	}
	return nil
}
