package page

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/selection"
)

// nominatePage asks for a nominee, or thanks for one.
type nominatePage struct {
	Path   string // of the page
	Fields []nominateField
	Wrong  bool       // something is, at its field
	Said   web.Text   // what is wrong with the form as a whole
	Opens  web.Moment // when nominations do; zero: that is not known, or past
	Closes web.Moment // the same
	Closed bool       // they are over
	Taken  *takenView // what was handed in
}

// takenView is an entry that was just handed in. Its key is shown this once.
type takenView struct{ Name, Entry, Key string }

// nominateField is a field of the form.
type nominateField struct {
	Name, Label, Hint, Value string
	Max                      int
	Area, Whole, Required    bool
	Options                  []nominateOption // of those that are chosen
	Wrong                    web.Text
}

type nominateOption struct {
	Value, Text string
	Chosen      bool
}

// nominate asks for a nominee while nominations are open, and else says when they
// are.
func (p *pages) nominate(c echo.Context) error {
	s, err := p.visit(c)
	if err != nil {
		return err
	}
	return p.nominating(c, s, http.StatusOK, nominatePage{Fields: s.nomineeFields(url.Values{}, nil)})
}

// nominated hands a nominee in, in the name of the public whoever is signed in.
func (p *pages) nominated(c echo.Context) error {
	typed, err := web.Form(c, "deeds")
	if err != nil {
		return err
	}
	s, err := p.visit(c)
	if err != nil {
		return err
	}
	nominee, err := app.NomineeOf(s.rules, typed)
	if err == nil {
		ctx := c.Request().Context()
		ctx = app.WithCaller(ctx, app.Caller{Address: app.CallerOf(ctx).Address})
		var e nomination.Entry
		if e, err = p.app.SubmitEntry(ctx, nomination.SubmitEntry{Slug: s.Slug, Nominee: nominee}); err == nil {
			return p.nominating(c, s, http.StatusOK, nominatePage{Taken: &takenView{nominee.Name, e.ID, e.Key}})
		}
	}
	wrong := fault.From(err)
	if wrong.Kind == fault.Internal {
		return err
	}
	data := nominatePage{Fields: s.nomineeFields(typed, wrong.Fields), Wrong: true}
	if !slices.ContainsFunc(data.Fields, func(f nominateField) bool { return f.Wrong.Text != "" }) {
		data.Said = s.printer.Fault(wrong)
	}
	if wrong.Kind.Passes() {
		web.RetryAfter(c, wrong)
	}
	return p.nominating(c, s, wrong.Kind.Status(), data)
}

func (p *pages) nominating(c echo.Context, s *visit, status int, data nominatePage) error {
	phase := s.Phase(rulebook.PhaseNomination)
	data.Path, data.Closed = s.path()+"/nominate", phase.State == selection.Closed
	switch {
	case phase.State == selection.Pending && phase.OpensAt != nil && phase.OpensAt.After(p.Now()):
		data.Opens = s.printer.Moment(*phase.OpensAt, s.at)
	case phase.State == selection.Opened && phase.ClosesAt != nil:
		data.Closes = s.printer.Moment(*phase.ClosesAt, s.at)
	}
	if phase.State != selection.Opened {
		data.Fields = nil
	}
	title := s.printer.T("nominate.title")
	if data.Taken != nil {
		title = s.printer.T("nominate.taken")
	}
	c.Response().Header().Set("Cache-Control", "private, no-store")
	return p.render(c, s, web.Page{Name: "nominate", Status: status, Address: data.Path, Title: title, Section: "nominate", Data: data})
}

// nomineeFields are those of the form, as typed, each with what is wrong with it.
func (s *visit) nomineeFields(typed url.Values, wrong []fault.Field) (fields []nominateField) {
	t := s.printer
	add := func(f nominateField) {
		if f.Label == "" {
			f.Label = t.T("nominate." + f.Name)
		}
		f.Value = typed.Get(f.Name)
		f.Required = f.Required || s.rules.Counts(strings.TrimPrefix(f.Name, app.AttributeField("")))
		for i := range f.Options {
			f.Options[i].Chosen = f.Options[i].Value == f.Value
		}
		for _, w := range wrong {
			if strings.TrimPrefix(w.Name, "nominee.") == f.Name && f.Wrong.Text == "" {
				f.Wrong = t.Field(w)
			}
		}
		fields = append(fields, f)
	}
	unsaid := nominateOption{Text: t.T("nominate.unsaid")}
	add(nominateField{Name: "name", Max: 100, Required: true})
	add(nominateField{Name: "employer", Max: 200, Required: true})
	add(nominateField{Name: "region", Max: 200, Required: true})
	if len(s.rules.Categories) > 0 {
		f := nominateField{Name: "category", Required: true, Options: []nominateOption{unsaid}}
		for _, one := range s.rules.Categories {
			f.Options = append(f.Options, nominateOption{Value: one.ID, Text: t.Words(one.Title)})
		}
		add(f)
	}
	if s.rules.Nominee == rulebook.NomineePerson {
		add(nominateField{Name: "gender", Options: []nominateOption{
			unsaid, {Value: "female", Text: t.T("attribute.gender.female")}, {Value: "male", Text: t.T("attribute.gender.male")},
		}})
		add(nominateField{Name: "years", Max: 2, Whole: true})
	}
	for _, id := range s.rules.Attributes {
		add(nominateField{Name: app.AttributeField(id), Label: id, Max: 200})
	}
	add(nominateField{Name: "deeds", Hint: t.T("nominate.deeds.hint"), Max: 5000, Area: true, Required: true})
	add(nominateField{Name: "recommended_by", Hint: t.T("nominate.recommended_by.hint"), Max: 200})
	return fields
}
