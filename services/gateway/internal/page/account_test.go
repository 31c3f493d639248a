package page_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/pkg/testkit/browser"
	"github.com/laurel-awards/laurel/services/identity"
)

// The links that the fake knows, by token.
var links = map[string]identity.LinkRead{
	"new":     {Email: "wang@example.org", Name: "王芳", State: identity.StateInvited, Needs: identity.NeedsNew},
	"prove":   {Email: "wang@example.org", Name: "王芳", State: identity.StateUnproved, Needs: identity.NeedsNew},
	"reset":   {Email: "wang@example.org", Name: "王芳", State: identity.StateProved, Needs: identity.NeedsNew},
	"present": {Email: "wang@example.org", Name: "王芳", State: identity.StateUnproved, Needs: identity.NeedsPresent},
}

func (identities) ReadLink(_ context.Context, in identity.Link) (identity.LinkRead, error) {
	if read, ok := links[in.Token]; ok {
		return read, nil
	}
	return identity.LinkRead{}, identity.ErrLink
}

func (identities) ClaimAccount(_ context.Context, in identity.ClaimAccount) (identity.Account, error) {
	switch in.Password {
	case "common":
		return identity.Account{}, identity.ErrInvalid.At(
			fault.Wrong("name", "too_long", "takes at most {max} characters", "max", 100), fault.Wrong("password", "password_common", "is common"))
	case "wrong":
		return identity.Account{}, identity.ErrPassword
	case "too many":
		f := *identity.ErrTooManyTries
		f.RetryAfter = 15 * time.Minute
		return identity.Account{}, &f
	}
	_, err := identities{}.ReadLink(context.Background(), identity.Link{Token: in.Token})
	return identity.Account{}, err
}

func (identities) AskReset(_ context.Context, in identity.Lookup) (identity.ResetAsked, error) {
	if !strings.Contains(in.Email, "@") {
		return identity.ResetAsked{}, identity.ErrInvalid.At(fault.Wrong("email", "not_an_email", "is not an email address"))
	}
	if in.Email == "nomail@example.org" {
		return identity.ResetAsked{}, identity.ErrNoMail
	}
	return identity.ResetAsked{}, nil
}

// TestClaim shows a link's form, which a look at it does not use up, tells what
// is wrong with what was sent, and keeps the link out of what browsers tell.
func TestClaim(t *testing.T) {
	s := serve(t, newInstallation(t, courierRules(t), 1), "")
	v := visitor(t)
	for token, want := range map[string][]string{
		"new":     {"启用您的账户", "设置密码", "新密码", `name="name"`, "王芳"},
		"prove":   {"让账户归您所有", "会被退出", `name="name"`},
		"reset":   {"设置新密码", `name="name"`},
		"present": {"这个账户是您的吗", "现用密码", "current-password"},
	} {
		a := get(t, v, s.URL+"/claim?token="+token)
		a.has(t, http.StatusOK, append(want, "wang@example.org")...)
		if token == "present" && strings.Contains(a.body, `name="name"`) {
			t.Error("a present password comes with a name")
		}
		if a.hidden(t, "token") != token {
			t.Errorf("%s: the form has another token", token)
		}
		if a.Header.Get("Referrer-Policy") != "same-origin" || a.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %v", token, a.Header)
		}
		if a = get(t, v, s.URL+"/claim?lang=en&token="+token); !strings.Contains(a.body, "Email address") {
			t.Errorf("%s is not in English", token)
		}
		get(t, v, s.URL+"/claim?lang=zh&token="+token)
	}
	send := func(token, name, password string) answer {
		return ask(t, v, http.MethodPost, s.URL+"/claim/set", url.Values{"token": {token}, "name": {name}, "password": {password}})
	}
	a := send("new", "<王>", "common")
	a.has(t, http.StatusUnprocessableEntity, "请更正以下内容", "最先会被猜到", "最多 100", `value="<王>"`)
	if a.hidden(t, "token") != "new" || strings.Contains(a.body, "common") {
		t.Error("the link is lost, or the password shown again")
	}
	send("present", "", "wrong").has(t, http.StatusForbidden, "不是该账户的密码")
	late := send("present", "", "too many")
	late.has(t, http.StatusTooManyRequests, "15 分钟")
	if late.Header.Get("Retry-After") != "900" {
		t.Errorf("Retry-After %q", late.Header.Get("Retry-After"))
	}
	if a := send("new", "王芳", "four words of mine"); a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != "/claim/done" {
		t.Errorf("%d to %q", a.StatusCode, a.Header.Get("Location"))
	}
	get(t, v, s.URL+"/claim/done").has(t, http.StatusOK, "您的账户已就绪")
	get(t, v, s.URL+"/claim?token=used").has(t, http.StatusGone, "已被使用")
	get(t, v, s.URL+"/claim").has(t, http.StatusGone, "已被使用")
	send("used", "王芳", "four words of mine").has(t, http.StatusGone, "已被使用")
}

// TestForgot answers the same whoever asks.
func TestForgot(t *testing.T) {
	s := serve(t, newInstallation(t, courierRules(t), 1), "")
	v := visitor(t)
	get(t, v, s.URL+"/forgot").has(t, http.StatusOK, "忘记密码", `name="email"`)
	send := func(email string) answer {
		return ask(t, v, http.MethodPost, s.URL+"/forgot/send", url.Values{"email": {email}})
	}
	for _, email := range []string{"wang@example.org", "nobody@example.org"} {
		if a := send(email); a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != "/forgot/sent" {
			t.Errorf("%s: %d to %q", email, a.StatusCode, a.Header.Get("Location"))
		}
	}
	get(t, v, s.URL+"/forgot/sent").has(t, http.StatusOK, "请查收邮件")
	send("no address").has(t, http.StatusUnprocessableEntity, `value="no address"`, "邮箱")
	send("nomail@example.org").has(t, http.StatusConflict, "不发送邮件")
}

// TestBrowser_claim sends the form of a link from a page that came over http, of
// which browsers do not say by Sec-Fetch-Site that it is ours.
func TestBrowser_claim(t *testing.T) {
	port := serve(t, newInstallation(t, courierRules(t), 1), "").URL[len("http://127.0.0.1"):]
	ctx := browser.Open(t, chromedp.Flag("host-resolver-rules", "MAP laurel.example 127.0.0.1"))
	for _, form := range []struct{ at, field, button, done string }{
		{"/claim?token=new", "#password", "form[action='/claim/set'] button", "/claim/done"},
		{"/forgot", "#email", "form[action='/forgot/send'] button", "/forgot/sent"},
	} {
		browser.Run(t, ctx, form.at, chromedp.Navigate("http://laurel.example"+port+form.at),
			chromedp.SendKeys(chromedp.CSS(form.field), "wang.fang@example.org"), chromedp.Click(chromedp.CSS(form.button)))
		testkit.Eventually(t, testkit.Patience, func() error {
			if at := browser.Read[string](t, ctx, `location.pathname`); at != form.done {
				return fmt.Errorf("%s leads to %s", form.at, at)
			}
			return nil
		})
	}
}
