package page_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
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
			{"王\u202e强", "陇运\u2067速递", "兰州\u202d市"},
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

// No text widens a page of a small phone, and none turns its surroundings.
func TestBrowser_hostileTexts(t *testing.T) {
	h := hostile(t)
	s := serve(t, h, "")
	ctx := chromium(t)
	run(t, ctx, "small", chromedp.EmulateViewport(360, 740, chromedp.EmulateMobile, chromedp.EmulateTouch))
	list := `["` + strings.Join(escapedAll(texts(h)), `","`) + `"]`
	walk := func(lang string, paths ...string) {
		for _, path := range paths {
			run(t, ctx, path, chromedp.Navigate(s.URL+path+"?lang="+lang),
				chromedp.Evaluate[chromedp.Void](`document.querySelectorAll("details").forEach(d => { d.open = true });
				document.querySelectorAll(".card").forEach(c => { c.style.contentVisibility = "visible" })`))
			if wide := read[int](t, ctx, `document.documentElement.scrollWidth`); wide > 360 {
				t.Errorf("%s in %s is %d pixels wide: %q", path, lang, wide, read[[]string](t, ctx,
					`[...document.querySelectorAll("main *, header *, footer *")].filter(e => e.getBoundingClientRect().right > 361 && !e.closest(".scroll"))
						.map(e => e.outerHTML.slice(0, 90)).slice(0, 4)`))
			}
			if turned := read[[]string](t, ctx, outside+"("+list+")"); len(turned) > 0 {
				t.Errorf("%s in %s: not isolated: %q", path, lang, turned)
			}
		}
	}
	pages := []string{"/", "/s/" + slug, "/s/" + slug + "/rules", "/s/" + slug + "/results", "/s/" + slug + "/statement"}
	for n := range 6 {
		pages = append(pages, fmt.Sprintf("/s/%s/c/%d", slug, n+1))
	}
	for _, lang := range []string{"en", "zh-CN"} {
		walk(lang, pages...)
	}
	h.publish()
	h.change(func(h *installation) {
		h.kept += stale
		for i, c := range h.candidates {
			r := &h.results.Ranking[i]
			r.Total, r.Explain = strings.Repeat("9", 40)+"."+strings.Repeat("3", 34), append(r.Explain, "first of employer "+c.Employer+", cap 2")
		}
		h.results.Awards[0].Title = map[string]string{"en": strings.Repeat("W", 60)}
		h.results.Awards[0].Winners[0] = h.results.Ranking[0]
	})
	for _, lang := range []string{"en", "zh-CN"} {
		walk(lang, "/", "/s/"+slug, "/s/"+slug+"/results", "/s/"+slug+"/statement")
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
