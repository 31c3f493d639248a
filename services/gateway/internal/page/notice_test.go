package page_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/testkit/browser"
	"github.com/laurel-awards/laurel/services/selection"
)

// post puts the first candidates of h on notice: the second of two is running.
func (h *installation) post(t *testing.T) {
	t.Helper()
	h.set(rulebook.PhaseVoting, selection.Closed)
	h.set(rulebook.PhaseDecision, selection.Closed)
	h.set(rulebook.PhaseNotice, selection.Opened)
	at := func(day, hour int) time.Time { return time.Date(2026, 5, day, hour, 0, 0, 0, time.UTC) }
	h.change(func(h *installation) {
		s := h.selections[0]
		n := &selection.Notice{
			Slug: slug, Title: s.Title, Edition: s.Edition, Timezone: s.Timezone, RulebookHash: s.RulebookHash, ResultHash: strings.Repeat("ab", 32),
			DecidedAt: at(1, 1), Decision: selection.DecisionRecord{Members: 9, For: 7, Against: 1}, Order: rulebook.OrderStrokes, Show: []string{"employer", "region"},
			Notices: []selection.NoticeRun{
				{Title: map[string]string{"zh": "推荐单位公示", "en": "Proposer’s notice"}, Days: 2, PostedAt: at(1, 2), ClosesAt: at(3, 16)},
				{Title: map[string]string{"zh": "主办单位公示", "en": "Hosts’ notice"}, WorkingDays: 5, PostedAt: at(3, 16), ClosesAt: at(11, 16)},
			},
			Objections: selection.ObjectionRules{By: rulebook.ByPostmark},
			Office: &selection.Office{
				Name:  map[string]string{"zh": "甘肃省总工会机关纪委", "en": "Discipline office of the union"},
				Hours: map[string]string{"zh": "工作日 9:00–17:00", "en": "Working days, 9 to 17"}, Phone: "0931-8888888", Mail: "jiwei@union.example",
				Address: map[string]string{"zh": "兰州市城关区皋兰路 1 号", "en": "1 Gaolan Road, Lanzhou"}, Postcode: "730000",
			},
			Awards: []selection.NoticeList{
				{ID: "winner", Title: map[string]string{"zh": "陇原最美快递员", "en": "Most Beautiful Courier"}, Seats: 10},
				{ID: "nominated", Title: map[string]string{"zh": "提名奖", "en": "Nomination Award"}, Seats: 20},
			},
		}
		for i, c := range h.candidates {
			one := selection.NoticeEntry{Number: c.Number, Name: c.Name, Fields: map[string]string{"employer": c.Employer, "region": c.Region}, Struck: i == 2}
			n.Awards[min(i/10, 1)].Listed = append(n.Awards[min(i/10, 1)].Listed, one)
		}
		h.onNotice = n
	})
}

// Nothing is on notice before the decision; then the page has what practice
// demands, and is linked.
func TestPages_notice(t *testing.T) {
	h := newInstallation(t, courierRules(t)+named, 12)
	at := serve(t, h, "").URL + "/s/" + slug
	c := visitor(t)
	get(t, c, at+"/notice").has(t, 200, "尚未公示")
	if other := get(t, c, at); strings.Contains(other.body, "/notice\"") {
		t.Error("a link to a notice that is not there")
	}
	h.post(t)
	shown := get(t, c, at+"/notice")
	shown.has(t, 200, "公示时间", "2026年5月1日 10:00", "2026年5月3日 23:59", "2026年5月11日 23:59", "5 个工作日", "推荐单位公示", "按姓名笔画为序",
		h.candidates[0].Name, h.candidates[11].Name, h.candidates[0].Employer, "甘肃省总工会机关纪委", "0931-8888888", "730000", "jiwei@union.example",
		"以邮戳日期为准", "不署真实姓名的异议不予受理", "公示期满并处理异议后", h.selections[0].RulebookHash, strings.Repeat("ab", 32),
		"委员 9 人，参加表决 8 人，赞成 7 人", "已取消候选资格", "/notice/print", "提出异议", "/notice/objection\"")
	if i, j := strings.Index(shown.body, `badge live">进行中`), strings.Index(shown.body, "主办单位公示"); i < j {
		t.Error("which of the notices is running")
	}
	get(t, c, at+"/notice/print").has(t, 200, "关于", "拟表彰对象的公示", h.candidates[11].Name, "甘肃省邮政管理局", "2026年5月1日</p></div>")
	get(t, c, at+"/notice?lang=en").has(t, 200, "Public notice", "3 May 2026, 23:59", "the postmark’s date decides", "Most Beautiful Courier")
	get(t, c, at+"?lang=zh-CN").has(t, 200, "审定结果公示中", "/notice\">查看公示", "/notice\">公示</a>")
	get(t, c, at+"/results").has(t, 200, "/notice\"")
	h.publish()
	get(t, c, at+"/results").has(t, 200, "/notice\">查看公示")
}

// TestNotice_look looks at the notice, full and empty, and at its print.
func TestNotice_look(t *testing.T) {
	h := newInstallation(t, courierRules(t)+named, 12)
	address := serve(t, h, "").URL + "/s/" + slug
	ctx := browser.Open(t)
	browser.Look(t, ctx, "notice-before", address+"/notice")
	h.post(t)
	browser.Look(t, ctx, "notice", address+"/notice")
	browser.Look(t, ctx, "notice-print", address+"/notice/print")
	browser.Look(t, ctx, "notice-selection", address)
	for _, lang := range []string{"zh-CN", "en"} {
		browser.Run(t, ctx, "sheet", chromedp.Navigate(address+"/notice/print?lang="+lang))
		sheet := printed(t, ctx)
		if !strings.HasPrefix(string(sheet), "%PDF") {
			t.Error("the sheet is no PDF")
		}
		if dir := os.Getenv("LAUREL_SHOTS"); dir != "" {
			if err := os.WriteFile(dir+"/notice-"+lang+".pdf", sheet, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	h.change(func(h *installation) {
		h.onNotice.Awards[0].Listed, h.onNotice.Awards[1].Listed, h.onNotice.Office = nil, nil, nil
	})
	browser.Look(t, ctx, "notice-empty", address+"/notice")
}

// printed is the page that is open as a browser prints it.
func printed(t *testing.T, ctx context.Context) (pdf []byte) { //nolint:revive // t comes first in tests
	t.Helper()
	browser.Run(t, ctx, "print", chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		out, err := cdp.Call(ctx, target, page.PrintToPDF, page.PrintToPDFParams{PreferCSSPageSize: new(true)})
		pdf = out.Data
		return err
	}))
	return pdf
}
