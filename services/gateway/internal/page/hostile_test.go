package page_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/pkg/testkit/browser"
	"github.com/laurel-awards/laurel/services/selection"
	"github.com/laurel-awards/laurel/services/voting"
)

// hostile is an installation whose texts are such as would widen or turn a page:
// an address, a name of 96 letters, long numbers, names from right to left, marks of
// direction that are not closed.
func hostile(t *testing.T) *installation {
	t.Helper()
	long := strings.Repeat("Wolfeschlegelsteinhausen", 4)
	address := "https://example.org/" + strings.Repeat("a-very/long_path/", 12)
	rules := strings.Replace(courierRules(t), "Most Beautiful Courier of Longyuan", long, 1)
	h := newInstallation(t, rules, 6)
	h.change(func(h *installation) {
		for i, texts := range [][3]string{
			{long, address, strings.Repeat("9", 120)},
			{"שרה לוי", "דואר ישראל (חיפה)", "חיפה"},
			{"ئالىم قاسىم", "شىنجاڭ پوچتا 12", "ئۈرۈمچى"},
			{"王\u202e强", "陇运\u2067速递", "嘉峪\u202d关市"},
			{"A" + strings.Repeat("‿", 95), "m" + strings.Repeat("m", 190) + "@example.org", "שלום 123 兰州"},
		} {
			c := &h.candidates[i]
			c.Name, c.Employer, c.Region, c.Summary = texts[0], texts[1], texts[2], texts[1][:min(len(texts[1]), 80)]
			c.Summary = strings.ToValidUTF8(c.Summary, "")
			c.Deeds, c.RecommendedBy = texts[1]+"\n\n"+texts[0], texts[1]
		}
		h.candidates[2].Struck, h.candidates[2].StruckReason = true, address
	})
	return h
}

// texts are those that somebody wrote, as hostile has them.
func texts(h *installation) (out []string) {
	h.change(func(h *installation) {
		for _, c := range h.candidates[1:5] {
			out = append(out, c.Name, c.Employer, c.Region)
		}
	})
	return out
}

// outside gives the texts that stand in an element which does not isolate them:
// neither has they it for themselves, nor marks around them.
const outside = `(texts => {
	const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = [];
	while (walk.nextNode()) {
		const node = walk.currentNode, shown = node.nodeValue;
		for (const text of texts) {
			const plain = text.replace(/[\u202a-\u202e\u2066-\u2069]/g, "");
			if (!/[\u0590-\u08ff\u202a-\u202e\u2066-\u2069]/.test(text) || !(shown.includes(text) || shown.includes(plain))) continue;
			if (node.parentElement.closest("script, style")) continue;
			const own = getComputedStyle(node.parentElement).unicodeBidi.startsWith("isolate") && node.parentElement.matches("[dir=auto], bdi");
			if (!own && !shown.includes("\u2068" + plain + "\u2069")) found.push(node.parentElement.outerHTML.slice(0, 160));
		}
	}
	return found;
})`

// walker looks at pages on a small phone.
type walker struct {
	browser context.Context
	texts   string // those that must be isolated, as a list of JavaScript
}

func newWalker(t *testing.T, h *installation) walker {
	t.Helper()
	w := walker{browser.Open(t), `["` + strings.Join(escapedAll(texts(h)), `","`) + `"]`}
	browser.Run(t, w.browser, "small", chromedp.EmulateViewport(360, 740, chromedp.EmulateMobile, chromedp.EmulateTouch))
	return w
}

// visit opens a page, has it send a form, if one is named, and looks at what
// comes.
func (w walker) visit(t *testing.T, what, address, send string) {
	t.Helper()
	browser.Run(t, w.browser, what, chromedp.Navigate(address))
	if send != "" {
		browser.Run(t, w.browser, what, chromedp.Evaluate[chromedp.Void](`window.before = true; `+send))
		testkit.Eventually(t, testkit.Patience, func() error {
			arrived, err := chromedp.Run(w.browser, chromedp.Evaluate[bool](`!window.before && document.readyState === "complete"`))
			if err != nil || !arrived {
				return fmt.Errorf("%s: no answer yet, %w", what, err)
			}
			return nil
		})
	}
	w.look(t, what)
}

// fields are those of a form that a visitor types into.
const fields = `[...document.querySelectorAll("main input")].filter(e => ["text", "search", "email", "password"].includes(e.type) && !e.readOnly)`

// look finds what widens the page, what is not isolated, and fields that do not
// tell their limits.
func (w walker) look(t *testing.T, what string) {
	t.Helper()
	browser.Run(t, w.browser, what, chromedp.Evaluate[chromedp.Void](`document.querySelectorAll("details").forEach(d => { d.open = true });
		document.querySelectorAll(".seen").forEach(c => { c.style.contentVisibility = "visible" })`))
	if wide := browser.Read[int](t, w.browser, `document.documentElement.scrollWidth`); wide > 360 {
		t.Errorf("%s is %d pixels wide: %q", what, wide, browser.Read[[]string](t, w.browser,
			`[...document.querySelectorAll("main *, header *, footer *")].filter(e => e.getBoundingClientRect().right > 361 && !e.closest(".scroll"))
				.map(e => e.outerHTML.slice(0, 90)).slice(0, 4)`))
	}
	if turned := browser.Read[[]string](t, w.browser, outside+"("+w.texts+")"); len(turned) > 0 {
		t.Errorf("%s: not isolated: %q", what, turned)
	}
	if silent := browser.Read[[]string](t, w.browser, fields+`.filter(e => {
		const told = (e.getAttribute("aria-describedby") || "").split(" ").filter(id => id).map(id => document.getElementById(id)?.textContent ?? "").join(" ");
		return e.maxLength < 1 || !new RegExp("(^|\\D)" + e.maxLength + "(\\D|$)").test(told) }).map(e => e.outerHTML)`); len(silent) > 0 {
		t.Errorf("%s: fields do not tell their limit: %q", what, silent)
	}
}

// No text widens a page of a small phone, and none turns its surroundings.
func TestBrowser_hostileTexts(t *testing.T) {
	h := hostile(t)
	s := serve(t, h, "")
	w := newWalker(t, h)
	walk := func(paths ...string) {
		for _, lang := range []string{"en", "zh-CN"} {
			for _, path := range paths {
				w.visit(t, path+" in "+lang, s.URL+path+"?lang="+lang, "")
			}
		}
	}
	pages := []string{"/", "/s/" + slug, "/s/" + slug + "/rules", "/s/" + slug + "/results", "/s/" + slug + "/statement"}
	for n := range 6 {
		pages = append(pages, fmt.Sprintf("/s/%s/c/%d", slug, n+1))
	}
	walk(pages...)
	h.publish()
	h.change(func(h *installation) {
		h.kept += stale
		for i, c := range h.candidates {
			r := &h.results.Ranking[i]
			r.Total, r.Explain = strings.Repeat("9", 40)+"."+strings.Repeat("3", 34), append(r.Explain, overCap(c.Employer))
		}
		h.results.Awards[0].Title = map[string]string{"en": strings.Repeat("W", 60)}
		h.results.Awards[0].Winners[0] = h.results.Ranking[0]
	})
	walk("/", "/s/"+slug, "/s/"+slug+"/results", "/s/"+slug+"/statement")
	w.visit(t, "explanations", s.URL+"/s/"+slug+"/results", "")
	got := browser.Read[[]string](t, w.browser, `[...document.querySelectorAll("details bdi")].map(e => e.parentElement.textContent)`)
	if !slices.ContainsFunc(got, func(s string) bool {
		return strings.Contains(s, "“"+h.candidates[1].Employer+"”中排第 1 位")
	}) {
		t.Errorf("explanations with an employer apart: %q", got)
	}
}

// The same of what visitors type themselves, and of the pages that answer it.
func TestBrowser_hostileForms(t *testing.T) {
	typed := strings.Repeat("Wolfeschlegelsteinhausen", 20) + `שרה\u202e` + strings.Repeat("9", 200) + "@example.org"
	// The field takes it whatever its limit; the answer has to do with it.
	send := func(form, filter string) string {
		return `(() => { const form = document.querySelector('form[action$="` + form + `"]');
			form.querySelectorAll("` + filter + `").forEach(e => { e.value = "` + typed + `" });
			HTMLFormElement.prototype.submit.call(form) })()`
	}
	const typing, nothing = "input[type=text], input[type=search], input[type=email]", "no-such-field"
	for _, lang := range []string{"en", "zh-CN"} {
		h := hostile(t)
		at := serve(t, h, "").URL
		w := newWalker(t, h)
		here := at + "/s/" + slug
		in := func(path string) string {
			join := "?"
			if strings.Contains(path, "?") {
				join = "&"
			}
			return path + join + "lang=" + lang
		}
		w.visit(t, "no receipt", in(here+"/voted"), "")
		w.visit(t, "results to come", in(here+"/results"), "")
		w.visit(t, "search", in(here), `document.getElementById("ballot").setAttribute("action", "/s/`+slug+`/find"), `+send("/find", typing))
		w.visit(t, "review", in(here+"/review?pick=1&pick=2&pick=4&pick=5"), "")
		w.visit(t, "picked", in(here+"/c/1?pick=2&pick=4"), "")
		w.visit(t, "claim", in(at+"/claim?token=new"), `document.getElementById("password").value = "common", `+send("/claim/set", typing))
		w.visit(t, "claim", in(at+"/claim?token=present"), "")
		w.visit(t, "forgot", in(at+"/forgot"), send("/forgot/send", typing))
		w.visit(t, "receipt", in(here+"/receipt"), send("/receipt/check", typing))
		w.visit(t, "statement", in(here+"/statement"), send("/statement/show", typing))
		h.set(rulebook.PhaseNomination, selection.Opened)
		w.visit(t, "nominate", in(here+"/nominate"), send("/nominate/send", typing))
		h.set(rulebook.PhaseNomination, selection.Closed)

		picks := `document.querySelectorAll("[name=pick]").forEach(e => { e.checked = true }),
			document.getElementById("ballot").setAttribute("action", "/s/` + slug + `/vote"), `
		h.change(func(h *installation) { h.castErr = voting.ErrUnknownOutcome })
		w.visit(t, "retry", in(here), picks+send("/vote", nothing))
		h.change(func(h *installation) {
			h.castErr = voting.ErrDuplicate.With("first", h.now.Format("2006-01-02T15:04:05Z07:00"))
		})
		w.visit(t, "refused", in(here), picks+send("/vote", nothing))
		h.change(func(h *installation) { h.castErr = nil })
		w.visit(t, "voted", in(here), picks+send("/vote", nothing))
		if got := browser.Read[string](t, w.browser, "location.pathname"); got != "/s/"+slug+"/voted" {
			t.Errorf("the ballot led to %s", got)
		}
		h.change(func(h *installation) { h.candidates[1].Struck = true })
		w.visit(t, "gone", in(here+"?pick=2&pick=4"), "")

		members := hostile(t)
		members.rule(t, strings.Replace(courierRules(t), "voters: [device]", "voters: [roster]", 1))
		here = serve(t, members, "").URL + "/s/" + slug
		w.visit(t, "roster", in(here), "")
		w.visit(t, "code", in(here+"?pick=2&pick=4"), send("/code", typing))

		busy := hostile(t)
		busy.numbers = 1 << 40 // it does not end
		w.visit(t, "work", in(serve(t, busy, "").URL+"/s/"+slug+"?pick=2"), "")
	}
}

func escapedAll(texts []string) []string {
	out := make([]string, len(texts))
	for i, s := range texts {
		for _, r := range s {
			if r < 0x10000 {
				out[i] += fmt.Sprintf(`\u%04x`, r)
			}
		}
	}
	return out
}

// TestProblem_otherHost asks for addresses that begin with two slashes: no link of
// the page that answers leads to another host.
func TestProblem_otherHost(t *testing.T) {
	s := serve(t, newInstallation(t, courierRules(t), 1), "")
	for _, path := range []string{"//evil.example/x", "///evil.example", "/%2Fevil.example/x", "//evil.example%2Fx?y=1"} {
		a := get(t, visitor(t), s.URL+path)
		a.has(t, http.StatusNotFound, `href="/`)
		for _, mark := range []string{`href="//`, `action="//`, `href="/\`} {
			if strings.Contains(a.body, mark) {
				t.Errorf("%s: %s is in the page", path, mark)
			}
		}
	}
}
