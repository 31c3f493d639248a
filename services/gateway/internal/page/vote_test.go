package page_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/identity/credential"
	"github.com/laurel-awards/laurel/services/selection"
	"github.com/laurel-awards/laurel/services/voting"
)

// booth is an installation whose voting is open, and a visitor in front of its form.
type booth struct {
	services *installation
	visitor  *http.Client
	address  string // of the selection
	form     answer
}

func newBooth(t *testing.T) *booth {
	t.Helper()
	h := newInstallation(t, courierRules(t), 12)
	b := &booth{services: h, visitor: visitor(t), address: serve(t, h, "").URL + "/s/" + slug}
	b.form = get(t, b.visitor, b.address)
	return b
}

func (b *booth) vote(t *testing.T, form url.Values) answer {
	t.Helper()
	return ask(t, b.visitor, http.MethodPost, b.address+"/vote", form)
}

// Nothing but forms, links and cookies.
func TestVote(t *testing.T) {
	b := newBooth(t)
	story := get(t, b.visitor, b.address+"/c/3")
	story.has(t, 200, `name="pick" value="3"`, `action="/s/`+slug+`/review"`)
	page := get(t, b.visitor, b.address+"?pick=3")
	if got := page.ticked(); !slices.Equal(got, []string{"3"}) {
		t.Fatalf("ticked: %v", got)
	}
	form := page.ballot(t, "3", "5")
	voted := b.vote(t, form)
	if voted.StatusCode != http.StatusSeeOther || voted.Header.Get("Location") != "/s/"+slug+"/voted" {
		t.Fatalf("status %d, to %q:\n%s", voted.StatusCode, voted.Header.Get("Location"), voted.body)
	}
	if c := cookieOf(t, voted, "laurel_receipt"); !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/s/"+slug {
		t.Errorf("the receipt's cookie: %v", c)
	}
	thanks := get(t, b.visitor, b.address+"/voted")
	thanks.has(t, 200, "投票成功", "<span>0000</span> <span>0000</span>", "<span>07</span>", "2026年5月4日 10:30:05", b.address, "不要公开发布")
	if c := thanks.Header.Get("Cache-Control"); c != "private, no-store" {
		t.Errorf("the receipt may be kept: %q", c)
	}
	get(t, visitor(t), b.address+"/voted").has(t, 200, "没有回执")

	again := get(t, b.visitor, b.address)
	again.has(t, 200, "您已于 2026年5月4日 10:30:05 投票")
	if strings.Contains(again.body, `name="pick"`) {
		t.Error("who has voted is asked again")
	}
	// The same form again, as after a lost answer: the same receipt.
	b.vote(t, form).has(t, http.StatusSeeOther)
	if got := get(t, b.visitor, b.address+"/voted").body; got != thanks.body {
		t.Error("the same form gave another receipt")
	}
	if n := len(b.services.ballots); n != 1 {
		t.Errorf("%d ballots", n)
	}
}

func TestVote_refused(t *testing.T) {
	first := time.Date(2026, 5, 4, 1, 2, 3, 0, time.UTC)
	// What the voting service finds wrong, as it says so.
	wrong := func(fields ...fault.Field) func(h *installation) {
		return func(h *installation) { h.castErr = voting.ErrInvalid.At(fields...) }
	}
	at := func(i, number int, code string) fault.Field {
		return fault.Wrong(fmt.Sprintf("picks[%d]", i), code, "is {number}", "number", number)
	}
	for _, test := range []struct {
		name   string
		change func(h *installation)
		picks  []string
		status int
		texts  []string
	}{
		{
			"none", wrong(fault.Wrong("picks", "picks_too_few", "", "chosen", 0, "min", 1)),
			nil,
			422,
			[]string{"选的人数不够", "您选了 0 位", "每张选票选 1 至 10 位。", `<a href="#candidates">`},
		},
		{
			"too many", wrong(fault.Wrong("picks", "picks_too_many", "", "chosen", 11, "max", 10, "over", 1)),
			[]string{"1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"},
			422,
			[]string{"选的人数太多", "请去掉 1 位"},
		},
		{
			"of a category", wrong(fault.Wrong("picks", "category_too_many", "", "category", "courier", "chosen", 3, "max", 2)),
			[]string{"1", "2", "3"},
			422,
			[]string{"快递员选得太多：选了 3 位，最多 2 位"},
		},
		{
			"struck", func(h *installation) { h.candidates[1].Struck = true; wrong(at(1, 2, "pick_struck"))(h) },
			[]string{"1", "2"},
			422,
			[]string{"2 号 " + name(1) + " 已取消候选资格", `href="#c2"`},
		},
		{"unknown", wrong(at(1, 77, "pick_unknown")), []string{"1", "77"}, 422, []string{"没有 77 号候选人"}},
		{"twice", wrong(at(1, 1, "pick_twice")), []string{"1", "1"}, 422, []string{"选了两次", `aria-describedby="w1"`, `id="w1"`}},
		{"not a number", nil, []string{"1", "x"}, 422, []string{"无法识别的编号"}},
		{"negative", nil, []string{"-1"}, 422, []string{"无法识别的编号"}},
		{
			"struck a moment ago", wrong(at(1, 6, "pick_struck")),
			[]string{"4", "6"},
			422,
			[]string{"6 号 " + name(5) + " 已取消候选资格", `href="#c6"`},
		},
		{
			"a code without a text", wrong(fault.Wrong("picks[1]", "no_such_code", "is <beyond> words")),
			[]string{"4", "6"},
			422,
			[]string{`<li lang="en"><a href="#c6">is <beyond> words</a></li>`, `id="w6" lang="en">is <beyond> words</p>`},
		},
		{
			"duplicate", func(h *installation) { h.castErr = voting.ErrDuplicate.With("first", first.Format(time.RFC3339Nano)) },
			[]string{"4"},
			409,
			[]string{"您已经投过票了", "2026年5月4日 09:02:03（Asia/Shanghai (UTC+8)）"},
		},
		{"closed", func(h *installation) { h.castErr = voting.ErrClosed }, []string{"4"}, 409, []string{"投票已经结束"}},
		{"not open", func(h *installation) { h.castErr = voting.ErrNotOpen }, []string{"4"}, 409, []string{"投票还没有开始"}},
		{"hours", func(h *installation) { h.castErr = voting.ErrHours }, []string{"4"}, 409, []string{"现在不是投票时间"}},
		{"way", func(h *installation) { h.castErr = voting.ErrWay }, []string{"4"}, 403, []string{"不接受这种投票方式"}},
		{"key", func(h *installation) { h.castErr = voting.ErrKeyReused }, []string{"4"}, 422, []string{"另一组选择"}},
		{"expired", func(h *installation) { h.now = h.now.Add(25 * time.Hour) }, []string{"4"}, 401, []string{"投票凭证已过期"}},
		{"forged", nil, []string{"4"}, 401, []string{"投票凭证已过期"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBooth(t)
			if test.change != nil {
				b.services.change(test.change)
			}
			if test.name == "forged" {
				v := credential.Voter{Slug: slug, Way: rulebook.WayDevice, Expires: b.services.now.Add(time.Hour)}
				forged := credential.Key("another key of thirty-two bytes.").Sign(v)
				to, _ := url.Parse(b.address)
				b.visitor.Jar.SetCookies(to, []*http.Cookie{{Name: "laurel_voter", Value: forged, Path: to.Path}})
			}
			form := b.form.ballot(t, test.picks...)
			page := b.vote(t, form)
			page.has(t, test.status, append(test.texts, `role="alert"`)...)
			var kept []string
			for _, n := range slices.Compact(slices.Sorted(slices.Values(test.picks))) {
				if strings.Contains(page.body, `name="pick" value="`+n+`"`) {
					kept = append(kept, n)
				}
			}
			if got := page.ticked(); !slices.Equal(got, kept) {
				t.Errorf("ticked %v, want %v", got, kept)
			}
			if page.hidden(t, "key") == form.Get("key") {
				t.Error("the form has its old key")
			}
			if n := len(b.services.ballots); n != 0 {
				t.Errorf("%d ballots were counted", n)
			}
			// What the page says to do works.
			b.services.change(func(h *installation) { h.castErr, h.candidates[1].Struck = nil, false })
			b.vote(t, page.ballot(t, "4")).has(t, http.StatusSeeOther)
		})
	}
}

// The phase closed while the form was open: the choice is told, not lost.
func TestVote_phaseClosed(t *testing.T) {
	b := newBooth(t)
	b.services.set(rulebook.PhaseVoting, selection.Closed)
	b.services.change(func(h *installation) { h.castErr = voting.ErrClosed })
	page := b.vote(t, b.form.ballot(t, "3", "5"))
	page.has(t, 409, "投票已经结束", "您选的是：3 号 "+name(2)+"、5 号 "+name(4))
	if strings.Contains(page.body, `name="pick"`) {
		t.Error("there is a form though voting is closed")
	}
}

// What another try may mend keeps picks and key for one press of a button.
func TestVote_retry(t *testing.T) {
	for _, test := range []struct {
		err    error
		status int
		after  string
		text   string
	}{
		{voting.ErrBusy, 503, "1", "您的选票还没有计入"},
		{voting.ErrUnknownOutcome, 503, "1", "绝不会重复计票"},
		{voting.ErrNotYet, 503, "1", "再试一次"},
		{fault.New(fault.TooMany, "too_many_requests", "slow down"), 429, "1", "操作太频繁"},
		{errors.New("a bug"), 500, "1", "绝不会重复计票"},
	} {
		b := newBooth(t)
		b.services.change(func(h *installation) { h.castErr = test.err })
		form := b.form.ballot(t, "3", "5")
		page := b.vote(t, form)
		page.has(t, test.status, test.text, "3 号 "+name(2), `href="/s/`+slug+`?pick=3&pick=5"`)
		if got := page.Header.Get("Retry-After"); got != test.after {
			t.Errorf("Retry-After %q", got)
		}
		if got := page.hidden(t, "key"); got != form.Get("key") {
			t.Errorf("the key became %q", got)
		}
		b.services.change(func(h *installation) { h.castErr = nil })
		b.vote(t, url.Values{"key": {page.hidden(t, "key")}, "pick": {"3", "5"}}).has(t, http.StatusSeeOther)
		for _, ballot := range b.services.ballots {
			if ballot.key != voting.HashKey(form.Get("key")) || !slices.Equal(ballot.picks, []int{3, 5}) {
				t.Errorf("counted %v with key %v", ballot.picks, ballot.key)
			}
		}
	}
}

func TestVote_failed(t *testing.T) {
	b := newBooth(t)
	b.services.change(func(h *installation) { h.readErr = selection.ErrNotArrived })
	b.vote(t, b.form.ballot(t, "3")).has(t, 503, "暂时无法访问")
}

// Searching keeps what is ticked, and the address that it leads to says all.
func TestVote_find(t *testing.T) {
	b := newBooth(t)
	form := b.form.ballot(t, "3", "5")
	form.Set("q", "陇运")
	form.Set("sort", "number")
	found := ask(t, b.visitor, http.MethodPost, b.address+"/find", form)
	found.has(t, http.StatusSeeOther)
	to := found.Header.Get("Location")
	if want := "/s/" + slug + "?pick=3&pick=5&q=%E9%99%87%E8%BF%90&sort=number#candidates"; to != want {
		t.Fatalf("leads to %s, want %s", to, want)
	}
	page := get(t, b.visitor, strings.TrimSuffix(b.address, "/s/"+slug)+to)
	if got := page.ticked(); !slices.Equal(got, []string{"3", "5"}) {
		t.Errorf("ticked %v", got)
	}
	b.vote(t, page.ballot(t, page.ticked()...)).has(t, http.StatusSeeOther)
}

// Without a credential to hand out, the candidates can still be read.
func TestVote_noCredential(t *testing.T) {
	h := newInstallation(t, courierRules(t), 3)
	s := serve(t, h, "")
	for _, test := range []struct {
		err    error
		status int
	}{
		{fault.NewUnavailable("busy", "busy", time.Second), 503},
		{fault.New(fault.TooMany, "too_many_requests", "slow down"), 429},
	} {
		h.change(func(h *installation) { h.proveErr = test.err })
		page := get(t, visitor(t), s.URL+"/s/"+slug)
		page.has(t, test.status, "暂时不能投票", h.candidates[0].Name)
		if page.Header.Get("Retry-After") == "" || strings.Contains(page.body, `name="pick"`) {
			t.Error("the page offers a ballot, or does not say when to come back")
		}
	}
}

func TestVote_tooLarge(t *testing.T) {
	b := newBooth(t)
	form := b.form.ballot(t, "3")
	form.Set("more", strings.Repeat("x", 300<<10))
	b.vote(t, form).has(t, 413, "提交的内容太大")
}

func TestVote_daily(t *testing.T) {
	h := newInstallation(t, strings.Replace(courierRules(t), "frequency: once", "frequency: daily\n  hours: \"09:00-22:00\"", 1), 3)
	b := &booth{services: h, visitor: visitor(t), address: serve(t, h, "").URL + "/s/" + slug}
	b.form = get(t, b.visitor, b.address)
	b.vote(t, b.form.ballot(t, "1")).has(t, http.StatusSeeOther)
	get(t, b.visitor, b.address+"/voted").has(t, 200, "明天欢迎再来")
	if strings.Contains(get(t, b.visitor, b.address).body, `name="pick"`) {
		t.Error("who has voted today is asked again")
	}
	again := b.vote(t, b.form.ballot(t, "2"))
	again.has(t, 409, "您今天已经投过票了", "明天可以再来")
	h.change(func(h *installation) { h.castErr = voting.ErrHours })
	b.vote(t, b.form.ballot(t, "2")).has(t, 409, "每天 09:00–22:00 可以投票（Asia/Shanghai (UTC+8)）")
	h.change(func(h *installation) { h.now = h.now.Add(23 * time.Hour) }) // the next morning in Shanghai
	if !strings.Contains(get(t, b.visitor, b.address).body, `name="pick"`) {
		t.Error("a new day has no ballot")
	}
}
