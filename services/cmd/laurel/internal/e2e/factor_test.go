package e2e_test

import (
	"context"
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
	"github.com/pquerna/otp/totp"

	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/pkg/testkit/browser"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/installation"
)

var setupLink = regexp.MustCompile(`http://\S+/desk/setup\?token=\S+`)

// printed is the link to set up that the installation has printed last.
func (h *harness) printed(t *testing.T) string {
	t.Helper()
	log, err := os.ReadFile(h.Processes[all].Log)
	if err != nil {
		t.Fatal(err)
	}
	links := setupLink.FindAllString(string(log), -1)
	if len(links) == 0 {
		return ""
	}
	return links[len(links)-1]
}

// errStill is a page that has not given way to the next.
var errStill = errors.New("the page is still there")

// device gives the browser an authenticator that its holder has unlocked.
func device() chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		if _, err := cdp.Call(ctx, target, webauthn.Enable, webauthn.EnableParams{}); err != nil {
			return err
		}
		_, err := cdp.Call(ctx, target, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
			Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
			HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
		}})
		return err
	})
}

// TestFactor_pages takes an installation without accounts through its first hour
// on pages: the link that it prints, the second factor that mail makes necessary,
// an app without JavaScript, a passkey with it, and what is told by mail.
func TestFactor_pages(t *testing.T) {
	t.Parallel()
	post := testkit.NewPost(t)
	h := build(t, testkit.URL(t), nil)
	listen, err := installation.FreeAddress(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := strings.Cut(listen, ":")
	site := "http://localhost:" + port // a name: passkeys are bound to one
	h.Listen = listen
	h.Env = append(h.Env, "SMTP_URL="+post.URL, "MAIL_FROM=Laurel <laurel@example.org>", "PUBLIC_URL="+site)
	h.add(all, nil)
	h.start(t, all)
	first := h.printed(t)
	if !strings.HasPrefix(first, site+"/desk/setup?token=") {
		t.Fatalf("printed %q", first)
	}
	h.stop(t, all) // printed again at each start, while there is no account
	h.start(t, all)
	link := h.printed(t)
	if link == first {
		t.Error("the same link twice")
	}

	ctx := browser.Open(t)
	const email, password = "first@example.org", "four words of mine"
	at := func() string { return browser.Read[string](t, ctx, `location.pathname`) }
	says := func() string { return browser.Read[string](t, ctx, `document.querySelector("main").innerText`) }
	fill := func(what string, values map[string]string, button string) {
		t.Helper()
		steps := []chromedp.Action[chromedp.Void]{}
		for name, value := range values {
			steps = append(steps, chromedp.SetValue(chromedp.CSS(`[name="`+name+`"]`), value))
		}
		before := browser.Read[float64](t, ctx, `performance.timeOrigin`)
		browser.Run(t, ctx, what, append(steps, chromedp.Click(chromedp.CSS(button)))...)
		testkit.Eventually(t, testkit.Patience, func() error {
			now, err := chromedp.Run(ctx, chromedp.Evaluate[float64](`document.readyState === "complete" ? performance.timeOrigin : 0`))
			if err != nil || now == 0 || now == before {
				return errStill
			}
			return nil
		})
	}
	open := func(path string) {
		t.Helper()
		browser.Run(t, ctx, path, chromedp.Navigate(site+path))
	}
	browser.Run(t, ctx, "the link of before", chromedp.Navigate(first+"&lang=en"))
	if got := says(); !strings.Contains(got, "another has taken its place") {
		t.Errorf("the link of before: %s", got)
	}
	browser.Run(t, ctx, "the link, without scripts", browser.Scripts(false), chromedp.Navigate(link))
	fill("set up", map[string]string{"email": email, "name": "第一人", "password": "short"}, "main form button")
	if got := says(); at() != "/desk/setup/create" || !strings.Contains(got, "at least 10 characters") {
		t.Errorf("a short password: %s %s", at(), got)
	}
	fill("set up", map[string]string{"password": password}, "main form button")
	if got := says(); at() != "/desk/account" || !strings.Contains(got, "Set one up first") || strings.Contains(got, "Where you are signed in") {
		t.Fatalf("after the set-up: %s %s", at(), got)
	}
	open("/desk") // nothing else before
	if at() != "/desk/account" {
		t.Errorf("the desk without a second factor: %s", at())
	}
	browser.Run(t, ctx, "the link again", chromedp.Navigate(link))
	if got := says(); !strings.Contains(got, "has been used") {
		t.Errorf("the link again: %s", got)
	}
	if err := h.Run(t.Context(), nil, "admin", "setup-link"); err == nil || !strings.Contains(err.Error(), "there is an organizer") {
		t.Errorf("laurel admin setup-link: %v", err)
	}

	open("/desk/account/totp")
	fill("the password again", map[string]string{"present": "wrong"}, "main form button")
	if got := says(); !strings.Contains(got, "is not the account's present password") {
		t.Errorf("a wrong password: %s", got)
	}
	fill("the password again", map[string]string{"present": password}, "main form button")
	secret := strings.ReplaceAll(browser.Read[string](t, ctx, `document.querySelector("main code").innerText`), " ", "")
	code := func(steps int) string {
		code, err := totp.GenerateCode(secret, time.Now().Add(time.Duration(steps)*30*time.Second))
		if err != nil {
			t.Fatal(err)
		}
		return code
	}
	fill("a wrong code", map[string]string{"code": "000000"}, "main form button")
	if got := says(); !strings.Contains(got, "the code is wrong") || browser.Read[int](t, ctx, `document.querySelectorAll("svg.qr").length`) != 1 {
		t.Errorf("a wrong code: %s", got)
	}
	spent := code(0)
	fill("the code", map[string]string{"code": spent, "name": "手机"}, "main form button")
	codes := browser.Read[[]string](t, ctx, `[...document.querySelectorAll(".codes li")].map(e => e.innerText)`)
	if len(codes) != 10 {
		t.Fatalf("codes of recovery: %q, %s", codes, says())
	}
	open("/desk")
	if at() != "/desk" {
		t.Errorf("the desk with a second factor: %s", at())
	}

	signOut := func() {
		t.Helper()
		fill("sign out", nil, ".desk-who button")
	}
	signIn := func() {
		t.Helper()
		open("/desk/sign-in?to=/desk/account")
		fill("sign in", map[string]string{"email": email, "password": password}, `form[action="/desk/sign-in/enter"] button`)
		if at() != "/desk/sign-in/second" {
			t.Fatalf("after the password: %s %s", at(), says())
		}
	}
	signOut()
	signIn()
	fill("a spent code", map[string]string{"code": spent}, `form[action="/desk/sign-in/second/prove"] button`)
	if got := says(); !strings.Contains(got, "has been used") {
		t.Errorf("a spent code: %s", got)
	}
	fill("the next code", map[string]string{"code": code(1)}, `form[action="/desk/sign-in/second/prove"] button`)
	if got := says(); at() != "/desk/account" || !strings.Contains(got, "Where you are signed in") || !strings.Contains(got, "手机") {
		t.Fatalf("after the code: %s %s", at(), got)
	}

	browser.Run(t, ctx, "a device", browser.Scripts(true), device())
	open("/desk/account/passkey")
	fill("the password again", map[string]string{"present": password}, "main form button")
	fill("make a passkey", map[string]string{"name": "office"}, "form.passkey button")
	if got := says(); at() != "/desk/account" || !strings.Contains(got, "Added: Passkey") || !strings.Contains(got, "office") {
		t.Fatalf("after making a passkey: %s %s", at(), got)
	}
	signOut()
	signIn()
	fill("the passkey as the second factor", nil, "form.passkey button")
	if at() != "/desk/account" {
		t.Fatalf("after the passkey: %s %s", at(), says())
	}
	signOut()
	open("/desk/sign-in?to=/desk/account")
	fill("the passkey alone", nil, "form.passkey button")
	if at() != "/desk/account" {
		t.Fatalf("after the passkey alone: %s %s", at(), says())
	}
	signOut()
	signIn()
	browser.Run(t, ctx, "open the codes", chromedp.Click(chromedp.CSS("details summary")))
	fill("a code of recovery", map[string]string{"recovery": codes[3]}, `details button`)
	if got := says(); at() != "/desk/account" || !strings.Contains(got, "9 recovery codes are left") {
		t.Fatalf("after a code of recovery: %s %s", at(), got)
	}
	told := post.To(t, email, 3)
	for i, want := range []string{"A second factor was added", "A second factor was added", "A recovery code was used"} {
		if !strings.Contains(told[i].Subject, want) {
			t.Errorf("told %q, want %q", told[i].Subject, want)
		}
	}
}
