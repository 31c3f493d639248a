package desk

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/review"
)

// maxComment is the longest comment in characters.
const maxComment = 2000

// sheetPage is a candidate, and the juror's sheet beside it.
type sheetPage struct {
	Due       due
	Panel     string
	Code      string
	One       review.Assignment
	Photo     string // address; empty: none is shown
	Facts     []fact
	Story     []string
	Hidden    string // what the panel does not see
	Place     string
	Progress  progress
	Rows      []sheetRow
	Comment   Field
	Form      Form
	Base      int
	Open      bool // it may be saved
	Submitted bool
	Saved     *web.Moment
	State     string // of the sheet
	Says      string
	Total     string
	Totals    *spread
	Scale     string
	Peers     []review.Peer
	Criteria  []criterion

	Back, Previous, Next, Unscored string // addresses
	Then                           string // code of who is scored next
	Abstain, Recuse                string
	Account, API                   string
}

// sheetRow is a criterion with its score, and a comment on it.
type sheetRow struct {
	criterion
	Score   Field
	Comment Field
	Values  []string // the whole scale, where it is short
	Spread  *spread
}

func (d *desk) sheet(c echo.Context, at *place) error {
	return d.showSheet(c, at, nil, func(*Form) (int, error) { return http.StatusOK, nil })
}

// showSheet renders a sheet as it is kept, or with what was typed.
func (d *desk) showSheet(c echo.Context, at *place, typed url.Values, fill func(f *Form) (int, error)) error {
	code := c.Param("code")
	s, err := d.scoredBy(c, at, code)
	if err != nil {
		return err
	}
	if s.One == nil {
		return review.ErrUnassigned
	}
	one := *s.One
	code = one.Candidate
	data := sheetPage{
		Due: dueOf(at, rulebook.PhaseReview), Panel: s.name, Code: code, One: one, Story: paragraphs(one.Deeds), Facts: s.facts(at, one),
		Hidden: s.hidden(at, one), Progress: s.progress(), Open: s.Open, State: s.state(one), Says: at.T("desk.sheet.state." + s.state(one)),
		Total: decimal(s.total(one.Sheet)), Totals: s.totals(one), Scale: scaleText(at, s.panel.Scale), Criteria: s.criteria(at),
		Back: s.path(at), Abstain: s.path(at, code, "abstain"), Recuse: s.path(at, code, "recuse"), Account: at.Account.ID, API: s.api(at),
	}
	i := slices.IndexFunc(s.List, func(a review.Assignment) bool { return a.Candidate == code })
	data.Place = at.T("desk.vetting.place", "place", i+1, "found", len(s.List))
	data.lead(at, s)
	if one.Sheet != nil {
		data.Base, data.Submitted = one.Sheet.Revision, one.Sheet.Submitted
		m := at.Precise(one.Sheet.At, web.Location(at.Selection.Timezone))
		data.Saved = &m
	}
	if len(typed["base"]) > 0 {
		data.Base = number(typed.Get("base"))
	}
	if data.Photo, err = d.candidatePhoto(c, at, s, code); err != nil {
		return err
	}
	if data.Submitted && !one.Sheet.Abstained && s.panel.SeesOthers == rulebook.SeesAfterOwn {
		data.Peers, err = d.app.Peers(c.Request().Context(), review.OfSheet{Slug: at.Slug, Panel: s.panel.ID, Candidate: code})
		if err != nil {
			return err
		}
	}
	data.Form = s.form(at, one)
	data.Form.fill(typed)
	status, err := fill(&data.Form)
	if err != nil {
		return err
	}
	for i, row := range data.Criteria {
		data.Rows = append(data.Rows, sheetRow{
			criterion: row, Score: data.Form.Field(scoreField(row.ID)), Comment: data.Form.Field(commentField(row.ID)),
			Values: points(s.panel.Scale), Spread: s.spread(i, one),
		})
	}
	data.Comment = data.Form.Field("comment")
	title := one.Name
	if title == "" {
		title = code
	}
	return d.render(c, at, web.Page{Name: "sheet", Status: status, Title: title, Address: s.path(at, code), Data: data})
}

// lead fills in where the page leads.
func (p *sheetPage) lead(at *place, s scored) {
	to := func(code string) string {
		if code == "" {
			return ""
		}
		return s.path(at, code)
	}
	step := s.around(p.Code)
	p.Previous, p.Next, p.Unscored, p.Then = to(step.Previous), to(step.Next), to(step.Unscored), step.Unscored
}

// form asks for the scores of all criteria.
func (s scored) form(at *place, one review.Assignment) Form {
	f := Form{Action: s.path(at, one.Candidate, "save")}
	was := review.Sheet{}
	if one.Sheet != nil {
		was = *one.Sheet
	}
	for _, c := range s.criteria(at) {
		f.Fields = append(f.Fields,
			Field{Name: scoreField(c.ID), Label: c.Title, Value: was.Scores[c.ID]},
			Field{Name: commentField(c.ID), Label: at.T("desk.sheet.comment.on", "criterion", c.Title), Kind: "area", Max: maxComment, Optional: true, Value: was.Comments[c.ID]})
	}
	f.Fields = append(f.Fields, Field{Name: "comment", Label: at.T("desk.sheet.comment"), Kind: "area", Max: maxComment, Optional: true, Value: was.Comment})
	return f
}

// facts are what the panel may see beside name and story.
func (s scored) facts(at *place, one review.Assignment) (facts []fact) {
	for _, name := range slices.Sorted(func(yield func(string) bool) {
		for name := range one.Attributes {
			if !yield(name) {
				return
			}
		}
	}) {
		if value := one.Attributes[name]; value != "" && name != "category" {
			if name == "gender" {
				value = genderOf(at, value)
			}
			facts = append(facts, fact{attribute(at, name), value})
		}
	}
	if one.Category != "" {
		facts = append(facts, fact{attribute(at, "category"), one.Category})
	}
	return facts
}

// attribute is what a field of an entry is called.
func attribute(at *place, name string) string {
	if key := "attribute." + name; at.Has(key) {
		return at.T(key)
	}
	return name
}

func (s scored) hidden(at *place, one review.Assignment) string {
	names := make([]string, len(one.Hidden))
	for i, name := range one.Hidden {
		names[i] = attribute(at, name)
	}
	return at.List(names)
}

// candidatePhoto is the address of a candidate's public photo, where the panel
// may see who it is.
func (d *desk) candidatePhoto(c echo.Context, at *place, s scored, code string) (string, error) {
	if s.panel.Hides("name") || s.panel.Hides("photo") {
		return "", nil
	}
	list, err := d.app.Candidates(c.Request().Context(), at.Slug)
	if err != nil {
		return "", err
	}
	for _, one := range list {
		if strconv.Itoa(one.Number) == code && one.Photo != "" {
			return fmt.Sprintf("/s/%s/c/%s/photo/%s", at.Slug, code, one.Photo), nil
		}
	}
	return "", nil
}

// The fields of a criterion are named as review's faults name them.
func scoreField(criterion string) string   { return ofScores + criterion }
func commentField(criterion string) string { return ofComments + criterion }

const ofScores, ofComments = "scores.", "comments."

// number reads a revision; what is none is one that no sheet has.
func number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return -1
	}
	return n
}

// sheetOf is what a form says of a sheet.
func sheetOf(c echo.Context, at *place, form url.Values) review.SaveSheet {
	base := number(form.Get("base"))
	in := review.SaveSheet{
		Slug: at.Slug, Panel: c.Param("panel"), Candidate: c.Param("code"), Comment: form.Get("comment"), Base: &base,
		Scores: map[string]string{}, Comments: map[string]string{}, Submit: form.Get("act") == "submit",
	}
	for name := range form {
		if id, ok := strings.CutPrefix(name, ofScores); ok && strings.TrimSpace(form.Get(name)) != "" {
			in.Scores[id] = form.Get(name)
		}
		if id, ok := strings.CutPrefix(name, ofComments); ok && strings.TrimSpace(form.Get(name)) != "" {
			in.Comments[id] = form.Get(name)
		}
	}
	return in
}

// saveSheet saves a draft, or submits it, and leads on.
func (d *desk) saveSheet(c echo.Context, at *place, form url.Values) error {
	in := sheetOf(c, at, form)
	saved, err := d.app.SaveSheet(c.Request().Context(), in)
	switch {
	case errors.Is(err, review.ErrChanged):
		return d.showConflict(c, at, in, fault.From(err))
	case errors.Is(err, review.ErrInvalid), errors.Is(err, review.ErrPhase):
		return d.showSheet(c, at, form, func(f *Form) (int, error) { return f.refuse(at.Printer, err) })
	case err != nil:
		return err
	}
	to := at.Path("sheets", url.PathEscape(in.Panel), url.PathEscape(saved.Candidate))
	if next := form.Get("then"); form.Get("act") != "save" {
		to = at.Path("sheets", url.PathEscape(in.Panel), url.PathEscape(next)) // without one to the list
	}
	key := "desk.sheet.saved"
	if saved.Submitted {
		key = "desk.sheet.submitted"
	}
	return d.done(c, to, at.T(key, "sheet", saved.Candidate), nil)
}
