package desk

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/review"
	"github.com/laurel-awards/laurel/services/selection"
)

// dashboardPage is how far a selection is, and what waits for whom.
type dashboardPage struct {
	Now     []string // phases that are open, and how long
	Waits   []wait
	Missing bool
	Charts  []chart
	Facts   []figure
}

// wait is what somebody has to do.
type wait struct {
	Who, Text, Href string
	Count           int
}

// chart is figures as bars, in a table that says the same.
type chart struct {
	ID, Title, Note string
	What, Figure    string // headings
	Rows            []bar
}

// bar is one figure. Without a whole, the longest bar is the largest figure.
type bar struct {
	Label   string
	Href    string
	Figure  string
	Percent int
}

// figure is a number with its name.
type figure struct{ Label, Text string }

func (d *desk) dashboard(c echo.Context, at *place) error {
	o, err := d.app.Overview(c.Request().Context(), at.Slug)
	if err != nil {
		return err
	}
	rules, err := d.app.RulebookOf(at.Selection)
	if err != nil {
		return err
	}
	now := d.Now()
	if o.Plan != nil {
		now = o.Plan.At
	}
	data := dashboardPage{Now: at.open(at.Selection, now), Missing: o.Missing}
	data.Waits = d.waits(at, rules, o)
	if o.Vetting != nil {
		data.Charts = append(data.Charts, at.vettingChart(rules, *o.Vetting, d.to(at, "entries"))...)
	}
	data.Charts = append(data.Charts, at.panelCharts(rules, o.Panels, d.to(at, "panels"))...)
	if o.Turnout != nil {
		data.turnout(c, at, o)
	}
	return d.render(c, at, web.Page{Name: "dashboard", Title: at.T("desk.dashboard"), Data: data})
}

// open says which phases are open, and for how long.
func (at *place) open(s selection.Selection, now time.Time) (texts []string) {
	for _, p := range s.Phases {
		switch p.State {
		case selection.Opened:
			text := at.T("phase." + p.Name)
			if p.ClosesAt != nil {
				if left := at.left(p.ClosesAt.Sub(now)); left != "" {
					text = at.T("desk.now.left", "phase", text, "left", left)
				}
			}
			texts = append(texts, text)
		case selection.Opening, selection.Closing:
			texts = append(texts, at.T("desk.now.changing", "phase", at.T("phase."+p.Name), "state", at.T("state."+string(p.State))))
		}
	}
	switch {
	case s.PublishedAt != nil:
		texts = append(texts, at.T("desk.phases.public"))
	case len(texts) == 0 && s.FrozenAt == nil:
		texts = append(texts, at.T("desk.now.draft"))
	case len(texts) == 0:
		texts = append(texts, at.T("desk.now.between"))
	}
	return texts
}

// waits is what waits for whom: for the reader's own roles, and, for whoever runs
// or watches the selection, for all others'.
func (d *desk) waits(at *place, rules *rulebook.Rulebook, o app.Overview) (all []wait) {
	role := func(r identity.Role) string { return at.T("desk.role." + string(r)) }
	add := func(who identity.Role, n int, key, to string, args ...any) {
		if n > 0 {
			all = append(all, wait{Who: role(who), Count: n, Text: at.N(key, int64(n), args...), Href: to})
		}
	}
	if o.Vetting != nil {
		for _, id := range slices.Sorted(maps.Keys(o.Vetting.Due)) {
			to := d.to(at, "vetting")
			if !at.Account.May(at.Slug, identity.Vetter, id) {
				if !at.Can(app.ReadPhases) { // another department's
					continue
				}
				if to = d.to(at, "entries"); to != "" {
					to += "?" + url.Values{"department": {id}, "opinion": {nomination.Due}}.Encode()
				}
			}
			add(identity.Vetter, o.Vetting.Due[id], "desk.wait.opinions", to, "department", department(at, rules, id))
		}
	}
	for _, own := range o.Own {
		add(identity.Juror, own.Due, "desk.wait.own", d.to(at, "sheets", own.Panel), "panel", panelTitle(at, rules, own.Panel))
		add(identity.Juror, own.Looks, "desk.wait.looks", d.to(at, "sheets", own.Panel), "panel", panelTitle(at, rules, own.Panel))
	}
	for _, p := range o.Panels {
		d.panelWaits(at, rules, p, add)
	}
	if m := o.Decision; m != nil && m.Outcome == review.Moved {
		add(identity.Committee, len(m.Members)-m.Voted, "desk.wait.votes", d.to(at, "meeting"))
	}
	if o.Plan != nil {
		d.organizerWaits(at, rules, o, add)
	}
	return all
}

type adding func(who identity.Role, n int, key, to string, args ...any)

func (d *desk) panelWaits(at *place, rules *rulebook.Rulebook, p app.SeenPanel, add adding) {
	if p.Fault != nil {
		return
	}
	to, title := d.to(at, "panels", p.ID), panelTitle(at, rules, p.ID)
	if at.Selection.Phase(rulebook.PhaseReview).State == selection.Opened {
		due := 0
		for _, j := range p.Panel.Jurors {
			due += j.Assigned - j.Submitted
		}
		add(identity.Juror, due, "desk.wait.sheets", to, "panel", title)
		add(identity.Organizer, len(p.Panel.Short), "desk.wait.short", to, "panel", title)
	}
	if rule, _ := rules.Review.Panel(p.ID); rule.Jurors > 0 && len(p.Panel.Jurors) == 0 {
		add(identity.Organizer, rule.Jurors, "desk.wait.seats", to, "panel", title)
	}
}

// organizerWaits is what only who runs the selection can do.
func (d *desk) organizerWaits(at *place, rules *rulebook.Rulebook, o app.Overview, add adding) {
	for _, step := range o.Plan.Steps {
		if step.Ready() {
			add(identity.Organizer, 1, "desk.wait.step", at.Path("phases", step.Phase, step.Action), "step", at.stepTitle(step.Phase, step.Action))
		}
	}
	if r := o.Roster; r != nil {
		add(identity.Organizer, r.Mailed.Failed, "desk.wait.letters", d.to(at, "roster"))
		add(identity.Organizer, r.Members-r.Coded-r.Mailed.Waiting, "desk.wait.codes", d.to(at, "roster"))
	} else if rules.Voting.Admits(rulebook.WayRoster) && at.Selection.Phase(rulebook.PhaseVoting).ClosedAt == nil {
		add(identity.Organizer, 1, "desk.wait.roster", d.to(at, "roster"))
	}
	if m := o.Decision; m != nil && at.Selection.Phase(rulebook.PhaseDecision).State == selection.Opened {
		switch {
		case len(m.Members) == 0:
			add(identity.Organizer, 1, "desk.wait.committee", at.Path("committee"))
		case m.Outcome == review.NoMotion, m.Outcome == review.Rejected:
			add(identity.Organizer, 1, "desk.wait.motion", d.to(at, "meeting"))
		case m.Outcome == review.Moved && m.Voted == len(m.Members):
			add(identity.Organizer, 1, "desk.wait.count", d.to(at, "meeting"))
		}
	}
	if s := at.Selection; s.PublishedAt == nil && s.Phase(rulebook.PhaseNotice).State == selection.Closed {
		add(identity.Organizer, 1, "desk.wait.publish", d.to(at, "publish"))
	}
}

// share makes a bar of a part of a whole.
func (at *place) share(label, href string, part, whole int) bar {
	b := bar{Label: label, Href: href, Figure: at.T("desk.share", "part", part, "whole", whole)}
	if whole > 0 {
		b.Percent = 100 * part / whole
	}
	return b
}

func (at *place) vettingChart(rules *rulebook.Rulebook, p nomination.Progress, entries string) []chart {
	all := 0
	for _, s := range []nomination.State{nomination.Submitted, nomination.Vetoed, nomination.Admitted, nomination.Struck, nomination.Lapsed} {
		all += p.Entries[s]
	}
	if all == 0 || len(rules.Vetting.Departments) == 0 {
		return nil
	}
	c := chart{ID: "vetting", Title: at.T("desk.chart.vetting"), What: at.T("desk.entries.department"), Figure: at.T("desk.chart.vetted")}
	for _, one := range rules.Vetting.Departments {
		href := ""
		if entries != "" {
			href = entries + "?" + url.Values{"department": {one.ID}, "opinion": {nomination.Due}}.Encode()
		}
		c.Rows = append(c.Rows, at.share(department(at, rules, one.ID), href, all-p.Due[one.ID], all))
	}
	return []chart{c}
}

func (at *place) panelCharts(rules *rulebook.Rulebook, panels []app.SeenPanel, to string) (charts []chart) {
	for _, p := range panels {
		if p.Fault != nil || len(p.Panel.Jurors) == 0 {
			continue
		}
		c := chart{
			ID: "panel-" + p.ID, Title: at.T("desk.chart.jurors", "panel", panelTitle(at, rules, p.ID)),
			What: at.T("desk.panel.juror"), Figure: at.T("desk.panel.submitted"),
		}
		for _, j := range p.Panel.Jurors {
			if j.LeftAt == nil {
				c.Rows = append(c.Rows, at.share(j.Name, to+"/"+p.ID+"/jurors/"+j.ID, j.Submitted, j.Assigned))
			}
		}
		charts = append(charts, c)
	}
	return charts
}

// turnout adds what is public of the vote: by day, by hour of one day, and by
// way.
func (p *dashboardPage) turnout(c echo.Context, at *place, o app.Overview) {
	zone := web.Location(at.Selection.Timezone)
	byDay, byHour := map[string]int64{}, map[string]map[int]int64{}
	for _, h := range o.Turnout.Hours {
		local := h.From.In(zone)
		day := local.Format(time.DateOnly)
		if byHour[day] == nil {
			byHour[day] = map[int]int64{}
		}
		byDay[day] += h.Ballots
		byHour[day][local.Hour()] += h.Ballots
	}
	days := slices.Sorted(maps.Keys(byDay))
	p.Facts = append(p.Facts, figure{at.T("desk.chart.ballots"), at.N("desk.number", o.Turnout.Ballots)})
	for _, w := range o.Turnout.Ways {
		text := at.T("desk.chart.unknown")
		if w.Ballots != nil {
			text = at.N("desk.number", *w.Ballots)
		}
		p.Facts = append(p.Facts, figure{at.T("way." + w.Way), text})
	}
	if len(days) == 0 {
		return
	}
	shown := c.QueryParam("day")
	if byHour[shown] == nil {
		shown = days[len(days)-1]
	}
	daily := chart{ID: "days", Title: at.T("desk.chart.days"), Note: at.T("desk.chart.public"), What: at.T("desk.chart.day"), Figure: at.T("desk.chart.ballots")}
	most := slices.Max(slices.Collect(maps.Values(byDay)))
	for _, day := range days {
		daily.Rows = append(daily.Rows, at.count(at.dayText(day), address(c, "day", day)+"#hours", byDay[day], most))
	}
	hours := chart{ID: "hours", Title: at.T("desk.chart.hours", "day", at.dayText(shown)), What: at.T("desk.chart.hour"), Figure: at.T("desk.chart.ballots")}
	first, last := 23, 0
	for hour := range byHour[shown] {
		first, last = min(first, hour), max(last, hour)
	}
	most = slices.Max(slices.Collect(maps.Values(byHour[shown])))
	for hour := first; hour <= last; hour++ {
		hours.Rows = append(hours.Rows, at.count(strconv.Itoa(hour)+":00", "", byHour[shown][hour], most))
	}
	p.Charts = append([]chart{daily, hours}, p.Charts...)
}

// count makes a bar of a figure beside the largest one.
func (at *place) count(label, href string, n, most int64) bar {
	return bar{Label: label, Href: href, Figure: at.N("desk.number", n), Percent: int(100 * n / max(1, most))}
}

// dayText is a day as the reader writes it.
func (at *place) dayText(day string) string {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return day
	}
	return at.Day(t)
}
