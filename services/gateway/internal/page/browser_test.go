package page_test

import (
	"context"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// chromium starts a headless browser with an empty profile. It fails the test
// where there is none: scripts/install browser brings one.
func chromium(t testing.TB) context.Context {
	t.Helper()
	programs := []string{"chromium", "chromium-browser", "google-chrome", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"}
	i := slices.IndexFunc(programs, func(name string) bool { _, err := exec.LookPath(name); return err == nil })
	if i < 0 {
		t.Fatal("there is no Chromium: run scripts/install browser")
	}
	// Not t.TempDir: the browser may still write while it is being removed.
	profile, err := os.MkdirTemp("", "laurel-browser-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(profile) })
	ctx, cancel := chromedp.NewExecAllocator(context.Background(),
		chromedp.ExecPath(programs[i]), chromedp.UserDataDir(profile), chromedp.Headless, chromedp.NoFirstRun,
		chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoDefaultBrowserCheck,
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true), chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.WSURLReadTimeout(time.Minute))
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx, chromedp.WithErrorf(t.Logf))
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}
