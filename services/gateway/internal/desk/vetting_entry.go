package desk

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/nomination"
)

// docketEntryPage is an entry, and what a department says of it.
type docketEntryPage struct {
	Due            due
	Name           string // of the department
	Veto           bool
	Entry          nomination.Entry
	State          string
	Photo          string // address; empty: there is none
	Facts          []fact
	Story          []string
	Warnings       []Text
	Own            *word
	Others         []word
	Waits          []string // departments that have said nothing
	Back           string   // address of the list
	Place          string
	Previous, Next string // addresses
	NextID         string
	Give           string // address of the form; empty: nothing can be said
	Undo           *undo
	Fail           Form
	Phrases        []phrase
	Versions       []versionView // none of an entry that says what it said first
}

// word is a department's, as a page shows it.
type word struct {
	nomination.Opinion
	Name string // of the department
	Says string
	When web.Moment
}

func (d *desk) docketEntry(c echo.Context, at *place) error {
	return d.showDocket(c, at, nil, func(*Form) (int, error) { return http.StatusOK, nil })
}

// showDocket renders an entry. fill puts what was typed, and what is wrong with it,
// into the form of its fail, and gives the page's status.
func (d *desk) showDocket(c echo.Context, at *place, typed url.Values, fill func(f *Form) (int, error)) error {
	if err := known(c); err != nil {
		return err
	}
	v, err := d.docketOf(c, at)
	if err != nil {
		return err
	}
	step, err := d.app.DocketEntry(c.Request().Context(), nomination.GetVetting{VettingQuery: v.VettingQuery, Entry: c.Param("entry")})
	if err != nil {
		return err
	}
	e := step.Entry
	data := docketEntryPage{
		Due: dueOf(at, rulebook.PhaseVetting), Name: department(at, v.rules, v.Department.ID), Veto: v.Department.Veto, Entry: e,
		State: stateOf(at, e.State), Story: paragraphs(e.Nominee.Deeds), Facts: v.facts(at, e.Nominee), Back: v.address(at),
		Place: at.T("desk.vetting.place", "place", step.Place, "found", step.Found),
	}
	if e.Nominee.Photo != "" {
		data.Photo = at.Path("entries", e.ID, "photo")
	}
	if step.Previous != "" {
		data.Previous = v.address(at, step.Previous)
	}
	if step.Next != "" {
		data.Next, data.NextID = v.address(at, step.Next), step.Next
	}
	for _, w := range e.Warnings {
		data.Warnings = append(data.Warnings, at.warning(w))
	}
	data.opinions(at, v)
	if data.Versions, err = d.versions(c.Request().Context(), at, v.rules, e); err != nil {
		return err
	}
	if data.Due.Open && at.Within(app.GiveOpinion, v.Department.ID) {
		switch {
		case data.Own != nil:
			data.Undo = v.takesBack(at, e.ID)
		case e.State == nomination.Submitted:
			data.Give = v.sends(at, e.ID, "give")
			data.Phrases = phrases(at, step.Reasons)
		}
	}
	data.Fail = Form{Fields: []Field{{Name: "reason", Kind: "area", Label: at.T("desk.vetting.reason"), Max: audit.MaxReason}}}
	data.Fail.fill(typed)
	status, err := fill(&data.Fail)
	if err != nil {
		return err
	}
	return d.render(c, at, web.Page{Name: "vetting-entry", Status: status, Title: e.Nominee.Name, Address: v.address(at, e.ID), Data: data})
}

// opinions sorts what departments have said.
func (p *docketEntryPage) opinions(at *place, v docket) {
	for _, one := range v.rules.Vetting.Departments {
		i := slices.IndexFunc(p.Entry.Opinions, func(o nomination.Opinion) bool { return o.Department == one.ID })
		switch {
		case i < 0 && one.ID != v.Department.ID:
			p.Waits = append(p.Waits, department(at, v.rules, one.ID))
		case i >= 0:
			said := p.Entry.Opinions[i]
			o := word{said, department(at, v.rules, one.ID), at.T("desk.vetting.verdict." + said.Verdict), at.moment(said.At)}
			if one.ID == v.Department.ID {
				p.Own = &o
			} else {
				p.Others = append(p.Others, o)
			}
		}
	}
}

// phrase is a reason that is put in by touch, or by its digit.
type phrase struct {
	Key  int
	Text string
}

// phrases are the vetter's own reasons, then common ones.
func phrases(at *place, own []string) (out []phrase) {
	common := strings.Split(at.T("desk.vetting.phrases"), "|")
	for _, text := range append(slices.Clone(own), common...) {
		there := func(p phrase) bool { return p.Text == text }
		if !slices.ContainsFunc(out, there) && len(out) < 9 { // as many as there are digits to press
			out = append(out, phrase{len(out) + 1, text})
		}
	}
	return out
}

// facts are the lines of a nominee's form beside name, photo and story.
func (v docket) facts(at *place, n nomination.Nominee) (facts []fact) {
	add := func(label, value string) {
		if value != "" {
			facts = append(facts, fact{label, value})
		}
	}
	add(attribute(at, "employer"), n.Employer)
	add(attribute(at, "region"), n.Region)
	add(attribute(at, "category"), category(at, v.rules, n.Category))
	add(attribute(at, "gender"), genderOf(at, n.Gender))
	if n.Years != nil {
		add(attribute(at, "years"), at.N("fact.years.value", int64(*n.Years)))
	}
	by := n.RecommendedBy
	if by == "" {
		by = at.T("fact.self")
	}
	add(attribute(at, "recommended_by"), by)
	for _, name := range v.rules.Attributes {
		add(at.attribute(v.rules, name), at.value(v.rules, name, n.Attributes[name]))
	}
	return facts
}

// genderOf is what a gender is called; empty: it is not said.
func genderOf(at *place, gender string) string {
	if key := strings.Join([]string{"attribute", "gender", gender}, "."); at.Has(key) {
		return at.T(key)
	}
	return gender
}

// paragraphs splits a story where its writer began a new line.
func paragraphs(text string) (out []string) {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}

// giveOpinion gives a department's word on one entry, and leads to the next. A
// phrase that is touched without scripts only goes into the reason.
func (d *desk) giveOpinion(c echo.Context, at *place, form url.Values) error {
	if phrase := form.Get("phrase"); phrase != "" {
		form.Set("reason", strings.TrimSpace(form.Get("reason")+"\n"+phrase))
		return d.showDocket(c, at, form, func(*Form) (int, error) { return http.StatusOK, nil })
	}
	if err := known(c); err != nil {
		return err
	}
	v, err := d.docketOf(c, at)
	if err != nil {
		return err
	}
	id, ctx := c.Param("entry"), c.Request().Context()
	next := form.Get("next")
	out, err := d.app.GiveOpinions(ctx, nomination.GiveOpinions{
		Slug: at.Slug, Entries: []string{id}, Department: v.Department.ID, Verdict: form.Get("verdict"), Reason: form.Get("reason"),
	})
	switch {
	case errors.Is(err, nomination.ErrInvalid), errors.Is(err, nomination.ErrDecided), errors.Is(err, nomination.ErrPhase):
		return d.showDocket(c, at, form, func(f *Form) (int, error) { return f.refuse(at.Printer, err) })
	case err != nil:
		return err
	}
	to := v.address(at)
	if next != "" {
		to = v.address(at, next)
	}
	return d.done(c, to, saidOf(at, form.Get("verdict"), out), v.takesBack(at, id))
}
