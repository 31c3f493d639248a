package page_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/selection"
)

// What keeps a ballot from being taken is said before anything is picked, with
// when it ends, and a calendar can remind of it.
func TestBallot_wait(t *testing.T) {
	hours := func(text string) func(string) string {
		return func(rules string) string {
			return strings.Replace(rules, "frequency: once", "frequency: daily\n  hours: \""+text+"\"", 1)
		}
	}
	same := func(rules string) string { return rules }
	opens, closes := time.Date(2026, 5, 10, 6, 0, 0, 0, time.UTC), time.Date(2026, 5, 20, 4, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		name     string
		rules    func(string) string
		change   func(h *installation)
		texts    []string
		calendar []string // lines of the reminder; none: there is none
		form     bool
	}{
		{"open", same, nil, nil, nil, true},
		{"within the hours", hours("09:00-22:00"), nil, nil, nil, true},
		{
			"before today's", hours("12:00-22:00"), nil,
			[]string{"现在不是投票时间", "每天 12:00–22:00 可以投票", `<time datetime="2026-05-04T12:00:00+08:00">2026年5月4日 12:00</time>`},
			[]string{"DTSTART;TZID=Asia/Shanghai:20260504T120000", "DTEND;TZID=Asia/Shanghai:20260504T220000", "RRULE:FREQ=DAILY", "TZID:Asia/Shanghai"},
			false,
		},
		{
			"after today's", hours("08:00-10:30"), nil,
			[]string{"2026年5月5日 08:00"},
			[]string{"DTSTART;TZID=Asia/Shanghai:20260505T080000"},
			false,
		},
		{
			"after the last day's", hours("08:00-10:30"),
			func(h *installation) {
				h.phase(rulebook.PhaseVoting, func(p *selection.Phase) { at := h.now.Add(time.Hour); p.ClosesAt = &at })
			},
			[]string{"现在不是投票时间"},
			nil, false,
		},
		{
			"not yet", same,
			func(h *installation) {
				h.phase(rulebook.PhaseVoting, func(p *selection.Phase) {
					p.State, p.OpenedAt, p.OpensAt, p.ClosesAt = selection.Pending, nil, &opens, &closes
				})
			},
			[]string{"投票尚未开始", "2026年5月10日 14:00"},
			[]string{"DTSTART;TZID=Asia/Shanghai:20260510T140000", `SUMMARY:投票：第二届“陇原最美快递员”`, "UID:" + slug + "@127.0.0.1"},
			false,
		},
		{
			"not yet, and outside the hours then", hours("15:00-16:00"),
			func(h *installation) {
				h.phase(rulebook.PhaseVoting, func(p *selection.Phase) {
					p.State, p.OpenedAt, p.OpensAt, p.ClosesAt = selection.Pending, nil, &opens, &closes
				})
			},
			[]string{"2026年5月10日 15:00"},
			[]string{"DTSTART;TZID=Asia/Shanghai:20260510T150000", "RRULE:FREQ=DAILY;UNTIL=20260520T040000Z"},
			false,
		},
		{
			"not yet, nobody knows when", same,
			func(h *installation) {
				h.phase(rulebook.PhaseVoting, func(p *selection.Phase) { p.State, p.OpenedAt = selection.Pending, nil })
			},
			[]string{"投票尚未开始"},
			nil, false,
		},
		{
			"closed", same,
			func(h *installation) { h.set(rulebook.PhaseVoting, selection.Closed) },
			[]string{"投票已经结束"},
			nil, false,
		},
		{
			"a way that is not offered",
			func(rules string) string { return strings.Replace(rules, "voters: [device]", "voters: [otp]", 1) },
			nil,
			[]string{"这里不能投票"},
			nil, false,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := newInstallation(t, test.rules(courierRules(t)), 3)
			if test.change != nil {
				test.change(h)
			}
			address := serve(t, h, "").URL + "/s/" + slug
			v := visitor(t)
			page := get(t, v, address)
			page.has(t, http.StatusOK, test.texts...)
			for what, body := range map[string]string{"the list": page.body, "a story": get(t, v, address+"/c/1").body} {
				if got := strings.Contains(body, `name="pick"`); got != test.form {
					t.Errorf("%s takes picks: %v", what, got)
				}
			}
			if got := strings.Contains(page.body, "voting.ics"); got != (test.calendar != nil) {
				t.Errorf("the page has a reminder: %v", got)
			}
			reminder := get(t, v, address+"/voting.ics")
			if test.calendar == nil {
				if !test.form {
					reminder.has(t, http.StatusNotFound)
				}
				return
			}
			lines := regexp.MustCompile(`\r\n `).ReplaceAllString(reminder.body, "")
			for _, want := range test.calendar {
				if !strings.Contains(lines, "\r\n"+want) {
					t.Errorf("the reminder lacks %q: %s", want, lines)
				}
			}
			if media := reminder.Header.Get("Content-Type"); media != "text/calendar; charset=utf-8" {
				t.Errorf("it is %s", media)
			}
		})
	}
}
