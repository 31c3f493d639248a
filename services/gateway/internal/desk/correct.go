package desk

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/selection"
)

// correctPage asks what an entry is to say.
type correctPage struct {
	Form  *Form
	Means []string // what the correction does
	Since []change // what somebody else has changed meanwhile
	By    string   // who; empty: the author, or it is not told
	Back  string
	To    string
}

// correctable tells whether the reader may correct an entry now.
func correctable(at *place, e nomination.Entry) bool {
	switch e.State {
	case nomination.Submitted, nomination.Vetoed, nomination.Admitted:
		return at.Can(app.CorrectEntry) && at.Selection.Phase(rulebook.PhaseVetting).State != selection.Closed
	}
	return false
}

// correctForm asks for all that a form says, filled in with what it says now.
func correctForm(at *place, rules *rulebook.Rulebook, e nomination.Entry) *Form {
	version := Field{Name: "version", Kind: "hidden", Value: strconv.Itoa(e.Version)}
	return &Form{
		Action: at.Path("entries", e.ID, "correct", "send"), Button: at.T("desk.correct.send"),
		Fields: append(append([]Field{version}, nomineeFields(at, rules, e.Nominee)...), at.reason("desk.reason.hint")),
	}
}

// nomineeFields are those of a nomination form, with what is known.
func nomineeFields(at *place, rules *rulebook.Rulebook, n nomination.Nominee) (fields []Field) {
	years := ""
	if n.Years != nil {
		years = strconv.Itoa(*n.Years)
	}
	add := func(f Field) { fields = append(fields, f) }
	add(Field{Name: "name", Label: at.label("name"), Value: n.Name, Max: 100})
	add(Field{Name: "employer", Label: at.label("employer"), Value: n.Employer, Max: 200})
	add(Field{Name: "region", Label: at.label("region"), Value: n.Region, Max: 200})
	if len(rules.Categories) > 0 {
		f := Field{Name: "category", Kind: "select", Label: at.label("category"), Value: n.Category}
		if n.Category == "" {
			f.Options = []Option{{Text: at.T("desk.correct.unsaid")}}
		}
		for _, one := range rules.Categories {
			f.Options = append(f.Options, Option{Value: one.ID, Text: category(at, rules, one.ID)})
		}
		add(f)
	}
	genders := []Option{{Text: at.T("desk.correct.unsaid")}, {Value: "female", Text: genderOf(at, "female")}, {Value: "male", Text: genderOf(at, "male")}}
	add(Field{Name: "gender", Kind: "select", Label: at.label("gender"), Value: n.Gender, Options: genders, Optional: !rules.Counts("gender")})
	add(Field{Name: "years", Label: at.label("years"), Value: years, Optional: !rules.Counts("years")})
	add(Field{
		Name: "recommended_by", Label: at.label("recommended_by"), Value: n.RecommendedBy, Hint: at.T("desk.correct.self"), Max: 200,
		Optional: !rules.Counts("recommended_by"),
	})
	for _, id := range rules.Attributes {
		add(Field{Name: app.AttributeField(id), Label: at.attribute(rules, id), Value: n.Attributes[id], Max: 200, Optional: !rules.Counts(id)})
	}
	add(Field{Name: "deeds", Kind: "area", Label: at.label("deeds"), Value: n.Deeds, Max: 5000})
	return fields
}

// means is what a correction does beside what it says.
func means(at *place, e nomination.Entry) []string {
	told := []string{at.T("desk.correct.kept")}
	if len(e.Opinions) > 0 {
		told = append(told, at.N("desk.correct.opinions", int64(len(e.Opinions))))
	}
	if e.Number > 0 {
		told = append(told, at.T("desk.correct.number", "number", e.Number))
	}
	return told
}

func (d *desk) correct(c echo.Context, at *place) error {
	e, err := d.app.Entry(c.Request().Context(), ofEntry(c, at))
	if err != nil {
		return err
	}
	rules, err := d.app.RulebookOf(at.Selection)
	if err != nil {
		return err
	}
	if !correctable(at, e) {
		return nomination.ErrDecided.With("state", string(e.State))
	}
	return d.showCorrect(c, at, e, http.StatusOK, correctPage{Form: correctForm(at, rules, e)})
}

func (d *desk) showCorrect(c echo.Context, at *place, e nomination.Entry, status int, data correctPage) error {
	data.Means, data.Back, data.To = means(at, e), at.Path("entries", e.ID), e.Nominee.Name
	return d.render(c, at, web.Page{
		Name: "correct", Status: status, Title: at.T("desk.correct.title", "name", e.Nominee.Name), Address: at.Path("entries", e.ID, "correct"), Data: data,
	})
}

func (d *desk) sendCorrection(c echo.Context, at *place, typed url.Values) error {
	ctx, of := c.Request().Context(), ofEntry(c, at)
	rules, err := d.app.RulebookOf(at.Selection)
	if err != nil {
		return err
	}
	n, err := app.NomineeOf(rules, typed)
	if err == nil {
		version, _ := strconv.Atoi(typed.Get("version"))
		_, err = d.app.CorrectEntry(ctx, nomination.CorrectEntry{Slug: of.Slug, Entry: of.Entry, Version: version, Nominee: n, Reason: typed.Get("reason")})
	}
	if err == nil {
		return d.done(c, at.Path("entries", of.Entry), at.T("desk.correct.done", "name", n.Name), nil)
	}
	e, failed := d.app.Entry(ctx, of)
	if failed != nil || !correctable(at, e) {
		return err
	}
	data := correctPage{Form: correctForm(at, rules, e)}
	if errors.Is(err, nomination.ErrVersion) {
		if data.Since, data.By, failed = d.since(c, at, rules, e, typed.Get("version")); failed != nil {
			return failed
		}
	}
	return d.again(c, at, data.Form, typed, unprefixed(err, "nominee."), func(status int) error {
		// What is sent next is sent by somebody who has read the latest version.
		data.Form.Fields[0].Value = strconv.Itoa(e.Version)
		return d.showCorrect(c, at, e, status, data)
	})
}

// since is what was changed after a version.
func (d *desk) since(c echo.Context, at *place, rules *rulebook.Rulebook, e nomination.Entry, version string) ([]change, string, error) {
	all, err := d.app.Versions(c.Request().Context(), nomination.OfEntry{Slug: at.Slug, Entry: e.ID})
	if err != nil {
		return nil, "", err
	}
	i := slices.IndexFunc(all, func(v nomination.Version) bool { return strconv.Itoa(v.Number) == version })
	if i < 1 {
		return nil, "", nil
	}
	var fields []string
	for _, v := range all[:i] {
		for _, field := range v.Changed {
			if !slices.Contains(fields, field) {
				fields = append(fields, field)
			}
		}
	}
	return changes(at, rules, fields, all[i].Nominee, e.Nominee), cmp.Or(all[0].By, at.T("desk.version.author")), nil
}

// unprefixed is a fault whose fields are named as those of a form.
func unprefixed(err error, prefix string) error {
	known := fault.From(err)
	fields := slices.Clone(known.Fields)
	for i := range fields {
		fields[i].Name = strings.TrimPrefix(fields[i].Name, prefix)
	}
	return known.At(fields...)
}

// restore has a withdrawn entry wait again.
func (d *desk) restore(c echo.Context, at *place, _ url.Values) error {
	of := ofEntry(c, at)
	e, err := d.app.RestoreEntry(c.Request().Context(), of)
	if err != nil {
		return err
	}
	back := &undo{Action: at.Path("entries", of.Entry, "withdraw")}
	return d.done(c, at.Path("entries", of.Entry), at.T("desk.entry.restored", "name", e.Nominee.Name), back)
}
