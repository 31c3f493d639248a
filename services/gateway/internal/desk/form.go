package desk

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/gateway/internal/problem"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
)

// Form is what is asked on a page and sent at once.
type Form struct {
	Action string
	Fields []Field
	Button string
	Files  bool   // it sends files
	Wrong  []Text // what is wrong with it as a whole
}

// Text is what is told, with its language where that is not the page's.
type Text = web.Text

// Field is one question of a form.
type Field struct {
	Name, Label, Hint string
	Kind              string // type of the input, or area, select, radio, check, hidden; empty: text
	Value             string
	Options           []Option
	Max               int // characters; 0: no limit
	Optional          bool
	Autocomplete      string
	Wrong             Text
}

// Option is one answer that may be chosen.
type Option struct{ Value, Text, Hint string }

// Chosen tells whether an option is the answer.
func (f Field) Chosen(o Option) bool { return o.Value == f.Value }

// Limit is the number of characters that is told; 0: none, as where nobody comes
// near it.
func (f Field) Limit() int {
	switch f.Kind {
	case "", "text", "area":
		return f.Max
	}
	return 0
}

// Described names what describes the field's control.
func (f Field) Described() string {
	ids := []string{}
	if f.Hint != "" || f.Limit() > 0 {
		ids = append(ids, f.Name+"-hint")
	}
	if f.Wrong.Text != "" {
		ids = append(ids, f.Name+"-wrong")
	}
	return strings.Join(ids, " ")
}

// Faulty tells whether something is wrong with the form.
func (f Form) Faulty() bool {
	return len(f.Wrong) > 0 || slices.ContainsFunc(f.Fields, func(one Field) bool { return one.Wrong.Text != "" })
}

// Field is the one with a name, for pages that show fields in a place of their
// own.
func (f Form) Field(name string) Field {
	i := slices.IndexFunc(f.Fields, func(one Field) bool { return one.Name == name })
	if i < 0 {
		return Field{Name: name}
	}
	return f.Fields[i]
}

// fill puts in what was typed; passwords and files are typed again.
func (f *Form) fill(typed url.Values) {
	for i, one := range f.Fields {
		if typed.Has(one.Name) && one.Kind != "password" && one.Kind != "file" {
			f.Fields[i].Value = typed.Get(one.Name)
		}
	}
}

// refuse tells at each field what a fault says of it, and above the form what it
// says of no field of it. It gives the status of the page, or an error that no
// change of the form would mend.
func (f *Form) refuse(t web.Printer, err error) (status int, _ error) {
	known := fault.From(err)
	switch known.Kind {
	case fault.Invalid, fault.Malformed, fault.Conflict, fault.TooLarge, fault.TooMany, fault.Unauthorized, fault.Forbidden, fault.Gone, fault.Media,
		fault.Unavailable:
	default:
		return 0, err
	}
	for _, wrong := range known.Fields {
		i := slices.IndexFunc(f.Fields, func(one Field) bool { return one.Name == wrong.Name && one.Kind != "hidden" })
		if i < 0 {
			f.Wrong = append(f.Wrong, t.Field(wrong))
			continue
		}
		f.Fields[i].Wrong = t.Field(wrong)
	}
	if !f.Faulty() {
		f.Wrong = append(f.Wrong, t.Fault(known))
	}
	return known.Kind.Status(), nil
}

// reason asks why, with a hint.
func (at *place) reason(hint string) Field {
	return Field{Name: "reason", Kind: "area", Label: at.T("desk.reason"), Hint: at.T(hint), Max: audit.MaxReason}
}

// yesOrNo reads the answer to a question that takes one of both.
func yesOrNo(name, value string) (bool, error) {
	switch value {
	case "yes":
		return true, nil
	case "no":
		return false, nil
	}
	return false, problem.Invalid([]fault.Field{fault.Required(name)})
}

// again shows a page with a form anew, with what was typed and what is wrong with
// it; show renders the page.
func (d *desk) again(c echo.Context, at *place, f *Form, typed url.Values, err error, show func(status int) error) error {
	f.fill(typed)
	status, failed := f.refuse(at.Printer, err)
	if failed != nil {
		return failed
	}
	if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
		web.RetryAfter(c, fault.From(err))
	}
	return show(status)
}
