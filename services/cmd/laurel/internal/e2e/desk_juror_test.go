package e2e_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/pkg/testkit/browser"
	"github.com/laurel-awards/laurel/services/gateway"
)

// kept is what the server has of a juror's sheet: scores, and whether it is
// submitted.
func (c *committee) kept(t *testing.T, juror, code string) string {
	t.Helper()
	for _, a := range c.mine(t, juror) {
		if a.Candidate == code && a.Sheet != nil {
			var scores []string
			for _, id := range slices.Sorted(maps.Keys(a.Sheet.Scores)) {
				scores = append(scores, a.Sheet.Scores[id])
			}
			return strings.TrimSpace(fmt.Sprint(strings.Join(scores, " "), map[bool]string{true: " submitted"}[a.Sheet.Submitted], a.Sheet.Comment))
		}
	}
	return ""
}

// keeps waits until the server has so much of a sheet.
func (c *committee) keeps(t *testing.T, juror, code, want string) {
	t.Helper()
	testkit.Eventually(t, testkit.Patience, func() error {
		if got := c.kept(t, juror, code); got != want {
			return fmt.Errorf("%s has %q of %s, want %q", juror, got, code, want)
		}
		return nil
	})
}

// codes are a juror's candidates in their order.
func (c *committee) codes(t *testing.T, juror string) (codes []string) {
	t.Helper()
	for _, a := range c.mine(t, juror) {
		codes = append(codes, a.Candidate)
	}
	return codes
}

const atSheet = `document.querySelector("#sheet")?.dataset.code === `

// TestDesk_juror scores by the keyboard alone; the connection is cut and comes
// back; two tabs have one sheet; the role is taken away in mid-session.
func TestDesk_juror(t *testing.T) {
	t.Parallel()
	c := convened(t)
	const who = "juror-2"
	codes := c.codes(t, who)
	if len(codes) < 4 {
		t.Fatalf("only %d candidates", len(codes))
	}
	s := c.byKeys(t, email(who), "/sheets")
	s.until(`document.querySelectorAll(".docket li").length === ` + fmt.Sprint(len(codes)))
	s.shortcuts("n")
	s.keys("n")
	s.until(atSheet + `"` + codes[0] + `" && document.activeElement.id === "scores.deeds"`)
	s.seen()
	s.keys("90\r80\r70")
	s.until(`document.querySelector("#saved").innerText.startsWith("Saved as a draft")`)
	c.keeps(t, who, codes[0], "90 80 70")
	s.keys("\r")
	s.until(atSheet + `"` + codes[1] + `" && document.activeElement.id === "scores.deeds"`)
	s.until(`Object.keys(sessionStorage).filter((k) => k.startsWith("laurel.sheet.")).length >= 2`)

	// The connection is cut: what is typed stays, and the next sheet opens.
	s.offline(true)
	s.keys("81\r71\r61")
	s.until(`document.querySelector("#saved").dataset.kind === "away"`)
	s.keys("\r")
	s.until(atSheet + `"` + codes[2] + `"`)
	s.keys("82\r72\r62")
	s.until(`document.querySelector("#saved").dataset.kind === "away"`)
	if got := c.kept(t, who, codes[1]) + c.kept(t, who, codes[2]); got != "" {
		t.Errorf("without a connection the server has %q", got)
	}
	s.offline(false)
	c.keeps(t, who, codes[1], "81 71 61")
	c.keeps(t, who, codes[2], "82 72 62")
	s.until(`document.querySelector("[data-sheets]").hidden && document.querySelector("#saved").dataset.kind === "saved"`)

	// The page is lost while there is no connection: the browser has what was typed.
	s.open("/sheets/experts/" + codes[0])
	s.until(atSheet + `"` + codes[0] + `"`)
	s.offline(true)
	s.do("focus", chromedp.Evaluate[chromedp.Void](`document.getElementById("scores.deeds").select()`))
	s.keys("95")
	s.until(`document.querySelector("#saved").dataset.kind === "away"`)
	s.do("away", chromedp.Evaluate[chromedp.Void](`location.href = "about:blank"`))
	s.offline(false)
	s.open("/sheets/experts")
	c.keeps(t, who, codes[0], "95 80 70")

	// Another device saves the same sheet: both stand side by side.
	s.open("/sheets/experts/" + codes[0])
	s.until(atSheet + `"` + codes[0] + `"`)
	c.juror(t, who, http.MethodPut, "/sheets/"+codes[0],
		gateway.SaveSheet{Scores: map[string]string{"deeds": "11", "service": "80", "skill": "70"}}, http.StatusOK)
	s.do("focus", chromedp.Evaluate[chromedp.Void](`document.getElementById("scores.deeds").select()`))
	s.keys("97")
	s.until(`document.querySelector("#saved").dataset.kind === "changed"`)
	c.keeps(t, who, codes[0], "11 80 70")
	s.do("compare", chromedp.Evaluate[chromedp.Void](`document.getElementById("compare").click()`))
	s.until(`document.querySelector(".differs")?.innerText.includes("97") && document.querySelector(".differs").innerText.includes("11")`)
	s.keys("m")
	s.until(atSheet + `"` + codes[0] + `"`)
	c.keeps(t, who, codes[0], "97 80 70")
	s.until(`document.querySelector("[data-sheets]").hidden`)

	// Submitted from the keyboard, and all at once after a look.
	s.do("blur", chromedp.Evaluate[chromedp.Void](`document.activeElement.blur()`))
	s.shortcuts("s", "a", "r")
	s.keys("s")
	c.keeps(t, who, codes[0], "97 80 70 submitted")
	s.until(atSheet + `"` + codes[3] + `"`) // the next one without a score
	s.open("/sheets/experts/review")
	s.keys("s")
	s.until(`document.querySelector("#note")?.innerText.includes("2 sheets are submitted")`)
	c.keeps(t, who, codes[2], "82 72 62 submitted")

	// The role is taken away: the sheet stays in the browser, and the page says why.
	s.open("/sheets/experts/" + codes[3])
	s.until(atSheet + `"` + codes[3] + `"`)
	left := gateway.UnseatJuror{Juror: email(who), Sheets: gateway.KeepSheets, Reason: "left"}
	if _, err := c.Organizer().Unseat(t.Context(), slug, "experts", left); err != nil {
		t.Fatal(err)
	}
	s.keys("50")
	s.until(`document.querySelector("#saved").dataset.kind === "refused"`)
}

// TestDesk_jurorForms does each act of a juror without scripts.
func TestDesk_jurorForms(t *testing.T) {
	t.Parallel()
	c := convened(t)
	const who = "juror-3"
	token, codes := c.tokens[who], c.codes(t, "juror-3")
	has := func(status int, body string, want int, texts ...string) {
		t.Helper()
		if status != want {
			t.Errorf("status %d, want %d: %s", status, want, mainOf(body))
		}
		for _, text := range texts {
			if !strings.Contains(body, text) {
				t.Errorf("%q is missing from %s", text, mainOf(body))
			}
		}
	}
	sheet := func(code, base, act, deeds string, more ...string) (int, string) {
		t.Helper()
		form := url.Values{"base": {base}, "act": {act}, "then": {codes[1]}, "scores.deeds": {deeds}, "scores.service": {"80"}, "scores.skill": {"70.5"}}
		for i := 0; i < len(more); i += 2 {
			form.Set(more[i], more[i+1])
		}
		return c.posted(t, token, "/sheets/experts/"+code+"/save", form)
	}
	status, body := c.got(t, token, "/sheets")
	has(status, body, http.StatusOK, "Experts", "0 of ", "Next to score", codes[0])
	if strings.Contains(body, "快递员") {
		t.Error("the list of a blind panel names somebody")
	}
	status, body = c.got(t, token, "/sheets/experts/"+codes[0])
	has(status, body, http.StatusOK, "This panel does not see: name", "From 0 to 100, in steps of 0.5", "个故事", "× 50%")
	for _, hidden := range []string{"快递员", "营业部", "/photo/"} {
		if strings.Contains(body, hidden) {
			t.Errorf("a blind panel sees %s", hidden)
		}
	}
	status, body = sheet(codes[0], "0", "next", "90", "comment", markup, "comments.deeds", markup)
	has(status, body, http.StatusOK, "is saved as a draft", `data-code="`+codes[1]+`"`)
	status, body = sheet(codes[0], "0", "save", "91")
	has(status, body, http.StatusConflict, "was changed elsewhere", ">91<", ">90<", `name="base" value="1"`, "&lt;b&gt;&amp;amp;")
	status, body = sheet(codes[0], "1", "save", "91", "comment", markup)
	has(status, body, http.StatusOK, "is saved as a draft", `value="91"`, "&lt;b&gt;&amp;amp;&lt;script&gt;", `<line class="mean"`, "your mean 91.00")
	if strings.Contains(body, "<script>alert") {
		t.Error("markup is not text")
	}
	status, body = sheet(codes[0], "2", "save", "91.3")
	has(status, body, http.StatusUnprocessableEntity, "This has to be mended", `value="91.3"`, `href="#scores.deeds"`)
	status, body = sheet(codes[0], "2", "submit", "")
	has(status, body, http.StatusUnprocessableEntity, `href="#scores.deeds"`)
	status, body = sheet(codes[0], "2", "submit", "92")
	has(status, body, http.StatusOK, "is submitted")
	status, body = c.got(t, token, "/sheets/experts/"+codes[0])
	has(status, body, http.StatusOK, "you may amend it", "Submit again")
	status, body = sheet(codes[0], "3", "save", "93")
	has(status, body, http.StatusUnprocessableEntity, "This has to be mended")
	if _, err := c.Organizer().SendBack(t.Context(), slug, "experts", email(who), c.numbers(t, who)[codes[0]], "look at the deeds again"); err != nil {
		t.Fatal(err)
	}
	status, body = c.got(t, token, "/sheets/experts/"+codes[0])
	has(status, body, http.StatusOK, "was sent back to you", "look at the deeds again")
	status, body = c.got(t, token, "/sheets/experts")
	has(status, body, http.StatusOK, "1 sent back", "look at the deeds again")
	status, body = sheet(codes[0], "3", "submit", "92")
	has(status, body, http.StatusOK, "is submitted")

	status, body = c.got(t, token, "/sheets/experts/"+codes[1]+"/abstain")
	has(status, body, http.StatusOK, "Abstain on "+codes[1], "counts as no gap")
	status, body = c.posted(t, token, "/sheets/experts/"+codes[1]+"/abstain/confirm", url.Values{"base": {"0"}, "then": {codes[2]}})
	has(status, body, http.StatusOK, "You abstain on", `data-code="`+codes[2]+`"`)
	status, body = c.posted(t, token, "/sheets/experts/"+codes[2]+"/recuse/confirm", url.Values{"reason": {""}})
	has(status, body, http.StatusUnprocessableEntity, "This has to be mended", `href="#reason"`)
	status, body = c.posted(t, token, "/sheets/experts/"+codes[2]+"/recuse/confirm", url.Values{"reason": {markup}})
	has(status, body, http.StatusOK, "You are recused from")
	if slices.Contains(c.codes(t, who), codes[2]) {
		t.Error("who is recused has the sheet all the same")
	}
	if _, body := sheet(codes[3], "0", "next", "60"); !strings.Contains(body, "is saved as a draft") {
		t.Error("not saved")
	}
	status, body = c.got(t, token, "/sheets/experts/review")
	has(status, body, http.StatusOK, "Submit 1 sheet", `value="`+codes[3]+`@1"`, "Abstained")
	status, body = c.posted(t, token, "/sheets/experts/review/submit", url.Values{"sheet": {codes[3] + "@7"}})
	has(status, body, http.StatusConflict, "has been changed since it was read")
	status, body = c.posted(t, token, "/sheets/experts/review/submit", url.Values{"sheet": {codes[3] + "@1"}})
	has(status, body, http.StatusOK, "1 sheet is submitted")
	status, body = c.got(t, token, "/sheets/experts/print")
	has(status, body, http.StatusOK, "Signature", codes[0])
	if strings.Contains(body, ">92<") {
		t.Error("an empty sheet has a score")
	}
	status, body = c.got(t, token, "/sheets/experts/print?filled=yes")
	has(status, body, http.StatusOK, ">92<")
	for path, want := range map[string]int{
		"/sheets/experts/X-000": http.StatusForbidden, "/sheets/nobody": http.StatusNotFound, "/sheets/experts/" + codes[2]: http.StatusForbidden,
	} {
		if status, body := c.got(t, token, path); status != want {
			t.Errorf("%s: %d, want %d %s", path, status, want, body)
		}
	}
	// The phase is closed meanwhile.
	testkit.Eventually(t, testkit.Patience, func() error { // others are drawn in the place of who abstains
		for n := 1; n <= panelOf; n++ {
			name := fmt.Sprintf("juror-%d", n)
			for _, a := range c.mine(t, name) {
				if a.Sheet == nil || !a.Sheet.Submitted {
					c.submit(t, name, a.Candidate, "80")
				}
			}
		}
		return c.Close(t.Context(), rulebook.PhaseReview)
	})
	status, body = sheet(codes[0], "4", "submit", "12")
	has(status, body, http.StatusConflict, "Review is closed", "disabled")
}

// numbers are the public numbers of a juror's candidates, by code.
func (c *committee) numbers(t *testing.T, juror string) map[string]int {
	t.Helper()
	out := map[string]int{}
	for _, a := range c.mine(t, juror) {
		out[a.Candidate] = c.number(a)
	}
	return out
}

// TestDesk_juror_look looks at a juror's pages.
func TestDesk_juror_look(t *testing.T) {
	t.Parallel()
	c := convened(t)
	const who = "juror-4"
	codes := c.codes(t, who)
	c.submit(t, who, codes[0], "88.5")
	c.juror(t, who, http.MethodPut, "/sheets/"+codes[1], gateway.SaveSheet{
		Scores: map[string]string{"deeds": "92", "service": "76.5"}, Comment: "事迹真实，群众评价高。",
	}, http.StatusOK)
	c.juror(t, who, http.MethodPut, "/sheets/"+codes[2],
		gateway.SaveSheet{Scores: map[string]string{"deeds": "70", "service": "81", "skill": "64"}}, http.StatusOK)
	if _, err := c.Organizer().SendBack(t.Context(), slug, "experts", email(who), c.numbers(t, who)[codes[0]], "与其他评委相差较大，请复核。"); err != nil {
		t.Fatal(err)
	}
	s := c.at(t, c.tokens[who])
	for name, path := range map[string]string{
		"sheets": "/sheets/experts", "sheet": "/sheets/experts/" + codes[1], "sheet-back": "/sheets/experts/" + codes[0], "sheet-new": "/sheets/experts/" + codes[3],
		"sheet-recuse": "/sheets/experts/" + codes[3] + "/recuse", "sheets-review": "/sheets/experts/review", "sheets-print": "/sheets/experts/print?filled=yes",
	} {
		browser.Look(t, s.ctx, name, c.desk(path))
	}
}
