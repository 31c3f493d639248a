package rule

import (
	"cmp"

	"github.com/laurel-awards/laurel/pkg/rulebook"
)

func (b Book) noticeRules() []string {
	rules, n := b.Rules.Phases.Notice, b.Rules.Notice
	items := []string{b.Notice()}
	if rules.Calendar != "" {
		items = append(items, b.T("rules.calendar."+rules.Calendar))
	}
	items = append(items, b.T("rules.starts."+cmp.Or(rules.Starts, rulebook.StartsNextDay)), b.T("notice.order."+n.Ordered()))
	if shown := n.Shown(); len(shown) > 0 {
		items = append(items, b.T("rules.notice.show", "fields", b.List(b.attributes(shown))))
	} else {
		items = append(items, b.T("rules.notice.names"))
	}
	items = append(items, b.T("notice.by."+n.Objections.Counts()))
	if n.Objections.Anonymous {
		items = append(items, b.T("notice.sign.anonymous"))
	} else {
		items = append(items, b.T("notice.sign.named"))
	}
	items = append(items, b.N("rules.notice.answer", int64(n.Objections.Within())))
	return append(items, b.officeRules(n.Office)...)
}

// officeRules tell where objections go.
func (b Book) officeRules(o rulebook.Office) (items []string) {
	for _, line := range []struct{ title, value string }{
		{b.T("notice.office.name"), b.Words(o.Name)},
		{b.T("notice.office.hours"), b.Words(o.Hours)},
		{b.T("notice.office.phone"), o.Phone},
		{b.T("notice.office.mail"), o.Mail},
		{b.T("notice.office.address"), b.Words(o.Address)},
		{b.T("notice.office.postcode"), o.Postcode},
	} {
		if line.value != "" {
			items = append(items, b.T("rules.notice.office", "what", line.title, "value", line.value))
		}
	}
	return items
}

// Notice says how long the notice lasts.
func (b Book) Notice() string {
	if short := b.Rules.Phases.Notice.ShortenedTo; short > 0 {
		return b.T("rules.notice.shortened", "time", b.Duration(short))
	}
	return b.lengths()
}

// lengths says how long the notices last, if nothing shortens them.
func (b Book) lengths() string {
	runs := b.Rules.Length()
	if len(runs) == 1 && len(runs[0].Title) == 0 {
		if runs[0].Days > 0 {
			return b.N("rules.notice.natural", int64(runs[0].Days))
		}
		return b.N("rules.notice.days", int64(runs[0].WorkingDays))
	}
	each := make([]string, len(runs))
	for i, r := range runs {
		each[i] = b.T("rules.notice.titled", "title", b.Words(r.Title), "length", b.Length(r))
	}
	return b.T("rules.notice.chain", "notices", b.List(each))
}

// Length is how long one notice lasts.
func (b Book) Length(r rulebook.NoticeRun) string {
	if r.Days > 0 {
		return b.N("notice.length.natural", int64(r.Days))
	}
	return b.N("notice.length.working", int64(r.WorkingDays))
}
