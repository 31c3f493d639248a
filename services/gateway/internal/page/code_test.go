package page_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/testkit/browser"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/voting"
)

const (
	goodCode  = "K7M3-9TQX-2HFP"
	otherCode = "0000-0000-0000"
)

// rosterBooth is a booth whose rulebook takes these ways.
func rosterBooth(t *testing.T, ways string) *booth {
	t.Helper()
	rules := strings.Replace(courierRules(t), "voters: [device]", "voters: "+ways, 1)
	h := newInstallation(t, rules, 12)
	b := &booth{services: h, visitor: visitor(t), address: serve(t, h, "").URL + "/s/" + slug}
	b.form = get(t, b.visitor, b.address)
	return b
}

func (b *booth) prove(t *testing.T, code string) answer {
	t.Helper()
	return ask(t, b.visitor, http.MethodPost, b.address+"/code", url.Values{"code": {code}})
}

// Two members vote one after the other in one browser, without JavaScript.
func TestCode(t *testing.T) {
	b := rosterBooth(t, "[roster]")
	b.form.has(t, 200, "凭投票码投票", `<label for="voter-code">投票码</label>`, `aria-describedby="code-hint"`, "12 位字母和数字")
	if strings.Contains(b.form.body, `name="pick"`) || cookieGiven(b.form, "laurel_voter") {
		t.Error("who has no code is given a ballot")
	}
	if no := b.vote(t, url.Values{"pick": {"3"}}); no.StatusCode != http.StatusForbidden || len(b.services.ballots) > 0 {
		t.Errorf("a vote without a code: %d", no.StatusCode)
	}

	proved := b.prove(t, goodCode)
	if proved.StatusCode != http.StatusSeeOther || proved.Header.Get("Location") != "/s/"+slug+"#candidates" {
		t.Fatalf("status %d, to %q:\n%s", proved.StatusCode, proved.Header.Get("Location"), proved.body)
	}
	if c := cookieOf(t, proved, "laurel_voter"); !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/s/"+slug {
		t.Errorf("the credential's cookie: %v", c)
	}
	page := get(t, b.visitor, b.address)
	page.has(t, 200, "投票码已确认", "<summary>换一位成员投票</summary>")
	b.vote(t, page.ballot(t, "3", "5")).has(t, http.StatusSeeOther)
	again := get(t, b.visitor, b.address)
	again.has(t, 200, "您已于", "<summary>换一位成员投票</summary>")
	if strings.Contains(again.body, `name="pick"`) {
		t.Error("who has voted is asked again")
	}
	b.prove(t, goodCode).has(t, http.StatusSeeOther)
	get(t, b.visitor, b.address+"/voted").has(t, 200, "投票成功") // still the same voter's

	b.prove(t, otherCode).has(t, http.StatusSeeOther)
	get(t, b.visitor, b.address+"/voted").has(t, 200, "没有回执") // it was another's
	b.vote(t, get(t, b.visitor, b.address).ballot(t, "7")).has(t, http.StatusSeeOther)
	if n := len(b.services.ballots); n != 2 {
		t.Errorf("%d ballots", n)
	}

	// The first code in another browser is the voter who has voted.
	b.visitor = visitor(t)
	b.prove(t, goodCode).has(t, http.StatusSeeOther)
	b.vote(t, get(t, b.visitor, b.address).ballot(t, "7")).has(t, 409, "您已经投过票了")
}

func TestCode_refused(t *testing.T) {
	toMany := fault.New(fault.TooMany, "too_many_codes", "wait")
	toMany.RetryAfter = 90 * time.Second
	for _, test := range []struct {
		name, ways, code string
		err              error
		status           int
		texts            []string
	}{
		{"missing", "[roster]", " ", nil, 422, []string{"请输入投票码"}},
		{"mistyped", "[roster]", "K7M3-9TQX", nil, 422, []string{
			"投票码输错了", `value="K7M3-9TQX"`, `aria-invalid="true"`, `aria-describedby="code-hint code-wrong"`, `id="code-wrong"`, `<a href="#voter-code">`,
		}},
		{"long", "[roster]", strings.Repeat("K", 300), nil, 422, []string{"投票码输错了"}},
		{"of two lengths", "[roster]", strings.Repeat("K", 63) + "码码", nil, 422, []string{`value="` + strings.Repeat("K", 63) + `码"`}},
		{"wide", "[roster]", strings.Repeat("Ｋ　", 12), identity.ErrCode, 401, []string{"这个投票码无效"}},
		{"unknown", "[roster]", "K7M3-9TQX-2HFQ", nil, 401, []string{"这个投票码无效", "联系主办方换发"}},
		{"markup", "[roster]", `"><script>alert("x")`, nil, 422, []string{"投票码输错了"}},
		{"too many", "[roster]", goodCode, toMany, 429, []string{"输错的次数太多", "请等 2 分钟再试"}},
		{"busy", "[roster]", goodCode, fault.NewUnavailable("service_down", "", time.Second), 503, []string{"暂时无法核对投票码"}},
		{"beside devices", "[device, roster]", "K7M3", nil, 422, []string{`<details class="panel proof" open>`, "投票码输错了", `name="pick"`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := rosterBooth(t, test.ways)
			b.services.change(func(h *installation) { h.proveErr = test.err })
			a := ask(t, b.visitor, http.MethodPost, b.address+"/code", url.Values{"code": {test.code}})
			a.has(t, test.status, test.texts...)
			noScript(t, a)
			if retry := a.Header.Get("Retry-After"); (retry != "") != (test.status == 429 || test.status == 503) {
				t.Errorf("Retry-After %q", retry)
			}
			if cookieGiven(a, "laurel_voter") && test.ways == "[roster]" {
				t.Error("a refused code gave a credential")
			}
		})
	}
}

// A rulebook without a roster asks for no code, and one with both ways offers it.
func TestCode_ways(t *testing.T) {
	device := newBooth(t)
	if strings.Contains(device.form.body, "voter-code") {
		t.Error("a code is asked for where the rulebook takes none")
	}
	ask(t, device.visitor, http.MethodPost, device.address+"/code", url.Values{"code": {goodCode}}).has(t, 403, "不接受这种投票方式")
	both := rosterBooth(t, "[device, roster]")
	both.form.has(t, 200, "<summary>有投票码？</summary>", `name="pick"`)
	both.prove(t, goodCode).has(t, http.StatusSeeOther)
	both.vote(t, get(t, both.visitor, both.address).ballot(t, "3")).has(t, http.StatusSeeOther)
	if _, ok := both.services.ballots[voting.VoterID{0xff}]; !ok {
		t.Errorf("the ballot is not the member's: %v", both.services.ballots)
	}
}

func cookieGiven(a answer, name string) bool {
	for _, c := range a.Cookies() {
		if c.Name == name {
			return true
		}
	}
	return false
}

// The address from a slip fills the field in, and does not keep the code.
func TestBrowser_code(t *testing.T) {
	b := rosterBooth(t, "[roster]")
	ctx := browser.Open(t)
	browser.Run(t, ctx, "open", chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile, chromedp.EmulateTouch),
		chromedp.Navigate(b.address+"?lang=zh-CN#code="+goodCode), chromedp.WaitVisible(chromedp.CSS("#voter-code")))
	if got := browser.Read[string](t, ctx, `document.getElementById("voter-code").value + " " + location.href`); got != goodCode+" "+b.address+"?lang=zh-CN" {
		t.Errorf("the field and the address: %q", got)
	}
	if wide := browser.Read[int](t, ctx, `document.documentElement.scrollWidth`); wide > 390 {
		t.Errorf("the page is %d pixels wide", wide)
	}
	browser.Run(t, ctx, "use", chromedp.Click(chromedp.CSS(".proof .button")), chromedp.WaitVisible(chromedp.CSS("#ballot")))
}
