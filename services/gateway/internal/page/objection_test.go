package page_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/testkit/browser"
	"github.com/laurel-awards/laurel/services/selection"
)

// sendObjection sends the form with files as a browser does.
func sendObjection(t *testing.T, c *http.Client, to string, fields map[string]string, files ...string) answer {
	t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for name, value := range fields {
		if err := w.WriteField(name, value); err != nil {
			t.Fatal(err)
		}
	}
	for i, content := range files {
		part, err := w.CreateFormFile("files", fmt.Sprintf("%d.pdf", i))
		if err == nil {
			_, err = io.WriteString(part, content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, to, &body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", w.FormDataContentType())
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	res, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{res, string(text)}
}

// Whoever objects gets a code, by which they follow the objection; what is wrong is
// told at its field, and after the notice nothing is read.
func TestPages_objection(t *testing.T) {
	h := newInstallation(t, courierRules(t)+named, 12)
	at := serve(t, h, "").URL + "/s/" + slug
	c := visitor(t)
	if early := get(t, c, at+"/notice/objection"); early.StatusCode != http.StatusSeeOther {
		t.Errorf("before the notice: %d", early.StatusCode)
	}
	h.post(t)
	form := map[string]string{"candidate": "3", "text": "事迹不实\r\n详见附件", "name": "李四", "contact": "13800000000"}
	get(t, c, at+"/notice/objection").has(t, 200, "异议所涉候选人", `<option value="3">3 号`, `enctype="multipart/form-data"`, "2026年5月11日 23:59")
	sent := sendObjection(t, c, at+"/notice/objection/send", form, "%PDF-1.7", "%PDF-1.4")
	sent.has(t, 200, theCode, "只显示这一次")
	if cached := sent.Header.Get("Cache-Control"); cached != "private, no-store" {
		t.Errorf("the code is kept: %q", cached)
	}
	h.change(func(h *installation) {
		if len(h.objected) != 1 || h.objected[0].Candidate != 3 || len(h.objected[0].Files) != 2 || h.objected[0].Name != "李四" {
			t.Errorf("the room got %+v", h.objected)
		}
		h.fileErr = selection.Invalid(fault.Wrong("candidate", "candidate_unknown", "there is no candidate {number}", "number", 3),
			fault.Wrong("files[0]", "evidence_kind", "is neither a photo (JPEG, PNG) nor a PDF"))
	})
	sendObjection(t, c, at+"/notice/objection/send", form, "MZ").has(t, 422, "没有 3 号候选人", "不是照片（JPEG、PNG）或 PDF", "详见附件</textarea>", "异议尚未收到")
	sendObjection(t, c, at+"/notice/objection/send", form, "1", "2", "3", "4", "5", "6").has(t, 413, "异议尚未收到")
	post := func(code string) answer {
		return ask(t, c, http.MethodPost, at+"/notice/objection/follow/show", url.Values{"code": {code}})
	}
	get(t, c, at+"/notice/objection/follow").has(t, 200, "查询码")
	post("ANOTHER").has(t, 404, "没有使用这个查询码的异议")
	post(theCode).has(t, 200, "不予受理", "没有可以核实的具体事实", "没有具体事实")
	h.change(func(h *installation) { h.onNotice.Notices[1].ClosesAt = h.now })
	get(t, c, at+"/notice/objection").has(t, 200, "不再受理异议")
	before := len(h.objected)
	sendObjection(t, c, at+"/notice/objection/send", form).has(t, 409, "公示已结束")
	if len(h.objected) != before {
		t.Error("an objection was taken after the notice")
	}
}

// Objections are made at the rate of self-nominations, before their files are read.
func TestPages_objectionRate(t *testing.T) {
	h := newInstallation(t, courierRules(t), 3)
	h.entries = 2
	at := serve(t, h, "").URL + "/s/" + slug
	h.post(t)
	c := visitor(t)
	form := map[string]string{"candidate": "3", "text": "…", "name": "李四", "contact": "1"}
	last := 0
	for range 3 {
		last = sendObjection(t, c, at+"/notice/objection/send", form).StatusCode
	}
	if last != http.StatusTooManyRequests || len(h.objected) != 2 {
		t.Errorf("the third of an address: %d, %d taken", last, len(h.objected))
	}
}

// TestObjection_look looks at the form, what is wrong with it, the receipt, and an
// objection that is followed.
func TestObjection_look(t *testing.T) {
	h := newInstallation(t, courierRules(t)+named, 12)
	at := serve(t, h, "").URL + "/s/" + slug
	ctx := browser.Open(t)
	h.post(t)
	h.change(func(h *installation) { h.onNotice.Objections.Anonymous = true })
	browser.Look(t, ctx, "objection", at+"/notice/objection")
	browser.Look(t, ctx, "objection-follow", at+"/notice/objection/follow")
	browser.Run(t, ctx, "object", chromedp.Navigate(at+"/notice/objection?lang=zh-CN"), chromedp.SetValue(chromedp.CSS("#candidate"), "3"),
		chromedp.SetValue(chromedp.CSS("#text"), "事迹不实"), chromedp.SetValue(chromedp.CSS("#name"), "李四"), chromedp.SetValue(chromedp.CSS("#contact"), "13800000000"),
		chromedp.Click(chromedp.CSS("form .button")), chromedp.WaitVisible(chromedp.CSS(".recorded code")))
	browser.See(t, ctx, "objection-filed")
	browser.Run(t, ctx, "follow", chromedp.Navigate(at+"/notice/objection/follow?lang=zh-CN"), chromedp.SetValue(chromedp.CSS("#code"), theCode),
		chromedp.Click(chromedp.CSS("form .button")), chromedp.WaitVisible(chromedp.CSS(".facts")))
	browser.See(t, ctx, "objection-followed")
}

func (h selections) GetNotice(context.Context, selection.Of) (selection.Notice, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.onNotice == nil {
		return selection.Notice{}, selection.ErrNoNotice
	}
	return *h.onNotice, nil
}

// theCode is that of every objection.
const theCode = "B2Q7M4X3K5T6W2Z4N7P3R5V6Y2"

func (h selections) FileObjection(_ context.Context, in selection.FileObjection) (selection.Filed, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.fileErr != nil {
		return selection.Filed{}, h.fileErr
	}
	h.objected = append(h.objected, in)
	return selection.Filed{Number: len(h.objected), Code: theCode}, nil
}

func (h selections) FollowObjection(_ context.Context, in selection.FollowObjection) (selection.Followed, error) {
	if in.Code != theCode {
		return selection.Followed{}, selection.ErrCode
	}
	at := h.now
	due := at.AddDate(0, 0, 15)
	return selection.Followed{
		Number: 1, Candidate: 3, State: selection.ObjectionClosed, Rule: selection.RuleVague, Reasons: "没有具体事实", ReceivedAt: at, DueAt: &due, DecidedAt: &at,
	}, nil
}
