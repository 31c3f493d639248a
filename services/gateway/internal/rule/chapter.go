// Package rule tells a rulebook in sentences: what the rules page shows, and what
// an editor shows beside the text.
package rule

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
)

// Book is a rulebook in one language.
type Book struct {
	web.Printer

	Rules *rulebook.Rulebook
	At    *time.Location // in which times are shown
	Zone  string         // its name
}

// New tells rules to readers of the printer's language; now tells which offset
// the timezone has.
func New(t web.Printer, rules *rulebook.Rulebook, now time.Time) Book {
	at := web.Location(cmp.Or(rules.Timezone, "UTC"))
	return Book{Printer: t, Rules: rules, At: at, Zone: web.Zone(at, now)}
}

// Chapter is a part of the rules: sentences, one an item.
type Chapter struct {
	ID    string
	Title string
	Items []string
}

// Chapters are the rules, without parts of which there is nothing to say.
func (b Book) Chapters() []Chapter {
	var out []Chapter
	for _, ch := range []Chapter{
		{"nominees", b.T("rules.nominees"), b.nomineeRules()},
		{"awards", b.T("rules.awards"), b.awardRules()},
		{"phases", b.T("rules.phases"), b.phaseRules()},
		{"vetting", b.T("rules.vetting"), b.vettingRules()},
		{"voting", b.T("rules.voting"), b.votingRules()},
		{"review", b.T("rules.review"), b.reviewRules()},
		{"composite", b.T("rules.composite"), b.compositeRules()},
		{"quotas", b.T("rules.quotas"), b.quotaRules()},
		{"decision", b.T("rules.decision"), b.decisionRules()},
		{"notice", b.T("rules.notice"), b.noticeRules()},
		{"results", b.T("rules.results"), b.resultRules()},
	} {
		if len(ch.Items) > 0 {
			out = append(out, ch)
		}
	}
	return out
}

// Warning tells of a setting that only a demonstration has; empty: of none.
func (b Book) Warning() string {
	notice := b.Rules.Phases.Notice
	if notice.ShortenedTo == 0 {
		return ""
	}
	return b.T("rules.notice.warning", "time", b.Duration(notice.ShortenedTo), "days", b.lengths())
}

func (b Book) nomineeRules() []string {
	t := b
	var items []string
	if about := b.Words(b.Rules.About); about != "" {
		items = append(items, about)
	}
	if contact := b.Words(b.Rules.Contact); contact != "" {
		items = append(items, t.T("rules.contact", "contact", contact))
	}
	if len(b.Rules.Hosts) > 0 {
		items = append(items, t.T("rules.hosts", "names", t.List(b.Names(b.Rules.Hosts))))
	}
	if len(b.Rules.Organizers) > 0 {
		items = append(items, t.T("rules.organizers", "names", t.List(b.Names(b.Rules.Organizers))))
	}
	if b.Rules.Nominee != "" {
		items = append(items, t.T("rules.nominee."+b.Rules.Nominee))
	}
	if len(b.Rules.Categories) > 0 {
		names := make([]string, len(b.Rules.Categories))
		for i, c := range b.Rules.Categories {
			names[i] = b.Category(c.ID)
		}
		items = append(items, t.T("rules.categories", "categories", t.List(names)))
	}
	if len(b.Rules.Attributes) > 0 {
		items = append(items, t.T("rules.attributes", "attributes", t.List(b.attributes(b.Rules.Attributes))))
	}
	for _, l := range b.Rules.Labels {
		items = append(items, b.labelRules(l)...)
	}
	for _, h := range b.Rules.Headings {
		items = append(items, t.T("rules.headings", "field", b.Attribute(h.Field), "names", t.List(h.Names)))
	}
	return items
}

// attributes names several.
func (b Book) attributes(ids []string) []string {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = b.Attribute(id)
	}
	return names
}

// labelRules tell what entries write for what is shown.
func (b Book) labelRules(l rulebook.Label) (items []string) {
	items = append(items, b.T("rules.label", "attribute", l.Attribute, "title", b.Attribute(l.Attribute)))
	for _, v := range l.Values {
		items = append(items, b.T("rules.label.value", "attribute", b.Attribute(l.Attribute), "value", v.Value, "title", b.Words(v.Title)))
	}
	return items
}

// Names gives texts in the page's language.
func (b Book) Names(texts []rulebook.Text) []string {
	names := make([]string, len(texts))
	for i, text := range texts {
		names[i] = b.Words(text)
	}
	return names
}

// resultRules tell what is published.
func (b Book) resultRules() (items []string) {
	r := b.Rules.Results
	if r.Show != "" {
		items = append(items, b.T("rules.results.show."+r.Show))
	}
	if r.Scores != "" {
		items = append(items, b.T("rules.results.scores."+r.Scores))
	}
	if !r.Whole() {
		items = append(items, b.T("rules.results.kept"))
	}
	return items
}

func (b Book) awardRules() []string {
	var items []string
	for _, a := range b.Rules.Awards {
		items = append(items, b.N("rules.award", int64(a.Seats), "award", b.Words(a.Title)))
	}
	if b.Rules.Shortlist.IsSet() {
		items = append(items, b.T("rules.shortlist", "ratio", b.Rules.Shortlist.Ratio))
	}
	return items
}

func (b Book) phaseRules() []string {
	var items []string
	for _, name := range rulebook.PhaseNames() {
		window, dated := b.Rules.Phases.Window(name)
		if !dated || name == rulebook.PhaseVoting && len(b.Rules.Voting.Voters) == 0 {
			continue
		}
		phase := b.T("phase." + name)
		opens, closes := "", ""
		if !window.Opens.IsZero() {
			opens = b.Moment(window.Opens, b.At).Text
		}
		if !window.Closes.IsZero() {
			closes = b.Moment(window.Closes, b.At).Text
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
		items = append(items, b.T(key, "phase", phase, "opens", opens, "closes", closes))
	}
	return append(items, b.T("rules.zone", "zone", b.Zone))
}

func (b Book) vettingRules() []string {
	var all, veto []string
	for _, d := range b.Rules.Vetting.Departments {
		name := b.Words(d.Title)
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
	items := []string{b.T("rules.vetting.all", "departments", b.List(all))}
	switch {
	case len(veto) == len(all):
		items = append(items, b.T("rules.vetting.veto.all"))
	case len(veto) > 0:
		items = append(items, b.T("rules.vetting.veto", "departments", b.List(veto)))
	}
	return items
}

func (b Book) votingRules() []string {
	v, t := b.Rules.Voting, b
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
		b.PickRange(),
	}
	items = append(items, b.Limits()...)
	if v.Hours.IsSet() {
		items = append(items, t.T("rules.hours", "hours", Hours(v.Hours)))
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

func (b Book) reviewRules() []string {
	t := b
	var items []string
	for _, panel := range b.Rules.Review.Panels {
		name := b.Source(rulebook.PanelSource(panel.ID))
		if panel.Jurors > 0 {
			items = append(items, t.N("rules.panel", int64(panel.Jurors), "panel", name))
		}
		if panel.Scale.Max.IsSet() {
			items = append(items, b.scaleRule(panel.Scale))
		}
		var criteria []string
		for _, c := range panel.Criteria {
			title := b.Words(c.Title)
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
				hidden[i] = b.Attribute(field)
			}
			items = append(items, t.T("rules.blind", "fields", t.List(hidden)))
		}
		items = append(items, b.jurorRules(panel)...)
		items = append(items, b.aggregateRules(panel)...)
	}
	return items
}

// jurorRules say who scores whom, what they see of each other, and when a
// further one is called.
func (b Book) jurorRules(panel rulebook.Panel) []string {
	t := b
	items := []string{
		t.T("rules.assign." + cmp.Or(panel.Assign, rulebook.AssignAll)),
		t.T("rules.sees." + cmp.Or(panel.SeesOthers, rulebook.SeesNever)),
	}
	if panel.SpreadLimit.IsSet() {
		items = append(items, t.T("rules.spread", "limit", panel.SpreadLimit))
	}
	return items
}

func (b Book) scaleRule(scale rulebook.Scale) string {
	low := scale.Min.String()
	if low == "" {
		low = "0"
	}
	if scale.Step.IsSet() {
		return b.T("rules.scale.step", "min", low, "max", scale.Max, "step", scale.Step)
	}
	return b.T("rules.scale", "min", low, "max", scale.Max)
}

func (b Book) aggregateRules(panel rulebook.Panel) []string {
	t, a := b, panel.Aggregate
	items := []string{t.T("rules.aggregate."+cmp.Or(a.Method, rulebook.AggregateMean), "high", a.DropHigh, "low", a.DropLow) +
		b.roundText(a.Round)}
	items = append(items, t.T("rules.over."+cmp.Or(a.Over, rulebook.OverSheet)),
		t.T("rules.missing."+cmp.Or(panel.Missing, rulebook.MissingRefuse)))
	if panel.MinScores > 0 {
		items = append(items, t.N("rules.minscores", int64(panel.MinScores)))
	}
	return items
}

func (b Book) roundText(r rulebook.Rounding) string {
	if !r.IsSet() {
		return ""
	}
	return b.N("rules.round."+r.Mode, int64(r.Digits))
}

// Category names a kind of entry.
func (b Book) Category(id string) string {
	for _, c := range b.Rules.Categories {
		if title := b.Words(c.Title); c.ID == id && title != "" {
			return title
		}
	}
	return id
}

// Source names a source of the composite.
func (b Book) Source(source string) string {
	if id, ok := rulebook.SourcePanel(source); ok {
		return b.Panel(id)
	}
	if key := "source." + source; b.Has(key) {
		return b.T(key)
	}
	return source
}

// Panel names a panel.
func (b Book) Panel(id string) string {
	panel, _ := b.Rules.Review.Panel(id)
	return cmp.Or(b.Words(panel.Title), id)
}

// Criterion names a criterion of a panel.
func (b Book) Criterion(panel, id string) string {
	p, _ := b.Rules.Review.Panel(panel)
	for _, c := range p.Criteria {
		if title := b.Words(c.Title); c.ID == id && title != "" {
			return title
		}
	}
	return id
}

// Hours writes minutes of the day as 09:00–22:00.
func Hours(h rulebook.Hours) string {
	return fmt.Sprintf("%02d:%02d–%02d:%02d", h.From/60, h.From%60, h.To/60, h.To%60)
}

// PickRange says how many picks a ballot has.
func (b Book) PickRange() string {
	picks := b.Rules.Voting.Picks
	if picks.Min == picks.Max {
		return b.N("picks.exactly", int64(picks.Max))
	}
	return b.T("picks.range", "min", picks.Min, "max", picks.Max)
}

// Limits say how many picks of a category a ballot has.
func (b Book) Limits() []string {
	var words []string
	for _, l := range b.Rules.Voting.Limits {
		words = append(words, b.T("picks.category", "category", b.Category(l.Category), "min", l.Min, "max", l.Max))
	}
	return words
}
