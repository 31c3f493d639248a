package server_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/pkg/testkit/browser"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/selection"
)

// anObjection is one with markup in all that people wrote.
func anObjection(state string) selection.Objection {
	due, postmark := h0.AddDate(0, 0, 20), "2026-04-30"
	o := selection.Objection{
		Followed: selection.Followed{Number: 2, Candidate: 7, State: state, ReceivedAt: h0, DueAt: &due},
		Name:     "李四" + scrawl, Contact: "138 0000 0000" + scrawl, Text: "事迹不实。\n2025年的获奖证书系伪造。" + scrawl, Via: selection.ViaLetter,
		ReceivedOn: "2026-05-06", Postmark: postmark,
		Files:    []selection.ObjectionFile{{Name: "证书.pdf" + scrawl, Media: "application/pdf", Size: 7, Blob: strings.Repeat("a", 64)}},
		Notes:    []selection.ObjectionNote{{Kind: selection.NoteHearing, On: "2026-05-07", Text: "本人否认" + scrawl, By: "王芳", At: h0}},
		Excluded: []selection.ExcludedPerson{{Account: "a", Name: "赵敏" + scrawl, Reason: "异议提到此人" + scrawl}},
	}
	if state != selection.ObjectionOpen {
		at := h0
		o.DecidedAt, o.DecidedBy, o.Reasons = &at, "王芳", "经核实，证书系伪造。"+scrawl
	}
	return o
}

// objecting is an installation with objections; the test says which.
func objecting(t *testing.T, all *atomic.Pointer[[]selection.Objection], kept *heard) *installation {
	t.Helper()
	script := kept.hears("selection/note_objection", "selection/exclude_handler", "nomination/strike_candidate")
	script["selection/get_selection"] = says(frozen(t), nil)
	script["nomination/list_candidates"] = says([]nomination.Candidate{}, nil)
	script["selection/list_objections"] = does(func(selection.Of) ([]selection.Objection, error) { return *all.Load(), nil })
	script["selection/get_objection"] = does(func(in selection.OfObjection) (selection.Objection, error) {
		for _, o := range *all.Load() {
			if o.Number == in.Number {
				return o, nil
			}
		}
		return selection.Objection{}, selection.ErrObjected
	})
	script["selection/decide_objection"] = does(func(in selection.DecideObjection) (selection.Objection, error) {
		if err := selection.Invalid(in.Check()...); err != nil {
			return selection.Objection{}, err
		}
		o := anObjection(in.Outcome)
		o.Reasons = in.Reasons
		return o, nil
	})
	h := bare(t, testkit.Log(t))
	h.serve(t, h.scripted(script))
	h.start(t, quickly)
	return h
}

// The desk shows objections with what people wrote as text, and decides them: an
// upheld one has its candidate struck for its reasons.
func TestDesk_objection(t *testing.T) {
	var all atomic.Pointer[[]selection.Objection]
	all.Store(&[]selection.Objection{anObjection(selection.ObjectionOpen)})
	kept := &heard{asks: map[string]string{}}
	h := objecting(t, &all, kept)
	at := "/desk/s/" + here + "/objections"
	for path, texts := range map[string][]string{
		"": {"/objections/2\"", "being examined", "by letter"}, "/2": {"事迹不实。", "2026-04-30", "证书.pdf", "本人否认", "赵敏", "/objections/2/decide"},
		"/2/decide": {"founded", "late", "Say nothing of who made it"}, "/2/exclude": {"It cannot be taken back"}, "/enter": {"Postmark"}, "/2/note": {"hearing"},
	} {
		a := h.desk(t, http.MethodGet, at+path, organizer, nil)
		for _, text := range texts {
			if a.Status != http.StatusOK || !strings.Contains(a.Body, text) || strings.Contains(a.Body, scrawl) {
				t.Errorf("%s: %d lacks %q, or has markup: %.900s", path, a.Status, text, mainOf(a.Body))
			}
		}
	}
	if a := h.desk(t, http.MethodGet, at+"/3", organizer, nil); a.Status != http.StatusNotFound {
		t.Errorf("an objection that is not there: %d", a.Status)
	}
	for name, form := range map[string]url.Values{
		"no outcome": {"reasons": {"…"}}, "no rule": {"outcome": {"closed"}, "reasons": {"…"}}, "no reasons": {"outcome": {"upheld"}},
	} {
		a := h.desk(t, http.MethodPost, at+"/2/decide/send", organizer, form)
		if a.Status != http.StatusUnprocessableEntity || kept.said("nomination/strike_candidate") != "" {
			t.Errorf("%s: %d", name, a.Status)
		}
	}
	a := h.desk(t, http.MethodPost, at+"/2/decide/send", organizer, url.Values{"outcome": {"upheld"}, "reasons": {"证书系伪造"}})
	struck := kept.said("nomination/strike_candidate")
	for _, text := range []string{`"number":7`, "证书系伪造", `"upheld":true`} {
		if a.Status != http.StatusSeeOther || !strings.Contains(struck, text) {
			t.Errorf("upheld: %d, struck %s without %s", a.Status, struck, text)
		}
	}
}

// TestDesk_objection_look looks at the desk of objections, empty and full.
func TestDesk_objection_look(t *testing.T) {
	var all atomic.Pointer[[]selection.Objection]
	all.Store(&[]selection.Objection{})
	h := objecting(t, &all, &heard{asks: map[string]string{}})
	ctx := browser.Open(t)
	browser.Run(t, ctx, "session", chromedp.Navigate(h.url+"/static/icon.svg"),
		chromedp.Evaluate[chromedp.Void](`document.cookie = "laurel_session=`+organizer+`; path=/"`))
	at := h.url + "/desk/s/" + here + "/objections"
	browser.Look(t, ctx, "objections-empty", at)
	late, upheld := anObjection(selection.ObjectionOpen), anObjection(selection.ObjectionUpheld)
	late.Number, late.Late, upheld.Number = 3, true, 4
	all.Store(&[]selection.Objection{anObjection(selection.ObjectionOpen), late, upheld})
	for name, path := range map[string]string{
		"objections": "", "objection-desk": "/2", "objection-upheld": "/4", "objection-enter": "/enter", "objection-note": "/2/note",
		"objection-exclude": "/2/exclude", "objection-decide": "/2/decide",
	} {
		browser.Look(t, ctx, name, at+path)
	}
}
