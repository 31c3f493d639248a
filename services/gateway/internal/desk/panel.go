package desk

import (
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/review"
)

const onePanel = of + "/panels/:panel"

func (d *desk) mountPanels() {
	d.section(app.ReadPanel, "panels", "desk.panels", d.panels)
	d.page(app.ReadPanel, onePanel, d.panel)
	d.mountSeats()
	d.mountJuror()
	d.mountScored()
}

// panelsPage lists the panels, and the committee.
type panelsPage struct {
	Panels    []panelCard
	Committee *committeeCard
}

type panelCard struct {
	Href, Seats, Title string
	Wrong              Text // why it cannot be seen
	Progress           chart
	Seated, Wanted     int
	Short              int
}

type committeeCard struct {
	Href    string // of the form; empty: it cannot be changed
	Members []string
	Moved   bool
}

func (d *desk) panels(c echo.Context, at *place) error {
	rules, err := d.app.RulebookOf(at.Selection)
	if err != nil {
		return err
	}
	seen, decision, err := d.app.Panels(c.Request().Context(), at.Slug)
	if err != nil {
		return err
	}
	var data panelsPage
	for _, p := range seen {
		rule, _ := rules.Review.Panel(p.ID)
		card := panelCard{Href: at.Path("panels", p.ID), Title: titleOfPanel(at, rules, p.ID), Wanted: rule.Jurors, Short: len(p.Panel.Short)}
		if p.Fault != nil {
			card.Wrong = at.Fault(p.Fault)
		}
		for _, j := range p.Panel.Jurors {
			if j.LeftAt == nil {
				card.Seated++
			}
		}
		if at.Can(app.SeatPanel) {
			card.Seats = at.Path("panels", p.ID, "seats")
		}
		data.Panels = append(data.Panels, card)
	}
	if decision != nil {
		card := committeeCard{Moved: decision.Outcome != review.NoMotion}
		for _, m := range decision.Members {
			card.Members = append(card.Members, m.Name)
		}
		if at.Can(app.SeatCommittee) && !card.Moved {
			card.Href = at.Path("committee")
		}
		data.Committee = &card
	}
	return d.render(c, at, web.Page{Name: "panels", Title: at.T("desk.panels"), Data: data})
}

// panelPage is a panel with all that its jurors do.
type panelPage struct {
	Rule       []figure
	Seats      string // address of the form
	Jurors     []jurorRow
	Matrix     matrix
	Candidates []scoredRow
	Severity   []severityRow
	Alike      []string
	Conflicts  []knownConflict
	Short      string
	Acts       bool // the reader runs the panel
}

type jurorRow struct {
	Href, Short, Name, Employer, Category string
	Submitted                             chartBar
	Drafts, Looks                         int
	Further                               bool
	Left                                  *web.Moment
}

// matrix is who scores whom: a row a candidate, a column a juror.
type matrix struct {
	Jurors []link
	Rows   []matrixRow
}

type matrixRow struct {
	Href, Name string
	Number     int
	Cells      []cell
}

// cell is what a juror is to a candidate.
type cell string

const (
	cellScored   cell = "scored"
	cellDue      cell = "due"
	cellRecused  cell = "recused"
	cellNotTheir cell = ""
)

type scoredRow struct {
	Href, Name           string
	Number, Sheets       int
	Mean, Lowest, Most   string
	Spread               string
	Over, Further, Short bool
	Outliers             string
}

type severityRow struct {
	Href, Name, Lean string
	Sheets           int
	Strict           bool
}

type knownConflict struct {
	Juror, Name string
	Number      int
	Grounds     []string
	Pinned      string
	Reason      string
	Recused     bool
	Href        string
}

func ofPanel(c echo.Context, at *place) review.OfPanel {
	return review.OfPanel{Slug: at.Slug, Panel: c.Param("panel")}
}

// inPanel is a panel with the names of whom it is about.
type inPanel struct {
	app.PanelWhole

	at    *place
	rules *rulebook.Rulebook
	rule  rulebook.Panel
	names map[int]string    // of candidates
	who   map[string]string // short names of jurors, by account
}

func (d *desk) inPanel(c echo.Context, at *place) (*inPanel, error) {
	whole, err := d.app.PanelWhole(c.Request().Context(), ofPanel(c, at))
	if err != nil {
		return nil, err
	}
	p := &inPanel{PanelWhole: whole, at: at, names: map[int]string{}, who: map[string]string{}}
	if p.rules, err = d.app.RulebookOf(at.Selection); err != nil {
		return nil, err
	}
	p.rule, _ = p.rules.Review.Panel(whole.Panel.ID)
	for _, one := range whole.Candidates {
		p.names[one.Number] = one.Name
	}
	for _, j := range whole.Panel.Jurors {
		p.who[j.ID] = j.Name
	}
	return p, nil
}

// title is that of the panel.
func (p *inPanel) title() string { return titleOfPanel(p.at, p.rules, p.rule.ID) }

func (p *inPanel) path(parts ...string) string {
	return p.at.Path(append([]string{"panels", p.rule.ID}, parts...)...)
}

func (p *inPanel) candidate(n int) string { return p.path("candidates", strconv.Itoa(n)) }

func (p *inPanel) juror(id string) string { return p.path("jurors", id) }

func (d *desk) panel(c echo.Context, at *place) error {
	p, err := d.inPanel(c, at)
	if err != nil {
		return err
	}
	data := panelPage{
		Rule: p.facts(), Acts: at.Can(app.SeatPanel), Jurors: p.jurorRows(), Matrix: p.matrix(), Candidates: p.scoredRows(), Conflicts: p.conflictRows(),
	}
	if data.Acts {
		data.Seats = p.path("seats")
	}
	if len(p.Panel.Short) > 0 {
		data.Short = numbered(p.Panel.Short)
	}
	for _, s := range p.Oversight.Jurors {
		data.Severity = append(data.Severity, severityRow{
			Href: p.juror(s.Juror), Name: p.who[s.Juror], Lean: s.Lean, Sheets: s.Sheets, Strict: len(s.Lean) > 0 && s.Lean[0] == '-',
		})
	}
	for _, a := range p.Oversight.Alike {
		key := "desk.panel.alike.equal"
		if a.Shifted {
			key = "desk.panel.alike.shifted"
		}
		data.Alike = append(data.Alike, at.T(key, "a", p.who[a.A], "b", p.who[a.B], "candidates", a.Candidates, "equal", a.Equal, "scores", a.Scores))
	}
	return d.render(c, at, web.Page{Name: "panel", Title: p.title(), Data: data})
}

// facts are the panel's rules that its organizer asks for.
func (p *inPanel) facts() []figure {
	at := p.at
	out := []figure{{at.T("desk.panel.assign"), at.T("rules.assign." + p.rule.Assign)}}
	if p.rule.Jurors > 0 {
		out = append(out, figure{at.T("desk.panel.seats"), strconv.Itoa(p.rule.Jurors)})
	}
	if p.rule.MinScores > 0 {
		out = append(out, figure{at.T("desk.panel.least"), strconv.Itoa(p.rule.MinScores)})
	}
	if limit := p.rule.SpreadLimit; limit.IsSet() {
		out = append(out, figure{at.T("desk.panel.limit"), limit.String()})
	}
	if p.Panel.Seed != "" {
		out = append(out, figure{at.T("desk.panel.seed"), p.Panel.Seed})
	}
	return out
}

func (p *inPanel) jurorRows() (rows []jurorRow) {
	for _, j := range p.Panel.Jurors {
		row := jurorRow{
			Href: p.juror(j.ID), Short: "J" + strconv.Itoa(j.Seat), Name: j.Name, Employer: j.Employer, Category: category(p.at, p.rules, j.Category),
			Submitted: p.at.share(j.Name, "", j.Submitted, j.Assigned), Drafts: j.Drafts, Looks: j.SecondLooks, Further: j.Further,
		}
		if j.LeftAt != nil {
			row.Left = new(p.at.moment(*j.LeftAt))
		}
		rows = append(rows, row)
	}
	return rows
}

func (p *inPanel) matrix() (m matrix) {
	recused := map[string]map[int]bool{}
	for _, c := range p.Conflicts {
		if c.Recused {
			if recused[c.Juror] == nil {
				recused[c.Juror] = map[int]bool{}
			}
			recused[c.Juror][c.Candidate] = true
		}
	}
	for _, j := range p.Panel.Jurors {
		m.Jurors = append(m.Jurors, link{Href: p.juror(j.ID), Text: "J" + strconv.Itoa(j.Seat) + " " + j.Name})
	}
	for _, one := range p.Candidates {
		if one.Struck {
			continue
		}
		row := matrixRow{Href: p.candidate(one.Number), Name: one.Name, Number: one.Number}
		for _, j := range p.Panel.Jurors {
			what := cellNotTheir
			switch _, due := slices.BinarySearch(j.Candidates, one.Number); {
			case recused[j.ID][one.Number]:
				what = cellRecused
			case due && slices.Contains(j.Scored, one.Number):
				what = cellScored
			case due:
				what = cellDue
			}
			row.Cells = append(row.Cells, what)
		}
		m.Rows = append(m.Rows, row)
	}
	return m
}

func (p *inPanel) scoredRows() (rows []scoredRow) {
	for _, s := range p.Oversight.Candidates {
		rows = append(rows, p.scoredRow(s))
	}
	return rows
}

func (p *inPanel) scoredRow(s review.Spread) scoredRow {
	row := scoredRow{
		Href: p.candidate(s.Candidate), Name: p.names[s.Candidate], Number: s.Candidate, Sheets: s.Sheets, Mean: s.Mean, Lowest: s.Lowest, Most: s.Highest,
		Spread: s.Spread, Over: s.OverLimit, Further: s.Further, Short: slices.Contains(p.Panel.Short, s.Candidate),
	}
	var far []string
	for _, o := range s.Outliers {
		far = append(far, p.who[o.Juror]+" ("+o.Total+")")
	}
	row.Outliers = p.at.List(far)
	return row
}

func (p *inPanel) conflictRows() (rows []knownConflict) {
	for _, c := range p.Conflicts {
		rows = append(rows, p.knownConflict(c))
	}
	return rows
}

func (p *inPanel) knownConflict(c review.Conflict) knownConflict {
	at := p.at
	row := knownConflict{
		Juror: p.who[c.Juror], Name: p.names[c.Candidate], Number: c.Candidate, Reason: c.Reason, Recused: c.Recused, Href: p.candidate(c.Candidate),
	}
	for _, g := range c.Grounds {
		row.Grounds = append(row.Grounds, at.T("desk.ground."+g.Source, "detail", g.Detail))
	}
	switch {
	case c.Pinned != nil && *c.Pinned:
		row.Pinned = at.T("desk.panel.pinned.yes")
	case c.Pinned != nil:
		row.Pinned = at.T("desk.panel.pinned.no")
	}
	return row
}
