package server_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/pkg/testkit/browser"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/review"
	"github.com/laurel-awards/laurel/services/selection"
)

const scrawl = `<b onclick=x>&"'`

// inMeeting is an installation with a meeting that a test writes, and counts what
// review is asked.
func inMeeting(t *testing.T, m func() *review.Meeting, asked *atomic.Int64) *installation {
	t.Helper()
	h := bare(t, testkit.Log(t))
	deciding := frozen(t)
	deciding.Phases = append(deciding.Phases, selection.Phase{Name: rulebook.PhaseDecision, State: selection.Opened})
	h.identity.grants[member] = []identity.Grant{{Slug: here, Role: identity.Committee}}
	now := func(context.Context, []byte) (any, error) { asked.Add(1); return *m(), nil }
	refuse := func(context.Context, []byte) (any, error) { return nil, review.ErrNoMotion }
	h.serve(t, h.scripted(map[string]bus.Endpoint{
		"selection/get_selection":   says(deciding, nil),
		"selection/list_selections": says([]selection.Selection{deciding}, nil),
		"review/get_meeting":        {Handle: now},
		"review/vote_motion":        {Handle: refuse},
		"review/get_lot":            says(review.Lot{Value: scrawl, Reason: scrawl, At: &h0}, nil),
	}))
	h.start(t, quickly)
	return h
}

var h0 = time.Date(2026, 5, 4, 2, 0, 0, 0, time.UTC)

const member = "member@example.org"

// meetingOf has people, and a motion of an outcome.
func meetingOf(outcome string) *review.Meeting {
	m := &review.Meeting{Slug: here, Quorum: 2, Approve: "2/3", Secret: true, Members: []review.Member{
		{Person: review.Person{ID: member, Name: "王芳"}, Present: true, CameAt: &h0},
		{Person: review.Person{ID: "b", Name: scrawl}, Present: true, CameAt: &h0},
		{Person: review.Person{ID: "c", Name: "Cai"}, CameAt: &h0, LeftAt: &h0},
		{Person: review.Person{ID: "d", Name: "Dong"}},
	}}
	if outcome == "" {
		return m
	}
	one := review.Motion{
		Number: 1, Text: "Adopt the result " + scrawl, ResultHash: strings.Repeat("ab", 32), MovedAt: h0, MovedBy: scrawl, Members: 4,
		Voters: []string{"b"}, Outcome: outcome,
	}
	if outcome != review.Moved {
		one.ClosedAt, one.ClosedBy, one.For = &h0, "Org", 1
	}
	m.Motions = []review.Motion{one}
	return m
}

// TestMeeting_page asks review once a page, shows what people wrote as text, and
// offers what may be done.
func TestMeeting_page(t *testing.T) {
	m, asked := meetingOf(review.Moved), atomic.Int64{}
	h := inMeeting(t, func() *review.Meeting { return m }, &asked)
	base := "/desk/s/" + here + "/meeting"
	for _, c := range []struct {
		who, path string
		has, not  []string
	}{
		{member, "", []string{base + "/vote", "You have not voted", "has voted", "2 of 4 present"}, []string{base + "/close", base + "/motion"}},
		{organizer, "", []string{base + "/close", base + "/minutes"}, []string{base + "/vote", base + "/motion", "You have not voted"}},
		{member, "/wall", []string{"The vote is open", "1 of 4 have voted"}, []string{"<a ", "<button", "<form", "<input"}},
		{member, "/minutes", []string{"Adopt the result", "did not come"}, []string{"0 for"}},
		{member, "/vote", []string{`name="number" value="1"`, "cannot be changed"}, nil},
		{organizer, "/close", []string{"Who has not voted", `name="number" value="1"`}, nil},
	} {
		asked.Store(0)
		a := h.desk(t, http.MethodGet, base+c.path, c.who, nil)
		if a.Status != http.StatusOK || asked.Load() != 1 {
			t.Errorf("%s as %s: %d, review was asked %d times", c.path, c.who, a.Status, asked.Load())
		}
		main := a.Body[strings.Index(a.Body, "<main"):]
		for _, text := range c.has {
			if !strings.Contains(main, text) && !strings.Contains(a.Body, text) {
				t.Errorf("%s as %s lacks %q: %s", c.path, c.who, text, main)
			}
		}
		for _, text := range append(c.not, "<b onclick", "</b onclick") {
			if strings.Contains(main, text) {
				t.Errorf("%s as %s has %q", c.path, c.who, text)
			}
		}
	}
}

// TestMeeting_state answers at once where something has changed, and waits where
// nothing has; it ends with the gateway.
func TestMeeting_state(t *testing.T) {
	m, asked := meetingOf(review.Moved), atomic.Int64{}
	h := inMeeting(t, func() *review.Meeting { return m }, &asked)
	state := "/desk/s/" + here + "/meeting/state?known="
	a := h.desk(t, http.MethodGet, state, member, nil)
	_, rest, _ := strings.Cut(a.Body, `data-version="`)
	version, _, _ := strings.Cut(rest, `"`)
	if a.Status != http.StatusOK || version == "" || strings.Contains(a.Body, "<html") {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	asked.Store(0)
	waits := make(chan answer, 1)
	go func() { waits <- h.desk(t, http.MethodGet, state+version, member, nil) }()
	testkit.Eventually(t, testkit.Patience, func() error {
		if asked.Load() < 2 {
			return errors.New("nobody waits")
		}
		return nil
	})
	ctx, cancel := context.WithTimeout(t.Context(), testkit.Patience)
	defer cancel()
	if err := h.server.Stop(ctx); err != nil {
		t.Error(err)
	}
	if a := <-waits; !strings.Contains(a.Body, version) {
		t.Errorf("%d %s", a.Status, a.Body)
	}
}

// TestMeeting_follow has both pages follow what changes, in a browser.
func TestMeeting_follow(t *testing.T) {
	var now atomic.Pointer[review.Meeting]
	now.Store(meetingOf(""))
	asked := atomic.Int64{}
	h := inMeeting(t, now.Load, &asked)
	for who, path := range map[string]string{member: "", organizer: "/wall"} {
		now.Store(meetingOf(""))
		ctx := browser.Open(t)
		browser.Run(t, ctx, "session", chromedp.Navigate(h.url+"/static/icon.svg"),
			chromedp.Evaluate[chromedp.Void](`document.cookie = "laurel_session=`+who+`; path=/"`),
			chromedp.Navigate(h.url+"/desk/s/"+here+"/meeting"+path+"?lang=en"))
		for _, outcome := range []string{review.Moved, review.Approved} {
			now.Store(meetingOf(outcome))
			text := map[string]string{review.Moved: "The vote is open", review.Approved: "Adopted"}[outcome]
			testkit.Eventually(t, testkit.Patience, func() error {
				if shown := browser.Read[string](t, ctx, `document.body.innerText`); !strings.Contains(shown, text) {
					return errors.New(shown)
				}
				return nil
			})
		}
	}
}

// TestMeeting_late tells whoever votes on a motion that is closed so, on the page
// of the vote.
func TestMeeting_late(t *testing.T) {
	asked := atomic.Int64{}
	h := inMeeting(t, func() *review.Meeting { return meetingOf(review.Approved) }, &asked)
	a := h.desk(t, http.MethodPost, "/desk/s/"+here+"/meeting/vote/confirm", member, url.Values{"choice": {"for"}, "number": {"1"}})
	if a.Status != http.StatusConflict || !strings.Contains(a.Body, "its vote is closed") || !strings.Contains(a.Body, "Adopted") {
		t.Errorf("%d %s", a.Status, a.Body)
	}
}

// TestMeeting_look looks at the meeting's pages, with nothing and with much in
// them.
func TestMeeting_look(t *testing.T) {
	var now atomic.Pointer[review.Meeting] // open pages ask all the time
	now.Store(meetingOf(""))
	asked := atomic.Int64{}
	h := inMeeting(t, now.Load, &asked)
	ctx := browser.Open(t)
	base := h.url + "/desk/s/" + here + "/meeting"
	sit := func(who string) {
		browser.Run(t, ctx, "session", chromedp.Navigate(h.url+"/static/icon.svg"),
			chromedp.Evaluate[chromedp.Void](`document.cookie = "laurel_session=`+who+`; path=/"`))
	}
	sit(organizer)
	browser.Look(t, ctx, "meeting-before", base)
	browser.Look(t, ctx, "meeting-motion", base+"/motion")
	browser.Look(t, ctx, "meeting-minutes-empty", base+"/minutes")
	now.Store(meetingOf(review.Moved))
	browser.Look(t, ctx, "meeting-organizer", base)
	browser.Look(t, ctx, "meeting-close", base+"/close")
	browser.Look(t, ctx, "meeting-wall", base+"/wall")
	sit(member)
	browser.Look(t, ctx, "meeting-member", base)
	browser.Look(t, ctx, "meeting-vote", base+"/vote")
	now.Store(meetingOf(review.Approved))
	browser.Look(t, ctx, "meeting-decided", base)
	browser.Look(t, ctx, "meeting-wall-decided", base+"/wall")
	browser.Look(t, ctx, "meeting-minutes", base+"/minutes")
	now.Store(&review.Meeting{Slug: here})
	browser.Look(t, ctx, "meeting-empty", base)
}
