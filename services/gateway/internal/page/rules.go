package page

import (
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
)

// rulesPage is the rulebook in plain words.
type rulesPage struct {
	Chapters []chapter
	Hash     string
	Frozen   *web.Moment // nil: it may still change
	Warning  string      // a setting that only a demonstration has
}

// chapter is a part of the rules: sentences, one an item.
type chapter struct {
	ID    string
	Title string
	Items []string
}

// rulesPage tells the rules.
func (p *pages) rulesPage(c echo.Context) error {
	s, err := p.visit(c)
	if err != nil {
		return err
	}
	data := rulesPage{Hash: s.RulebookHash}
	if s.FrozenAt != nil {
		at := s.printer.Moment(*s.FrozenAt, s.at)
		data.Frozen = &at
	}
	if short := s.rules.Phases.Notice.ShortenedTo; short > 0 {
		data.Warning = s.printer.T("rules.notice.warning", "time", s.printer.Duration(short),
			"days", s.printer.N("rules.notice.days", int64(s.rules.Phases.Notice.WorkingDays)))
	}
	t := s.printer.T
	for _, ch := range []chapter{
		{"nominees", t("rules.nominees"), s.nomineeRules()},
		{"awards", t("rules.awards"), s.awardRules()},
		{"phases", t("rules.phases"), s.phaseRules()},
		{"vetting", t("rules.vetting"), s.vettingRules()},
		{"voting", t("rules.voting"), s.votingRules()},
		{"review", t("rules.review"), s.reviewRules()},
		{"composite", t("rules.composite"), s.compositeRules()},
		{"quotas", t("rules.quotas"), s.quotaRules()},
		{"decision", t("rules.decision"), s.decisionRules()},
		{"notice", t("rules.notice"), s.noticeRules()},
	} {
		if len(ch.Items) > 0 {
			data.Chapters = append(data.Chapters, ch)
		}
	}
	return p.render(c, s, web.Page{Name: "rules", Address: s.path() + "/rules", Title: s.printer.T("rules.title"), Section: "rules", Data: data})
}

func (s *visit) nomineeRules() []string {
	t := s.printer
	var items []string
	if s.rules.Nominee != "" {
		items = append(items, t.T("rules.nominee."+s.rules.Nominee))
	}
	if len(s.rules.Categories) > 0 {
		names := make([]string, len(s.rules.Categories))
		for i, c := range s.rules.Categories {
			names[i] = s.category(c.ID)
		}
		items = append(items, t.T("rules.categories", "categories", t.List(names)))
	}
	if len(s.rules.Attributes) > 0 {
		items = append(items, t.T("rules.attributes", "attributes", t.List(s.rules.Attributes)))
	}
	for _, h := range s.rules.Headings {
		items = append(items, t.T("rules.headings", "field", h.Field, "names", t.List(h.Names)))
	}
	return items
}

func (s *visit) awardRules() []string {
	var items []string
	for _, a := range s.rules.Awards {
		items = append(items, s.printer.N("rules.award", int64(a.Seats), "award", s.title(a.Title)))
	}
	if s.rules.Shortlist.IsSet() {
		items = append(items, s.printer.T("rules.shortlist", "ratio", s.rules.Shortlist.Ratio))
	}
	return items
}

func (s *visit) phaseRules() []string {
	var items []string
	for _, name := range rulebook.PhaseNames() {
		window, dated := s.rules.Phases.Window(name)
		if !dated || name == rulebook.PhaseVoting && len(s.rules.Voting.Voters) == 0 {
			continue
		}
		phase := s.printer.T("phase." + name)
		opens, closes := "", ""
		if !window.Opens.IsZero() {
			opens = s.printer.Moment(window.Opens, s.at).Text
		}
		if !window.Closes.IsZero() {
			closes = s.printer.Moment(window.Closes, s.at).Text
		}
		key := "rules.phase.hand"
		switch {
		case opens != "" && closes != "":
			key = "rules.phase.dated"
		case opens != "":
			key = "rules.phase.opens"
		case closes != "":
			key = "rules.phase.closes"
		}
		items = append(items, s.printer.T(key, "phase", phase, "opens", opens, "closes", closes))
	}
	return append(items, s.printer.T("rules.zone", "zone", s.summary.Zone))
}

func (s *visit) vettingRules() []string {
	var all, veto []string
	for _, d := range s.rules.Vetting.Departments {
		name := s.title(d.Title)
		if name == "" {
			name = d.ID
		}
		all = append(all, name)
		if d.Veto {
			veto = append(veto, name)
		}
	}
	if len(all) == 0 {
		return nil
	}
	items := []string{s.printer.T("rules.vetting.all", "departments", s.printer.List(all))}
	switch {
	case len(veto) == len(all):
		items = append(items, s.printer.T("rules.vetting.veto.all"))
	case len(veto) > 0:
		items = append(items, s.printer.T("rules.vetting.veto", "departments", s.printer.List(veto)))
	}
	return items
}

func (s *visit) votingRules() []string {
	v, t := s.rules.Voting, s.printer
	if len(v.Voters) == 0 {
		return []string{t.T("rules.voting.none")}
	}
	ways := make([]string, len(v.Voters))
	for i, way := range v.Voters {
		ways[i] = t.T("way." + way)
	}
	items := []string{
		t.T("rules.voters", "ways", t.List(ways)),
		t.T("rules.frequency." + v.Frequency),
		s.pickRange(),
	}
	items = append(items, s.limits()...)
	if v.Hours.IsSet() {
		items = append(items, t.T("rules.hours", "hours", hoursText(v.Hours)))
	}
	change := v.Change
	if change == "" {
		change = rulebook.ChangeNo
	}
	items = append(items, t.T("rules.change."+change), t.T("rules.counts."+v.Counts),
		t.N("rules.publication", int64(v.Publication.Ballots), "time", t.Duration(v.Publication.Every)))
	if v.Constituency != nil {
		items = append(items, t.T("rules.constituency."+v.Constituency.From))
		if len(v.Constituency.Values) > 0 {
			items = append(items, t.T("rules.constituency.values", "values", t.List(v.Constituency.Values)))
		}
	}
	return append(items, t.T("rules.voting.nobase"))
}

func (s *visit) reviewRules() []string {
	t := s.printer
	var items []string
	for _, panel := range s.rules.Review.Panels {
		name := s.sourceTitle(rulebook.PanelSource(panel.ID))
		if panel.Jurors > 0 {
			items = append(items, t.N("rules.panel", int64(panel.Jurors), "panel", name))
		}
		if panel.Scale.Max.IsSet() {
			items = append(items, s.scaleRule(panel.Scale))
		}
		var criteria []string
		for _, c := range panel.Criteria {
			title := s.title(c.Title)
			if title == "" {
				title = c.ID
			}
			criteria = append(criteria, strings.TrimSpace(title+" "+c.Weight.String()))
		}
		if len(criteria) > 0 {
			items = append(items, t.T("rules.criteria", "criteria", t.List(criteria)))
		}
		if len(panel.Blind) > 0 {
			hidden := make([]string, len(panel.Blind))
			for i, field := range panel.Blind {
				hidden[i] = s.attribute(field)
			}
			items = append(items, t.T("rules.blind", "fields", t.List(hidden)))
		}
		items = append(items, s.jurorRules(panel)...)
		items = append(items, s.aggregateRules(panel)...)
	}
	return items
}

// jurorRules say who scores whom, what they see of each other, and when a
// further one is called.
func (s *visit) jurorRules(panel rulebook.Panel) []string {
	t := s.printer
	items := []string{
		t.T("rules.assign." + or(panel.Assign, rulebook.AssignAll)),
		t.T("rules.sees." + or(panel.SeesOthers, rulebook.SeesNever)),
	}
	if panel.SpreadLimit.IsSet() {
		items = append(items, t.T("rules.spread", "limit", panel.SpreadLimit))
	}
	return items
}

func (s *visit) scaleRule(scale rulebook.Scale) string {
	low := scale.Min.String()
	if low == "" {
		low = "0"
	}
	if scale.Step.IsSet() {
		return s.printer.T("rules.scale.step", "min", low, "max", scale.Max, "step", scale.Step)
	}
	return s.printer.T("rules.scale", "min", low, "max", scale.Max)
}

func (s *visit) aggregateRules(panel rulebook.Panel) []string {
	t, a := s.printer, panel.Aggregate
	items := []string{t.T("rules.aggregate."+or(a.Method, rulebook.AggregateMean), "high", a.DropHigh, "low", a.DropLow) +
		s.roundText(a.Round)}
	items = append(items, t.T("rules.over."+or(a.Over, rulebook.OverSheet)),
		t.T("rules.missing."+or(panel.Missing, rulebook.MissingRefuse)))
	if panel.MinScores > 0 {
		items = append(items, t.N("rules.minscores", int64(panel.MinScores)))
	}
	return items
}

func or(text, instead string) string {
	if text == "" {
		return instead
	}
	return text
}

func (s *visit) roundText(r rulebook.Rounding) string {
	if !r.IsSet() {
		return ""
	}
	return s.printer.N("rules.round."+r.Mode, int64(r.Digits))
}
