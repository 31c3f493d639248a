package rule

import (
	"cmp"
	"strings"

	"github.com/laurel-awards/laurel/pkg/rulebook"
)

func (b Book) compositeRules() []string {
	t, composite := b, b.Rules.Composite
	var items []string
	for _, c := range composite.Components {
		source := b.Source(c.Source)
		if c.Source == rulebook.SourceRanked {
			items = append(items, t.T("rules.ranked."+c.Method))
			continue
		}
		text := t.T("rules.component", "source", source, "weight", cmp.Or(c.Weight.String(), "1")) + b.Convert(c.Convert)
		if c.Per != "" {
			text += t.T("rules.per." + c.Per)
		}
		items = append(items, text)
	}
	if composite.Round.IsSet() {
		items = append(items, t.T("rules.total")+b.roundText(composite.Round))
	}
	if len(composite.TieBreak) > 0 {
		sources := make([]string, len(composite.TieBreak))
		for i, source := range composite.TieBreak {
			sources[i] = b.Source(source)
		}
		items = append(items, t.T("rules.tie", "sources", strings.Join(sources, t.T("rules.tie.then"))))
	}
	return append(items, b.lotRules()...)
}

// lotRules says from what lots are drawn.
func (b Book) lotRules() []string {
	composite := b.Rules.Composite
	if n := len(composite.TieBreak); n == 0 || composite.TieBreak[n-1] != rulebook.SourceLot {
		return nil
	}
	switch lot := composite.Lot; {
	case lot.Value != "":
		return []string{b.T("rules.lot.value", "value", lot.Value)}
	case len(lot.Source) > 0:
		return []string{b.T("rules.lot.source", "source", b.Words(lot.Source))}
	}
	return []string{b.T("rules.lot.hash")}
}

// Convert says how a source's numbers become points.
func (b Book) Convert(c rulebook.Convert) string {
	t := b
	switch c.Method {
	case rulebook.ConvertProportional, rulebook.ConvertRank:
		return t.T("rules.convert."+c.Method, "top", cmp.Or(c.Top.String(), "100")) + b.tiesText(c)
	case rulebook.ConvertCapped:
		return t.T("rules.convert.capped", "factor", cmp.Or(c.Factor.String(), "1"), "cap", c.Cap)
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
		return t.T("rules.convert.points", "points", t.List(points)) + b.tiesText(c)
	}
	return t.T("rules.convert.none")
}

// tiesText says what equal ranks get, where ranks are converted.
func (b Book) tiesText(c rulebook.Convert) string {
	if c.Method != rulebook.ConvertRank && c.Method != rulebook.ConvertPoints {
		return ""
	}
	return b.T("rules.ties." + cmp.Or(c.Ties, rulebook.TiesAverage))
}

func (b Book) quotaRules() (items []string) {
	for i := range b.Rules.Quotas {
		items = append(items, b.Quota(i)...)
	}
	return items
}

// Quota tells the limits of one quota, by its place in the rulebook.
func (b Book) Quota(i int) (items []string) {
	q, of := b.Rules.Quotas[i], b.T("rules.quota.all")
	for _, a := range b.Rules.Awards {
		if a.ID == q.Of {
			of = b.Words(a.Title)
		}
	}
	what := b.T("rules.quota.each", "attribute", b.Attribute(q.Attribute))
	if q.Value != "" {
		key := "rules.quota.value"
		if b.Rules.Label(q.Attribute).Of(q.Value) != nil {
			key = "rules.quota.labelled" // which says it without the attribute
		}
		what = b.T(key, "attribute", b.Attribute(q.Attribute), "value", b.Value(q.Attribute, q.Value))
	}
	if q.Max.IsSet() {
		items = append(items, b.T("rules.quota.max", "what", what, "of", of, "seats", b.seatText(q.Max)))
	}
	if q.Min.IsSet() {
		items = append(items, b.T("rules.quota.min", "what", what, "of", of, "seats", b.seatText(q.Min)))
	}
	return items
}

// seatText says how many seats: 2, or 40% of them.
func (b Book) seatText(n rulebook.Number) string {
	if n.IsShare() {
		return b.T("rules.quota.share", "share", n)
	}
	return b.T("rules.quota.seats", "n", n)
}

// Attribute names a field of an entry.
func (b Book) Attribute(name string) string {
	if title := b.Words(b.Rules.Label(name).Title); title != "" {
		return title
	}
	if key := "attribute." + name; b.Has(key) {
		return b.T(key)
	}
	return name
}

// Value names a value of an attribute.
func (b Book) Value(attribute, value string) string {
	if title := b.Words(b.Rules.Label(attribute).Of(value)); title != "" {
		return title
	}
	if key := "attribute." + attribute + "." + value; b.Has(key) {
		return b.T(key)
	}
	if attribute == "category" {
		return b.Category(value)
	}
	return value
}

func (b Book) decisionRules() []string {
	t, d := b, b.Rules.Decision
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
	if d.Change.Cmp(d.Approve) != 0 {
		items = append(items, t.T("rules.change_list", "share", d.Change))
	}
	if d.Recused == rulebook.RecusedLeaveOut {
		items = append(items, t.T("rules.recused"))
	}
	if len(d.SignOff) > 0 {
		var names []rulebook.Text
		for _, h := range d.SignOff {
			names = append(names, h.Title)
		}
		items = append(items, t.T("rules.sign_off", "names", t.List(b.Names(names))))
	}
	return items
}
