package server_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/selection"
)

// listed is rules with a chain of notices.
const listed = `
notice:
  order: strokes
  show: [employer, region]
  objections: {by: postmark}
  office: {name: 纪检组, phone: "0931"}
  notices: [{title: {zh: 推荐单位公示}, days: 3}, {title: {zh: 主办单位公示}}]
`

func (h *installation) notice() (selection.Notice, error) {
	return h.GetNotice(h.ctx, selection.Of{Slug: slug})
}

// The list on notice has the decision's winners in the rulebook's order with the
// fields that it shows and no others; the chain of notices ends with the phase.
func TestNotice_list(t *testing.T) {
	h := open(t)
	for n, name := range map[int]string{3: "张伟", 1: "王芳", 4: "丁一", 2: "陈静"} {
		h.rooms["nomination"].say(fmt.Sprintf("candidate/%d", n), event.CandidateAdmitted{
			Number: n, EntryID: fmt.Sprintf("e-%d", n), Name: name,
			Attributes: map[string]string{"employer": fmt.Sprintf("快递%d", n), "gender": "male", "conflicts": "李四"},
		})
	}
	result := h.decided(rules + listed)
	_, err := h.notice()
	_ = refused(t, err, selection.ErrNoNotice)
	_, err = h.GetNotice(h.ctx, selection.Of{Slug: "unknown"})
	_ = refused(t, err, selection.ErrUnknown)
	h.until(func(s selection.Selection) bool { return s.Candidates == 4 })
	h.change("open notice") // Monday the twentieth
	at := func(day int) time.Time { return time.Date(2026, 4, day, 16, 0, 0, 0, time.UTC) }
	got, err := h.notice()
	if err != nil {
		t.Fatal(err)
	}
	one := func(n int, name string) selection.NoticeEntry {
		return selection.NoticeEntry{Number: n, Name: name, Fields: map[string]string{"employer": fmt.Sprintf("快递%d", n)}}
	}
	want := selection.Notice{
		Slug: slug, Title: got.Title, Edition: 2, Timezone: "Asia/Shanghai", RulebookHash: h.get().RulebookHash, ResultHash: result,
		DecidedAt: got.DecidedAt, Decision: selection.DecisionRecord{Members: 9, For: 7, Against: 1, Abstained: 1, Signatures: got.Decision.Signatures},
		Notices: []selection.NoticeRun{
			{Title: map[string]string{"zh": "推荐单位公示"}, Days: 3, PostedAt: spring(), ClosesAt: at(23)},
			{Title: map[string]string{"zh": "主办单位公示"}, WorkingDays: 5, PostedAt: at(23), ClosesAt: at(30)},
		},
		Order: "strokes", Show: []string{"employer", "region"}, Objections: selection.ObjectionRules{By: "postmark"},
		Office: &selection.Office{Name: map[string]string{"": "纪检组"}, Phone: "0931"},
		Awards: []selection.NoticeList{
			{ID: "winner", Title: map[string]string{"zh": "陇原最美快递员"}, Seats: 1, Listed: []selection.NoticeEntry{one(3, "张伟")}},
			{ID: "nominated", Title: map[string]string{"zh": "提名奖"}, Seats: 2, Listed: []selection.NoticeEntry{one(4, "丁一"), one(1, "王芳")}},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" || got.DecidedAt.IsZero() || len(got.Decision.Signatures) != 2 {
		t.Error(diff)
	}
	if p := h.get().Phase("notice"); !p.ClosesAt.Equal(at(30)) || !only[event.NoticePosted](h).ClosesAt.Equal(at(30)) {
		t.Errorf("the phase closes at %v", p.ClosesAt)
	}
	h.Clock.Set(at(23))
	_, err = h.order("notice", event.Close)
	_ = refused(t, err, selection.ErrNoticeRuns)
	h.rooms["nomination"].say("candidate/4", event.CandidateStruck{Number: 4, Reason: "withdrew"})
	testkit.Eventually(t, testkit.Patience, func() error {
		got, err := h.notice()
		if err == nil && !got.Awards[1].Listed[0].Struck {
			err = fmt.Errorf("%+v is not struck", got.Awards[1].Listed[0])
		}
		return err
	})
}

// Of a chain, the notice that runs into a year without holidays is refused before
// the first begins, and the year is named.
func TestNotice_holidaysUnknownLater(t *testing.T) {
	h := open(t)
	h.decided(strings.Replace(rules, notice, "notice: {days: 5, calendar: CN}", 1) +
		"notice: {notices: [{title: a}, {title: b, days: 200}, {title: c, days: 250}, {title: d, working_days: 250}]}\n")
	h.Clock.Set(time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC))
	_, err := h.order("notice", event.Open)
	f := refused(t, err, selection.ErrNoHolidays)
	if len(f.Fields) != 1 || f.Fields[0].Code != "year_without_holidays" || f.Fields[0].Params["year"] == "" {
		t.Errorf("the year is not named: %+v", f)
	}
	plan, err := h.GetPlan(h.ctx, selection.Of{Slug: slug})
	if step := plan.Step("notice", event.Open); err != nil || step.Refused == nil || step.Refused.Code != selection.ErrNoHolidays.Code {
		t.Errorf("the plan says %+v, %v", step, err)
	}
	if n := h.Count(`SELECT count(*) FROM notice_run`); n != 0 || h.get().Phase("notice").State != selection.Pending {
		t.Errorf("%d notices have begun", n)
	}
}

// What a notice shows is never private: the rulebook is refused.
func TestNotice_private(t *testing.T) {
	h := open(t)
	_, err := h.CreateSelection(h.ctx, selection.CreateSelection{Slug: slug, Rulebook: rules + "\nnotice: {show: [gender]}\n"})
	if err == nil || !strings.Contains(fmt.Sprint(err), "notice.show[0]") {
		t.Errorf("got %v", err)
	}
}
