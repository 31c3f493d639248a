package server_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"

	"github.com/laurel-awards/laurel/pkg/testkit/browser"
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
