package desk

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/deploy/examples"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/selection"
)

// newPath is where selections begin.
const newPath = root + "/new"

// maxDraft is the largest form with a rulebook: each of its bytes may take three.
const maxDraft = "2M"

func (d *desk) mountNew() {
	d.page(app.DraftRulebook, newPath, d.newSelection)
	d.formUpTo(maxDraft, app.DraftRulebook, newPath, "start", d.startDraft)
	d.mountDraft()
	d.section(app.ReadGiven, "rulebook", "desk.rulebook", d.rulebook)
	d.page(app.ReadGiven, of+"/rulebook/given", d.givenFile)
	d.page(app.ReadRulebook, of+"/rulebook/canonical", d.canonicalFile)
}

// newPage asks from what a selection begins, and lists those at work.
type newPage struct {
	Form   *Form
	Drafts []draftLink
}

type draftLink struct {
	Href, Title string
	SavedBy     string
	SavedAt     web.Moment
}

// Where a rulebook may begin.
const (
	fromExample = "example:"
	fromEdition = "edition:"
	fromFile    = "file"
)

func (d *desk) newSelection(c echo.Context, at *place) error {
	form, err := d.startForm(c, at)
	if err != nil {
		return err
	}
	return d.showNew(c, at, form, http.StatusOK)
}

func (d *desk) showNew(c echo.Context, at *place, form *Form, status int) error {
	drafts, err := d.app.Drafts(c.Request().Context())
	if err != nil {
		return err
	}
	data := newPage{Form: form}
	for _, one := range drafts {
		title := one.Slug
		if title == "" {
			title = at.T("desk.new.unnamed")
		}
		data.Drafts = append(data.Drafts, draftLink{
			Href: newPath + "/" + one.ID, Title: title, SavedBy: one.SavedBy, SavedAt: at.utc(one.SavedAt),
		})
	}
	return d.render(c, at, web.Page{Name: "new", Status: status, Title: at.T("desk.new"), Address: newPath, Section: "new", Data: data})
}

// startForm asks for an example, an edition or a file.
func (d *desk) startForm(c echo.Context, at *place) (*Form, error) {
	all, err := d.app.Selections(c.Request().Context())
	if err != nil {
		return nil, err
	}
	var options []Option
	for _, name := range examples.Names() {
		text, _ := examples.Rulebook(name)
		options = append(options, Option{Value: fromExample + name, Text: titleOf(at.Printer, text), Hint: at.T("desk.example." + name)})
	}
	for _, s := range all {
		options = append(options, Option{
			Value: fromEdition + s.Slug, Text: at.T("desk.new.edition", "title", at.Words(s.Title)), Hint: at.T("desk.new.edition.hint", "slug", s.Slug),
		})
	}
	options = append(options, Option{Value: fromFile, Text: at.T("desk.new.file"), Hint: at.T("desk.new.file.hint")})
	return &Form{Action: newPath + "/start", Button: at.T("desk.new.button"), Files: true, Fields: []Field{
		{Name: "from", Kind: "radio", Label: at.T("desk.new.from"), Options: options, Value: options[0].Value},
		{Name: "file", Kind: "file", Label: at.T("desk.new.upload"), Optional: true},
	}}, nil
}

func titleOf(t web.Printer, text string) string {
	rb, err := rulebook.Parse([]byte(text))
	if err != nil {
		return ""
	}
	return t.Words(rb.Title)
}

func (d *desk) startDraft(c echo.Context, at *place, form url.Values) error {
	begun, err := d.beginDraft(c, form.Get("from"))
	if err == nil {
		begun, err := d.app.StartDraft(c.Request().Context(), begun)
		if err == nil {
			back := &undo{Action: newPath + "/" + begun.ID + "/discard/confirm", Values: map[string]string{"version": strconv.Itoa(begun.Version)}}
			return d.done(c, newPath+"/"+begun.ID, at.T("desk.new.started"), back)
		}
		return d.startAgain(c, at, form, err)
	}
	return d.startAgain(c, at, form, err)
}

func (d *desk) startAgain(c echo.Context, at *place, form url.Values, err error) error {
	again, failed := d.startForm(c, at)
	if failed != nil {
		return failed
	}
	f := fault.From(err)
	for i := range f.Fields { // the file is the rulebook
		if f.Fields[i].Name == "rulebook" {
			f.Fields[i].Name = "file"
		}
	}
	return d.again(c, at, again, form, err, func(status int) error { return d.showNew(c, at, again, status) })
}

// beginDraft gives what a selection begins from.
func (d *desk) beginDraft(c echo.Context, from string) (selection.StartDraft, error) {
	if name, ok := strings.CutPrefix(from, fromExample); ok {
		text, known := examples.Rulebook(name)
		if known {
			edition := 1
			if rb, err := rulebook.Parse([]byte(text)); err == nil {
				edition = rb.Edition
			}
			return selection.StartDraft{Slug: name + "-" + strconv.Itoa(edition), Rulebook: edited(text, forDemo())}, nil
		}
	}
	if slug, ok := strings.CutPrefix(from, fromEdition); ok {
		return d.nextEdition(c, slug)
	}
	if from == fromFile {
		return uploaded(c)
	}
	return selection.StartDraft{}, selection.Invalid(fault.OneOf("from", fromExample+"…", fromEdition+"…", fromFile))
}

// forDemo takes away what an example has for the demo alone.
func forDemo() []rulebook.Change {
	return []rulebook.Change{
		{Do: rulebook.DoRemove, Path: "phases.notice.shortened_to"}, {Do: rulebook.DoRemove, Path: "voting.publication"},
	}
}

// phasesPath begins the path of a phase.
const phasesPath = "phases."

// nextEdition is the rulebook of a selection as it was handed in, counted up and
// without the dates, which have passed.
func (d *desk) nextEdition(c echo.Context, slug string) (selection.StartDraft, error) {
	ctx := c.Request().Context()
	s, err := d.app.Selection(ctx, slug)
	if err != nil {
		return selection.StartDraft{}, err
	}
	given, err := d.app.Given(ctx, slug)
	if err != nil {
		return selection.StartDraft{}, err
	}
	next := strconv.Itoa(s.Edition + 1)
	changes := []rulebook.Change{{Do: rulebook.DoSet, Path: "edition", Text: next}}
	for _, phase := range rulebook.PhaseNames() {
		if _, dated := (rulebook.Phases{}).Window(phase); dated {
			changes = append(changes, rulebook.Change{Do: rulebook.DoRemove, Path: phasesPath + phase})
		}
	}
	award := strings.TrimSuffix(slug, "-"+strconv.Itoa(s.Edition))
	start := selection.StartDraft{Slug: award + "-" + next, Rulebook: edited(given.Rulebook, changes)}
	if len(start.Check()) > 0 {
		start.Slug = ""
	}
	return start, nil
}

// edited makes changes, as far as they can be made.
func edited(text string, changes []rulebook.Change) string {
	doc, err := rulebook.ReadDocument([]byte(text))
	if err != nil {
		return text
	}
	for _, c := range changes {
		if changed, err := doc.Edit(c); err == nil {
			doc = changed
		}
	}
	return doc.Text()
}

// uploaded reads a rulebook's file.
func uploaded(c echo.Context) (selection.StartDraft, error) {
	header, err := c.FormFile("file")
	if errors.Is(err, http.ErrMissingFile) {
		return selection.StartDraft{}, selection.Invalid(fault.Required("file"))
	}
	if err != nil {
		return selection.StartDraft{}, fault.New(fault.Malformed, "form_malformed", "the form cannot be read").Because(err)
	}
	file, err := header.Open()
	if err != nil {
		return selection.StartDraft{}, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, rulebook.MaxSize+1))
	if err != nil {
		return selection.StartDraft{}, err
	}
	start := selection.StartDraft{Rulebook: oneFeed(strings.TrimPrefix(string(text), "\ufeff"))}
	if wrong := slices.Concat(start.Check(), web.NotPlain(url.Values{"file": {start.Rulebook}}, "file")); len(wrong) > 0 {
		for i := range wrong {
			wrong[i].Name = "file"
		}
		return selection.StartDraft{}, selection.Invalid(wrong[0])
	}
	return start, nil
}
