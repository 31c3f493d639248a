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
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/pkg/testkit/browser"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/review"
	"github.com/laurel-awards/laurel/services/selection"
)

// changing is a meeting with a motion that changes the list, from which one takes no
// part, and one that waits for hosts.
func changing(outcome string) *review.Meeting {
	m := meetingOf(outcome)
	one := &m.Motions[0]
	one.Kind, one.Reason, one.Approve, one.Quorum = review.Replace, "The winner has asked for it. "+scrawl, "3/4", 2
	one.Out, one.In = &review.Awarded{Candidate: 3, Name: "王芳"}, &review.Awarded{Candidate: 7, Name: scrawl}
	one.Recused = []review.Recused{{Person: m.Members[2].Person, Reason: "A relative. " + scrawl, At: h0}}
	if outcome != review.Moved {
		second := *one
		second.Number, second.Kind, second.Reason, second.Out, second.In, second.Outcome = 2, review.Adopt, "", nil, nil, review.AwaitsHosts
		second.SignOffs = signingOf(review.AwaitsHosts).Hosts
		m.Motions = append(m.Motions, second)
	}
	return m
}

// inChange is an installation with such a meeting; sent has the last that review was
// asked to do.
func inChange(t *testing.T, now *atomic.Pointer[review.Meeting], sent *atomic.Pointer[string]) *installation {
	t.Helper()
	h := bare(t, testkit.Log(t))
	deciding := frozen(t)
	deciding.Phases = append(deciding.Phases, selection.Phase{Name: rulebook.PhaseDecision, State: selection.Opened})
	h.identity.grants[member] = []identity.Grant{{Slug: here, Role: identity.Committee}}
	take := bus.Endpoint{Handle: func(_ context.Context, body []byte) (any, error) {
		text := string(body)
		sent.Store(&text)
		return review.Decision{}, nil
	}}
	h.serve(t, h.scripted(map[string]bus.Endpoint{
		"selection/get_selection":   says(deciding, nil),
		"selection/list_selections": says([]selection.Selection{deciding}, nil),
		"review/get_meeting":        {Handle: func(context.Context, []byte) (any, error) { return *now.Load(), nil }},
		"review/get_result": says(review.Result{
			Ranking: json.RawMessage(`{"ranking":[],"awards":[],"ties":[{"rank":1,"candidates":["3","7"],"awards":["winner"],"reason":{"code":"lot"}}]}`),
		}, nil),
		"review/put_motion": take, "review/recuse_motion": take,
	}))
	h.start(t, quickly)
	return h
}

// TestMeeting_change puts a motion that changes the list, has a member take no part
// in it, and tells all of it in the meeting and in its minutes.
func TestMeeting_change(t *testing.T) {
	var now atomic.Pointer[review.Meeting]
	var sent atomic.Pointer[string]
	now.Store(meetingOf(review.Rejected))
	h := inChange(t, &now, &sent)
	base := "/desk/s/" + here + "/meeting"
	a := h.desk(t, http.MethodGet, base+"/motion", organizer, nil)
	for _, text := range []string{`value="replace"`, `value="leave_empty"`, `value="choose"`, `name="out"`, `name="in"`, `name="reason"`, "3, 7"} {
		if a.Status != http.StatusOK || !strings.Contains(a.Body, text) {
			t.Errorf("the form lacks %q: %d %s", text, a.Status, mainOf(a.Body))
		}
	}
	form := url.Values{"motion": {"Replace 3 by 7"}, "kind": {"replace"}, "out": {"3"}, "in": {" 7 "}, "reason": {"so it is"}, "seats": {""}}
	a = h.desk(t, http.MethodPost, base+"/motion/confirm", organizer, form)
	var put review.PutMotion
	if a.Status != http.StatusSeeOther || sent.Load() == nil || json.Unmarshal([]byte(*sent.Load()), &put) != nil ||
		put.Kind != review.Replace || put.Out != 3 || put.In != 7 || put.Reason != "so it is" || put.Seats != nil {
		t.Errorf("put: %d %+v %s", a.Status, put, mainOf(a.Body))
	}
	sent.Store(nil)
	form.Set("out", "王芳")
	if a := h.desk(t, http.MethodPost, base+"/motion/confirm", organizer, form); !strings.Contains(a.Body, `id="out-wrong"`) || sent.Load() != nil {
		t.Errorf("a name for a number: %d", a.Status)
	}
	now.Store(changing(review.Moved))
	recusal := url.Values{"reason": {"a relative"}, "number": {"1"}}
	a = h.desk(t, http.MethodPost, base+"/recuse/confirm", member, recusal)
	var recused review.RecuseMotion
	if a.Status != http.StatusSeeOther || json.Unmarshal([]byte(*sent.Load()), &recused) != nil || recused.Reason != "a relative" || recused.Motion != 1 {
		t.Errorf("recused: %d %+v", a.Status, recused)
	}
	now.Store(changing(review.Changed))
	for _, page := range []string{"", "/minutes"} {
		a := h.desk(t, http.MethodGet, base+page, organizer, nil)
		has := []string{"has yet to sign", "Signed by 李娜"}
		if page != "" {
			has = append(has, "3 王芳 is replaced by 7", "The winner has asked for it.", "A relative.", "3/4", "Replace a winner", "Adopt the list")
		}
		for _, text := range has {
			if !strings.Contains(a.Body, text) {
				t.Errorf("%q lacks %q: %s", page, text, mainOf(a.Body))
			}
		}
		if strings.Contains(a.Body, "<b onclick") {
			t.Error("what people wrote is markup")
		}
	}
}

// TestMeeting_change_look looks at the pages of such motions.
func TestMeeting_change_look(t *testing.T) {
	var now atomic.Pointer[review.Meeting]
	now.Store(meetingOf(review.Rejected))
	h := inChange(t, &now, &atomic.Pointer[string]{})
	ctx := browser.Open(t)
	sit := func(who string) {
		browser.Run(t, ctx, "session", chromedp.Navigate(h.url+"/static/icon.svg"),
			chromedp.Evaluate[chromedp.Void](`document.cookie = "laurel_session=`+who+`; path=/"`))
	}
	base := h.url + "/desk/s/" + here + "/meeting"
	sit(organizer)
	browser.Look(t, ctx, "change-motion", base+"/motion")
	now.Store(changing(review.Changed))
	browser.Look(t, ctx, "change-minutes", base+"/minutes")
	now.Store(changing(review.Moved))
	sit(member)
	browser.Look(t, ctx, "change-meeting", base)
	browser.Look(t, ctx, "change-recuse", base+"/recuse")
}
