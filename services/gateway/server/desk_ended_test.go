package server_test

import (
	"html"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var (
	endedAction = regexp.MustCompile(`<form[^>]* method="post" action="(/desk/[^"]+)"`)
	endedField  = regexp.MustCompile(`(?s)<input type="hidden" name="([^"]*)" value="([^"]*)">`)
	endedArea   = regexp.MustCompile(`(?s)<textarea[^>]* name="([^"]*)"[^>]*>\n?(.*?)</textarea>`)
)

// TestDesk_endedTyping has a session end while somebody types in forms of three
// kinds: lines of text, boxes and fields of people, and a choice with a hidden
// field. The page that asks them to sign in has all of it, and once they have, it
// is sent as it was typed.
func TestDesk_endedTyping(t *testing.T) {
	text := "第一行\r\n<b>\"second\" & last</b>\r\n\r\n end "
	forms := map[string]struct {
		form url.Values
		verb string
		says []string
	}{
		"/meeting/motion/confirm": {url.Values{"motion": {text}}, "review/put_motion", []string{"第一行", `second\" \u0026 last`}},
		"/panels/experts/seats/take": {
			url.Values{
				"person": {"juror-3@example.org", "juror-4@example.org"}, "employer:juror-3@example.org": {`"陇运" & 'co'`}, "employer:juror-4@example.org": {""},
			}, "review/seat_panel", []string{"juror-3@example.org", "juror-4@example.org", `陇运`},
		},
		"/panels/experts/candidates/7/pin/send": {
			url.Values{"juror": {"juror-3@example.org"}, "conflicted": {"no"}, "reason": {text}}, "review/pin_conflict", []string{`"conflicted":false`, "第一行"},
		},
	}
	kept := &heard{asks: map[string]string{}}
	h, _ := organizing(t, kept.hears("review/put_motion", "review/seat_panel", "review/pin_conflict"))
	for _, path := range slices.Sorted(maps.Keys(forms)) {
		one, at := forms[path], "/desk/s/"+here+path
		a := h.desk(t, http.MethodPost, at, "ended-session", one.form)
		if a.Status != http.StatusUnauthorized || kept.said(one.verb) != "" || !strings.Contains(a.Body, "/desk/sign-in") {
			t.Errorf("%s without a session: %d, asked %q", path, a.Status, kept.said(one.verb))
		}
		again, action := url.Values{}, ""
		for _, m := range endedAction.FindAllStringSubmatch(a.Body, -1) {
			if html.UnescapeString(m[1]) == at {
				action = at
			}
		}
		for _, m := range append(endedField.FindAllStringSubmatch(a.Body, -1), endedArea.FindAllStringSubmatch(a.Body, -1)...) {
			again.Add(html.UnescapeString(m[1]), html.UnescapeString(m[2]))
		}
		if diff := cmp.Diff(one.form, again); diff != "" || action == "" {
			t.Errorf("%s: the page has to be sent to %q (-typed +kept):\n%s", path, action, diff)
		}
		if a := h.desk(t, http.MethodPost, at, organizer, again); a.Status != http.StatusSeeOther {
			t.Errorf("%s sent again: %d %.500s", path, a.Status, mainOf(a.Body))
		}
		for _, say := range one.says {
			if asked := kept.said(one.verb); !strings.Contains(asked, say) {
				t.Errorf("%s: %s is asked %s, without %q", path, one.verb, asked, say)
			}
		}
		h.clock.Advance(10 * time.Second)
	}
}
