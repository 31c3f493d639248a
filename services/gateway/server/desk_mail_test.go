package server_test

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
	"github.com/laurel-awards/laurel/pkg/testkit/browser"
	"github.com/laurel-awards/laurel/services/identity"
)

const (
	aLetter = "0192f0c1-2345-7abc-8def-0123456789ab"
	// typedMarkup is what somebody types to have a page do something.
	typedMarkup = `"><script>alert(1)</script><b>{{.By}}`
)

// noMail is a selection of the tests that has no letters, and whose installation
// sends none.
const noMail = "no-mail@example.org"

// letterOf is a letter of the tests, one for each state.
func letterOf(i int, state identity.LetterState) identity.MailLetter {
	at := time.Date(2026, 5, 4, 2, 0, 0, 0, time.UTC)
	l := identity.MailLetter{
		ID: fmt.Sprintf("0192f0c1-2345-7abc-8def-%012x", 0x0123456789ab+i), Kind: identity.LetterInvitation, Kept: true,
		Address: fmt.Sprintf("juror.%d@example.org", i),
		Letter:  identity.Letter{State: state, CreatedAt: at, DueAt: at.Add(time.Hour)},
	}
	settled := at.Add(time.Minute)
	switch state {
	case identity.LetterSent:
		l.SettledAt, l.Tries = &settled, 1
	case identity.LetterSending:
		l.BegunAt, l.Tries = &at, 1
	case identity.LetterDeferred:
		l.Tries, l.Error = 3, "452 4.2.2 mailbox full"
	case identity.LetterDead:
		l.Kind, l.SettledAt, l.Tries, l.Error = identity.LetterCode, &settled, 12, "550 5.1.1 "+typedMarkup
	case identity.LetterWithdrawn:
		l.SettledAt, l.Reason = &settled, "wrong person "+typedMarkup
	case identity.LetterHeld:
		l.Address = "a-very-long-name-of-somebody-in-a-far-away-department@mail.transport-bureau.gansu.example.org"
	}
	return l
}

func (*identityRoom) ListMail(_ context.Context, in identity.ListMail) (identity.MailPage, error) {
	page := identity.MailPage{On: in.Search != noMail, Page: 1, Figures: []identity.MailFigure{}, Letters: []identity.MailLetter{}}
	if !page.On {
		return page, nil
	}
	for i, state := range identity.LetterStates() {
		l := letterOf(i, state)
		page.Figures = append(page.Figures, identity.MailFigure{Kind: l.Kind, State: state, Letters: 15})
		if in.Most > 0 && (in.State == "" || in.State == state) {
			page.Found += 15
			page.Letters = append(page.Letters, l)
		}
	}
	page.Figures = append(page.Figures, identity.MailFigure{Kind: identity.LetterInvitation, State: identity.LetterDead, Letters: 2})
	return page, nil
}

func (*identityRoom) ReadLetter(_ context.Context, in identity.OfLetter) (out identity.LetterRead, err error) {
	for i, state := range identity.LetterStates() {
		if l := letterOf(i, state); l.ID == in.Letter {
			out.MailLetter = l
			out.Texts = []identity.LetterText{{Subject: "Join us " + typedMarkup, Text: "您好：\n\nhttps://l/claim?token=••••-••••-••••\n" + typedMarkup}}
			if l.Kind == identity.LetterInvitation {
				out.Texts = append(out.Texts, identity.LetterText{Subject: "You have a new role", Text: "您好：\n\n您已有账户。"})
			}
			return out, nil
		}
	}
	return out, identity.ErrNoLetter
}

func (*identityRoom) ChangeMail(_ context.Context, in identity.ChangeMail) (identity.MailChanged, error) {
	if in.Do == identity.WithdrawMail && in.Reason == "" {
		return identity.MailChanged{}, identity.ErrMail.At(fault.Required("reason"))
	}
	if in.Do == identity.RetryMail && in.Letter != "" {
		return identity.MailChanged{}, identity.ErrLetterSettled
	}
	return identity.MailChanged{Letters: 3}, nil
}

func (*identityRoom) ReadWording(_ context.Context, in identity.OfWording) (identity.Wording, error) {
	at := time.Date(2026, 5, 4, 2, 0, 0, 0, time.UTC)
	standard := identity.Words{Subject: "邀请您 · You are invited", ZH: "您好：\n\n{{.By}} 邀请您。\n\n{{.Link}}", EN: "Hello,\n\n{{.By}} invites you.\n\n{{.Link}}"}
	w := identity.Wording{Kind: in.Kind, Words: standard, Standard: standard, Fields: []identity.WordingField{
		{Name: "{{.Link}}", Needed: true}, {Name: "{{.By}}", InSubject: true}, {Name: "{{.Slug}}", InSubject: true}, {Name: "{{.Address}}", InSubject: true},
	}}
	if in.Kind == identity.WordInvitation {
		w.Own, w.Version, w.SavedBy, w.SavedAt = true, 4, "李娜 "+typedMarkup, &at
		w.Subject = "请加入 · " + typedMarkup
	}
	return w, nil
}

func (*identityRoom) SaveWording(_ context.Context, in identity.SaveWording) (identity.Wording, error) {
	if strings.Contains(in.ZH, "{{.X}}") {
		return identity.Wording{}, identity.ErrMail.At(
			fault.Wrong("zh", "letter_field_unknown", "line {line}: {field} is no field of this letter", "line", 2, "field", "{{.X}}"))
	}
	if in.Kind == identity.WordInvitation && in.Version != 4 {
		return identity.Wording{}, identity.ErrWordingChanged
	}
	return identity.Wording{Kind: in.Kind}, nil
}

func (*identityRoom) TryWording(_ context.Context, in identity.TryWording) (identity.LetterText, error) {
	return identity.LetterText{Subject: in.Subject, Text: in.ZH}, nil
}

// TestDesk_mail shows letters with what has become of each, and changes them by
// forms alone: acts come back with a note, and mistakes stand at their field.
func TestDesk_mail(t *testing.T) {
	h := atDesks(t)
	const mail = "/desk/s/" + here + "/mail"
	a := h.desk(t, http.MethodGet, mail, organizer, nil)
	for _, want := range []string{
		"waits to be sent", "put off, tried again 4 May 2026", "452 4.2.2 mailbox full", "failed for good after 12 tries", "withdrawn 4 May 2026",
		"a try was broken off", "taken by the mail server 4 May 2026", "Hold all 45 that wait", "Send all 17 again that failed", "Release all 15 that are held",
		`href="` + mail + `?page=2"`, `<option value="dead">failed (17)`, "550 5.1.1 &#34;&gt;&lt;script&gt;",
	} {
		if a.Status != http.StatusOK || !strings.Contains(a.Body, want) {
			t.Errorf("the outbox lacks %q: %d", want, a.Status)
		}
	}
	if a := h.desk(t, http.MethodGet, mail+"?state=dead&kind=code&q=x", organizer, nil); !strings.Contains(a.Body, `value="dead" selected`) ||
		strings.Contains(a.Body, "juror.0@") {
		t.Errorf("a filter: %s", a.Body)
	}
	if a := h.desk(t, http.MethodGet, mail+"?q="+noMail, organizer, nil); !strings.Contains(a.Body, "sends no mail") ||
		!strings.Contains(a.Body, "To be handed over") || strings.Contains(a.Body, "Hold all") {
		t.Errorf("without mail: %s", a.Body)
	}
	a = h.desk(t, http.MethodPost, mail+"/change", organizer, url.Values{"do": {"hold"}})
	if a.Status != http.StatusSeeOther || a.Header.Get("Location") != mail || !strings.Contains(a.Header.Get("Set-Cookie"), "laurel_note=") {
		t.Errorf("hold all: %d %v", a.Status, a.Header)
	}
	a = h.desk(t, http.MethodPost, mail+"/change", organizer, url.Values{"do": {"retry"}, "letter": {aLetter}})
	if a.Status != http.StatusConflict || !strings.Contains(a.Body, "look what has become of it") {
		t.Errorf("too late: %d %s", a.Status, a.Body)
	}
	a = h.desk(t, http.MethodGet, mail+"/"+aLetter, organizer, nil)
	for _, want := range []string{
		"Join us &#34;&gt;&lt;script&gt;", "••••-••••-••••", "Hold it", `name="reason"`, "An invitation has two texts", "You have a new role",
	} {
		if a.Status != http.StatusOK || !strings.Contains(a.Body, want) {
			t.Errorf("a letter lacks %q: %d %s", want, a.Status, a.Body)
		}
	}
	a = h.desk(t, http.MethodPost, mail+"/"+aLetter+"/withdraw", organizer, url.Values{"reason": {""}})
	if a.Status != http.StatusUnprocessableEntity || !strings.Contains(a.Body, `href="#reason"`) {
		t.Errorf("without a reason: %d %s", a.Status, a.Body)
	}
	if a := h.desk(t, http.MethodPost, mail+"/"+aLetter+"/withdraw", organizer, url.Values{"reason": {"x"}}); a.Status != http.StatusSeeOther {
		t.Errorf("withdrawn: %d", a.Status)
	}
	if a := h.desk(t, http.MethodGet, mail+"/nothing", organizer, nil); a.Status != http.StatusNotFound {
		t.Errorf("no letter: %d", a.Status)
	}
	a = h.desk(t, http.MethodGet, "/desk/s/"+here, organizer, nil)
	if !strings.Contains(a.Body, "2 invitations could not be delivered") || !strings.Contains(a.Body, mail+"?kind=invitation&amp;state=dead") {
		t.Errorf("the dashboard does not lead to what failed: %s", a.Body)
	}
	for _, page := range []string{"/desk/mail", "/desk/mail/" + aLetter} {
		if a := h.desk(t, http.MethodGet, page, organizer, nil); a.Status != http.StatusOK || strings.Contains(a.Body, "<script>alert") {
			t.Errorf("%s: %d", page, a.Status)
		}
	}
}

// TestDesk_wording words a letter by forms alone: it is shown before it is saved,
// mistakes stand at their field with what was typed, and the second of two who
// change it is shown the difference.
func TestDesk_wording(t *testing.T) {
	h := atDesks(t)
	const at = "/desk/s/" + here + "/mail/wordings/invitation"
	a := h.desk(t, http.MethodGet, at, organizer, nil)
	for _, want := range []string{"{{.Link}}", "each text needs it", `name="version" value="4"`, "Back to the standard text", "李娜 &#34;&gt;&lt;script&gt;"} {
		if a.Status != http.StatusOK || !strings.Contains(a.Body, want) || strings.Contains(a.Body, "<script>alert") {
			t.Errorf("a wording lacks %q: %d %s", want, a.Status, a.Body)
		}
	}
	typed := url.Values{"subject": {"主题"}, "zh": {"第一行\r\n{{.Link}}" + typedMarkup}, "en": {""}, "version": {"4"}}
	a = h.desk(t, http.MethodPost, at+"/try", organizer, typed)
	if a.Status != http.StatusOK || !strings.Contains(a.Body, "To a made-up reader") || !strings.Contains(a.Body, "第一行\n{{.Link}}&#34;&gt;&lt;script&gt;") {
		t.Errorf("a preview: %d %s", a.Status, a.Body)
	}
	if a := h.desk(t, http.MethodPost, at+"/save", organizer, typed); a.Status != http.StatusSeeOther || a.Header.Get("Location") != at {
		t.Errorf("saved: %d", a.Status)
	}
	typed.Set("version", "3")
	a = h.desk(t, http.MethodPost, at+"/save", organizer, typed)
	for _, want := range []string{`class="theirs"`, `class="mine"`, "第一行", `name="version" value="4"`} {
		if a.Status != http.StatusConflict || !strings.Contains(a.Body, want) {
			t.Errorf("the second lacks %q: %d %s", want, a.Status, a.Body)
		}
	}
	typed.Set("zh", "a\n{{.X}}")
	a = h.desk(t, http.MethodPost, at+"/save", organizer, typed)
	if a.Status != http.StatusUnprocessableEntity || !strings.Contains(a.Body, "line 2: {{.X}} is no field of this letter") ||
		!strings.Contains(a.Body, `href="#zh"`) {
		t.Errorf("a mistake: %d %s", a.Status, a.Body)
	}
	if a := h.desk(t, http.MethodPost, at+"/reset", organizer, url.Values{"version": {"4"}}); a.Status != http.StatusSeeOther {
		t.Errorf("back to the standard: %d", a.Status)
	}
	if a := h.desk(t, http.MethodGet, "/desk/s/"+here+"/mail/wordings/claimed", organizer, nil); a.Status != http.StatusNotFound {
		t.Errorf("no wording: %d", a.Status)
	}
}

// TestDesk_mail_look looks at the pages of letters in a browser, full and empty.
func TestDesk_mail_look(t *testing.T) {
	h := atDesks(t)
	h.people()
	ctx := browser.Open(t)
	at := h.url + "/desk/s/" + here + "/mail"
	browser.Run(t, ctx, "start", chromedp.Navigate(h.url+"/desk/sign-in"))
	browser.Run(t, ctx, "session", chromedp.Evaluate[chromedp.Void](`document.cookie = "laurel_session=`+organizer+`; path=/"`))
	browser.Look(t, ctx, "mail", at)
	browser.Look(t, ctx, "mail-off", at+"?q="+noMail)
	browser.Look(t, ctx, "mail-letter", at+"/"+aLetter)
	browser.Look(t, ctx, "mail-own", h.url+"/desk/mail")
	browser.Look(t, ctx, "mail-wording", at+"/wordings/invitation")
	browser.Run(t, ctx, "try", chromedp.EmulateViewport(360, 740), chromedp.Navigate(at+"/wordings/invitation?lang=zh-CN"),
		chromedp.Click(chromedp.CSS(`[formaction$="/try"]`)), chromedp.WaitVisible(chromedp.CSS("#preview")))
	browser.See(t, ctx, "mail-wording-preview")
	browser.Run(t, ctx, "second", chromedp.Evaluate[chromedp.Void](`document.querySelector('[name="version"]').value = "1"`),
		chromedp.SetValue(chromedp.CSS(`[name="zh"]`), "王先生：\n\n请打开链接：\n{{.Link}}"),
		chromedp.Click(chromedp.CSS(`[data-key="s"]`)), chromedp.WaitVisible(chromedp.CSS("table.difference")))
	browser.See(t, ctx, "mail-wording-changed")
}
