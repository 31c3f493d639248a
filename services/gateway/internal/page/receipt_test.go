package page_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/pkg/testkit/browser"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
)

// TestBrowser_receipt copies the receipt of a ballot, saves it as a picture, and
// follows its QR code: the field is filled in, and the check shows no picks.
func TestBrowser_receipt(t *testing.T) {
	const code = "00000000000000000000000007"
	address := serve(t, newInstallation(t, courierRules(t), 12), "").URL + "/s/" + slug
	ctx := onPhone(t, address+"/review?pick=5&pick=3&lang=zh-CN")
	browser.Run(t, ctx, "cast", chromedp.Click(chromedp.CSS(".cast-row .button")), chromedp.WaitVisible(chromedp.CSS(".ticket")))
	browser.Run(t, ctx, "keep", chromedp.Evaluate[chromedp.Void](`
		navigator.clipboard.writeText = async (text) => { window.copied = text };
		const make = HTMLCanvasElement.prototype.toBlob;
		HTMLCanvasElement.prototype.toBlob = function (done, type) {
			const all = this.getContext("2d").getImageData(0, 0, this.width, this.height).data;
			let dark = 0;
			for (let i = 0; i < all.length; i += 4) if (all[i] + all[i + 1] + all[i + 2] < 90) dark++;
			make.call(this, (file) => { window.picture = [file.type, this.width, dark > 40000 && dark < 120000]; done(file) }, type);
		};
		HTMLAnchorElement.prototype.click = function () { window.saved = [window.copied + " " + this.download, ...window.picture].join() };
		document.querySelector("[data-copy]").click(); document.querySelector("[data-picture]").click()`))
	testkit.Eventually(t, testkit.Patience, func() error {
		if !browser.Read[bool](t, ctx, `!!(window.copied && window.saved)`) {
			return errors.New("nothing is kept")
		}
		return nil
	})
	if got, want := browser.Read[string](t, ctx, `window.saved`), code+" receipt-"+slug+".png,image/png,720,true"; got != want {
		t.Errorf("kept: %q, want %q", got, want)
	}
	symbol, err := web.NewQR(address + "/receipt#receipt=" + code)
	if err != nil {
		t.Fatal(err)
	}
	if got := browser.Read[string](t, ctx, `document.querySelector(".scan path").getAttribute("d")`); got != symbol.Path {
		t.Error("the QR code leads elsewhere")
	}
	browser.Run(t, ctx, "scanned", chromedp.Navigate("about:blank"), chromedp.Navigate(address+"/receipt#receipt="+code))
	if got := browser.Read[string](t, ctx, `document.getElementById("receipt-code").value + location.hash`); got != code {
		t.Errorf("the field has %q", got)
	}
	browser.Run(t, ctx, "check", chromedp.Click(chromedp.CSS(".proof-row .button")), chromedp.WaitVisible(chromedp.CSS("[data-check][data-state]")))
	if said := browser.Read[string](t, ctx, `document.querySelector("main").innerText`); strings.Contains(said, name(4)) || !strings.Contains(said, "这张选票已计入") {
		t.Errorf("the check says %s", said)
	}
}
