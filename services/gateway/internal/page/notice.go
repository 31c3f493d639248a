package page

import (
	"errors"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/selection"
)

// noticePage is the decision on public notice.
type noticePage struct {
	Path       string // of the selection
	Award      string // the selection, as a sentence names it
	Hash       string // of the rulebook
	ResultHash string
	Decided    web.Moment
	Decision   selection.DecisionRecord
	Present    int
	Runs       []noticeRun
	Running    bool // objections are taken
	Closes     web.Moment
	Lists      []noticeList
	Columns    []string // titles of the fields of a candidate
	Order      string   // of the lists, in words
	Office     []fact
	Anonymous  bool
	By         string // what of an objection must be within the notice
	Hosts      []string
	Posted     string // day
	Total      int    // candidates on the lists
	Counts     selection.ObjectionCounts
}

// noticeRun is one notice.
type noticeRun struct {
	Title  string
	Length string
	From   web.Moment
	Until  web.Moment // its last minute
	State  selection.PhaseState
	Label  string
}

// noticeList is an award with whom it is to go to.
type noticeList struct {
	Title string
	Seats int
	Rows  []noticeRow
}

// noticeRow is a candidate on notice.
type noticeRow struct {
	selection.NoticeEntry

	Href   string
	Values []string // of the columns
}

// notice shows what is on public notice, or says that nothing is yet.
func (p *pages) notice(c echo.Context) error {
	return p.showNotice(c, "notice", "/notice", "notice.title")
}

// noticeSheet is the notice to be printed and posted.
func (p *pages) noticeSheet(c echo.Context) error {
	return p.showNotice(c, "notice-print", "/notice/print", "notice.print.title")
}

func (p *pages) showNotice(c echo.Context, name, at, title string) error {
	s, err := p.visit(c)
	if err != nil {
		return err
	}
	found, err := p.app.Notice(c.Request().Context(), s.Slug)
	page := web.Page{Name: name, Address: s.path() + at, Title: s.printer.T(title), Section: "notice"}
	if errors.Is(err, selection.ErrNoNotice) {
		page.Name, page.Title = "wait", s.printer.T("notice.wait.title")
		page.Data = waitPage{Text: s.printer.T("notice.wait.text", "days", s.book.Notice())}
		return p.render(c, s, page)
	}
	if err != nil {
		return err
	}
	page.Data = s.onNotice(found, p.Now())
	return p.render(c, s, page)
}

func (s *visit) onNotice(n selection.Notice, now time.Time) noticePage {
	t, d := s.printer, n.Decision
	data := noticePage{
		Path: s.path(), Award: s.summary.Title, Hash: n.RulebookHash, ResultHash: n.ResultHash, Decided: t.Moment(n.DecidedAt, s.at), Decision: d,
		Counts: n.Counts, Present: d.For + d.Against + d.Abstained, Running: n.ClosedAt == nil && now.Before(n.ClosesAt()),
		Closes: s.lastMinute(n.PostedAt(), n.ClosesAt()),
		Order:  t.T("notice.order." + n.Order), Anonymous: n.Objections.Anonymous, By: t.T("notice.by." + n.Objections.By),
		Office: s.office(n.Office), Hosts: s.summary.Hosts, Posted: t.Day(n.PostedAt().In(s.at)),
	}
	for _, r := range n.Notices {
		one := noticeRun{
			Title: t.Words(r.Title), Length: s.book.Length(rulebook.NoticeRun{WorkingDays: r.WorkingDays, Days: r.Days}),
			From: t.Moment(r.PostedAt, s.at), Until: s.lastMinute(r.PostedAt, r.ClosesAt), State: selection.Opened,
		}
		switch {
		case now.Before(r.PostedAt):
			one.State = selection.Pending
		case n.ClosedAt != nil || !now.Before(r.ClosesAt):
			one.State = selection.Closed
		}
		one.Label = t.T("state." + string(one.State))
		data.Runs = append(data.Runs, one)
	}
	for _, field := range n.Show {
		data.Columns = append(data.Columns, s.book.Attribute(field))
	}
	for _, a := range n.Awards {
		list := noticeList{Title: t.Words(a.Title), Seats: a.Seats}
		for _, one := range a.Listed {
			row := noticeRow{NoticeEntry: one, Href: s.storyPath(one.Number)}
			for _, field := range n.Show {
				row.Values = append(row.Values, s.book.Value(field, one.Fields[field]))
			}
			list.Rows = append(list.Rows, row)
		}
		data.Total += len(list.Rows)
		data.Lists = append(data.Lists, list)
	}
	return data
}

// lastMinute is the last one before a notice closes; of one that lasts no longer,
// its end to the second.
func (s *visit) lastMinute(posted, closes time.Time) web.Moment {
	if last := closes.Add(-time.Minute); last.After(posted) {
		return s.printer.Moment(last, s.at)
	}
	return s.printer.Precise(closes, s.at)
}

// office tells where objections go.
func (s *visit) office(o *selection.Office) (facts []fact) {
	if o == nil {
		return nil
	}
	t := s.printer
	for _, f := range []fact{
		{t.T("notice.office.name"), t.Words(o.Name)},
		{t.T("notice.office.hours"), t.Words(o.Hours)},
		{t.T("notice.office.phone"), o.Phone},
		{t.T("notice.office.mail"), o.Mail},
		{t.T("notice.office.address"), t.Words(o.Address)},
		{t.T("notice.office.postcode"), o.Postcode},
	} {
		if f.Value != "" {
			facts = append(facts, f)
		}
	}
	return facts
}
