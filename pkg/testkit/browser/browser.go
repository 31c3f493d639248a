// Package browser lets tests look at pages in Chromium. With LAUREL_SHOTS=DIR
// Look writes what it sees there, so that a person can look, too; with
// LAUREL_AXE=axe.min.js it has axe look for what keeps people out.
package browser

import (
	"context"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// Open starts a headless browser with an empty profile. It fails the test where
// there is none: scripts/install browser brings one.
func Open(t testing.TB, more ...chromedp.ExecAllocatorOption) context.Context {
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
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), append([]chromedp.ExecAllocatorOption{
		chromedp.ExecPath(programs[i]), chromedp.UserDataDir(profile), chromedp.Headless, chromedp.NoFirstRun,
		chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoDefaultBrowserCheck,
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true), chromedp.Flag("force-prefers-reduced-motion", true), chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.WSURLReadTimeout(time.Minute),
	}, more...)...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx, chromedp.WithErrorf(t.Logf))
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, whole)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx, focused); err != nil { // it lives as long as the context that it was started with
		t.Fatalf("Chromium: %v", err)
	}
	return ctx
}

// focused has pages believe that their window is the one in use, whatever other
// windows there are: else an element that has the focus does not match :focus.
var focused = chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
	_, err := cdp.Call(ctx, target, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
	return err
})

const (
	patience = time.Minute      // how long some steps may take
	whole    = 15 * time.Minute // and all that is done in one browser
)

// Run does steps in the browser.
func Run(t testing.TB, ctx context.Context, what string, steps ...chromedp.Action[chromedp.Void]) { //nolint:revive // t comes first in tests
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// Read gives the value of an expression in the page.
func Read[T any](t testing.TB, ctx context.Context, expression string) T { //nolint:revive // as above
	t.Helper()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// Scripts switches the scripts of pages.
func Scripts(on bool) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on})
		return err
	})
}

// theme has pages believe that the reader prefers light or dark.
func theme(name string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}},
		})
		return err
	})
}

// sizes are the screens that pages are looked at on.
var sizes = []struct {
	name          string
	width, height int64
}{{"phone", 360, 740}, {"desktop", 1440, 900}}

// Look looks at a page on both screens, in both themes and both languages, or, where
// it is not to look closely, at two of these eight: it is no wider than the screen, axe finds nothing, and where LAUREL_SHOTS names a
// directory a picture of it is left there, NAME-SCREEN-THEME-LANGUAGE.png. The
// test's name ends in _look, by which make a11y finds it.
func Look(t testing.TB, ctx context.Context, name, address string) { //nolint:revive // as above
	t.Helper()
	if !strings.HasSuffix(strings.Split(t.Name(), "/")[0], "_look") {
		t.Fatalf("%s looks at pages: its name ends in _look", t.Name())
	}
	at, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	closely := os.Getenv("LAUREL_AXE") != "" || os.Getenv("LAUREL_SHOTS") != ""
	for l, lang := range []string{"zh-CN", "en"} {
		query := at.Query()
		query.Set("lang", lang)
		at.RawQuery = query.Encode()
		for s, size := range sizes {
			for c, scheme := range []string{"light", "dark"} {
				if !closely && (l != s || l != c) {
					continue // the widths of two are seen
				}
				called := strings.Join([]string{name, size.name, scheme, lang}, "-")
				Run(t, ctx, called, theme(scheme), chromedp.EmulateViewport(size.width, size.height), chromedp.Navigate(at.String()))
				See(t, ctx, called)
			}
		}
	}
}

// See is Look for the page that is open, as after a form was sent.
func See(t testing.TB, ctx context.Context, called string) { //nolint:revive // as above
	t.Helper()
	if wide, screen := Read[int64](t, ctx, `document.documentElement.scrollWidth`), Read[int64](t, ctx, `window.innerWidth`); wide > screen {
		t.Errorf("%s is %d pixels wide", called, wide)
	}
	for _, found := range axe(t, ctx) {
		t.Errorf("%s: %s", called, found)
	}
	dir := os.Getenv("LAUREL_SHOTS")
	if dir == "" {
		return
	}
	picture, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, called+".png"), picture, 0o600)
	}
	if err != nil {
		t.Fatalf("%s: %v", called, err)
	}
}

// axe gives what axe finds wrong with the page; nothing where it is not there.
func axe(t testing.TB, ctx context.Context) []string { //nolint:revive // as above
	t.Helper()
	path := os.Getenv("LAUREL_AXE")
	if path == "" {
		return nil
	}
	src, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	found, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](string(src)+`;
axe.run().then((r) => r.violations.flatMap((v) => v.nodes.map((n) => v.id + ": " + v.help + ": " + n.target.join(" ") + ": " + n.html.slice(0, 200))))`,
		chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("axe: %v", err)
	}
	return found
}
