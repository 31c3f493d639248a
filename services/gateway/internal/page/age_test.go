package page_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/testkit/browser"
	"github.com/laurel-awards/laurel/services/selection"
	"github.com/laurel-awards/laurel/services/voting"
)

const (
	cookieBlamedZH = "没有保存本站的 Cookie"
	cookieBlamedEN = "keeps no cookies"
)

// dailyBooth is a booth of one ballot a day, within hours where they are given.
func dailyBooth(t *testing.T, hours string) *booth {
	t.Helper()
	rules := strings.Replace(courierRules(t), "frequency: once", "frequency: daily"+hours, 1)
	b := &booth{services: newInstallation(t, rules, 12), visitor: visitor(t)}
	b.address = serve(t, b.services, "").URL + "/s/" + slug
	b.form = get(t, b.visitor, b.address)
	return b
}

// A form that was left open keeps its picks, says what happened, and one press on
// the answer votes.
func TestAge(t *testing.T) {
	overnight := func(h *installation) { h.now = h.now.Add(14 * time.Hour) } // 00:30 of the next day in Shanghai
	aDay := func(h *installation) { h.now = h.now.Add(25 * time.Hour) }
	for _, test := range []struct {
		name   string
		daily  bool
		voted  bool // the form was sent before
		change func(h *installation)
		status int
		kept   []string
		texts  map[string][]string
	}{
		{"credential", false, false, aDay, 401, []string{"3", "5"}, map[string][]string{
			"zh-CN": {"投票凭证已过期", "您的选择都还在"}, "en": {"pass had run out", "Your picks are kept"},
		}},
		{"next day, never sent", true, false, overnight, 409, []string{"3", "5"}, map[string][]string{
			"zh-CN": {"这个页面是 2026年5月4日打开的", "2026年5月4日没有从这个页面计入选票", "再按一次“投票”"},
			"en":    {"opened on 4 May 2026", "No ballot of 4 May 2026 was counted", "press the button once more"},
		}},
		{"next day, counted", true, true, overnight, 409, []string{"3", "5"}, map[string][]string{
			"zh-CN": {"您 2026年5月4日从这个页面提交的选票已经计入", "今天的选票还没有提交"},
			"en":    {"on 4 May 2026 was counted", "Today’s ballot is not cast yet"},
		}},
		{"next day, struck", true, true, func(h *installation) { overnight(h); h.candidates[4].Struck = true }, 409, []string{"3"}, map[string][]string{
			"zh-CN": {"5 号 " + name(4) + " 已取消候选资格"}, "en": {name(4) + " is off the list"},
		}},
		{"credential, struck", false, false, func(h *installation) { aDay(h); h.candidates[4].Struck = true }, 401, []string{"3"}, map[string][]string{
			"zh-CN": {"5 号 " + name(4) + " 已取消候选资格"}, "en": {name(4) + " is off the list"},
		}},
		{"credential, another list", false, false, func(h *installation) { aDay(h); h.candidates = h.candidates[:4] }, 401, []string{"3"}, map[string][]string{
			"zh-CN": {"没有 5 号候选人"}, "en": {"There is no candidate no. 5"},
		}},
	} {
		for lang, texts := range test.texts {
			t.Run(test.name+" "+lang, func(t *testing.T) {
				b := newBooth
				if test.daily {
					b = func(t *testing.T) *booth { return dailyBooth(t, "") }
				}
				booth := b(t)
				booth.form = get(t, booth.visitor, booth.address+"?lang="+lang)
				form := booth.form.ballot(t, "3", "5")
				if test.voted {
					booth.vote(t, form).has(t, http.StatusSeeOther)
				}
				before := len(booth.services.ballots)
				booth.services.change(test.change)
				page := booth.vote(t, form)
				page.has(t, test.status, append(texts, `role="alert"`)...)
				if strings.Contains(page.body, cookieBlamedZH) || strings.Contains(page.body, cookieBlamedEN) {
					t.Error("the browser's cookies are blamed")
				}
				if got := page.ticked(); !slices.Equal(got, test.kept) {
					t.Errorf("ticked %v, want %v", got, test.kept)
				}
				if page.hidden(t, "key") == form.Get("key") || len(booth.services.ballots) != before {
					t.Errorf("the key is the old one, or %d ballots were counted", len(booth.services.ballots)-before)
				}
				booth.services.change(func(h *installation) { clear(h.ballots) }) // those of the day before stand in no way
				booth.vote(t, page.ballot(t, page.ticked()...)).has(t, http.StatusSeeOther)
				get(t, booth.visitor, booth.address+"/voted?lang=zh-CN").has(t, 200, "投票成功")
			})
		}
	}
}

// A second try of a ballot of before midnight is not counted as one of the next day.
func TestAge_retryOverMidnight(t *testing.T) {
	b := dailyBooth(t, "")
	b.services.change(func(h *installation) { h.castErr = voting.ErrUnknownOutcome })
	retry := b.vote(t, b.form.ballot(t, "3"))
	retry.has(t, 503)
	b.services.change(func(h *installation) { h.castErr, h.now = nil, h.now.Add(14*time.Hour) })
	page := b.vote(t, retry.ballot(t, "3"))
	page.has(t, 409, "没有从这个页面计入选票")
	if len(b.services.ballots) != 0 || !slices.Equal(page.ticked(), []string{"3"}) {
		t.Errorf("%d ballots, ticked %v", len(b.services.ballots), page.ticked())
	}
}

// While no ballot of today is taken, the voting service tells what became of
// yesterday's; its receipt is not shown as today's.
func TestAge_recalled(t *testing.T) {
	b := dailyBooth(t, "\n  hours: \"09:00-22:00\"")
	form := b.form.ballot(t, "3")
	b.vote(t, form).has(t, http.StatusSeeOther)
	b.services.change(func(h *installation) { h.now = h.now.Add(14 * time.Hour) })
	b.vote(t, form).has(t, http.StatusSeeOther)
	page := get(t, b.visitor, b.address+"/voted")
	page.has(t, 200, "这是您之前某一天的选票", "2026年5月4日 10:30:05", "这不是今天的选票")
	if strings.Contains(page.body, "投票成功") || strings.Contains(page.body, "明天欢迎再来") {
		t.Error("yesterday's ballot is thanked for as today's")
	}
}

// Voting has closed and the credential has run out: nobody is sent to press again.
func TestAge_closed(t *testing.T) {
	for state, text := range map[selection.PhaseState]string{selection.Closed: "投票已经结束", selection.Pending: "投票还没有开始"} {
		b := newBooth(t)
		b.services.set(rulebook.PhaseVoting, state)
		b.services.phase(rulebook.PhaseVoting, func(p *selection.Phase) {
			if state == selection.Pending {
				p.OpenedAt = nil
			}
		})
		b.services.change(func(h *installation) { h.now = h.now.Add(25 * time.Hour) })
		page := b.vote(t, b.form.ballot(t, "3", "5"))
		page.has(t, 409, text, "您选的是：3 号 "+name(2)+"、5 号 "+name(4))
		if strings.Contains(page.body, "再按一次") || strings.Contains(page.body, `name="pick"`) {
			t.Errorf("%s: there is something to press", state)
		}
	}
}

// A member's code has run out, or was replaced: the picks come back once it is
// entered again.
func TestAge_code(t *testing.T) {
	for cause, test := range map[string]struct {
		change func(h *installation)
		status int
		texts  []string
	}{
		"expired":  {func(h *installation) { h.now = h.now.Add(25 * time.Hour) }, 401, []string{"请再输入一次投票码", "输入后会重新勾上"}},
		"replaced": {func(h *installation) { h.castErr = voting.ErrReplaced }, 0, []string{"您的投票码已换成新的"}},
	} {
		t.Run(cause, func(t *testing.T) {
			b := rosterBooth(t, "[roster]")
			b.prove(t, goodCode).has(t, http.StatusSeeOther)
			form := get(t, b.visitor, b.address).ballot(t, "3", "5")
			b.services.change(test.change)
			page := b.vote(t, form)
			if test.status == 0 {
				test.status = voting.ErrReplaced.Kind.Status()
			}
			page.has(t, test.status, append(test.texts, `id="voter-code"`, "您选的是：3 号 "+name(2))...)
			if strings.Contains(page.body, `type="checkbox" name="pick"`) {
				t.Error("a ballot is offered that cannot be cast")
			}
			b.services.change(func(h *installation) { h.castErr = nil })
			code := page.carried(t)
			code.Set("code", otherCode)
			proved := ask(t, b.visitor, http.MethodPost, b.address+"/code", code)
			proved.has(t, http.StatusSeeOther)
			again := get(t, b.visitor, strings.TrimSuffix(b.address, "/s/"+slug)+proved.Header.Get("Location"))
			if got := again.ticked(); !slices.Equal(got, []string{"3", "5"}) {
				t.Fatalf("ticked %v", got)
			}
			b.vote(t, again.ballot(t, "3", "5")).has(t, http.StatusSeeOther)
		})
	}
}

// Cookies are blamed only of a browser that was sent some a moment ago and brings
// none.
func TestAge_cookies(t *testing.T) {
	for _, test := range []struct {
		name   string
		later  time.Duration
		keeps  bool
		blamed bool
	}{
		{"none", time.Minute, false, true},
		{"none, after a night", 14 * time.Hour, false, false},
		{"run out", 25 * time.Hour, true, false},
	} {
		for lang, blame := range map[string]string{"zh-CN": cookieBlamedZH, "en": cookieBlamedEN} {
			b := newBooth(t)
			if !test.keeps {
				b.visitor = &http.Client{CheckRedirect: b.visitor.CheckRedirect}
			}
			b.form = get(t, b.visitor, b.address)
			b.services.change(func(h *installation) { h.now = h.now.Add(test.later) })
			page := ask(t, b.visitor, http.MethodPost, b.address+"/vote?lang="+lang, b.form.ballot(t, "3"))
			page.has(t, map[bool]int{true: http.StatusUnauthorized, false: http.StatusForbidden}[test.keeps])
			if got := strings.Contains(page.body, blame); got != test.blamed {
				t.Errorf("%s: blamed %v", test.name, got)
			}
			if got := page.ticked(); !slices.Equal(got, []string{"3"}) {
				t.Errorf("%s: ticked %v", test.name, got)
			}
			if test.keeps {
				continue
			}
			page = ask(t, b.visitor, http.MethodPost, b.address+"/vote?lang="+lang, page.ballot(t, "3"))
			page.has(t, http.StatusForbidden, blame) // what was set with the answer did not come either
		}
	}
}

// The picks that an address brings and that are gone are told, not dropped.
func TestAge_gone(t *testing.T) {
	b := newBooth(t)
	b.services.change(func(h *installation) { h.candidates[4].Struck = true })
	page := get(t, b.visitor, b.address+"?pick=3&pick=5&pick=77&lang=en")
	page.has(t, 200, "Some of your picks can no longer be chosen", name(4)+" is off the list", "There is no candidate no. 77")
	if got := page.ticked(); !slices.Equal(got, []string{"3"}) {
		t.Errorf("ticked %v", got)
	}
}

// A page that was left open overnight, in a browser.
func TestBrowser_overnight(t *testing.T) {
	for _, with := range []bool{true, false} {
		t.Run(fmt.Sprintf("scripts %v", with), func(t *testing.T) {
			b := dailyBooth(t, "")
			ctx := browser.Open(t)
			press := thumb(".cast-row .button")
			browser.Run(t, ctx, "open", browser.Scripts(with), chromedp.EmulateViewport(360, 740, chromedp.EmulateMobile, chromedp.EmulateTouch),
				chromedp.Navigate(b.address+"?lang=en"),
				chromedp.Evaluate[chromedp.Void](`document.querySelectorAll("#c3 input, #c5 input").forEach(e => e.click())`))
			b.services.change(func(h *installation) { h.now = h.now.Add(14 * time.Hour) })
			browser.Run(t, ctx, "press", press, chromedp.WaitVisible(chromedp.CSS("#alert")))
			if got := browser.Read[string](t, ctx, `document.querySelector("#alert h2").textContent`); !strings.Contains(got, "opened on 4 May 2026") {
				t.Errorf("it says %q", got)
			}
			got := browser.Read[[]string](t, ctx, `[...document.querySelectorAll("[name=pick]:checked")].map(e => e.value).sort()`)
			if !slices.Equal(got, []string{"3", "5"}) {
				t.Errorf("ticked %v", got)
			}
			browser.Run(t, ctx, "press again", press, chromedp.WaitVisible(chromedp.CSS(".order")), press, chromedp.WaitVisible(chromedp.CSS(".ticket")))
			b.services.change(func(h *installation) {
				for _, counted := range h.ballots {
					if !slices.Equal(slices.Sorted(slices.Values(counted.picks)), []int{3, 5}) {
						t.Errorf("counted %v", counted.picks)
					}
				}
				if len(h.ballots) != 1 {
					t.Errorf("%d ballots", len(h.ballots))
				}
			})
		})
	}
}
