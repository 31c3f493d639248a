package desk

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/selection"
)

// entriesAtOnce is how many entries a page of the list has.
const entriesAtOnce = 50

func (d *desk) mountEntries() {
	const entry = of + "/entries/:entry"
	d.section(app.ReadEntries, "entries", "desk.entries", d.entries)
	d.page(app.SubmitEntry, of+"/entries/new", d.newEntry)
	d.form(app.SubmitEntry, of+"/entries/new", "send", d.sendEntry, "deeds")
	d.page(app.ReadEntries, entry, d.entry)
	d.page(app.ReadEntries, entry+"/photo", d.entryPhoto)
	d.form(app.WithdrawEntry, entry, "withdraw", d.withdraw, "reason")
	d.form(app.RestoreEntry, entry, "restore", d.restore)
	d.page(app.CorrectEntry, entry+"/correct", d.correct)
	d.form(app.CorrectEntry, entry+"/correct", "send", d.sendCorrection, "deeds", "reason")
	d.page(app.CheckSeats, of+"/entries/seats", d.filling)
}

// entriesPage is the list of entries.
type entriesPage struct {
	Text     string
	Sort     string // is kept by the filters' form
	Filters  []Field
	Filtered bool
	Columns  []Column
	Rows     []entryRow
	Pager    Pager
	New      string // addresses; empty: the reader may not
	Import   string
	Photos   string
}

// entryRow is an entry in the list.
type entryRow struct {
	Href, Name              string
	Number                  int
	Category, Region        string
	Employer, RecommendedBy string
	State, StateText        string
	Passed, Departments     int
	Failed                  string // departments that said no
	Photo                   bool
	Warnings                int
}

func (d *desk) entries(c echo.Context, at *place) error {
	rules, err := d.app.RulebookOf(at.Selection)
	if err != nil {
		return err
	}
	in := nomination.FindEntries{
		Slug: at.Slug, Text: c.QueryParam("q"), State: nomination.State(c.QueryParam("state")), Category: c.QueryParam("category"),
		Region: c.QueryParam("region"), Department: c.QueryParam("department"), Opinion: c.QueryParam("opinion"),
		RecommendedBy: c.QueryParam("by"), Photo: nomination.Having(c.QueryParam("photo")), Sort: nomination.Sort(c.QueryParam("sort")),
		Page: pageOf(c), Limit: entriesAtOnce,
	}
	found, err := d.app.FindEntries(c.Request().Context(), in)
	if err != nil {
		return err
	}
	data := entriesPage{Text: in.Text, Sort: string(in.Sort), Pager: pager(c, found.Total, entriesAtOnce)}
	data.Filters = filters(at, rules, in, found)
	data.Filtered = in.Text != "" || slices.ContainsFunc(data.Filters, func(f Field) bool { return f.Value != "" })
	data.Columns = []Column{
		column(c, at.T("desk.entries.number"), string(nomination.SortNumber)), column(c, at.label("name"), string(nomination.SortName)),
		column(c, at.label("employer"), string(nomination.SortEmployer)), column(c, at.label("region"), string(nomination.SortRegion)),
		column(c, at.label("recommended_by"), string(nomination.SortRecommendedBy)),
		{Text: at.T("desk.entries.state")},
		{Text: at.T("desk.entries.opinions")},
		{Text: at.label("photo")},
	}
	for _, e := range found.Entries {
		data.Rows = append(data.Rows, rowOf(at, rules, e))
	}
	if enterable(at) {
		data.New = at.Path("entries", "new")
	}
	if at.Can(app.ImportEntries) {
		data.Import, data.Photos = at.Path("import"), at.Path("photos")
	}
	return d.render(c, at, web.Page{Name: "entries", Title: at.T("desk.entries"), Data: data})
}

func rowOf(at *place, rules *rulebook.Rulebook, e nomination.Entry) entryRow {
	row := entryRow{
		Href: at.Path("entries", e.ID), Name: e.Nominee.Name, Number: e.Number, Category: category(at, rules, e.Nominee.Category),
		Region: e.Nominee.Region, Employer: e.Nominee.Employer, RecommendedBy: e.Nominee.RecommendedBy, State: string(e.State),
		StateText: at.T("desk.entry.state." + string(e.State)), Departments: len(rules.Vetting.Departments), Photo: e.Nominee.Photo != "",
		Warnings: len(e.Warnings),
	}
	if row.Name == "" {
		row.Name = at.T("desk.entry.erased")
	}
	var failed []string
	for _, o := range e.Opinions {
		if o.Verdict == nomination.Pass {
			row.Passed++
		} else {
			failed = append(failed, department(at, rules, o.Department))
		}
	}
	row.Failed = at.List(failed)
	return row
}

// label names a field of the form where a line begins.
func (at *place) label(field string) string { return capital(at.T("attribute." + field)) }

func capital(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:]
}

// filters are the questions beside the search.
func filters(at *place, rules *rulebook.Rulebook, in nomination.FindEntries, found nomination.EntriesFound) []Field {
	all := func(name, label, value string, options ...Option) Field {
		return Field{
			Name: name, Label: label, Kind: "select", Value: value, Optional: true, Options: append([]Option{{Text: at.T("desk.entries.all")}}, options...),
		}
	}
	var states, departments []Option
	categories := categoryOptions(at, rules)
	for _, s := range nomination.States() {
		states = append(states, Option{Value: string(s), Text: at.T("desk.entry.state." + string(s))})
	}
	for _, one := range rules.Vetting.Departments {
		departments = append(departments, Option{Value: one.ID, Text: department(at, rules, one.ID)})
	}
	out := []Field{all("state", at.T("desk.entries.state"), string(in.State), states...)}
	if len(categories) > 0 {
		out = append(out, all("category", at.label("category"), in.Category, categories...))
	}
	out = append(out, all("region", at.label("region"), in.Region, values(found.Regions, in.Region)...),
		all("by", at.label("recommended_by"), in.RecommendedBy, values(found.RecommendedBy, in.RecommendedBy)...))
	if len(departments) > 0 {
		out = append(out, all("department", at.T("desk.entries.department"), in.Department, departments...),
			all("opinion", at.T("desk.entries.opinion"), in.Opinion, Option{Value: nomination.Due, Text: at.T("desk.entries.due")},
				Option{Value: nomination.Pass, Text: at.T("desk.verdict.pass")}, Option{Value: nomination.Fail, Text: at.T("desk.verdict.fail")}))
	}
	return append(out, all("photo", at.label("photo"), string(in.Photo), Option{Value: string(nomination.With), Text: at.T("desk.entries.with")},
		Option{Value: string(nomination.Without), Text: at.T("desk.entries.without")}))
}

// values are those of the selection's entries, with the one that is asked for.
func values(found []nomination.Value, asked string) []Option {
	var out []Option
	for _, v := range found {
		out = append(out, Option{Value: v.Text, Text: v.Text + " (" + strconv.Itoa(v.Count) + ")"})
	}
	if asked != "" && !slices.ContainsFunc(out, func(o Option) bool { return o.Value == asked }) {
		out = append(out, Option{Value: asked, Text: asked})
	}
	return out
}

func categoryOptions(at *place, rules *rulebook.Rulebook) (options []Option) {
	for _, one := range rules.Categories {
		options = append(options, Option{Value: one.ID, Text: category(at, rules, one.ID)})
	}
	return options
}

func category(at *place, rules *rulebook.Rulebook, id string) string {
	for _, one := range rules.Categories {
		if one.ID == id {
			if title := at.Words(one.Title); title != "" {
				return title
			}
		}
	}
	return id
}

func department(at *place, rules *rulebook.Rulebook, id string) string {
	for _, one := range rules.Vetting.Departments {
		if one.ID == id {
			if title := at.Words(one.Title); title != "" {
				return title
			}
		}
	}
	return id
}

// entryPage is one entry.
type entryPage struct {
	Row      entryRow
	Facts    []fact
	Title    string // of the deeds
	Deeds    string
	Photo    string // address
	Alt      string
	Opinions []opinion
	Warnings []Text
	Notes    []nomination.Note
	Versions []versionView // none of an entry that says what it said first
	Correct  string        // address; empty: it cannot be
	Withdraw *Form         // nil where it cannot be
	Restore  string        // address of the form; empty: it cannot be
	Strike   string        // address; empty: not a candidate, or not for the reader
	Back     string
}

// fact is what an entry says in a field.
type fact struct{ Label, Text string }

type opinion struct {
	Department, Verdict, Reason, By string
	Fail, Due                       bool
	At                              web.Moment
}

func ofEntry(c echo.Context, at *place) nomination.OfEntry {
	return nomination.OfEntry{Slug: at.Slug, Entry: c.Param("entry")}
}

func (d *desk) entry(c echo.Context, at *place) error {
	e, err := d.app.Entry(c.Request().Context(), ofEntry(c, at))
	if err != nil {
		return err
	}
	return d.showEntry(c, at, e, http.StatusOK, withdrawForm(at, e))
}

func withdrawForm(at *place, e nomination.Entry) *Form {
	if e.State != nomination.Submitted || !at.Can(app.WithdrawEntry) {
		return nil
	}
	return &Form{Action: at.Path("entries", e.ID, "withdraw"), Button: at.T("desk.entry.withdraw"), Fields: []Field{at.reason("desk.reason.hint")}}
}

func (d *desk) showEntry(c echo.Context, at *place, e nomination.Entry, status int, form *Form) error {
	rules, err := d.app.RulebookOf(at.Selection)
	if err != nil {
		return err
	}
	data := entryPage{
		Row: rowOf(at, rules, e), Title: at.label("deeds"), Deeds: e.Nominee.Deeds, Alt: at.label("photo"), Notes: e.Notes, Withdraw: form,
		Back: at.Path("entries"),
	}
	if canStrike(at, e) {
		data.Strike = at.Path("entries", e.ID, "strike")
	}
	if e.Nominee.Photo != "" {
		data.Photo = at.Path("entries", e.ID, "photo")
	}
	add := func(label, text string) {
		if text != "" {
			data.Facts = append(data.Facts, fact{label, text})
		}
	}
	add(at.label("employer"), e.Nominee.Employer)
	add(at.label("region"), e.Nominee.Region)
	add(at.label("category"), data.Row.Category)
	if e.Nominee.Gender != "" {
		add(at.label("gender"), at.T("attribute."+strings.Join([]string{"gender", e.Nominee.Gender}, ".")))
	}
	if e.Nominee.Years != nil {
		add(at.label("years"), strconv.Itoa(*e.Nominee.Years))
	}
	add(at.label("recommended_by"), e.Nominee.RecommendedBy)
	for _, id := range rules.Attributes {
		add(id, e.Nominee.Attributes[id])
	}
	add(at.T("desk.entry.submitted"), at.moment(e.CreatedAt).Text)
	given := map[string]nomination.Opinion{}
	for _, o := range e.Opinions {
		given[o.Department] = o
	}
	for _, one := range rules.Vetting.Departments {
		o, ok := given[one.ID]
		shown := opinion{Department: department(at, rules, one.ID), Due: true, Verdict: at.T("desk.entries.due")}
		if ok {
			shown = said(at, rules, o)
		}
		data.Opinions = append(data.Opinions, shown)
	}
	for _, w := range e.Warnings {
		data.Warnings = append(data.Warnings, at.warning(w))
	}
	if data.Versions, err = d.versions(c.Request().Context(), at, rules, e); err != nil {
		return err
	}
	if correctable(at, e) {
		data.Correct = at.Path("entries", e.ID, "correct")
	}
	if e.State == nomination.Withdrawn && e.Nominee.Name != "" && at.Can(app.RestoreEntry) &&
		at.Selection.Phase(rulebook.PhaseVetting).State != selection.Closed {
		data.Restore = at.Path("entries", e.ID, "restore")
	}
	return d.render(c, at, web.Page{Name: "entry", Status: status, Title: data.Row.Name, Data: data})
}

// warning tells a doubt in the reader's language.
func (at *place) warning(w nomination.Warning) Text {
	return at.Field(fault.Field{Name: w.Field, Code: w.Code, Message: w.Message, Params: w.Params})
}

func (d *desk) withdraw(c echo.Context, at *place, typed url.Values) error {
	ctx, of := c.Request().Context(), ofEntry(c, at)
	e, err := d.app.WithdrawEntry(ctx, nomination.WithdrawEntry{Slug: of.Slug, Entry: of.Entry, Reason: typed.Get("reason")})
	if err == nil {
		back := &undo{Action: at.Path("entries", of.Entry, "restore")}
		return d.done(c, at.Path("entries", of.Entry), at.T("desk.entry.withdrawn", "name", e.Nominee.Name), back)
	}
	shown, failed := d.app.Entry(ctx, of)
	form := withdrawForm(at, shown)
	if failed != nil || form == nil {
		return err
	}
	return d.again(c, at, form, typed, err, func(status int) error { return d.showEntry(c, at, shown, status, form) })
}

func (d *desk) entryPhoto(c echo.Context, at *place) error {
	version, _ := strconv.Atoi(c.QueryParam("version"))
	body, _, err := d.app.EntryPhoto(c.Request().Context(), ofEntry(c, at), version)
	if err != nil {
		return err
	}
	return picture(c, body)
}
