package desk

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/selection"
)

func (d *desk) mountPhases() {
	const step = of + "/phases/:phase/:action"
	d.section(app.ReadPhases, "phases", "desk.phases", d.phases)
	d.page(app.ReadPhases, step, d.step)
	d.form(app.ChangePhase, step, "order", d.order, "reason")
}

// phasesPage is the timeline with what may be done.
type phasesPage struct {
	Phases  []phaseRow
	Running bool // a change is being applied
	Publish string
	Public  *web.Moment
}

// phaseRow is a phase on the timeline.
type phaseRow struct {
	Name, State, StateText string
	Opens, Closes          *web.Moment // by the clock
	Left                   string      // until then
	Waiting                string      // services that have not answered
	Done                   []doneStep
	Next                   *nextStep
}

// doneStep is a change that was ordered.
type doneStep struct {
	Text   string
	At     web.Moment
	Reason string
}

// nextStep is a change that has not been ordered.
type nextStep struct {
	Href, Text string
	Ready      bool
	Why        []Text // what stands in its way
}

func (d *desk) phases(c echo.Context, at *place) error {
	plan, err := d.app.Plan(c.Request().Context(), at.Slug)
	if err != nil {
		return err
	}
	var data phasesPage
	for _, p := range plan.Selection.Phases {
		row := phaseRow{Name: at.T("phase." + p.Name), State: string(p.State), StateText: at.T("state." + string(p.State)), Waiting: at.List(p.WaitingFor)}
		changing := p.State == selection.Opening || p.State == selection.Closing
		data.Running = data.Running || changing
		if p.OpensAt != nil && p.OpenedAt == nil {
			row.Opens, row.Left = new(at.moment(*p.OpensAt)), at.left(p.OpensAt.Sub(plan.At))
		}
		if p.ClosesAt != nil && p.ClosedAt == nil {
			row.Closes = new(at.moment(*p.ClosesAt))
			if p.OpenedAt != nil {
				row.Left = at.left(p.ClosesAt.Sub(plan.At))
			}
		}
		for _, action := range []string{event.Open, event.Close} {
			step := plan.Step(p.Name, action)
			if step.Ordered != nil {
				row.Done = append(row.Done, at.doneStep(step))
			} else if row.Next == nil && !changing {
				row.Next = at.nextStep(step)
			}
		}
		data.Phases = append(data.Phases, row)
	}
	if public := plan.Selection.PublishedAt; public != nil {
		data.Public = new(at.moment(*public))
	}
	data.Publish = d.to(at, "publish")
	if data.Running {
		c.Response().Header().Set("Refresh", refresh)
	}
	return d.render(c, at, web.Page{Name: "phases", Title: at.T("desk.phases"), Data: data})
}

// to is the address of a section that the reader may see; empty: there is none.
func (d *desk) to(at *place, name string, parts ...string) string {
	if s, there := d.sections[name]; !there || !at.Can(s.act) {
		return ""
	}
	return at.Path(append([]string{name}, parts...)...)
}

// left says how long something still takes, in its two largest units.
func (at *place) left(d time.Duration) string {
	switch {
	case d <= 0:
		return ""
	case d >= 48*time.Hour:
		return at.N("desk.left.days", int64(d/(24*time.Hour)), "hours", int(d%(24*time.Hour)/time.Hour))
	case d >= 2*time.Hour:
		return at.N("desk.left.hours", int64(d/time.Hour), "minutes", int(d%time.Hour/time.Minute))
	}
	return at.N("desk.left.minutes", int64(max(1, d/time.Minute)))
}

func (at *place) doneStep(s selection.Step) doneStep {
	out := doneStep{At: at.moment(s.Ordered.At), Reason: s.Ordered.Reason}
	switch {
	case s.Ordered.By != "" && s.Action == event.Open:
		out.Text = at.T("desk.phase.opened", "name", s.Ordered.By)
	case s.Ordered.By != "":
		out.Text = at.T("desk.phase.closed", "name", s.Ordered.By)
	case s.Action == event.Open:
		out.Text, out.Reason = at.T("desk.phase.opened.clock"), ""
	default:
		out.Text, out.Reason = at.T("desk.phase.closed.clock"), ""
	}
	return out
}

func (at *place) nextStep(s selection.Step) *nextStep {
	return &nextStep{
		Href: at.Path("phases", s.Phase, s.Action), Text: at.stepTitle(s.Phase, s.Action), Ready: s.Ready() && at.Can(app.ChangePhase), Why: at.why(s.Refused),
	}
}

// stepTitle is "Close: public vote".
func (at *place) stepTitle(phase, action string) string {
	if action == event.Open {
		return at.T("desk.phase.open", "phase", at.T("phase."+phase))
	}
	return at.T("desk.phase.close", "phase", at.T("phase."+phase))
}

// why says everything that a fault names.
func (at *place) why(refused *fault.Error) (texts []Text) {
	if refused == nil {
		return nil
	}
	for _, f := range refused.Fields {
		texts = append(texts, at.Field(f))
	}
	if len(texts) == 0 {
		texts = append(texts, at.Fault(refused))
	}
	return texts
}

// stepPage says what a change does, before it is ordered.
type stepPage struct {
	Does     string
	Lasting  string      // that it cannot be taken back
	ClosesAt *web.Moment // of the phase that it opens
	Clock    *web.Moment // when the clock would do it
	Why      []Text
	Missing  []missing
	Done     *doneStep
	Waiting  string
	Form     *Form // nil: it cannot be ordered
	Back     string
}

// missing is what somebody has yet to do.
type missing struct {
	Text Text
	Href string
}

func stepForm(at *place, now app.Standing) *Form {
	s, seen := now.Step, now.Plan.Selection.Phase(now.Step.Phase).State
	form := &Form{Action: at.Path("phases", s.Phase, s.Action, "order"), Button: at.stepTitle(s.Phase, s.Action), Fields: []Field{
		{Name: "seen", Kind: "hidden", Value: string(seen)},
		at.reason("desk.phase.reason.hint"),
	}}
	if len(now.Unmet) > 0 {
		form.Fields = append(form.Fields, Field{Name: "acknowledge", Kind: "check", Label: at.T("desk.phase.acknowledge")})
	}
	return form
}

func (d *desk) step(c echo.Context, at *place) error {
	now, err := d.app.Standing(c.Request().Context(), at.Slug, c.Param("phase"), c.Param("action"))
	if err != nil {
		return err
	}
	return d.showStep(c, at, now, http.StatusOK, stepForm(at, now))
}

func (d *desk) showStep(c echo.Context, at *place, now app.Standing, status int, form *Form) error {
	step, p := now.Step, now.Plan.Selection.Phase(now.Step.Phase)
	data := stepPage{Back: at.Path("phases"), Does: at.T("desk.phase.does." + step.Phase + "." + step.Action), Why: at.why(step.Refused), Form: form}
	data.Missing = d.missing(at, now)
	if step.ClosesAt != nil {
		data.ClosesAt = new(at.moment(*step.ClosesAt))
	}
	clock := p.OpensAt
	if step.Action == event.Close {
		clock = p.ClosesAt
	}
	if clock != nil && step.Ordered == nil && clock.After(now.Plan.At) {
		data.Clock = new(at.moment(*clock))
	}
	if step.Ordered != nil {
		data.Done, data.Waiting = new(at.doneStep(step)), at.List(p.WaitingFor)
	}
	if !now.Clear() || !at.Can(app.ChangePhase) {
		data.Form = nil
		if form.Faulty() {
			data.Form = &Form{Wrong: form.Wrong, Fields: form.Fields}
		}
	}
	return d.render(c, at, web.Page{Name: "phase-step", Status: status, Title: at.stepTitle(step.Phase, step.Action), Data: data})
}

// missing says what people have yet to do before a phase is closed.
func (d *desk) missing(at *place, now app.Standing) (all []missing) {
	rules, err := d.app.RulebookOf(at.Selection)
	if err != nil {
		return nil // the selection was read with it before
	}
	for _, id := range slices.Sorted(maps.Keys(now.Due)) {
		to := d.to(at, "entries")
		if to != "" {
			to += "?" + url.Values{"department": {id}, "opinion": {"due"}}.Encode()
		}
		all = append(all, missing{Text{Text: at.N("desk.missing.opinions", int64(now.Due[id]), "department", department(at, rules, id))}, to})
	}
	for _, gap := range now.Gaps {
		text := at.Field(gap.What)
		if gap.Juror != "" {
			text = Text{Text: at.N("desk.missing.sheets", int64(len(gap.Candidates)), "panel", titleOfPanel(at, rules, gap.Panel), "juror", gap.Juror,
				"numbers", numbered(gap.Candidates))}
		}
		all = append(all, missing{text, d.to(at, "panels", gap.Panel)})
	}
	for _, f := range now.Unmet {
		all = append(all, missing{at.Field(f), d.to(at, "entries")})
	}
	if now.Unapproved {
		all = append(all, missing{Text{Text: at.T("desk.missing.approval")}, d.to(at, "meeting")})
	}
	return all
}

// numbered lists candidates by number, the first twenty.
func numbered(numbers []int) string {
	var texts []string
	for i, n := range numbers {
		if i == 20 {
			texts = append(texts, "…")
			break
		}
		texts = append(texts, strconv.Itoa(n))
	}
	return strings.Join(texts, ", ")
}

// titleOfPanel is that of the rulebook in the reader's language.
func titleOfPanel(at *place, rules *rulebook.Rulebook, id string) string {
	if p, ok := rules.Review.Panel(id); ok {
		return panelTitle(at, p)
	}
	return id
}

func (d *desk) order(c echo.Context, at *place, typed url.Values) error {
	ctx := c.Request().Context()
	in := selection.ChangePhase{
		Slug: at.Slug, Phase: c.Param("phase"), Action: c.Param("action"), Reason: typed.Get("reason"), Seen: selection.PhaseState(typed.Get("seen")),
		Acknowledge: typed.Get("acknowledge") != "",
	}
	_, applied, err := d.app.ChangePhase(ctx, in)
	if err == nil {
		said := at.T("desk.phase.ordered", "step", at.stepTitle(in.Phase, in.Action))
		if applied {
			said = at.T("desk.phase.applied", "step", at.stepTitle(in.Phase, in.Action))
		}
		return d.done(c, at.Path("phases"), said, nil)
	}
	now, failed := d.app.Standing(ctx, at.Slug, in.Phase, in.Action)
	if failed != nil {
		return err
	}
	form := stepForm(at, now)
	typed.Del("seen")                                                                              // the page that is shown now is what has been seen
	if known := fault.From(err); known.Code == "phase_incomplete" || known.Code == "seats_unmet" { // the page says what is missing
		bare := *known
		bare.Fields = nil
		err = &bare
	}
	return d.again(c, at, form, typed, err, func(status int) error { return d.showStep(c, at, now, status, form) })
}
