package page

import (
	"time"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/gateway/internal/rule"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/selection"
)

// summary is a selection as its pages and the list show it.
type summary struct {
	Slug       string
	Title      string
	Edition    string
	Status     string // where it stands, in words
	Live       bool   // votes are taken now
	Published  bool
	Noticed    bool // the decision is, or was, on public notice
	Ballots    int64
	Candidates int
	Zone       string
	About      string
	Contact    string
	Hosts      []string
	Organizers []string
	Timeline   []stage
}

// stage is one step of a selection's timeline.
type stage struct {
	Name    string // phase, or "publication"
	Title   string
	State   string // selection.PhaseState
	Label   string // State in words
	When    string // "since", "until", "on" … with the time's place in At
	At      *web.Moment
	Current bool
}

// visit is a selection as its visitors see it: in a language, with its rules at
// hand. They share it, and nobody changes it.
type visit struct {
	selection.Selection

	rules   *rulebook.Rulebook
	book    rule.Book // the rules in words
	at      *time.Location
	printer web.Printer
	summary *summary
	look    uint64 // another one wherever the selection, but for its turnout, or the language is
	made    time.Time
}

// path is the address of the selection's page.
func (s *visit) path() string { return "/s/" + s.Slug }

// render writes a page of the selection.
func (p *pages) render(c echo.Context, s *visit, pg web.Page) error {
	pg.Selection = s.summary
	return p.Render(c, p.views, pg)
}

// title gives words of the selection in the page's language.
func (s *visit) title(words map[string]string) string {
	return s.printer.Words(words)
}

// voting tells whether ballots are taken at this time, as far as is known here.
func (s *visit) voting() bool {
	return s.Phase(rulebook.PhaseVoting).State == selection.Opened && len(s.rules.Voting.Voters) > 0
}

// visit reads the selection of a request.
func (p *pages) visit(c echo.Context) (*visit, error) {
	found, version, err := p.app.LookSelection(c.Request().Context(), c.Param("slug"))
	if err != nil {
		return nil, err
	}
	return p.seen.get(p, p.views.View(c).Printer, found, version)
}

// newVisit reads a selection for readers of a language.
func (p *pages) newVisit(t web.Printer, found selection.Selection) (*visit, error) {
	rules, err := p.app.RulebookOf(found)
	if err != nil {
		return nil, err
	}
	s := &visit{Selection: found, rules: rules, at: web.Location(found.Timezone), printer: t, made: p.Now()}
	s.book = rule.New(s.printer, rules, s.made)
	s.summary = s.summarize()
	return s, nil
}

func (s *visit) summarize() *summary {
	sum := &summary{
		Slug: s.Slug, Title: s.title(s.Title), Edition: s.printer.N("selection.edition", int64(s.Edition)),
		Live: s.voting(), Published: s.PublishedAt != nil, Noticed: s.Phase(rulebook.PhaseNotice).OpenedAt != nil, Ballots: s.Ballots, Candidates: s.Candidates,
		Zone: s.book.Zone, About: s.title(s.rules.About), Contact: s.title(s.rules.Contact),
		Hosts: s.book.Names(s.rules.Hosts), Organizers: s.book.Names(s.rules.Organizers), Timeline: s.timeline(),
	}
	sum.Status = s.printer.T("status.preparing")
	for _, step := range sum.Timeline {
		switch selection.PhaseState(step.State) {
		case selection.Opening, selection.Opened, selection.Closing:
			sum.Status = s.printer.T("status.running", "phase", step.Title)
			return sum
		case selection.Closed:
			sum.Status = s.printer.T("status.between", "phase", step.Title)
		case selection.Pending:
		}
	}
	if sum.Published {
		sum.Status = s.printer.T("status.published")
	}
	return sum
}

func (s *visit) timeline() []stage {
	steps := make([]stage, 0, len(s.Phases)+1)
	for _, ph := range s.Phases {
		if ph.Name == rulebook.PhaseVoting && len(s.rules.Voting.Voters) == 0 {
			continue
		}
		steps = append(steps, s.stage(ph))
	}
	publication := stage{Name: "publication", Title: s.printer.T("phase.publication"), State: string(selection.Pending)}
	if s.PublishedAt != nil {
		publication.State = string(selection.Closed)
		at := s.printer.Moment(*s.PublishedAt, s.at)
		publication.When, publication.At = s.printer.T("timeline.on"), &at
	}
	publication.Label = s.printer.T("state." + publication.State)
	return append(steps, publication)
}

// stage tells of a phase what a visitor wants to know next: when it opens, or
// until when it runs, or when it ended.
func (s *visit) stage(ph selection.Phase) stage {
	step := stage{
		Name: ph.Name, Title: s.printer.T("phase." + ph.Name), State: string(ph.State),
		Label: s.printer.T("state." + string(ph.State)),
	}
	show := func(key string, t *time.Time) {
		if t != nil && step.At == nil {
			at := s.printer.Moment(*t, s.at)
			step.When, step.At = s.printer.T(key), &at
		}
	}
	switch ph.State {
	case selection.Pending, selection.Opening:
		show("timeline.from", ph.OpensAt)
	case selection.Opened, selection.Closing:
		step.Current = true
		show("timeline.until", ph.ClosesAt)
		show("timeline.since", ph.OpenedAt)
	case selection.Closed:
		show("timeline.ended", ph.ClosedAt)
		show("timeline.ended", ph.ClosesAt)
	}
	return step
}

// home is the list of selections.
func (p *pages) home(c echo.Context) error {
	found, err := p.selections(c)
	if err != nil {
		return err
	}
	return p.Render(c, p.views, web.Page{Name: "home", Address: "/", Title: p.views.View(c).T("home.title"), Data: found})
}

func (p *pages) selections(c echo.Context) ([]*summary, error) {
	all, err := p.lists.Get(c.Request().Context(), "")
	if err != nil {
		return nil, err
	}
	found := make([]*summary, 0, len(all))
	for _, one := range all {
		s, err := p.newVisit(p.views.View(c).Printer, one)
		if err != nil {
			return nil, err
		}
		found = append(found, s.summary)
	}
	return found, nil
}
