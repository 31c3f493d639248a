package desk

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/job"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/nomination"
)

const (
	maxShown = 200 // faults on a page; the marked file has all
	// refresh is after how many seconds a page that waits for work asks again.
	refresh = "2"
)

func (d *desk) mountImport() {
	const one = of + "/import/:import"
	d.section(app.ImportEntries, "import", "desk.import", d.imports)
	d.files(of+"/import", "upload", intake{app.ImportEntries, 1, app.MaxImport, "21M"}, d.upload)
	d.page(app.ImportEntries, one, d.importStep)
	d.page(app.ImportEntries, one+"/marked", d.marked)
	d.form(app.ImportEntries, one, "look", d.lookAgain)
	d.form(app.ImportEntries, one, "check", d.check)
	d.form(app.ImportEntries, one, "run", d.runImport)
	d.confirm(confirmed{app.ImportEntries, one + "/drop", d.askDrop, d.dropImport})
}

// importsPage is the first step, and what has come before.
type importsPage struct {
	Form   *Form
	Body   string // what the column of recommending bodies is called
	Bodies []nomination.Value
	Before []importRow
}

type importRow struct {
	Href, Name, By, RecommendedBy, State string
	At                                   web.Moment
	Open                                 bool
}

func uploadForm(at *place) *Form {
	return &Form{Action: at.Path("import", "upload"), Button: at.T("desk.import.upload"), Files: true, Fields: []Field{
		{Name: "recommended_by", Label: at.label("recommended_by"), Hint: at.T("desk.import.by.hint"), Max: 200, Optional: true},
		{Name: "blob", Kind: "file", Label: at.T("desk.import.file"), Hint: at.T("desk.import.file.hint")},
	}}
}

func (d *desk) imports(c echo.Context, at *place) error {
	return d.showImports(c, at, http.StatusOK, uploadForm(at))
}

func (d *desk) showImports(c echo.Context, at *place, status int, form *Form) error {
	ctx := c.Request().Context()
	all, err := d.app.Imports(ctx, at.Slug)
	if err != nil {
		return err
	}
	found, err := d.app.FindEntries(ctx, nomination.FindEntries{Slug: at.Slug, Limit: 1})
	if err != nil {
		return err
	}
	data := importsPage{Form: form, Body: at.label("recommended_by"), Bodies: found.RecommendedBy}
	for _, x := range all {
		data.Before = append(data.Before, importRow{
			Href: at.Path("import", x.ID), Name: x.Name, By: x.By, RecommendedBy: x.RecommendedBy, At: at.moment(x.CreatedAt),
			Open: x.EndedAt == nil, State: importState(at, x),
		})
	}
	return d.render(c, at, web.Page{Name: "imports", Status: status, Title: at.T("desk.import"), Data: data})
}

func importState(at *place, x nomination.Import) string {
	switch {
	case x.EndedAt != nil && x.Entries > 0:
		return at.N("desk.import.taken", int64(x.Entries))
	case x.EndedAt != nil:
		return at.T("desk.import.dropped")
	case x.Job != nil && !x.Job.Ended():
		return at.T("desk.import.running")
	}
	return at.T("desk.import.open")
}

func (d *desk) upload(c echo.Context, at *place, typed url.Values, files *app.Intake) error {
	x, err := d.app.StartImport(c.Request().Context(), nomination.StartImport{Slug: at.Slug, RecommendedBy: typed.Get("recommended_by")}, files)
	if err != nil {
		form := uploadForm(at)
		return d.again(c, at, form, typed, err, func(status int) error { return d.showImports(c, at, status, form) })
	}
	return c.Redirect(http.StatusSeeOther, at.Path("import", x.ID))
}

// importPage is a further step.
type importPage struct {
	X          nomination.Import
	Step       int // 2 columns, 3 check, 4 rows are taken
	Wrong      Form
	Look       *Form // sheet and line; nil: the file is text and its line is clear
	Columns    []importColumn
	Checked    bool
	Faults     []placed
	More       int // faults that are not shown
	Warnings   []placed
	MoreDoubts int
	Marked     string
	Action     string // address before the names of forms
	Running    bool
	Percent    int
	Failed     Text
	Over       bool
	Entries    string
}

type importColumn struct {
	Letter  string
	Field   Field
	Samples []string
	Hint    string
}

// placed is what is said of a place in a file.
type placed struct {
	Where string // B7, row 7, or nothing
	Name  string
	Text  Text
}

func ofImport(c echo.Context, at *place) nomination.OfImport {
	return nomination.OfImport{Slug: at.Slug, Import: c.Param("import")}
}

func (d *desk) importStep(c echo.Context, at *place) error {
	x, err := d.app.Import(c.Request().Context(), ofImport(c, at))
	if err != nil {
		return err
	}
	return d.showImport(c, at, x, http.StatusOK, Form{}, nil)
}

func (d *desk) showImport(c echo.Context, at *place, x nomination.Import, status int, wrong Form, typed url.Values) error {
	data := importPage{X: x, Step: 2, Wrong: wrong, Action: at.Path("import", x.ID), Entries: at.Path("entries"), Over: x.EndedAt != nil}
	data.Look = lookForm(at, x)
	for i, column := range x.Columns {
		data.Columns = append(data.Columns, columnOf(at, x, i, column, typed))
	}
	if x.Check != nil {
		data.Step, data.Checked = 3, true
		faults := slices.Clone(x.Check.Faults)
		slices.SortStableFunc(faults, func(a, b fault.Field) int { return cmp.Or(a.Line-b.Line, a.Column-b.Column) })
		for _, f := range faults[:min(maxShown, len(faults))] {
			data.Faults = append(data.Faults, at.placed(x, f))
		}
		data.More = max(0, x.Check.Mistakes-len(data.Faults))
		for _, w := range x.Check.Warnings[:min(maxShown, len(x.Check.Warnings))] {
			data.Warnings = append(data.Warnings, at.placed(x, fault.Field{Name: w.Field, Code: w.Code, Message: w.Message, Params: w.Params, Line: w.Row}))
		}
		data.MoreDoubts = max(0, x.Check.Doubts-len(data.Warnings))
		if x.Check.Mistakes > 0 || x.Check.Doubts > 0 {
			data.Marked = at.Path("import", x.ID, "marked")
		}
	}
	if x.Job != nil {
		data.Step = 4
		if data.Running = !x.Job.Ended() && !data.Over; data.Running {
			c.Response().Header().Set("Refresh", refresh)
			data.Percent = percentOf(x.Job.Done, x.Job.Total)
		}
		if x.Job.State == job.Failed && x.Job.Fault != nil {
			data.Step, data.Failed = 3, at.Fault(x.Job.Fault)
		}
	}
	title := x.Name
	if title == "" {
		title = at.T("desk.import")
	}
	return d.render(c, at, web.Page{Name: "import", Status: status, Title: title, Data: data})
}

func lookForm(at *place, x nomination.Import) *Form {
	form := &Form{Action: at.Path("import", x.ID, "look"), Button: at.T("desk.import.look")}
	if len(x.Sheets) > 1 {
		sheets := Field{Name: "sheet", Kind: "select", Label: at.T("desk.import.sheet"), Value: x.Sheet}
		for _, name := range x.Sheets {
			sheets.Options = append(sheets.Options, Option{Value: name, Text: name})
		}
		form.Fields = append(form.Fields, sheets)
	}
	form.Fields = append(form.Fields, Field{
		Name: "header", Kind: "number", Label: at.T("desk.import.header"), Hint: at.T("desk.import.header.hint"), Value: strconv.Itoa(x.Header),
	})
	return form
}

// columnLetter is B for 1.
func columnLetter(i int) string {
	var b []byte
	for n := i + 1; n > 0; n = (n - 1) / 26 {
		b = append([]byte{byte('A' + (n-1)%26)}, b...)
	}
	return string(b)
}

func columnOf(at *place, x nomination.Import, i int, column nomination.Column, typed url.Values) importColumn {
	name := fmt.Sprintf("uses[%d]", i)
	out := importColumn{Letter: columnLetter(i), Samples: column.Samples, Field: Field{Name: name, Kind: "select", Label: column.Name, Value: column.Use}}
	if typed.Has(name) {
		out.Field.Value = typed.Get(name)
	}
	for _, use := range x.Uses {
		out.Field.Options = append(out.Field.Options, Option{Value: use, Text: at.use(use)})
	}
	switch {
	case column.Remembered:
		out.Hint = at.T("desk.import.remembered")
	case column.Guessed:
		out.Hint = at.T("desk.import.guessed")
	}
	return out
}

// use names what a column may be.
func (at *place) use(use string) string {
	if id, ok := strings.CutPrefix(use, "attributes."); ok {
		return id
	}
	switch use {
	case "no", nomination.UseNote, nomination.UseLeave:
		return at.T("desk.use." + use)
	}
	return at.label(use)
}

// wholes are what faults call the parts of a file that are no columns.
var wholes = []string{"sheet", "rows", "columns", "comments", "pictures", "csv", "header", "file"}

// placed tells a fault at its place in the file.
func (at *place) placed(x nomination.Import, f fault.Field) placed {
	out := placed{Name: f.Name, Text: at.told(f)}
	if slices.Contains(wholes, f.Name) {
		out.Name = at.T("desk.place." + f.Name)
	}
	switch {
	case f.Line > 0 && f.Column > 0 && len(x.Sheets) > 0:
		out.Where = columnLetter(f.Column-1) + strconv.Itoa(f.Line)
	case f.Line > 0:
		out.Where = at.T("desk.import.row", "row", f.Line)
	}
	return out
}

// told says what a fault means; of a mapping it names fields as pages do.
func (at *place) told(f fault.Field) Text {
	if use, ok := f.Params["field"]; ok && f.Code == "field_twice" {
		return at.Field(f, "field", at.use(use))
	}
	return at.Field(f)
}

// importAgain shows an import's step with what is wrong.
func (d *desk) importAgain(c echo.Context, at *place, typed url.Values, err error) error {
	wrong := Form{}
	status, failed := wrong.refuse(at.Printer, err)
	if failed != nil {
		return failed
	}
	x, missing := d.app.Import(c.Request().Context(), ofImport(c, at))
	if missing != nil {
		return missing
	}
	wrong.Wrong = nil
	for _, f := range fault.From(err).Fields {
		wrong.Wrong = append(wrong.Wrong, at.told(f))
	}
	if len(wrong.Wrong) == 0 {
		wrong.Wrong = []Text{at.Fault(fault.From(err))}
	}
	return d.showImport(c, at, x, status, wrong, typed)
}

func (d *desk) lookAgain(c echo.Context, at *place, typed url.Values) error {
	in := nomination.MapImport{Slug: at.Slug, Import: c.Param("import"), Sheet: typed.Get("sheet")}
	if text := typed.Get("header"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			n = -1
		}
		in.Header = n
	}
	x, err := d.app.MapImport(c.Request().Context(), in)
	if err != nil {
		return d.importAgain(c, at, typed, err)
	}
	return c.Redirect(http.StatusSeeOther, at.Path("import", x.ID))
}

func (d *desk) check(c echo.Context, at *place, typed url.Values) error {
	in := nomination.MapImport{Slug: at.Slug, Import: c.Param("import"), Uses: []string{}}
	for i := 0; typed.Has(fmt.Sprintf("uses[%d]", i)); i++ {
		in.Uses = append(in.Uses, typed.Get(fmt.Sprintf("uses[%d]", i)))
	}
	x, err := d.app.MapImport(c.Request().Context(), in)
	if err != nil {
		return d.importAgain(c, at, typed, err)
	}
	return c.Redirect(http.StatusSeeOther, at.Path("import", x.ID)+"#checked")
}

func (d *desk) runImport(c echo.Context, at *place, typed url.Values) error {
	x, err := d.app.RunImport(c.Request().Context(), ofImport(c, at))
	if err != nil {
		return d.importAgain(c, at, typed, err)
	}
	return c.Redirect(http.StatusSeeOther, at.Path("import", x.ID))
}

func (d *desk) askDrop(c echo.Context, at *place) (string, askPage, error) {
	x, err := d.app.Import(c.Request().Context(), ofImport(c, at))
	to := at.Path("import", x.ID)
	form := &Form{Action: to + "/drop/confirm", Button: at.T("desk.import.drop")}
	return at.T("desk.import.drop"), askPage{Lead: at.T("desk.import.drop.text", "name", x.Name), Form: form, Back: to, BackButton: x.Name}, err
}

func (d *desk) dropImport(c echo.Context, at *place, _ url.Values) error {
	x, err := d.app.DropImport(c.Request().Context(), ofImport(c, at))
	if err != nil {
		return err
	}
	return d.done(c, at.Path("import"), at.T("desk.import.gone", "name", x.Name), nil)
}

// marked answers with the file in which the faults are marked.
func (d *desk) marked(c echo.Context, at *place) error {
	heading := nomination.MarkHeadings()[1]
	if at.Lang == web.Chinese {
		heading = nomination.MarkHeadings()[0]
	}
	made, err := d.app.MarkedImport(c.Request().Context(), ofImport(c, at), heading, func(f fault.Field) string {
		shown := at.placed(nomination.Import{}, f)
		if f.Column == 0 && shown.Name != "" {
			return shown.Name + ": " + shown.Text.Text
		}
		return shown.Text.Text
	})
	if err != nil {
		return err
	}
	media, ext := "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ".xlsx"
	if made.CSV {
		media, ext = "text/csv; charset=utf-8", ".csv"
	}
	c.Response().Header().Set(echo.HeaderContentDisposition, "attachment; filename*=UTF-8''"+url.PathEscape(made.Name+"-"+heading+ext))
	return c.Blob(http.StatusOK, media, made.Body)
}
