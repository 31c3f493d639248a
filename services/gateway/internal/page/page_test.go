package page_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/selection"
	"github.com/laurel-awards/laurel/services/voting"
)

func TestPages(t *testing.T) {
	h := newInstallation(t, courierRules(t), 60)
	s := serve(t, h, "")
	at := s.URL + "/s/" + slug
	c := visitor(t)

	get(t, c, s.URL+"/").has(t, 200, "<html lang=\"zh-CN\">", "评选活动", "第二届“陇原最美快递员”", "公众投票进行中")
	get(t, c, s.URL+"/?lang=en").has(t, 200, "<html lang=\"en\">", "Selections", "Most Beautiful Courier of Longyuan", "60 candidates")
	get(t, c, s.URL+"/").has(t, 200, "<html lang=\"en\">") // remembered
	get(t, c, s.URL+"/?lang=zh-CN").has(t, 200, "评选活动")

	get(t, c, at).has(t, 200, "报名推荐", "进行中", h.candidates[0].Name, "1 号", h.candidates[0].Employer, h.candidates[0].Summary,
		`type="checkbox" name="pick" value="60"`, "每张选票选 1 至 10 位", "0 票")
	get(t, c, at+"/c/3").has(t, 200, h.candidates[2].Name, "<p dir=\"auto\">暴雪封山那一冬，", "工作单位", "从业年限", "5 年", `name="pick" value="3"`, "<img class=\"photo\"")
	get(t, c, at+"/rules").has(t, 200, "演示设置：公示期缩短为 3 秒（正式评选应为：公示 5 个工作日）", "9 名评委", "去掉 1 个最高分和 1 个最低分",
		"同一工作单位最多占 2 名", "性别为女的至少占名额的 30%", "依次比较：专家评审组，再比公众投票，再比抽签", h.selections[0].RulebookHash)
	get(t, c, at+"/results").has(t, 200, "结果尚未公布", "公示期满公布结果")
	get(t, c, at+"/voted").has(t, 200, "这个浏览器里没有回执")

	h.publish()
	get(t, c, at).has(t, 200, "获奖名单已公布", "结果已公布")
	get(t, c, at+"/results").has(t, 200, "陇原最美快递员", "提名奖", "20,000 张选票", "第 1 名<", "综合得分 95.25", "40.1234…", "专家评审组",
		h.results.VotesHash, h.results.ScoresHash, "laurel compute --rulebook", " --awards awards.csv", "名额由委员会决定授予", "<dt>赞成</dt><dd>7</dd>",
		"公众投票</bdi>：5102，按与最高者的比例折算（最高者得 100 分）：82.28 分；× 0.4 = 32.912",
		"/exports/result.json\" download=\"result.json\"", "sha256sum --check SHA256SUMS", h.candidates[0].Summary)
	get(t, c, at+"/results?lang=en").has(t, 200, "</bdi>: 5102 in proportion to the highest, which gets 100: 82.28; × 0.4 = 32.912")
	get(t, c, at+"/c/1?lang=zh-CN").has(t, 200, "荣获“陇原最美快递员”", "第 1 名", "/results\">查看评选结果")
	get(t, c, at+"/c/11?lang=zh-CN").has(t, 200, "荣获“提名奖”")
	if other := get(t, c, at+"/c/40"); strings.Contains(other.body, "荣获") {
		t.Error("who has no award has one")
	}
	head := ask(t, c, http.MethodHead, at, nil)
	if head.StatusCode != 200 || head.body != "" {
		t.Errorf("HEAD: status %d, body %q", head.StatusCode, head.body)
	}
}

func TestPages_phases(t *testing.T) {
	h := newInstallation(t, courierRules(t), 3)
	s := serve(t, h, "")
	at := s.URL + "/s/" + slug
	closes := h.now.Add(48 * 3600e9)
	for _, test := range []struct {
		name   string
		change func()
		path   string
		want   string
		form   bool
	}{
		{"opening", func() { h.set(rulebook.PhaseVoting, selection.Opening) }, "", "投票正在开启", false},
		{"open", func() { h.set(rulebook.PhaseVoting, selection.Opened) }, "", "投票正在进行", true},
		{"open with an end", func() { h.phase(rulebook.PhaseVoting, func(p *selection.Phase) { p.ClosesAt = &closes }) }, "", "2026年5月6日 10:30 截止", true},
		{"closing", func() { h.set(rulebook.PhaseVoting, selection.Closing) }, "", "投票正在结束", false},
		{"closed", func() { h.set(rulebook.PhaseVoting, selection.Closed) }, "", "选票总数", false},
		{"notice", func() {
			h.set(rulebook.PhaseNotice, selection.Opened)
			h.phase(rulebook.PhaseNotice, func(p *selection.Phase) { p.ClosesAt = &closes })
		}, "/results", "公示期截止：<time datetime=\"2026-05-06T10:30:05+08:00\">2026年5月6日 10:30</time>", false},
		{"notice over", func() { h.set(rulebook.PhaseNotice, selection.Closed) }, "/results", "公示期已结束", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.change()
			page := get(t, visitor(t), at+test.path)
			page.has(t, 200, test.want)
			if form := strings.Contains(page.body, `name="pick"`); form != test.form {
				t.Errorf("the ballot is there: %v", form)
			}
		})
	}
}

func TestPages_hiddenCounts(t *testing.T) {
	h := newInstallation(t, strings.Replace(courierRules(t), "counts: live", "counts: hidden", 1), 5)
	h.hidden = true
	h.ballots[voting.VoterID{1}] = counted{picks: []int{1, 2}}
	s := serve(t, h, "")
	page := get(t, visitor(t), s.URL+"/s/"+slug)
	page.has(t, 200, "投票期间不公布各候选人得票", `data-turnout>1<`)
	if strings.Contains(page.body, "data-votes") {
		t.Error("the page shows counts that are hidden")
	}
	if story := get(t, visitor(t), s.URL+"/s/"+slug+"/c/1"); strings.Contains(story.body, `class="votes"`) {
		t.Error("the story shows counts that are hidden")
	}
}

func TestPages_language(t *testing.T) {
	s := serve(t, newInstallation(t, courierRules(t), 1), "")
	for header, want := range map[string]string{
		"": "zh-CN", "en-GB,en;q=0.9": "en", "zh-TW": "zh-CN", "de,en;q=0.3": "en", "fr": "en",
		"zh;q=0.5, en;q=0.4": "zh-CN", "*": "zh-CN", strings.Repeat("a", 10000): "zh-CN", ";;;": "zh-CN",
	} {
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/", nil)
		r.Header.Set("Accept-Language", header)
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if got := res.Header.Get("Content-Language"); got != want {
			t.Errorf("Accept-Language %.40q: the page is in %q, want %q", header, got, want)
		}
	}
}

// The order is another one for each visitor, and the same at each visit.
func TestPages_order(t *testing.T) {
	s := serve(t, newInstallation(t, courierRules(t), 60), "")
	numbers := func(c *http.Client, query string) []string {
		page := get(t, c, s.URL+"/s/"+slug+query)
		var found []string
		for _, m := range regexp.MustCompile(`name="pick" value="(\d+)"`).FindAllStringSubmatch(page.body, -1) {
			found = append(found, m[1])
		}
		return found
	}
	one := visitor(t)
	first := numbers(one, "")
	if len(first) != 60 {
		t.Fatalf("%d candidates", len(first))
	}
	if !slices.Equal(first, numbers(one, "")) {
		t.Error("the order changed between two visits")
	}
	another := false
	for range 20 { // one of sixty each time
		another = another || !slices.Equal(first, numbers(visitor(t), ""))
	}
	if !another {
		t.Error("all visitors see the same order")
	}
	byNumber := numbers(one, "?sort=number")
	if byNumber[0] != "1" || byNumber[59] != "60" {
		t.Errorf("by number: %v", byNumber)
	}
	for query, want := range map[string]int{"?q=7": 1, "?q=７": 1, "?q=陇运": 12, "?q=nobody": 0, "?q=nobody&pick=3&pick=9": 2, "?q=%ff%fe": 60} {
		if got := numbers(one, query); len(got) != want {
			t.Errorf("%s finds %d, want %d", query, len(got), want)
		}
	}
}

func TestPages_struck(t *testing.T) {
	h := newInstallation(t, courierRules(t), 3)
	h.candidates[1].Struck, h.candidates[1].StruckReason = true, "材料不实"
	s := serve(t, h, "")
	page := get(t, visitor(t), s.URL+"/s/"+slug+"?pick=2")
	page.has(t, 200, "已取消候选资格")
	if strings.Contains(page.body, `name="pick" value="2"`) {
		t.Error("a struck candidate can be picked")
	}
	story := get(t, visitor(t), s.URL+"/s/"+slug+"/c/2")
	story.has(t, 200, "已取消候选资格", "材料不实")
	if strings.Contains(story.body, `name="pick"`) {
		t.Error("the story of a struck candidate leads to the ballot")
	}
}

// What people wrote stays text.
func TestPages_escape(t *testing.T) {
	h := newInstallation(t, courierRules(t), 2)
	const hostile = `</p><script>alert("x")</script><img src=x onerror=alert(1)>'"`
	c := &h.candidates[0]
	c.Name, c.Employer, c.Region, c.Summary, c.Deeds, c.RecommendedBy, c.Category = hostile, hostile, hostile, hostile, hostile, hostile, hostile
	h.candidates[1].Struck, h.candidates[1].StruckReason = true, hostile
	h.selections[0].Title = map[string]string{"zh": hostile}
	s := serve(t, h, "")
	at := s.URL + "/s/" + slug
	open := []string{"/", "/s/" + slug, "/s/" + slug + "/c/1", "/s/" + slug + "/c/2", "/s/" + slug + "?q=" + "%3Cscript%3Ealert(%22x%22)", "/s/" + slug + "/rules"}
	for _, path := range open {
		noScript(t, get(t, visitor(t), s.URL+path))
	}
	v := visitor(t)
	page := get(t, v, at)
	noScript(t, ask(t, v, http.MethodPost, at+"/vote", page.ballot(t, "1", `"><script>alert("x")</script>`)))
	noScript(t, ask(t, v, http.MethodPost, at+"/vote", page.ballot(t, "1", "1")))
	h.publish()
	noScript(t, get(t, visitor(t), at+"/results"))
	noScript(t, get(t, visitor(t), s.URL+"/%3Cscript%3Ealert(%22x%22)%3C/script%3E"))
}

func noScript(t *testing.T, a answer) {
	t.Helper()
	if strings.Contains(a.body, "<script>") || strings.Contains(a.body, "<img src=x") || strings.Contains(a.body, `alert("x")`) {
		t.Errorf("%s: what somebody wrote became markup", a.Request.URL)
	}
	bare := regexp.MustCompile(`"[^"]*"`).ReplaceAllString(a.body, `""`) // values are quoted, and may say what they like
	if regexp.MustCompile(`(?i)<[^>]+\s(style|on[a-z]+)=`).MatchString(bare) {
		t.Errorf("%s: an inline style or handler, which the policy forbids", a.Request.URL)
	}
}

func TestPages_problems(t *testing.T) {
	h := newInstallation(t, courierRules(t), 1)
	s := serve(t, h, "")
	c := visitor(t)
	get(t, c, s.URL+"/nowhere").has(t, 404, "没有这个页面", "返回首页")
	get(t, c, s.URL+"/s/no-such-thing").has(t, 404, "没有这个评选活动")
	get(t, c, s.URL+"/s/"+slug+"/c/99").has(t, 404, "没有这位候选人")
	get(t, c, s.URL+"/s/"+slug+"/c/x").has(t, 404, "没有这位候选人")
	get(t, c, s.URL+"/nowhere?lang=en").has(t, 404, "There is no such page", `<html lang="en">`)
	get(t, c, s.URL+"/static/app.css").has(t, 404)
	wrong := ask(t, c, http.MethodPut, s.URL+"/s/"+slug, nil)
	wrong.has(t, 405)
	if allow := wrong.Header.Get("Allow"); !strings.Contains(allow, "GET") {
		t.Errorf("Allow: %q", allow)
	}
	for _, test := range []struct {
		err    error
		status int
		after  string
		text   string
	}{
		{selection.ErrNotArrived, 503, "1", "暂时无法访问"},
		{fault.New(fault.TooMany, "too_many_requests", "slow down"), 429, "1", "操作太频繁"},
		{fault.NewUnavailable("busy", "busy", 2500e6), 503, "3", "再试一次"},
		{fmt.Errorf("a secret of the installation: %w", io.ErrUnexpectedEOF), 500, "", "我们这边出了点问题"},
	} {
		h.change(func(h *installation) { h.readErr = test.err })
		page := get(t, visitor(t), s.URL+"/s/"+slug)
		page.has(t, test.status, test.text)
		if got := page.Header.Get("Retry-After"); got != test.after {
			t.Errorf("%v: Retry-After %q, want %q", test.err, got, test.after)
		}
		if strings.Contains(page.body, "secret") {
			t.Error("the page tells what is for the log")
		}
	}
	api := get(t, c, s.URL+"/api/v1/nowhere")
	api.has(t, 404)
	if media := api.Header.Get("Content-Type"); media != "application/problem+json" {
		t.Errorf("the API answers an error with %s", media)
	}
	ask(t, c, http.MethodPost, s.URL+"/api/v1/nowhere", nil).has(t, 404) // no form's proof asked
}

func TestPages_headers(t *testing.T) {
	s := serve(t, newInstallation(t, courierRules(t), 1), "https://vote.example")
	for _, path := range []string{"/", "/s/" + slug, "/nowhere"} {
		h := get(t, visitor(t), s.URL+path).Header
		if csp := h.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'self'; ") || strings.Contains(csp, "unsafe") {
			t.Errorf("%s: policy %q", path, csp)
		}
		for _, c := range h.Values("Set-Cookie") {
			for _, attribute := range []string{"HttpOnly", "SameSite=Lax", "Secure"} {
				if !strings.Contains(c, attribute) {
					t.Errorf("%s: the cookie %q is not %s", path, c, attribute)
				}
			}
		}
	}
	voter := cookieOf(t, get(t, visitor(t), s.URL+"/s/"+slug), "__Host-laurel_voter."+slug)
	if voter.Path != "/" || voter.Domain != "" || voter.MaxAge != 24*3600 {
		t.Errorf("the voter's cookie is for %q, %d seconds", voter.Path, voter.MaxAge)
	}
	open := serve(t, newInstallation(t, courierRules(t), 1), "")
	if c := cookieOf(t, get(t, visitor(t), open.URL+"/s/"+slug), "laurel_voter"); c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode {
		t.Errorf("without https: %v", c)
	}
	if c := get(t, visitor(t), s.URL+"/s/"+slug+"/rules"); len(c.Header.Values("Set-Cookie")) > 0 {
		t.Errorf("reading the rules sets %q", c.Header.Values("Set-Cookie"))
	}
}

func cookieOf(t *testing.T, a answer, name string) *http.Cookie {
	t.Helper()
	for _, c := range a.Cookies() {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("%s: there is no cookie %s", a.Request.URL, name)
	return nil
}

func TestPages_assets(t *testing.T) {
	h := newInstallation(t, courierRules(t), 2)
	s := serve(t, h, "")
	page := get(t, visitor(t), s.URL+"/s/"+slug)
	found := regexp.MustCompile(`(?:src|href)="(/static/[^"]+|/s/[^"]+/photo/[^"]+)"`).FindAllStringSubmatch(page.body, -1)
	if len(found) < 5 {
		t.Fatalf("the page names %d files", len(found))
	}
	for _, m := range found {
		file := get(t, visitor(t), s.URL+m[1])
		file.has(t, 200)
		if !strings.Contains(file.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s: Cache-Control %q", m[1], file.Header.Get("Cache-Control"))
		}
		for _, u := range regexp.MustCompile(`url\("([^"]+)"\)`).FindAllStringSubmatch(file.body, -1) {
			get(t, visitor(t), s.URL+"/static/"+u[1]).has(t, 200)
		}
	}
	photo := h.candidates[0].Photo
	get(t, visitor(t), s.URL+"/s/"+slug+"/c/1/photo/"+photo).has(t, 200)
	// Whatever else the blob store holds is not served.
	h.photos[strings.Repeat("a", 64)] = []byte("an export of hidden counts")
	get(t, visitor(t), s.URL+"/s/"+slug+"/c/1/photo/"+strings.Repeat("a", 64)).has(t, 404)
	get(t, visitor(t), s.URL+"/s/"+slug+"/c/7/photo/"+photo).has(t, 404)
}

// A page of sixty candidates goes through a weak connection; one of a thousand
// still works.
func TestPages_size(t *testing.T) {
	s := serve(t, newInstallation(t, courierRules(t), 60), "")
	if size := squeezed(t, get(t, visitor(t), s.URL+"/s/"+slug).body); size > 60<<10 {
		t.Errorf("60 candidates take %d bytes", size)
	}
	big := serve(t, newInstallation(t, courierRules(t), 1000), "")
	page := get(t, visitor(t), big.URL+"/s/"+slug)
	page.has(t, 200, `name="pick" value="1000"`)
	if size := squeezed(t, page.body); size > 400<<10 {
		t.Errorf("1,000 candidates take %d bytes", size)
	}
}

func squeezed(t *testing.T, text string) int {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Len()
}

func BenchmarkSelection(b *testing.B) {
	for _, n := range []int{60, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s := serve(b, newInstallation(b, courierRules(b), n), "")
			for b.Loop() {
				r := httptest.NewRequest(http.MethodGet, "/s/"+slug, nil)
				w := httptest.NewRecorder()
				s.Config.Handler.ServeHTTP(w, r)
				if w.Code != http.StatusOK {
					b.Fatal(w.Code)
				}
			}
		})
	}
}
