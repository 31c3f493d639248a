package server_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/pkg/testkit/browser"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/review"
	"github.com/laurel-awards/laurel/services/selection"
)

const signer = "signer@example.org"

// signingOf is what four hosts sign, some of whom have.
func signingOf(outcome string) *review.Signing {
	s := &review.Signing{Slug: here, Motion: meetingOf(outcome).Motion(), Awards: []review.Awarded{
		{Candidate: 3, Name: "王芳", Award: "winner"}, {Candidate: 7, Name: scrawl, Award: "winner"}, {Candidate: 9, Name: "Cai", Award: "nominated"},
	}}
	title := func(zh, en string) map[string]string { return map[string]string{"zh": zh, "en": en} }
	s.Hosts = []review.SignOff{
		{Host: "union", Title: title("省总工会", "Federation of Trade Unions")},
		{Host: "daily", Title: title("日报社", "The Daily"), Signer: "李娜 " + scrawl, At: &h0},
		{Host: "radio", Title: title("广播电视台", "Radio"), Signer: "Zhao", Reason: "Two are of one company. " + scrawl, At: &h0},
		{Host: "post", Title: title("邮政管理局", scrawl)},
	}
	if outcome != review.Returned {
		s.Hosts[2].Reason = ""
	}
	if outcome == review.Approved {
		s.Hosts[0].At, s.Hosts[3].At = &h0, &h0
		s.Hosts[0].Signer, s.Hosts[3].Signer = "Wang Wei", "Sun"
	}
	if outcome != "" {
		s.Motion.SignOffs = s.Hosts
	}
	return s
}

// inSigning is an installation where a host's signer is asked to sign; sent has the
// last that review was asked.
func inSigning(t *testing.T, now *atomic.Pointer[review.Signing], sent *atomic.Pointer[string]) *installation {
	t.Helper()
	h := bare(t, testkit.Log(t))
	h.identity.grants[signer] = []identity.Grant{{Slug: here, Role: identity.Signer, Scope: "union"}}
	take := func(_ context.Context, body []byte) (any, error) {
		text := string(body)
		sent.Store(&text)
		return *now.Load(), nil
	}
	h.serve(t, h.scripted(map[string]bus.Endpoint{
		"selection/get_selection":   says(frozen(t), nil),
		"selection/list_selections": says([]selection.Selection{frozen(t)}, nil),
		"review/get_signing":        {Handle: func(context.Context, []byte) (any, error) { return *now.Load(), nil }},
		"review/sign_decision":      {Handle: take}, "review/refuse_decision": {Handle: take},
	}))
	h.start(t, quickly)
	return h
}

// TestSign_page signs for one's own host with the password, refuses with a reason,
// and shows what people wrote as text.
func TestSign_page(t *testing.T) {
	var now atomic.Pointer[review.Signing]
	var sent atomic.Pointer[string]
	now.Store(signingOf(review.AwaitsHosts))
	h := inSigning(t, &now, &sent)
	base := "/desk/s/" + here + "/sign"
	a := h.desk(t, http.MethodGet, base, signer, nil)
	hash := now.Load().Motion.ResultHash
	for _, text := range []string{`name="host" value="union"`, hash, "has yet to sign", "Signed by 李娜", `type="password"`, base + "/refuse", "王芳"} {
		if a.Status != http.StatusOK || !strings.Contains(a.Body, text) {
			t.Errorf("the page lacks %q: %d %s", text, a.Status, mainOf(a.Body))
		}
	}
	if strings.Contains(a.Body, "<b onclick") {
		t.Error("what people wrote is markup")
	}
	form := url.Values{"host": {"union"}, "hash": {hash}, "signer": {"Wang Wei, chair"}, "present": {"wrong"}}
	a = h.desk(t, http.MethodPost, base+"/confirm", signer, form)
	if a.Status != http.StatusForbidden || !strings.Contains(a.Body, `id="present-wrong"`) || !strings.Contains(a.Body, `value="Wang Wei, chair"`) ||
		sent.Load() != nil {
		t.Errorf("a wrong password: %d %s", a.Status, mainOf(a.Body))
	}
	form.Set("present", "correct horse")
	a = h.desk(t, http.MethodPost, base+"/confirm", signer, form)
	var signed review.SignDecision
	if a.Status != http.StatusSeeOther || sent.Load() == nil || json.Unmarshal([]byte(*sent.Load()), &signed) != nil ||
		signed != (review.SignDecision{Slug: here, Host: "union", Hash: hash, Signer: "Wang Wei, chair"}) {
		t.Errorf("signed: %d %+v", a.Status, signed)
	}
	sent.Store(nil)
	form.Set("host", "daily")
	if a := h.desk(t, http.MethodPost, base+"/confirm", signer, form); a.Status != http.StatusForbidden || sent.Load() != nil {
		t.Errorf("for another host: %d", a.Status)
	}
	refusal := url.Values{"host": {"union"}, "hash": {hash}, "reason": {"against the rules"}}
	a = h.desk(t, http.MethodPost, base+"/refuse/confirm", signer, refusal)
	if a.Status != http.StatusSeeOther || !strings.Contains(*sent.Load(), "against the rules") {
		t.Errorf("refused: %d", a.Status)
	}
	h.identity.mu.Lock()
	h.identity.grants[signer] = nil // who has left
	h.identity.mu.Unlock()
	sent.Store(nil)
	form.Set("host", "union")
	if a := h.desk(t, http.MethodPost, base+"/confirm", signer, form); a.Status != http.StatusForbidden || sent.Load() != nil {
		t.Errorf("one who has left: %d", a.Status)
	}
}

// TestSign_look looks at the page with nothing, with a signature that is awaited,
// and at its end.
func TestSign_look(t *testing.T) {
	var now atomic.Pointer[review.Signing]
	now.Store(&review.Signing{Slug: here})
	h := inSigning(t, &now, &atomic.Pointer[string]{})
	ctx := browser.Open(t)
	browser.Run(t, ctx, "session", chromedp.Navigate(h.url+"/static/icon.svg"),
		chromedp.Evaluate[chromedp.Void](`document.cookie = "laurel_session=`+signer+`; path=/"`))
	base := h.url + "/desk/s/" + here + "/sign"
	browser.Look(t, ctx, "sign-empty", base)
	now.Store(signingOf(review.AwaitsHosts))
	browser.Look(t, ctx, "sign", base)
	browser.Look(t, ctx, "sign-refuse", base+"/refuse")
	now.Store(signingOf(review.Returned))
	browser.Look(t, ctx, "sign-returned", base)
	now.Store(signingOf(review.Approved))
	browser.Look(t, ctx, "sign-decided", base)
}
