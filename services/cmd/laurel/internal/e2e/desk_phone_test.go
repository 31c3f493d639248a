package e2e_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"

	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/testkit/browser"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/script"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/nomination"
)

// phone makes the browser one of a phone: small, and without a mouse.
func (s *seated) phone() {
	s.t.Helper()
	type metrics struct {
		Width  int  `json:"width"`
		Height int  `json:"height"`
		Scale  int  `json:"deviceScaleFactor"`
		Mobile bool `json:"mobile"`
	}
	type touch struct {
		Enabled bool `json:"enabled"`
	}
	s.do("a phone", chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		screen := cdp.Command[metrics, struct{}]{Method: "Emulation.setDeviceMetricsOverride"}
		if _, err := cdp.Call(ctx, target, screen, metrics{360, 740, 2, true}); err != nil {
			return err
		}
		finger := cdp.Command[touch, struct{}]{Method: "Emulation.setTouchEmulationEnabled"}
		_, err := cdp.Call(ctx, target, finger, touch{true})
		return err
	}))
}

// misfit tells what of a page does not fit a phone: what is wider than the screen
// or cut off, and what is too small to be touched. Targets are 24 pixels high and
// wide at least (WCAG 2.2, 2.5.8; a link within a sentence is exempt), and what a
// page is there for, its buttons and fields, 44 high (2.5.5).
const misfit = `(() => {
	const wrong = [], name = (e) => e.tagName.toLowerCase() + "." + e.className + " " + (e.innerText || e.name || "").slice(0, 40);
	const screen = document.documentElement.clientWidth;
	if (document.documentElement.scrollWidth > screen) wrong.push("the page is " + document.documentElement.scrollWidth + " wide");
	const seen = (e) => e.checkVisibility() && !e.closest(".unseen, [aria-hidden=true], dialog:not([open])") &&
		getComputedStyle(e).clipPath !== "inset(50%)"; // which comes with the focus
	for (const e of document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary")) {
		if (!seen(e)) continue;
		const label = /checkbox|radio/.test(e.type) && e.closest("label");
		const box = (label || e).getBoundingClientRect();
		if (box.width === 0 || box.right < 0) continue; // comes with the focus
		if (box.right > screen + 1 && !e.closest(".scroll, .tabs")) wrong.push("beyond the edge: " + name(e));
		const within = e.tagName === "A" && getComputedStyle(e).display === "inline";
		if (!within && Math.min(box.width, box.height) < 24) wrong.push(Math.round(box.width) + "×" + Math.round(box.height) + ": " + name(e));
		const main = e.matches(".button:not(.small), main form:not(.filters):not(.find) input, main select, main textarea") || label;
		if (main && !within && Math.round(box.height) < 44) wrong.push(Math.round(box.height) + " high: " + name(e));
	}
	for (const e of document.querySelectorAll("main *")) {
		const style = getComputedStyle(e);
		if (!seen(e) || !e.innerText?.trim() || e.matches("textarea, select, .scroll, svg *")) continue;
		if (/hidden|clip/.test(style.overflowX) && e.scrollWidth > e.clientWidth + 1 && style.textOverflow !== "ellipsis") wrong.push("cut off: " + name(e));
	}
	return [...new Set(wrong)];
})()`

// fits sees that a page fits the phone.
func (s *seated) fits(what string) {
	s.t.Helper()
	for _, wrong := range browser.Read[[]string](s.t, s.ctx, misfit) {
		s.t.Errorf("%s: %s", what, wrong)
	}
}

// tap touches an element in its middle.
func (s *seated) tap(selector string) {
	s.t.Helper()
	type point struct {
		X float64 `json:"x"`
		Y float64 `json:"y"`
	}
	type event struct {
		Type   string  `json:"type"`
		Points []point `json:"touchPoints"`
	}
	s.until(fmt.Sprintf(`document.querySelector(%q)?.checkVisibility()`, selector))
	at := browser.Read[point](s.t, s.ctx, fmt.Sprintf(`(() => {
		const e = document.querySelector(%q);
		e.scrollIntoView({ block: "center", behavior: "instant" });
		const b = e.getBoundingClientRect();
		return { x: b.x + b.width / 2, y: b.y + b.height / 2 };
	})()`, selector))
	s.do("tap "+selector, chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		dispatch := cdp.Command[event, struct{}]{Method: "Input.dispatchTouchEvent"}
		if _, err := cdp.Call(ctx, target, dispatch, event{"touchStart", []point{at}}); err != nil {
			return err
		}
		_, err := cdp.Call(ctx, target, dispatch, event{"touchEnd", []point{}})
		return err
	}))
}

// writes puts text where the focus is, as the keyboard on a screen does: it presses
// no keys.
func (s *seated) writes(text string) {
	s.t.Helper()
	type inserted struct {
		Text string `json:"text"`
	}
	s.do("write "+text, chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, cdp.Command[inserted, struct{}]{Method: "Input.insertText"}, inserted{text})
		return err
	}))
}

// follow taps, and waits for the page that comes.
func (s *seated) follow(selector string) {
	s.t.Helper()
	before := browser.Read[float64](s.t, s.ctx, `performance.timeOrigin`)
	s.tap(selector)
	s.next(before)
}

// comes signs somebody in on the phone.
func (s *seated) comes(email, path string) {
	s.t.Helper()
	s.visit("/desk/sign-in?lang=en&to=" + path)
	s.fits("sign-in")
	s.tap("#email")
	s.do("email", chromedp.SendKeys(chromedp.CSS("#email"), email), chromedp.SendKeys(chromedp.CSS("#password"), script.Password))
	s.follow("main form.ask button")
	s.until(fmt.Sprintf(`location.pathname === %q`, path))
}

// TestDesk_phone has a vetter, a voter and a juror do their work on a phone, by
// touch.
func TestDesk_phone(t *testing.T) {
	t.Parallel()
	h := together(t)
	h.run(t, h.Create, h.Nominate)
	s := &seated{h, t, browser.Open(t), ""}
	s.phone()

	// The vetter fails one, passes one and then the rest.
	s.comes(h.Input.With(identity.Vetter)[0].Email, at("/vetting"))
	s.fits("vetting")
	s.follow(".docket a")
	s.fits("an entry to vet")
	s.tap("#reason")
	s.do("reason", chromedp.SendKeys(chromedp.CSS("#reason"), "材料不齐"))
	s.follow(".fails button.danger")
	s.follow("#pass")
	s.follow(`.around a.back`)
	for range entries - 2 {
		s.tap(`.docket input[name=entry]:not(:checked)`)
	}
	s.follow(`button[data-key="m"]`)
	s.fits("many at once")
	s.follow(`.verdict-form:not(.fails) button`)
	s.until(`document.querySelector("#note")?.innerText.includes("6 entries")`)
	verdicts := map[string]int{}
	for _, o := range h.opinions(t, "hr") {
		verdicts[strings.Fields(o)[0]]++
	}
	if verdicts[nomination.Pass] != entries-1 || verdicts[nomination.Fail] != 1 {
		t.Errorf("opinions: %v", verdicts)
	}
	for _, phase := range []string{rulebook.PhaseNomination, rulebook.PhaseVetting} {
		if err := h.Close(t.Context(), phase); err != nil {
			t.Fatal(err)
		}
	}

	// The voter picks two.
	if err := h.Open(t.Context(), rulebook.PhaseVoting); err != nil {
		t.Fatal(err)
	}
	s.visit("/s/" + slug + "?lang=en")
	s.fits("ballot")
	s.tap(".card:nth-of-type(1) .pick")
	s.tap(".card:nth-of-type(2) .pick")
	s.tap(".cast-row .button")
	s.until(`document.querySelector(".order")`)
	s.fits("review")
	s.tap(".cast-row .button")
	s.until(`location.pathname.endsWith("/voted") && document.getElementById("code").innerText.trim()`)
	s.fits("receipt")

	// The juror scores one, puts one off, and submits.
	var jurors []string
	for _, m := range h.Input.With(identity.Juror) {
		jurors = append(jurors, m.Email)
	}
	if _, err := h.Organizer().SeatPanel(t.Context(), slug, "experts", jurors); err != nil {
		t.Fatal(err)
	}
	if err := h.Open(t.Context(), rulebook.PhaseReview); err != nil {
		t.Fatal(err)
	}
	s.visit("/desk")
	s.follow(`form[action="/desk/sign-out"] button`)
	s.comes(jurors[0], at("/sheets/experts"))
	s.fits("sheets")
	s.follow(`[data-key="n"]`)
	s.fits("a sheet")
	s.do("no field has the focus", chromedp.Evaluate[chromedp.Void](`document.activeElement.blur()`))
	for _, criterion := range []string{"deeds", "service", "skill"} {
		s.tap(fmt.Sprintf(`[name="scores.%s"]`, criterion))
		s.until(fmt.Sprintf(`document.activeElement.name === "scores.%s"`, criterion))
		s.writes("85")
		s.until(`document.activeElement.value === "85"`)
	}
	s.until(`document.querySelector("#saved").dataset.kind === "saved"`)
	code := s.text(`document.querySelector("#sheet").dataset.code`)
	s.tap("#next")
	s.until(fmt.Sprintf(`document.querySelector("#sheet")?.dataset.code !== %q`, code))
	s.visit(at("/sheets/experts/review"))
	s.fits("review")
	s.follow(`form[action$="/review/submit"] button`)
	s.until(`document.querySelector("#note")?.innerText.includes("1 sheet is submitted")`)
	s.until(`document.querySelector("main").innerText.includes("85")`)
}
