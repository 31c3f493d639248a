package server_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/selection"
)

const correction = `{"name":"马晓燕","employer":"陇运快递","region":"兰州市","deeds":"…","version":2,"reason":"typo","key":"K"}`

// TestCorrectEntry_told has a stranger correct an entry: the key goes along, and the
// answer tells nothing of opinions, of others who were nominated, or of notes; an
// organizer is told.
func TestCorrectEntry_told(t *testing.T) {
	var asked nomination.CorrectEntry
	full := nomination.Entry{
		ID: deskPaths["entry"], Slug: here, Nominee: nomination.Nominee{Name: "马晓燕"}, Notes: []nomination.Note{{Column: "secret-note", Text: "x"}},
		Opinions: []nomination.Opinion{{Department: "hr", Verdict: nomination.Fail, Reason: "secret-reason"}},
		Warnings: []nomination.Warning{{Field: "name", Code: "resembles_entry", Message: "secret-other"}},
	}
	h := bare(t, testkit.Log(t))
	h.serve(t, h.scripted(map[string]bus.Endpoint{
		"selection/get_selection": says(frozen(t), nil),
		"nomination/correct_entry": does(func(in nomination.CorrectEntry) (nomination.Entry, error) {
			asked = in
			return full, nil
		}),
	}))
	h.start(t, quickly)
	path := "/api/v1/selections/" + here + "/entries/" + deskPaths["entry"]
	for token, told := range map[string]bool{"": false, organizer: true} {
		a := h.ask(t, http.MethodPut, path, token, correction, "Content-Type", "application/json")
		if a.Status != http.StatusOK || asked.Key != "K" || asked.Version != 2 || asked.Reason != "typo" || asked.Nominee.Employer != "陇运快递" {
			t.Errorf("%q: %d %s, asked %+v", token, a.Status, a.Body, asked)
		}
		for _, secret := range []string{"secret-note", "secret-reason", "secret-other"} {
			if strings.Contains(a.Body, secret) != told {
				t.Errorf("%q is told %s: %v", token, secret, !told)
			}
		}
		h.clock.Advance(time.Minute)
	}
	if a := h.ask(t, http.MethodPut, path, "the-juror@example.org", correction, "Content-Type", "application/json"); a.Status == http.StatusOK {
		t.Errorf("somebody without a role: %d", a.Status)
	}
}

// entryNow is a candidate's entry in its second version.
func entryNow() nomination.Entry {
	return nomination.Entry{
		ID: deskPaths["entry"], Slug: here, State: nomination.Admitted, Number: 7, Version: 2,
		Nominee:  nomination.Nominee{Name: "马晓燕", Employer: "陇运速递", Region: "兰州市", Deeds: "一句。"},
		Opinions: []nomination.Opinion{{Department: "hr", Verdict: nomination.Pass, By: "李审核", Version: 2}},
	}
}

// TestEnter_page enters a nominee at the desk while nominations are open: what is
// wrong stands at its field, and what was typed stays.
func TestEnter_page(t *testing.T) {
	opened := frozen(t)
	opened.Phases = []selection.Phase{{Name: rulebook.PhaseNomination, State: selection.Opened}}
	h, _ := organizing(t, map[string]bus.Endpoint{
		"selection/get_selection": says(opened, nil),
		"nomination/submit_entry": does(func(in nomination.SubmitEntry) (nomination.Entry, error) {
			if in.Nominee.Region == "" || in.Nominee.Years == nil || *in.Nominee.Years != 7 {
				return nomination.Entry{}, nomination.Invalid(fault.Required("nominee.region"))
			}
			return entryNow(), nil
		}),
	})
	list := "/desk/s/" + here + "/entries"
	if a := h.desk(t, http.MethodGet, list, organizer, nil); !strings.Contains(a.Body, `href="`+list+`/new"`) {
		t.Errorf("the list leads to no form: %d %.900s", a.Status, mainOf(a.Body))
	}
	if a := h.desk(t, http.MethodGet, list+"/new", organizer, nil); a.Status != http.StatusOK || !strings.Contains(a.Body, list+"/new/send") {
		t.Errorf("the form: %d %.900s", a.Status, mainOf(a.Body))
	}
	form := map[string][]string{"name": {"马晓燕"}, "employer": {"陇运"}, "deeds": {"一句。"}, "years": {"7"}}
	a := h.desk(t, http.MethodPost, list+"/new/send", organizer, form)
	if a.Status != http.StatusUnprocessableEntity || !strings.Contains(a.Body, `href="#region"`) || !strings.Contains(a.Body, `value="陇运"`) {
		t.Errorf("without a region: %d %.900s", a.Status, mainOf(a.Body))
	}
	form["region"] = []string{"兰州"}
	if a := h.desk(t, http.MethodPost, list+"/new/send", organizer, form); a.Status != http.StatusSeeOther || a.Header.Get("Location") != list+"/"+entryNow().ID {
		t.Errorf("sent: %d %s %.500s", a.Status, a.Header.Get("Location"), mainOf(a.Body))
	}
}

// TestCorrect_page corrects an entry at the desk: what is wrong stands at its field,
// and whoever was not the first to save sees what the first has changed.
func TestCorrect_page(t *testing.T) {
	second := false
	h, _ := organizing(t, map[string]bus.Endpoint{
		"nomination/get_entry": does(func(nomination.OfEntry) (nomination.Entry, error) { return entryNow(), nil }),
		"nomination/correct_entry": does(func(in nomination.CorrectEntry) (nomination.Entry, error) {
			switch {
			case in.Reason == "":
				return nomination.Entry{}, nomination.Invalid(fault.Required("nominee.name"), fault.Required("reason"))
			case in.Version != 2:
				second = true
				return nomination.Entry{}, nomination.ErrVersion.With("version", "2")
			}
			return entryNow(), nil
		}),
		"nomination/list_versions": says([]nomination.Version{
			{Number: 2, Nominee: entryNow().Nominee, Changed: []string{"employer"}, By: "赵敏", Reason: "更名"},
			{Number: 1, Nominee: nomination.Nominee{Name: "马晓燕", Employer: "旧单位"}},
		}, nil),
	})
	page := "/desk/s/" + here + "/entries/" + deskPaths["entry"]
	a := h.desk(t, http.MethodGet, page+"/correct", organizer, nil)
	for _, want := range []string{"One opinion was given", "candidate 7", `value="陇运速递"`, `name="version" value="2"`} {
		if a.Status != http.StatusOK || !strings.Contains(a.Body, want) {
			t.Errorf("the form lacks %q: %d %.900s", want, a.Status, mainOf(a.Body))
		}
	}
	form := map[string][]string{"version": {"1"}, "name": {"马晓燕"}, "employer": {"新单位"}, "region": {"兰州"}, "deeds": {"一句。"}, "years": {"eight"}}
	send := func() answer { return h.desk(t, http.MethodPost, page+"/correct/send", organizer, form) }
	if a := send(); a.Status != http.StatusUnprocessableEntity || !strings.Contains(a.Body, `href="#years"`) || !strings.Contains(a.Body, `value="新单位"`) {
		t.Errorf("years: %d %.900s", a.Status, mainOf(a.Body))
	}
	form["years"] = nil
	if a := send(); a.Status != http.StatusUnprocessableEntity || !strings.Contains(a.Body, `href="#name"`) || !strings.Contains(a.Body, `href="#reason"`) {
		t.Errorf("without a reason: %d %.900s", a.Status, mainOf(a.Body))
	}
	form["reason"] = []string{"更正"}
	a = send()
	for _, want := range []string{"赵敏 has corrected the entry meanwhile", "<del", "旧单位", "<ins", `value="新单位"`, `name="version" value="2"`} {
		if a.Status != http.StatusConflict || !second || !strings.Contains(a.Body, want) {
			t.Errorf("the second is not shown %q: %d %.1500s", want, a.Status, mainOf(a.Body))
		}
	}
	form["version"] = []string{"2"}
	if a := send(); a.Status != http.StatusSeeOther || a.Header.Get("Location") != page {
		t.Errorf("sent again: %d %.500s", a.Status, mainOf(a.Body))
	}
	a = h.desk(t, http.MethodGet, page, organizer, nil)
	for _, want := range []string{"Version 2", "Version 1", "更名", "<del", "<ins", page + "/correct"} {
		if !strings.Contains(a.Body, want) {
			t.Errorf("the entry lacks %q: %.1500s", want, mainOf(a.Body))
		}
	}
}
