package desk

import (
	"cmp"
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
	Rows            []chartBar
}

// chartBar is one figure. Without a whole, the longest bar is the largest figure.
type chartBar struct {
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

// waits says what waits for whom, and leads there.
func (d *desk) waits(at *place, rules *rulebook.Rulebook, o app.Overview) (all []wait) {
	for _, w := range o.Waits {
		text := at.N("desk.wait."+w.What, int64(w.Count), "department", department(at, rules, w.Of), "panel", titleOfPanel(at, rules, w.Of),
			"host", titleOfHost(at, rules, w.Of), "step", at.stepTitle(w.Of, w.Action))
		all = append(all, wait{Who: at.T("desk.role." + string(w.Who)), Text: text, Count: w.Count, Href: d.waitsAt(at, w)})
	}
	return all
}

// titleOfHost names a host; its id where it has no title.
func titleOfHost(at *place, rules *rulebook.Rulebook, id string) string {
	host, _ := rules.Decision.Host(id)
	return cmp.Or(at.Words(host.Title), id)
}

// waitsAt is where something is done; empty: the reader has no page for it.
func (d *desk) waitsAt(at *place, w app.Wait) string {
	switch w.What {
	case app.WaitOpinions:
		if w.Mine {
			return d.to(at, "vetting")
		}
		if to := d.to(at, "entries"); to != "" {
			return to + "?" + url.Values{"department": {w.Of}, "opinion": {nomination.Due}}.Encode()
		}
		return ""
	case app.WaitOwn, app.WaitLooks:
		return d.to(at, "sheets", w.Of)
	case app.WaitSheets, app.WaitShort, app.WaitSeats:
		return d.to(at, "panels", w.Of)
	case app.WaitVotes, app.WaitMotion, app.WaitCount:
		return d.to(at, "meeting")
	case app.WaitSign:
		if w.Mine {
			return d.to(at, "sign")
		}
		return d.to(at, "meeting")
	case app.WaitStep:
		return d.to(at, "phases", w.Of, w.Action)
	case app.WaitCommittee:
		return d.to(at, "panels")
	case app.WaitMail:
		if to := d.to(at, "mail"); to != "" {
			return to + "?" + url.Values{"state": {string(identity.LetterDead)}, "kind": {string(identity.LetterInvitation)}}.Encode()
		}
		return ""
	case app.WaitPublish:
		return d.to(at, "publish")
	}
	return d.to(at, "roster")
}

// share makes a bar of a part of a whole.
func (at *place) share(label, href string, part, whole int) chartBar {
	return chartBar{Label: label, Href: href, Figure: at.T("desk.share", "part", part, "whole", whole), Percent: percentOf(part, whole)}
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
			ID: "panel-" + p.ID, Title: at.T("desk.chart.jurors", "panel", titleOfPanel(at, rules, p.ID)),
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
func (at *place) count(label, href string, n, most int64) chartBar {
	return chartBar{Label: label, Href: href, Figure: at.N("desk.number", n), Percent: int(100 * n / max(1, most))}
}

// dayText is a day as the reader writes it.
func (at *place) dayText(day string) string {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return day
	}
	return at.Day(t)
}
