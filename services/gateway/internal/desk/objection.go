package desk

import (
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/selection"
)

func (d *desk) mountObjections() {
	const one = of + "/objections/:objection"
	d.section(app.HandleObjection, "objections", "desk.objections", d.objections)
	d.page(app.EnterObjection, of+"/objections/enter", d.entering)
	d.files(of+"/objections/enter", "send", intake{
		app.EnterObjection, selection.MaxObjectionFiles, selection.MaxObjectionFiles * selection.MaxObjectionFile, "51M",
	}, d.enterObjection)
	d.page(app.HandleObjection, one, d.objection)
	d.page(app.HandleObjection, one+"/files/:file", d.evidence)
	d.page(app.HandleObjection, one+"/note", d.noting)
	d.form(app.HandleObjection, one+"/note", "send", d.noteObjection, "text")
	d.page(app.HandleObjection, one+"/exclude", d.excluding)
	d.form(app.HandleObjection, one+"/exclude", "send", d.exclude, "reason")
	d.page(app.HandleObjection, one+"/decide", d.decidingObjection)
	d.form(app.HandleObjection, one+"/decide", "send", d.decideObjection, "reasons")
}

// objectionsPage lists the objections that the reader handles.
type objectionsPage struct {
	Rows  []objectionRow
	Enter string // address; empty: none can be entered
	Code  string // of one that was just entered, to be handed on
}

// objectionRow is an objection in the reader's language.
type objectionRow struct {
	selection.Objection

	Href           string
	About          string // the candidate
	State, Rule    string
	Via            string
	Received       web.Moment
	Due, DecidedAt *web.Moment
	Open, Overdue  bool
	ToStrike       bool // it is upheld, and its candidate is not struck
}

func (d *desk) objectionRow(at *place, names map[int]string, o selection.Objection) objectionRow {
	row := objectionRow{
		Objection: o, Href: at.Path("objections", strconv.Itoa(o.Number)), About: at.T("candidate.number", "number", o.Candidate),
		Received: at.moment(o.ReceivedAt), Open: o.State == selection.ObjectionOpen, ToStrike: o.State == selection.ObjectionUpheld && !o.Struck,
	}
	if name := names[o.Candidate]; name != "" {
		row.About = at.T("objection.about", "number", o.Candidate, "name", name)
	}
	if o.State != "" {
		row.State = at.T("objection.state." + o.State)
	}
	if o.Rule != "" {
		row.Rule = at.T("objection.rule." + o.Rule)
	}
	if o.Via != "" {
		row.Via = at.T("objection.via." + o.Via)
	}
	if o.DueAt != nil {
		// It is exclusive; people read the last minute.
		row.Due, row.Overdue = new(at.moment(o.DueAt.Add(-time.Minute))), row.Open && d.Now().After(*o.DueAt)
	}
	if o.DecidedAt != nil {
		row.DecidedAt = new(at.moment(*o.DecidedAt))
	}
	return row
}

// namesOf are the candidates' names by number; they can be missed.
func (d *desk) namesOf(c echo.Context, at *place) map[int]string {
	ctx, names := c.Request().Context(), map[int]string{}
	list, err := d.app.Candidates(ctx, at.Slug)
	if err != nil {
		d.Log.WarnContext(ctx, "no candidates for the objections", "slug", at.Slug, "error", err)
	}
	for _, one := range list {
		names[one.Number] = one.Name
	}
	return names
}

func (d *desk) objections(c echo.Context, at *place) error {
	all, err := d.app.Objections(c.Request().Context(), at.Slug)
	if err != nil {
		return err
	}
	data, names := objectionsPage{}, d.namesOf(c, at)
	if at.Can(app.EnterObjection) && at.Selection.PublishedAt == nil {
		data.Enter = at.Path("objections", "enter")
	}
	for _, o := range all {
		data.Rows = append(data.Rows, d.objectionRow(at, names, o))
	}
	return d.render(c, at, web.Page{Name: "objections", Title: at.T("desk.objections"), Data: data})
}

func enterObjectionForm(at *place) *Form {
	vias := Field{Name: "via", Kind: "select", Label: at.T("desk.objection.via")}
	for _, v := range selection.Vias() {
		vias.Options = append(vias.Options, Option{Value: v, Text: at.T("objection.via." + v)})
	}
	return &Form{Action: at.Path("objections", "enter", "send"), Button: at.T("desk.objection.enter"), Files: true, Fields: []Field{
		vias,
		{Name: "candidate", Kind: "number", Label: at.T("desk.objection.candidate")},
		{Name: "received_on", Kind: "date", Label: at.T("desk.objection.received"), Hint: at.T("desk.objection.received.hint"), Optional: true},
		{Name: "postmark", Kind: "date", Label: at.T("desk.objection.postmark"), Hint: at.T("desk.objection.postmark.hint"), Optional: true},
		{Name: "text", Kind: "area", Label: at.T("objection.text"), Max: selection.MaxObjection},
		{Name: "name", Label: at.T("desk.objection.name"), Max: 200, Optional: true},
		{Name: "contact", Label: at.T("objection.contact"), Max: 200, Optional: true},
		{Name: "anonymous", Kind: "check", Label: at.T("objection.anonymous")},
		{Name: "files", Kind: "file", Label: at.T("objection.files"), Hint: at.T("objection.files.hint"), Optional: true},
	}}
}

func (d *desk) entering(c echo.Context, at *place) error {
	return d.showEntering(c, at, http.StatusOK, enterObjectionForm(at))
}

func (d *desk) showEntering(c echo.Context, at *place, status int, form *Form) error {
	return d.render(c, at, web.Page{Name: "objection-act", Status: status, Title: at.T("desk.objection.enter"), Data: objectionAct{
		Text: at.T("desk.objection.enter.text"), Form: form, Back: at.Path("objections"), To: at.T("desk.objections"),
	}})
}

// objectionAct is a form about an objection.
type objectionAct struct {
	Text     string
	Form     *Form
	Back, To string
}

func (d *desk) enterObjection(c echo.Context, at *place, typed url.Values, files *app.Intake) error {
	number, err := strconv.Atoi(typed.Get("candidate"))
	if err != nil {
		number = 0 // which nobody has
	}
	filed, err := d.app.EnterObjection(c.Request().Context(), selection.FileObjection{
		Slug: at.Slug, Candidate: number, Text: typed.Get("text"), Name: typed.Get("name"), Contact: typed.Get("contact"),
		Anonymous: typed.Get("anonymous") != "", Via: typed.Get("via"), ReceivedOn: typed.Get("received_on"), Postmark: typed.Get("postmark"),
	}, files)
	if err != nil {
		form := enterObjectionForm(at)
		return d.again(c, at, form, typed, err, func(status int) error { return d.showEntering(c, at, status, form) })
	}
	// The code is shown this once, on no page that has an address of its own.
	return d.render(c, at, web.Page{Name: "objection-filed", Title: at.T("desk.objection.entered"), Data: objectionsPage{
		Code: filed.Code, Enter: at.Path("objections", strconv.Itoa(filed.Number)),
		Rows: []objectionRow{{Objection: selection.Objection{Followed: selection.Followed{Number: filed.Number}, Late: filed.Late}}},
	}})
}

// objectionOf reads the objection of a path.
func objectionOf(c echo.Context, at *place) selection.OfObjection {
	number, err := strconv.Atoi(c.Param("objection"))
	if err != nil {
		number = 0
	}
	return selection.OfObjection{Slug: at.Slug, Number: number}
}

// objectionPage is one objection, as its handlers see it.
type objectionPage struct {
	Row                   objectionRow
	Back                  string
	Note, Exclude, Decide string // addresses; empty: not now
	Files                 []evidenceRow
	Notes                 []noteRow
}

type evidenceRow struct{ Href, Name, Kind string }

type noteRow struct {
	selection.ObjectionNote

	Kind string
	At   web.Moment
}

func (d *desk) objection(c echo.Context, at *place) error {
	o, err := d.app.Objection(c.Request().Context(), objectionOf(c, at))
	if err != nil {
		return err
	}
	row := d.objectionRow(at, d.namesOf(c, at), o)
	data := objectionPage{Row: row, Back: at.Path("objections")}
	if o.ErasedAt == nil {
		data.Note, data.Exclude = row.Href+"/note", row.Href+"/exclude"
	}
	if row.Open || row.ToStrike {
		data.Decide = row.Href + "/decide"
	}
	for i, f := range o.Files {
		data.Files = append(data.Files, evidenceRow{fmt.Sprintf("%s/files/%d", row.Href, i+1), f.Name, f.Media})
	}
	for _, n := range o.Notes {
		data.Notes = append(data.Notes, noteRow{n, at.T("desk.objection.kind." + n.Kind), at.moment(n.At)})
	}
	return d.render(c, at, web.Page{Name: "objection", Title: at.T("desk.objection.title", "number", o.Number), Data: data})
}

// evidence sends a file of an objection, to be saved: what strangers send is shown
// on no page.
func (d *desk) evidence(c echo.Context, at *place) error {
	number, err := strconv.Atoi(c.Param("file"))
	if err != nil {
		number = 0
	}
	one, file, err := d.app.Evidence(c.Request().Context(), objectionOf(c, at), number)
	if err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set(echo.HeaderContentDisposition, mime.FormatMediaType("attachment", map[string]string{"filename": one.Name}))
	h.Set(echo.HeaderContentType, one.Media)
	h.Set(echo.HeaderContentLength, strconv.FormatInt(file.Size, 10))
	c.Response().WriteHeader(http.StatusOK)
	return file.Send(c.Response(), http.NewResponseController(c.Response()))
}

func (d *desk) showObjectionAct(c echo.Context, at *place, status int, title, text string, form *Form) error {
	o := objectionOf(c, at)
	return d.render(c, at, web.Page{Name: "objection-act", Status: status, Title: at.T(title), Data: objectionAct{
		Text: at.T(text), Form: form, Back: at.Path("objections", strconv.Itoa(o.Number)), To: at.T("desk.objection.title", "number", o.Number),
	}})
}

func noteForm(at *place, of selection.OfObjection) *Form {
	kind := Field{Name: "kind", Kind: "select", Label: at.T("desk.objection.kind"), Value: selection.NoteHearing}
	for _, k := range selection.Notes() {
		kind.Options = append(kind.Options, Option{Value: k, Text: at.T("desk.objection.kind." + k)})
	}
	return &Form{Action: at.Path("objections", strconv.Itoa(of.Number), "note", "send"), Button: at.T("desk.objection.note"), Fields: []Field{
		kind,
		{Name: "on", Kind: "date", Label: at.T("desk.objection.on"), Hint: at.T("desk.objection.on.hint"), Optional: true},
		{Name: "text", Kind: "area", Label: at.T("desk.objection.note.text"), Max: selection.MaxObjection},
	}}
}

func (d *desk) noting(c echo.Context, at *place) error {
	return d.showObjectionAct(c, at, http.StatusOK, "desk.objection.note", "desk.objection.note.lead", noteForm(at, objectionOf(c, at)))
}

func (d *desk) noteObjection(c echo.Context, at *place, typed url.Values) error {
	o := objectionOf(c, at)
	_, err := d.app.NoteObjection(c.Request().Context(), selection.NoteObjection{
		Slug: o.Slug, Number: o.Number, Kind: typed.Get("kind"), On: typed.Get("on"), Text: typed.Get("text"),
	})
	if err == nil {
		return d.done(c, at.Path("objections", strconv.Itoa(o.Number)), at.T("desk.objection.noted"), nil)
	}
	form := noteForm(at, o)
	return d.again(c, at, form, typed, err, func(status int) error {
		return d.showObjectionAct(c, at, status, "desk.objection.note", "desk.objection.note.lead", form)
	})
}

// excludeForm asks which of the handlers is party to an objection.
func (d *desk) excludeForm(c echo.Context, at *place) (*Form, error) {
	handlers, err := d.app.Handlers(c.Request().Context(), at.Slug)
	if err != nil {
		return nil, err
	}
	who := Field{Name: "email", Kind: "select", Label: at.T("desk.objection.who"), Options: []Option{{Text: at.T("objection.choose")}}}
	for _, h := range handlers {
		who.Options = append(who.Options, Option{Value: h.Email, Text: h.Name + " · " + h.Email})
	}
	return &Form{
		Action: at.Path("objections", strconv.Itoa(objectionOf(c, at).Number), "exclude", "send"), Button: at.T("desk.objection.exclude"),
		Fields: []Field{who, at.reason("desk.objection.exclude.hint")},
	}, nil
}

func (d *desk) excluding(c echo.Context, at *place) error {
	form, err := d.excludeForm(c, at)
	if err != nil {
		return err
	}
	return d.showObjectionAct(c, at, http.StatusOK, "desk.objection.exclude", "desk.objection.exclude.lead", form)
}

func (d *desk) exclude(c echo.Context, at *place, typed url.Values) error {
	o := objectionOf(c, at)
	_, err := d.app.ExcludeHandler(c.Request().Context(), o, typed.Get("email"), typed.Get("reason"))
	if err == nil {
		return d.done(c, at.Path("objections"), at.T("desk.objection.excluded"), nil)
	}
	form, failed := d.excludeForm(c, at)
	if failed != nil {
		return failed
	}
	return d.again(c, at, form, typed, err, func(status int) error {
		return d.showObjectionAct(c, at, status, "desk.objection.exclude", "desk.objection.exclude.lead", form)
	})
}

func decideObjectionForm(at *place, of selection.OfObjection) *Form {
	outcome := Field{Name: "outcome", Kind: "radio", Label: at.T("desk.objection.outcome")}
	for _, o := range selection.Outcomes() {
		outcome.Options = append(outcome.Options, Option{Value: o, Text: at.T("objection.state." + o), Hint: at.T("desk.objection.outcome." + o)})
	}
	rules := Field{
		Name: "rule", Kind: "select", Label: at.T("desk.objection.rule"), Hint: at.T("desk.objection.rule.hint"), Optional: true,
		Options: []Option{{Text: "–"}},
	}
	for _, r := range selection.ObjectionRuleNames() {
		rules.Options = append(rules.Options, Option{Value: r, Text: at.T("objection.rule." + r)})
	}
	return &Form{Action: at.Path("objections", strconv.Itoa(of.Number), "decide", "send"), Button: at.T("desk.objection.decide"), Fields: []Field{
		outcome, rules,
		{Name: "reasons", Kind: "area", Label: at.T("objection.reasons"), Hint: at.T("desk.objection.reasons.hint"), Max: audit.MaxReason},
	}}
}

func (d *desk) decidingObjection(c echo.Context, at *place) error {
	o, err := d.app.Objection(c.Request().Context(), objectionOf(c, at))
	if err != nil {
		return err
	}
	form := decideObjectionForm(at, objectionOf(c, at))
	if o.State == selection.ObjectionUpheld { // its candidate is yet to be struck
		form.fill(url.Values{"outcome": {o.State}, "reasons": {o.Reasons}})
	}
	return d.showObjectionAct(c, at, http.StatusOK, "desk.objection.decide", "desk.objection.decide.lead", form)
}

func (d *desk) decideObjection(c echo.Context, at *place, typed url.Values) error {
	o := objectionOf(c, at)
	_, err := d.app.DecideObjection(c.Request().Context(), selection.DecideObjection{
		Slug: o.Slug, Number: o.Number, Outcome: typed.Get("outcome"), Rule: typed.Get("rule"), Reasons: typed.Get("reasons"),
	})
	if err == nil {
		return d.done(c, at.Path("objections", strconv.Itoa(o.Number)), at.T("desk.objection.done"), nil)
	}
	form := decideObjectionForm(at, o)
	return d.again(c, at, form, typed, err, func(status int) error {
		return d.showObjectionAct(c, at, status, "desk.objection.decide", "desk.objection.decide.lead", form)
	})
}
