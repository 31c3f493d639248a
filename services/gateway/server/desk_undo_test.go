package server_test

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/review"
	"github.com/laurel-awards/laurel/services/selection"
)

// takenBack is how an act of a desk can be taken back, or what is told before it.
type takenBack string

const (
	byUndo  takenBack = "undo" // what is told after it has a button that takes it back
	isUndo  takenBack = "back" // it is such a button of another act, too
	hasPage takenBack = "page" // a page of its own says what it does
	nothing takenBack = "none" // nothing comes of it for anybody else, or not yet
)

// undoForms are what a form with an undo takes, to be done.
var undoForms = map[string]url.Values{
	"POST /desk/new/start":                                     {"from": {"example:most-beautiful-courier"}},
	"POST /desk/s/{slug}/entries/{entry}/withdraw":             {"reason": {"by mistake"}},
	"POST /desk/s/{slug}/photos/place":                         {"picture": {deskPaths["picture"]}, "entry": {deskPaths["entry"]}},
	"POST /desk/s/{slug}/people/revoke":                        {"email": {"wang@example.org"}, "role": {"auditor"}},
	"POST /desk/s/{slug}/vetting/many/give":                    {"department": {"hr"}, "entry": {deskPaths["entry"]}, "verdict": {"pass"}},
	"POST /desk/s/{slug}/vetting/{entry}/give":                 {"department": {"hr"}, "verdict": {"pass"}},
	"POST /desk/s/{slug}/panels/{panel}/jurors/{juror}/assign": {"candidate": {"7"}},
}

// undoTable says of every form of the desks which of them it has.
func undoTable() map[string]takenBack {
	of := "/desk/s/{slug}"
	return map[string]takenBack{
		// One's own account and session.
		"/desk/sign-in/enter": nothing, "/desk/sign-in/passkey": nothing, "/desk/sign-in/second/prove": nothing, "/desk/sign-out": nothing,
		"/desk/setup/create": hasPage, "/desk/account/sessions/confirm": hasPage, "/desk/account/password/change": hasPage,
		"/desk/account/factors/{factor}/remove": hasPage, "/desk/account/recovery/renew": hasPage,
		"/desk/account/passkey/begin": hasPage, "/desk/account/passkey/finish": hasPage,
		"/desk/account/totp/begin": hasPage, "/desk/account/totp/finish": hasPage,
		// A draft is nobody's rule until a selection is made of it.
		"/desk/new/start": byUndo, "/desk/new/{draft}/apply": nothing, "/desk/new/{draft}/check": nothing, "/desk/new/{draft}/try": nothing,
		"/desk/new/{draft}/create": hasPage, "/desk/new/{draft}/discard/confirm": isUndo,
		// Entries, files and photos. Of a file nothing is taken until it is run.
		of + "/entries/{entry}/withdraw": byUndo, of + "/entries/{entry}/restore": isUndo, of + "/entries/{entry}/correct/send": hasPage,
		of + "/entries/new/send": hasPage,
		of + "/import/upload":    nothing, of + "/import/{import}/look": nothing, of + "/import/{import}/check": nothing,
		of + "/import/{import}/run": hasPage, of + "/import/{import}/drop/confirm": hasPage,
		of + "/photos/add": hasPage, of + "/photos/place": byUndo, of + "/photos/back": isUndo,
		// People and panels.
		of + "/people/revoke": byUndo, of + "/people/again": isUndo,
		of + "/people/invite/read": nothing, of + "/people/invite/file/read": nothing, of + "/people/invite/send": hasPage,
		of + "/panels/{panel}/seats/take": hasPage, of + "/panels/{panel}/jurors/{juror}/assign": byUndo, of + "/panels/{panel}/jurors/{juror}/leave": hasPage,
		of + "/panels/{panel}/candidates/{number}/further/send": hasPage, of + "/panels/{panel}/candidates/{number}/pin/send": hasPage,
		of + "/panels/{panel}/candidates/{number}/return/send": hasPage, of + "/committee/take": hasPage,
		// The roster's codes, phases, the meeting.
		of + "/roster/import": hasPage, of + "/roster/codes/send": hasPage, of + "/roster/mail/send": hasPage, of + "/roster/replace/send": hasPage,
		of + "/phases/{phase}/{action}/order": hasPage,
		of + "/meeting/motion/confirm":        hasPage, of + "/meeting/vote/confirm": hasPage, of + "/meeting/close/confirm": hasPage,
		of + "/meeting/recuse/confirm": hasPage,
		of + "/sign/confirm":           hasPage, of + "/sign/refuse/confirm": hasPage,
		// Letters: one that is held is released on the same page, and who writes a
		// wording sees it first.
		"/desk/mail/change": hasPage, "/desk/mail/{letter}/withdraw": hasPage, of + "/mail/change": hasPage, of + "/mail/{letter}/withdraw": hasPage,
		of + "/mail/wordings/{wording}/save": hasPage, of + "/mail/wordings/{wording}/reset": hasPage, of + "/mail/wordings/{wording}/try": nothing,
		// The result, what is checked of it, and who operates. A recount changes nothing, and is ended on its page.
		of + "/publish/send": hasPage, of + "/result/lot/record": hasPage, of + "/checks/recount": nothing, of + "/checks/cancel": nothing,
		of + "/search/order": nothing, of + "/search/cancel": nothing, // likewise
		of + "/entries/{entry}/strike/confirm": hasPage,
		"/desk/operators/give":                 hasPage, "/desk/operators/revoke": hasPage, "/desk/operators/access/change": hasPage,
		// Objections: what is noted stays, and each act has a page that says what it does.
		of + "/objections/enter/send": hasPage, of + "/objections/{objection}/note/send": hasPage,
		of + "/objections/{objection}/exclude/send": hasPage, of + "/objections/{objection}/decide/send": hasPage,
		// Departments and jurors. A sheet may be saved again until review closes.
		of + "/vetting/{entry}/give": byUndo, of + "/vetting/many/give": byUndo, of + "/vetting/withdraw": isUndo,
		of + "/sheets/{panel}/{code}/save": hasPage, of + "/sheets/{panel}/{code}/abstain/confirm": hasPage,
		of + "/sheets/{panel}/{code}/recuse/confirm": hasPage, of + "/sheets/{panel}/review/submit": hasPage,
	}
}

// TestDesk_undo has each form in the table of what takes it back: what has an undo
// is done, and its button leads to a form of the desks, with what that form takes;
// what has a page has one of its own.
func TestDesk_undo(t *testing.T) {
	h := undoing(t)
	acts, table, undone := h.acts(t), undoTable(), map[string]bool{}
	for _, p := range h.people() {
		if p.name == "organizer" || p.name == "vetter" {
			h.identity.grants[organizer] = append(h.identity.grants[organizer], p.grant)
		}
	}
	for _, route := range slices.Sorted(maps.Keys(acts)) {
		method, path, _ := strings.Cut(route, " ")
		if method != http.MethodPost || !isDesk(path) {
			continue
		}
		kind, named := table[path]
		if !named {
			t.Errorf("%s: nobody has said how it is taken back, or what is told before it", route)
		}
		delete(table, path)
		page, _, _ := strings.Cut(path, "/"+path[strings.LastIndex(path, "/")+1:])
		if _, there := acts["GET "+page]; kind == hasPage && !there {
			t.Errorf("%s has no page of its own", route)
		}
		if _, done := undoForms[route]; kind != byUndo && !done {
			continue
		}
		a := h.desk(t, http.MethodPost, filled(path), organizer, undoForms[route])
		told := noteOf(t, a)
		if a.Status != http.StatusSeeOther || told.Undo == nil {
			t.Errorf("%s: %d, and no undo: %+v %.600s", route, a.Status, told, mainOf(a.Body))
			continue
		}
		back := ""
		for other := range acts {
			if like, ok := strings.CutPrefix(other, "POST "); ok && fits(like, told.Undo.Action) {
				back = like
			}
		}
		if again := undoTable()[back]; again != isUndo && back != path {
			t.Errorf("%s is taken back at %q, which is %q", route, told.Undo.Action, again)
		}
		undone[back] = true
		form := url.Values{}
		for name, value := range told.Undo.Values {
			form.Set(name, value)
		}
		if a := h.desk(t, http.MethodPost, told.Undo.Action, organizer, form); a.Status != http.StatusSeeOther && a.Status != http.StatusOK {
			t.Errorf("%s is not taken back: %d %.600s", route, a.Status, mainOf(a.Body))
		}
	}
	for path := range table {
		t.Errorf("there is no %s", path)
	}
	for path, kind := range undoTable() {
		if kind == isUndo && !undone[path] {
			t.Errorf("%s takes nothing back", path)
		}
	}
}

// undoing is an installation whose rooms do what they are asked.
func undoing(t *testing.T) *installation {
	t.Helper()
	h, _ := organizing(t, map[string]bus.Endpoint{
		"selection/start_draft":   says(selection.Draft{ID: deskPaths["draft"], Version: 1}, nil),
		"selection/discard_draft": says(selection.Draft{ID: deskPaths["draft"], Version: 1}, nil),
		"nomination/place_photo":  says(nomination.Picture{ID: deskPaths["picture"], Entry: deskPaths["entry"], State: nomination.PicturePlaced}, nil),
		"nomination/give_opinions": says(nomination.Vetted{
			Entries: []nomination.VettedEntry{{ID: deskPaths["entry"], Name: "马晓燕", State: nomination.Submitted}},
		}, nil),
		"nomination/withdraw_opinions": says(nomination.Vetted{Entries: []nomination.VettedEntry{{ID: deskPaths["entry"], Name: "马晓燕"}}}, nil),
		"review/get_panel": says(review.Panel{ID: "experts", Jurors: []review.JurorProgress{{
			Person: review.Person{ID: deskPaths["juror"], Name: "评委"}, Candidates: []int{3, 4}, Assigned: 2,
		}}}, nil),
		"identity/list_staff": says([]identity.Account{{ID: deskPaths["juror"], Email: "the-juror@example.org", Name: "评委"}}, nil),
	})
	return h
}

// deskNote is what a page is about to say of an act.
type deskNote struct {
	Text string
	Undo *struct {
		Action string
		Values map[string]string
	}
}

var noteCookie = regexp.MustCompile(`laurel_note=([^;]+)`)

func noteOf(t *testing.T, a answer) (n deskNote) {
	t.Helper()
	for _, cookie := range a.Header.Values("Set-Cookie") {
		m := noteCookie.FindStringSubmatch(cookie)
		if m == nil {
			continue
		}
		said, err := base64.RawURLEncoding.DecodeString(m[1])
		if err == nil {
			err = json.Unmarshal(said, &n)
		}
		if err != nil {
			t.Error(err)
		}
	}
	return n
}

// filled is a desk's path with something in each place.
func filled(path string) string {
	path = strings.ReplaceAll(path, "{slug}", here)
	for name, value := range deskPaths {
		path = strings.ReplaceAll(path, "{"+name+"}", value)
	}
	return path
}

// fits tells whether an address is one of a route.
func fits(route, address string) bool {
	address, _, _ = strings.Cut(address, "?")
	like := regexp.MustCompile(`\\\{[a-z]+\\\}`).ReplaceAllString(regexp.QuoteMeta(route), `[^/]+`)
	return regexp.MustCompile("^" + like + "$").MatchString(address)
}

// mainOf is what a page says.
func mainOf(body string) string {
	if i := strings.Index(body, "<main"); i >= 0 {
		return body[i:]
	}
	return body
}
