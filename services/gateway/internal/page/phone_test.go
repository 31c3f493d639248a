package page_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	mathrand "math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/domsnapshot"
	"github.com/chromedp/chromedp"

	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/pkg/testkit/browser"
	"github.com/laurel-awards/laurel/services/nomination"
)

// photographed gives each candidate a photo in all sizes, as heavy as one of a face.
func (h *installation) photographed(t testing.TB) {
	t.Helper()
	var kinds [][]nomination.PhotoSize
	for i := range 4 {
		random := mathrand.New(mathrand.NewPCG(1, uint64(i)))
		var sizes []nomination.PhotoSize
		for _, width := range []int{96, 192, 360, 720} {
			img := image.NewRGBA(image.Rect(0, 0, width, width*4/3))
			for y := range img.Rect.Dy() {
				for x := range width {
					grain := uint8(random.IntN(14))
					img.SetRGBA(x, y, color.RGBA{uint8(90+100*x/width) + grain, uint8(140+60*y/width) + grain, 110 + grain, 255})
				}
			}
			var out bytes.Buffer
			if err := jpeg.Encode(&out, img, &jpeg.Options{Quality: 72}); err != nil {
				t.Fatal(err)
			}
			sum := sha256.Sum256(out.Bytes())
			hash := hex.EncodeToString(sum[:])
			h.photos[hash] = out.Bytes()
			sizes = append(sizes, nomination.PhotoSize{Width: width, Height: width * 4 / 3, File: hash})
		}
		kinds = append(kinds, sizes)
	}
	h.change(func(h *installation) {
		for i := range h.candidates {
			c := &h.candidates[i]
			c.Sizes = kinds[i%len(kinds)]
			c.Photo = c.Sizes[len(c.Sizes)-1].File
		}
	})
}

// fiveToTen is the rulebook of a long ballot.
func fiveToTen(t testing.TB) string {
	t.Helper()
	return strings.Replace(courierRules(t), "picks: {min: 1, max: 10}", "picks: {min: 5, max: 10}", 1)
}

// press presses where the bar at the bottom does not cover it.
func press(selector string) chromedp.Action[chromedp.Void] {
	return chromedp.Steps(
		chromedp.Evaluate[chromedp.Void](`document.querySelector("`+selector+`").scrollIntoView({block: "center", behavior: "instant"})`),
		chromedp.Click(chromedp.CSS(selector)))
}

// thumb is press, once all is laid out: what is laid out late would move away under
// the pointer.
func thumb(selector string) chromedp.Action[chromedp.Void] {
	return chromedp.Steps(
		chromedp.Evaluate[chromedp.Void](`document.querySelectorAll(".seen").forEach(c => { c.style.contentVisibility = "visible" })`),
		press(selector))
}

// settle waits until what is on the screen is there; photos far from it wait.
func settle(t *testing.T, ctx context.Context) { //nolint:revive // t comes first in tests
	t.Helper()
	testkit.Eventually(t, testkit.Patience, func() error {
		if !browser.Read[bool](t, ctx, `document.readyState === "complete" && 
			[...document.images].every(i => i.complete || i.getBoundingClientRect().top > innerHeight)`) {
			return errors.New("it is still loading")
		}
		return nil
	})
}

// drawn is all text as it is drawn, without spaces: what a style sheet adds is in it.
func drawn(t *testing.T, ctx context.Context) string { //nolint:revive // as above
	t.Helper()
	var text strings.Builder
	browser.Run(t, ctx, "drawn", chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		found, err := cdp.Call(ctx, target, domsnapshot.CaptureSnapshot, domsnapshot.CaptureSnapshotParams{ComputedStyles: []string{}})
		if err != nil {
			return err
		}
		for _, d := range found.Documents {
			for _, i := range d.Layout.Text {
				if i >= 0 {
					text.WriteString(strings.Join(strings.Fields(found.Strings[i]), ""))
				}
			}
		}
		return nil
	}))
	return text.String()
}

// TestBrowser_firstVote votes for the first time, on two phones, with scripts and
// without: what is on the first screen, and what it takes to the receipt.
func TestBrowser_firstVote(t *testing.T) {
	h := newInstallation(t, fiveToTen(t), 80)
	h.photographed(t)
	w := &wire{}
	address := w.on(serve(t, h, "")) + "/s/" + slug
	for _, size := range [][2]int64{{360, 740}, {390, 844}} {
		for _, with := range []bool{true, false} {
			t.Run(fmt.Sprintf("%d scripts %v", size[0], with), func(t *testing.T) {
				ctx := browser.Open(t)
				before := len(h.ballots)
				w.set(func(w *wire) { w.bytes, w.photos, w.paths = 0, 0, nil })
				browser.Run(t, ctx, "open", browser.Scripts(with),
					chromedp.EmulateViewport(size[0], size[1], chromedp.EmulateMobile, chromedp.EmulateTouch, chromedp.EmulateScale(2)),
					chromedp.Navigate(address+"?lang=zh-CN"), chromedp.WaitVisible(chromedp.CSS(".card")))
				settle(t, ctx)
				first := w.read()
				if first.bytes > 90_000 {
					t.Errorf("the first screen takes %d bytes: %q", first.bytes, first.paths)
				}
				if first.photos < 4 || first.photos > 30 {
					t.Errorf("%d photos are loaded", first.photos)
				}
				bottom := browser.Read[float64](t, ctx, `document.querySelector(".card").getBoundingClientRect().bottom`)
				bar := browser.Read[float64](t, ctx, `document.querySelector(".cast").getBoundingClientRect().top`)
				if bottom > bar {
					t.Errorf("the first candidate ends at %v, and the bar begins at %v", bottom, bar)
				}
				if across := browser.Read[bool](t, ctx, `(c => c[0].offsetTop === c[1].offsetTop)(document.querySelectorAll(".card"))`); !across {
					t.Error("the cards do not stand two a row")
				}
				var picks []string
				for i := range 5 {
					id := browser.Read[string](t, ctx, fmt.Sprintf(`document.querySelectorAll(".card")[%d].id`, i))
					picks = append(picks, id[1:])
					browser.Run(t, ctx, "pick", press("#"+id+" .pick"))
					if got, want := drawn(t, ctx), fmt.Sprintf("已选%d/5–10位", i+1); !strings.Contains(got, want) {
						t.Errorf("the bar does not say %s: %s", want, got[max(0, len(got)-300):])
					}
				}
				taps := 0
				tap := func(what, until string) {
					taps++
					browser.Run(t, ctx, what, chromedp.Click(chromedp.CSS(".cast-row .button")), chromedp.WaitVisible(chromedp.CSS(until)))
				}
				tap("review", ".order")
				got := browser.Read[[]string](t, ctx, `[...document.querySelectorAll(".order input")].map(e => e.value)`)
				if with && !slices.Equal(got, picks) || len(got) != 5 {
					t.Errorf("the review shows %v, picked %v", got, picks)
				}
				tap("cast", ".ticket")
				settle(t, ctx)
				all := w.read()
				if all.bytes > 150_000 {
					t.Errorf("until the receipt it takes %d bytes: %q", all.bytes, all.paths)
				}
				if lines := browser.Read[float64](t, ctx, `new Set([...document.querySelectorAll("#code span")].map(e => e.offsetTop)).size`); lines != 1 {
					t.Errorf("the receipt takes %v lines", lines)
				}
				if got := browser.Read[string](t, ctx, `location.pathname`); got != "/s/"+slug+"/voted" {
					t.Errorf("the receipt is at %s", got)
				}
				if next := browser.Read[string](t, ctx, `document.querySelector(".stages .open + li strong")?.textContent ?? ""`); next == "" {
					t.Error("the page does not say what comes next")
				}
				if n := len(h.ballots) - before; n != 1 {
					t.Errorf("%d ballots", n)
				}
				browser.Run(t, ctx, "again", chromedp.Navigate(address), chromedp.WaitVisible(chromedp.CSS(".notice")))
				if browser.Read[bool](t, ctx, `!!document.querySelector("[name=pick]")`) {
					t.Error("who has voted is asked again")
				}
				if taps > 3 {
					t.Errorf("%d taps after the last pick", taps)
				}
				t.Logf("first screen %d bytes with %d photos; until the receipt %d bytes, %d taps after the last pick", first.bytes, first.photos, all.bytes, taps)
			})
		}
	}
}

// Text of twice the size fits a small phone, also with a full ballot.
func TestBrowser_largeText(t *testing.T) {
	h := newInstallation(t, courierRules(t), 12)
	address := serve(t, h, "").URL + "/s/" + slug
	for _, lang := range []string{"zh-CN", "en"} {
		ctx := onPhone(t, address+"?lang="+lang+"&pick=1&pick=2&pick=3&pick=4&pick=5&pick=6&pick=7&pick=8&pick=9&pick=10")
		fits := func(what string) {
			t.Helper()
			browser.Run(t, ctx, "large", chromedp.Evaluate[chromedp.Void](`document.documentElement.style.fontSize = "200%"`))
			if wide := browser.Read[int](t, ctx, `document.documentElement.scrollWidth`); wide > 360 {
				t.Errorf("%s in %s is %d pixels wide: %q", what, lang, wide, browser.Read[[]string](t, ctx,
					`[...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > 361 && !e.closest(".chosen, .tabs"))
						.map(e => e.outerHTML.slice(0, 90)).slice(0, 4)`))
			}
			if high := browser.Read[float64](t, ctx, `document.querySelector(".cast")?.offsetHeight ?? 0`); high > 400 {
				t.Errorf("%s in %s: the bar covers %v pixels", what, lang, high)
			}
		}
		fits("the ballot")
		spoken := map[string]string{"zh-CN": "10", "en": "10zh-CN"}[lang]
		if got := browser.Read[string](t, ctx, `document.querySelectorAll(".chip").length + document.querySelector(".chip bdi").lang`); got != spoken {
			t.Errorf("the bar in %s names %s", lang, got)
		}
		cast := chromedp.Evaluate[chromedp.Void](`document.querySelector(".cast .button").click()`)
		browser.Run(t, ctx, "review", cast, chromedp.WaitVisible(chromedp.CSS(".order")))
		fits("the review")
		browser.Run(t, ctx, "cast", cast, chromedp.WaitVisible(chromedp.CSS(".ticket")))
		fits("the receipt")
	}
}
