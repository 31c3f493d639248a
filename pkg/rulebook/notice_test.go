package rulebook_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/laurel-awards/laurel/pkg/calendar"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
)

const chain = `
timezone: Asia/Shanghai
labels: [{attribute: gender, title: 性别}]
phases: {notice: {working_days: 5, calendar: CN}}
notice:
  order: strokes
  show: [employer, region, gender]
  objections: {by: postmark, anonymous: true}
  office: {name: {zh: 纪检组}, hours: 9-17, phone: 0931-1234567, address: 皋兰路1号, postcode: "730000", mail: a@b.example}
  notices:
  - {title: {zh: 推荐单位公示}, days: 3}
  - {title: {zh: 主管部门公示}, working_days: 2}
  - {title: {zh: 主办单位公示}}
`

func TestParse_notice(t *testing.T) {
	rb := parse(t, chain)
	diff(t, rb.Notice, rulebook.PublicNotice{
		Order: "strokes", Show: []string{"employer", "region", "gender"}, Objections: rulebook.Objections{By: "postmark", Anonymous: true},
		Office: rulebook.Office{
			Name: rulebook.Text{"zh": "纪检组"}, Hours: rulebook.Text{"": "9-17"}, Phone: "0931-1234567", Address: rulebook.Text{"": "皋兰路1号"},
			Postcode: "730000", Mail: "a@b.example",
		},
		Notices: []rulebook.NoticeOf{
			{Title: rulebook.Text{"zh": "推荐单位公示"}, Days: 3},
			{Title: rulebook.Text{"zh": "主管部门公示"}, WorkingDays: 2},
			{Title: rulebook.Text{"zh": "主办单位公示"}},
		},
	})
	if !rb.Notice.Office.IsSet() || (rulebook.Office{}).IsSet() {
		t.Error("whether there is an office")
	}
	diff(t, parse(t, "notice: {show: []}").Notice.Shown(), []string{})
}

// The days of each notice begin after the last of the one before.
func TestRulebook_NoticeRuns(t *testing.T) {
	posted := time.Date(2026, 4, 29, 2, 0, 0, 0, time.UTC) // Wednesday before Labour Day, 1 to 5 May; Saturday 9 is worked
	ends := func(rules string) (all []string) {
		rb := parse(t, "timezone: Asia/Shanghai\n"+rules)
		runs, err := rb.NoticeRuns(posted, nil)
		if err != nil {
			t.Fatal(err)
		}
		at := posted
		for _, r := range runs {
			if !r.Posted.Equal(at) {
				t.Errorf("%s: posted at %s, not %s", rules, r.Posted, at)
			}
			at = r.Closes
			all = append(all, r.Closes.In(rb.Location()).Format("01-02 15:04:05"))
		}
		return all
	}
	for rules, want := range map[string][]string{
		"phases: {notice: {working_days: 5, calendar: CN}}":                   {"05-10 00:00:00"}, // 30, 6, 7, 8, 9
		"phases: {notice: {working_days: 5, calendar: CN, starts: same_day}}": {"05-09 00:00:00"}, // 29, 30, 6, 7, 8
		"phases: {notice: {days: 5}}":                                         {"05-05 00:00:00"},
		"phases: {notice: {days: 5, starts: same_day}}":                       {"05-04 00:00:00"},
		"phases: {notice: {days: 5, shortened_to: 3s}}":                       {"04-29 10:00:03"},
		chain[len("\ntimezone: Asia/Shanghai"):]:                              {"05-03 00:00:00", "05-08 00:00:00", "05-14 00:00:00"}, // 30 1 2; 6 7; 8 9 11 12 13
	} {
		diff(t, ends(rules), want)
	}
	_, err := parse(t, chain).NoticeRuns(time.Date(9998, 1, 1, 0, 0, 0, 0, time.UTC), nil)
	if missing, ok := errors.AsType[calendar.NoDataError](err); !ok || missing.Year != 9998 {
		t.Errorf("a year without data in the second notice: %v", err)
	}
}

// Notices of any length follow one another without a gap, and each has its days.
func TestRulebook_NoticeRuns_property(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rb := &rulebook.Rulebook{}
		rb.Phases.Notice = rulebook.Notice{
			WorkingDays: rapid.IntRange(1, 30).Draw(t, "days"), Calendar: rapid.SampledFrom(calendar.Names()).Draw(t, "calendar"),
			Starts: rapid.SampledFrom([]string{"", rulebook.StartsNextDay, rulebook.StartsSameDay}).Draw(t, "starts"),
		}
		for range rapid.IntRange(0, 4).Draw(t, "notices") {
			n := rulebook.NoticeOf{WorkingDays: rapid.IntRange(0, 9).Draw(t, "working")}
			if n.WorkingDays == 0 {
				n.Days = rapid.IntRange(0, 9).Draw(t, "natural")
			}
			rb.Notice.Notices = append(rb.Notice.Notices, n)
		}
		posted := time.Unix(rapid.Int64Range(1735700000, 1767000000).Draw(t, "posted"), 0)
		runs, err := rb.NoticeRuns(posted, nil)
		if errors.Is(err, calendar.ErrNoData) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range runs {
			if !r.Posted.Equal(posted) || !r.Closes.After(r.Posted) {
				t.Fatalf("notice %d runs from %s to %s, after %s", i, r.Posted, r.Closes, posted)
			}
			name, want := rb.Phases.Notice.Calendar, r.WorkingDays
			if r.Days > 0 {
				name, want = calendar.EveryDay, r.Days
			}
			if got := counted(t, name, r, i == 0 && rb.Phases.Notice.Starts != rulebook.StartsSameDay); got != want {
				t.Fatalf("notice %d from %s to %s has %d days, not %d", i, r.Posted, r.Closes, got, want)
			}
			posted = r.Closes
		}
	})
}

// counted counts the days of a notice.
func counted(t *rapid.T, name string, r rulebook.NoticeRun, without bool) (n int) {
	c, err := calendar.Named(name)
	if err != nil {
		t.Fatal(err)
	}
	day := time.Date(r.Posted.Year(), r.Posted.Month(), r.Posted.Day(), 12, 0, 0, 0, time.UTC)
	if without {
		day = day.AddDate(0, 0, 1)
	}
	for ; day.Before(r.Closes); day = day.AddDate(0, 0, 1) {
		worked, err := c.WorkingDay(day)
		if err != nil {
			t.Fatal(err)
		}
		if worked {
			n++
		}
	}
	return n
}

// Each notice has its days, by working days of a calendar or by days.
func TestRulebook_CheckSelection_notice(t *testing.T) {
	for rules, want := range map[string][]string{
		"phases: {notice: {working_days: 5}}":                                         {"phases.notice.calendar"},
		"phases: {notice: {calendar: CN}}":                                            {"phases.notice.working_days"},
		"phases: {notice: {days: 5}}":                                                 nil,
		"notice: {notices: [{title: a, days: 5}, {title: b, days: 2}]}":               nil,
		"notice: {notices: [{title: a, days: 5}, {title: b}]}":                        {"phases.notice.calendar", "phases.notice.working_days"},
		"notice: {notices: [{title: a, days: 5}, {title: b, working_days: 1}]}":       {"phases.notice.calendar"},
		"phases: {notice: {days: 5}}\nnotice: {notices: [{title: a}, {title: b}]}":    nil,
		"phases: {notice: {working_days: 5, calendar: CN}}\nnotice: {order: strokes}": nil,
	} {
		var got []string
		for _, f := range fault.From(parse(t, rules).CheckSelection()).Fields {
			if len(f.Name) > 13 && f.Name[:13] == "phases.notice" {
				got = append(got, f.Name)
			}
		}
		slices.Sort(got)
		diff(t, got, want)
	}
}
