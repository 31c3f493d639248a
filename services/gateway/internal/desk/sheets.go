package desk

import (
	"fmt"
	"math/big"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/review"
)

func (d *desk) mountSheets() {
	const panel = of + "/sheets/:panel"
	const sheet = panel + "/:code"
	d.section(app.ReadSheets, "sheets", "desk.sheets", d.ownPanels)
	d.page(app.ReadSheets, panel, d.sheets)
	d.page(app.ReadSheets, panel+"/review", d.reviewSheets)
	d.form(app.SaveSheet, panel+"/review", "submit", d.submitSheets)
	d.page(app.ReadSheets, panel+"/print", d.printSheets)
	d.page(app.ReadSheets, sheet, d.sheet)
	d.form(app.SaveSheet, sheet, "save", d.saveSheet, web.AllLines)
	d.page(app.SaveSheet, sheet+"/abstain", d.abstainPage)
	d.form(app.SaveSheet, sheet+"/abstain", "confirm", d.abstain)
	d.page(app.DeclareConflict, sheet+"/recuse", d.recusePage)
	d.form(app.DeclareConflict, sheet+"/recuse", "confirm", d.recuse, "reason")
}

// ownPanels leads to the juror's panel; who sits on several chooses.
func (d *desk) ownPanels(c echo.Context, at *place) error {
	rules, err := d.app.RulebookOf(at.Selection)
	if err != nil {
		return err
	}
	var own []link
	for _, p := range rules.Review.Panels {
		if at.Within(app.ReadSheets, p.ID) {
			own = append(own, link{Href: at.Path("sheets", p.ID), Text: panelTitle(at, p)})
		}
	}
	if len(own) == 1 {
		return c.Redirect(http.StatusSeeOther, own[0].Href)
	}
	return d.render(c, at, web.Page{Name: "sheets-panels", Title: at.T("desk.sheets"), Data: own})
}

func panelTitle(at *place, p rulebook.Panel) string {
	if words := at.Words(p.Title); words != "" {
		return words
	}
	return p.ID
}

// scored is a juror's panel with what they are to score there.
type scored struct {
	review.OwnSheets
	panel rulebook.Panel
	name  string // of the panel
}

// scoredBy reads the panel of a request, with the sheet that is called code
// whole; with none where it is empty.
func (d *desk) scoredBy(c echo.Context, at *place, code string) (s scored, err error) {
	rules, err := d.app.RulebookOf(at.Selection)
	if err != nil {
		return s, err
	}
	var there bool
	if s.panel, there = rules.Review.Panel(c.Param("panel")); !there {
		return s, review.ErrNoPanel
	}
	s.name = panelTitle(at, s.panel)
	s.OwnSheets, err = d.app.OwnSheets(c.Request().Context(), review.OfSheet{Slug: at.Slug, Panel: s.panel.ID, Candidate: code})
	return s, err
}

// path is an address under the panel.
func (s scored) path(at *place, parts ...string) string {
	for i := range parts {
		parts[i] = url.PathEscape(parts[i])
	}
	return at.Path(append([]string{"sheets", s.panel.ID}, parts...)...)
}

// The states of a sheet, as a juror thinks of them.
const (
	sheetNew       = "new"
	sheetPartial   = "partial"
	sheetComplete  = "complete" // a draft
	sheetSubmitted = "submitted"
	sheetAbstained = "abstained"
	sheetBack      = "back" // sent back for a second look
)

// state of a juror's sheet of a candidate.
func (s scored) state(a review.Assignment) string {
	switch {
	case a.SecondLook != "":
		return sheetBack
	case a.Sheet == nil:
		return sheetNew
	case a.Sheet.Submitted && a.Sheet.Abstained:
		return sheetAbstained
	case a.Sheet.Submitted:
		return sheetSubmitted
	case s.total(a.Sheet) == nil:
		return sheetPartial
	}
	return sheetComplete
}

// open tells whether a juror has something to do for a candidate.
func (s scored) open(a review.Assignment) bool {
	switch s.state(a) {
	case sheetNew, sheetPartial, sheetBack:
		return true
	}
	return false
}

// total is the sum of weight × score; nil unless each criterion has a score.
func (s scored) total(sheet *review.Sheet) *big.Rat {
	if sheet == nil || sheet.Abstained {
		return nil
	}
	sum := new(big.Rat)
	for _, c := range s.panel.Criteria {
		n, err := rulebook.ParseNumber(sheet.Scores[c.ID])
		if err != nil {
			return nil
		}
		sum.Add(sum, new(big.Rat).Mul(c.Weight.Rat(), n.Rat()))
	}
	return sum
}

// decimal writes a number with as many decimals as it needs, four at most.
func decimal(n *big.Rat) string {
	if n == nil {
		return ""
	}
	text := n.FloatString(4)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}

// step leads from one candidate to others.
type step struct{ Previous, Next, Unscored string } // codes; empty: none

// around gives the neighbours of a candidate, and who is to be scored after it.
func (s scored) around(code string) (out step) {
	i := slices.IndexFunc(s.List, func(a review.Assignment) bool { return a.Candidate == code })
	if i > 0 {
		out.Previous = s.List[i-1].Candidate
	}
	if i+1 < len(s.List) {
		out.Next = s.List[i+1].Candidate
	}
	for n := 1; n <= len(s.List); n++ {
		if a := s.List[(i+n)%len(s.List)]; a.Candidate != code && s.open(a) {
			out.Unscored = a.Candidate
			break
		}
	}
	return out
}

// progress counts sheets.
type progress struct {
	All, Submitted, Drafts, Left, Back int
	Percent                            int // submitted
}

func (s scored) progress() progress {
	p := progress{All: len(s.List)}
	for _, a := range s.List {
		switch s.state(a) {
		case sheetSubmitted, sheetAbstained:
			p.Submitted++
		case sheetComplete:
			p.Drafts++
		case sheetBack:
			p.Back++
		default:
			p.Left++
		}
	}
	p.Percent = percentOf(p.Submitted, p.All)
	return p
}

// sheetLine is a candidate in a juror's list.
type sheetLine struct {
	Code, Name, Category string
	Href                 string
	State, Says          string
	Total                string
	Revision             int
	Why                  string // it was sent back
	Scores               []string
}

func (s scored) lines(at *place) []sheetLine {
	lines := make([]sheetLine, len(s.List))
	for i, a := range s.List {
		l := sheetLine{
			Code: a.Candidate, Name: a.Name, Category: a.Category, Href: s.path(at, a.Candidate), State: s.state(a), Total: decimal(s.total(a.Sheet)), Why: a.SecondLook,
		}
		l.Says = at.T("desk.sheet.state." + l.State)
		if a.Sheet != nil {
			l.Revision = a.Sheet.Revision
		}
		for _, c := range s.panel.Criteria {
			text := ""
			if a.Sheet != nil {
				text = a.Sheet.Scores[c.ID]
			}
			l.Scores = append(l.Scores, text)
		}
		lines[i] = l
	}
	return lines
}

// sheetsPage is a juror's list.
type sheetsPage struct {
	Due      due
	Panel    string
	Progress progress
	Lines    []sheetLine
	Unscored string // address
	Review   string
	Print    string
	Account  string // whose sheets wait in the browser
	API      string // where they are sent
}

func (d *desk) sheets(c echo.Context, at *place) error {
	s, err := d.scoredBy(c, at, "")
	if err != nil {
		return err
	}
	data := sheetsPage{
		Due: dueOf(at, rulebook.PhaseReview), Panel: s.name, Progress: s.progress(), Lines: s.lines(at),
		Review: s.path(at, "review"), Print: s.path(at, "print"), Account: at.Account.ID, API: s.api(at),
	}
	if next := s.around("").Unscored; next != "" {
		data.Unscored = s.path(at, next)
	}
	return d.render(c, at, web.Page{Name: "sheets", Title: at.T("desk.sheets"), Data: data})
}

// api is the address below which the API takes the panel's sheets.
func (s scored) api(at *place) string {
	return fmt.Sprintf("/api/v1/selections/%s/panels/%s/sheets/", at.Slug, s.panel.ID)
}

// criterion is what a juror scores, as pages name it.
type criterion struct {
	ID, Title, Weight string
}

func (s scored) criteria(at *place) []criterion {
	out := make([]criterion, len(s.panel.Criteria))
	for i, c := range s.panel.Criteria {
		out[i] = criterion{c.ID, at.Words(c.Title), c.Weight.String()}
		if out[i].Title == "" {
			out[i].Title = c.ID
		}
	}
	return out
}

// reviewPage shows all sheets before they are submitted, or printed.
type reviewPage struct {
	sheetsPage
	Criteria []criterion
	Form     Form
	Ready    []hidden // drafts that lack nothing: code and revision
	Scale    string
	Filled   bool
	Other    string // address of the other way to print
	Juror    string
}

func (d *desk) reviewSheets(c echo.Context, at *place) error {
	return d.showReview(c, at, func(*Form) (int, error) { return http.StatusOK, nil })
}

func (d *desk) showReview(c echo.Context, at *place, fill func(f *Form) (int, error)) error {
	s, err := d.scoredBy(c, at, "")
	if err != nil {
		return err
	}
	data := reviewPage{
		sheetsPage: sheetsPage{
			Due: dueOf(at, rulebook.PhaseReview), Panel: s.name, Progress: s.progress(), Lines: s.lines(at),
			Review: s.path(at), Account: at.Account.ID, API: s.api(at),
		},
		Criteria: s.criteria(at), Form: Form{Action: s.path(at, "review", "submit")},
	}
	for _, l := range data.Lines {
		if l.State == sheetComplete && s.Open {
			data.Ready = append(data.Ready, hidden{l.Code, strconv.Itoa(l.Revision)})
		}
	}
	status, err := fill(&data.Form)
	if err != nil {
		return err
	}
	return d.render(c, at, web.Page{Name: "sheets-review", Status: status, Title: at.T("desk.sheets.review"), Address: s.path(at, "review"), Data: data})
}

func (d *desk) printSheets(c echo.Context, at *place) error {
	s, err := d.scoredBy(c, at, "")
	if err != nil {
		return err
	}
	data := reviewPage{
		sheetsPage: sheetsPage{Panel: s.name, Lines: s.lines(at), Review: s.path(at)},
		Criteria:   s.criteria(at), Scale: scaleText(at, s.panel.Scale), Filled: c.QueryParam("filled") != "", Juror: at.Account.Name,
		Other: address(c, "filled", "yes"),
	}
	if data.Filled {
		data.Other = address(c, "filled", "")
	}
	return d.render(c, at, web.Page{Name: "sheets-print", Title: at.T("desk.sheets.print"), Data: data})
}

// submitSheets submits the drafts of a form: a field each, whose name is the code
// and whose value is the revision.
func (d *desk) submitSheets(c echo.Context, at *place, form url.Values) error {
	in := review.SubmitSheets{Slug: at.Slug, Panel: c.Param("panel")}
	for _, text := range form["sheet"] {
		code, revision, _ := strings.Cut(text, "@")
		n, err := strconv.Atoi(revision)
		if err != nil {
			n = -1 // a revision that no sheet has
		}
		in.Sheets = append(in.Sheets, review.SheetAsWas{Candidate: code, Revision: n})
	}
	out, err := d.app.SubmitSheets(c.Request().Context(), in)
	if err != nil {
		return d.showReview(c, at, func(f *Form) (int, error) { return f.refuse(at.Printer, err) })
	}
	submitted := 0
	for _, a := range out.List {
		if a.Sheet != nil && a.Sheet.Submitted {
			submitted++
		}
	}
	to := at.Path("sheets", url.PathEscape(in.Panel))
	return d.done(c, to, at.N("desk.sheets.submitted", int64(len(in.Sheets)), "done", submitted, "all", len(out.List)), nil)
}
