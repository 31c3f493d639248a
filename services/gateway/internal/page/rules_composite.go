package page

import (
	"strings"

	"github.com/laurel-awards/laurel/pkg/rulebook"
)

func (s *visit) compositeRules() []string {
	t, composite := s.printer, s.rules.Composite
	var items []string
	for _, c := range composite.Components {
		source := s.sourceTitle(c.Source)
		if c.Source == rulebook.SourceRanked {
			items = append(items, t.T("rules.ranked."+c.Method))
			continue
		}
		text := t.T("rules.component", "source", source, "weight", or(c.Weight.String(), "1")) + s.convertText(c.Convert)
		if c.Per != "" {
			text += t.T("rules.per." + c.Per)
		}
		items = append(items, text)
	}
	if composite.Round.IsSet() {
		items = append(items, t.T("rules.total")+s.roundText(composite.Round))
	}
	if len(composite.TieBreak) > 0 {
		sources := make([]string, len(composite.TieBreak))
		for i, source := range composite.TieBreak {
			sources[i] = s.sourceTitle(source)
		}
		items = append(items, t.T("rules.tie", "sources", strings.Join(sources, t.T("rules.tie.then"))))
	}
	return append(items, s.lotRules()...)
}

// lotRules says from what lots are drawn.
func (s *visit) lotRules() []string {
	composite := s.rules.Composite
	if n := len(composite.TieBreak); n == 0 || composite.TieBreak[n-1] != rulebook.SourceLot {
		return nil
	}
	switch lot := composite.Lot; {
	case lot.Value != "":
		return []string{s.printer.T("rules.lot.value", "value", lot.Value)}
	case len(lot.Source) > 0:
		return []string{s.printer.T("rules.lot.source", "source", s.title(lot.Source))}
	}
	return []string{s.printer.T("rules.lot.hash")}
}

// convertText says how a source's numbers become points.
func (s *visit) convertText(c rulebook.Convert) string {
	t := s.printer
	switch c.Method {
	case rulebook.ConvertProportional, rulebook.ConvertRank:
		return t.T("rules.convert."+c.Method, "top", or(c.Top.String(), "100")) + s.tiesText(c)
	case rulebook.ConvertCapped:
		return t.T("rules.convert.capped", "factor", or(c.Factor.String(), "1"), "cap", c.Cap)
	case rulebook.ConvertBanded:
		bands := make([]string, len(c.Bands))
		for i, b := range c.Bands {
			bands[i] = t.T("rules.band", "from", b.From, "score", b.Score)
		}
		return t.T("rules.convert.banded", "bands", t.List(bands))
	case rulebook.ConvertPoints:
		points := make([]string, len(c.Points))
		for i, p := range c.Points {
			points[i] = p.String()
		}
		return t.T("rules.convert.points", "points", t.List(points)) + s.tiesText(c)
	}
	return t.T("rules.convert.none")
}

// tiesText says what equal ranks get, where ranks are converted.
func (s *visit) tiesText(c rulebook.Convert) string {
	if c.Method != rulebook.ConvertRank && c.Method != rulebook.ConvertPoints {
		return ""
	}
	return s.printer.T("rules.ties." + or(c.Ties, rulebook.TiesAverage))
}

func (s *visit) quotaRules() []string {
	t := s.printer
	var items []string
	for _, q := range s.rules.Quotas {
		of := t.T("rules.quota.all")
		for _, a := range s.rules.Awards {
			if a.ID == q.Of {
				of = s.title(a.Title)
			}
		}
		what := t.T("rules.quota.each", "attribute", s.attribute(q.Attribute))
		if q.Value != "" {
			what = t.T("rules.quota.value", "attribute", s.attribute(q.Attribute), "value", s.attributeValue(q))
		}
		if q.Max.IsSet() {
			items = append(items, t.T("rules.quota.max", "what", what, "of", of, "seats", s.seatText(q.Max)))
		}
		if q.Min.IsSet() {
			items = append(items, t.T("rules.quota.min", "what", what, "of", of, "seats", s.seatText(q.Min)))
		}
	}
	return items
}

// seatText says how many seats: 2, or 40% of them.
func (s *visit) seatText(n rulebook.Number) string {
	if n.IsShare() {
		return s.printer.T("rules.quota.share", "share", n)
	}
	return s.printer.T("rules.quota.seats", "n", n)
}

// attribute names a field of an entry.
func (s *visit) attribute(name string) string {
	if key := "attribute." + name; s.printer.Has(key) {
		return s.printer.T(key)
	}
	return name
}

func (s *visit) attributeValue(q rulebook.Quota) string {
	if key := "attribute." + q.Attribute + "." + q.Value; s.printer.Has(key) {
		return s.printer.T(key)
	}
	if q.Attribute == "category" {
		return s.category(q.Value)
	}
	return q.Value
}

func (s *visit) decisionRules() []string {
	t, d := s.printer, s.rules.Decision
	var items []string
	if d.Quorum.IsSet() {
		items = append(items, t.T("rules.quorum", "share", d.Quorum))
	}
	if d.Approve.IsSet() {
		items = append(items, t.T("rules.approve", "share", d.Approve))
	}
	if d.Ballot != "" {
		items = append(items, t.T("rules.ballot."+d.Ballot))
	}
	return items
}

func (s *visit) noticeRules() []string {
	items := []string{s.noticeText()}
	if calendar := s.rules.Phases.Notice.Calendar; calendar != "" {
		items = append(items, s.printer.T("rules.calendar."+calendar))
	}
	return items
}

// noticeText says how long the notice lasts.
func (s *visit) noticeText() string {
	n := s.rules.Phases.Notice
	if n.ShortenedTo > 0 {
		return s.printer.T("rules.notice.shortened", "time", s.printer.Duration(n.ShortenedTo))
	}
	return s.printer.N("rules.notice.days", int64(n.WorkingDays))
}
