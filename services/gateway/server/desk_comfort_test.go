package server_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"

	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/pkg/testkit/browser"
	"github.com/laurel-awards/laurel/services/nomination"
)

// TestDesk_ownTime tells when a draft was saved in the reader's own timezone, and
// without scripts in UTC, called so.
func TestDesk_ownTime(t *testing.T) {
	h, r := drafting(t)
	if _, err := r.write(0, "a-draft", courierText(t)); err != nil { // at 02:00 UTC
		t.Fatal(err)
	}
	if a := h.desk(t, http.MethodGet, "/desk/new", organizer, nil); !strings.Contains(a.Body, "data-local>4 May 2026, 02:00 UTC</time>") {
		t.Errorf("without scripts: %.1500s", mainOf(a.Body))
	}
	type zone struct {
		ID string `json:"timezoneId"`
	}
	set := cdp.Command[zone, struct{}]{Method: "Emulation.setTimezoneOverride"}
	ctx := browser.Open(t)
	browser.Run(t, ctx, "a reader in Tokyo", chromedp.Navigate(h.url+"/static/icon.svg"),
		chromedp.Evaluate[chromedp.Void](`document.cookie = "laurel_session=`+organizer+`; path=/"`),
		chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
			_, err := cdp.Call(ctx, target, set, zone{"Asia/Tokyo"})
			return err
		}))
	for lang, want := range map[string]string{"en": "4 May 2026 at 11:00", "zh-CN": "2026年5月4日 11:00"} {
		browser.Run(t, ctx, lang, chromedp.Navigate(h.url+"/desk/new?lang="+lang), chromedp.WaitVisible(chromedp.CSS("time[data-local]")))
		if got := browser.Read[string](t, ctx, `document.querySelector("time[data-local]").innerText`); got != want {
			t.Errorf("%s: %q, want %q", lang, got, want)
		}
	}
}

// TestDesk_place keeps focus and scroll where a form leads back to its page: the
// next photo is at hand.
func TestDesk_place(t *testing.T) {
	list := nomination.Photos{Counts: map[nomination.PictureState]int{}, Total: 12}
	for i := range list.Total {
		list.Pictures = append(list.Pictures, nomination.Picture{
			ID: fmt.Sprintf("0192f0c1-2345-7abc-8def-%012d", i), Name: fmt.Sprint(i, ".jpg"), State: nomination.PictureUnplaced,
		})
	}
	h, _ := organizing(t, map[string]bus.Endpoint{
		"nomination/list_photos": says(list, nil),
		"nomination/place_photo": says(nomination.Picture{Name: "0.jpg", Entry: fullEntry, State: nomination.PicturePlaced}, nil),
	})
	ctx := browser.Open(t)
	browser.Run(t, ctx, "photos", chromedp.Navigate(h.url+"/static/icon.svg"),
		chromedp.Evaluate[chromedp.Void](`document.cookie = "laurel_session=`+organizer+`; path=/"`), chromedp.EmulateViewport(360, 740),
		chromedp.Navigate(h.url+"/desk/s/"+here+"/photos?lang=en"),
		chromedp.Evaluate[chromedp.Void](`(() => {
			const form = document.querySelectorAll(".pictures form")[5];
			form.querySelector("select").value = "`+fullEntry+`";
			const button = form.querySelector("button");
			button.scrollIntoView({ block: "center", behavior: "instant" });
			window.name = String(Math.round(scrollY));
			button.focus();
			button.click();
		})()`), chromedp.WaitVisible(chromedp.CSS("#note")))
	testkit.Eventually(t, testkit.Patience, func() error {
		kept := browser.Read[string](t, ctx, `(() => {
			const e = document.activeElement, far = Math.abs(scrollY - Number(window.name));
			if (e.matches(".pictures form button") && Number(window.name) > 500 && far < 150) return "";
			return e.outerHTML.slice(0, 120) + " at " + scrollY + " of " + window.name;
		})()`)
		if kept != "" {
			return errors.New(kept)
		}
		return nil
	})
}
