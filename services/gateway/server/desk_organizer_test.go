package server_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/pkg/testkit/browser"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/review"
	"github.com/laurel-awards/laurel/services/selection"
	"github.com/laurel-awards/laurel/services/voting"
)

// markup is what somebody writes who wants pages to do something.
const markup = `<script>alert(1)</script>`

const (
	manyCandidates = 60
	manyJurors     = 31
)

// asked counts what rooms are asked, by "room/verb".
type askedRooms struct {
	mu sync.Mutex
	n  map[string]int
}

func (a *askedRooms) count(rooms map[string][]bus.Endpoint) map[string][]bus.Endpoint {
	for room, endpoints := range rooms {
		for i, e := range endpoints {
			endpoints[i].Handle = func(ctx context.Context, in []byte) (any, error) {
				a.mu.Lock()
				a.n[room+"/"+e.Name]++
				a.mu.Unlock()
				return e.Handle(ctx, in)
			}
		}
	}
	return rooms
}

// since gives what was asked since the last time.
func (a *askedRooms) since() map[string]int {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := a.n
	a.n = map[string]int{}
	return n
}

// busy is a selection in the middle of everything.
func busy(t *testing.T) selection.Selection {
	t.Helper()
	s := frozen(t)
	at := time.Date(2026, 5, 3, 1, 0, 0, 0, time.UTC)
	closes := at.Add(72 * time.Hour)
	s.Phases = nil
	for _, name := range rulebook.PhaseNames() {
		s.Phases = append(s.Phases, selection.Phase{Name: name, State: selection.Pending})
	}
	for i := range 4 {
		s.Phases[i].State, s.Phases[i].OpenedAt = selection.Opened, &at
	}
	s.Phases[0].State, s.Phases[0].ClosedAt = selection.Closed, &at
	s.Phases[2].ClosesAt = &closes
	return s
}

// steps are the plan of a busy selection.
func steps(s selection.Selection) selection.Plan {
	p := selection.Plan{Selection: s, At: time.Date(2026, 5, 4, 2, 30, 0, 0, time.UTC)}
	for _, one := range s.Phases {
		for _, action := range []string{event.Open, event.Close} {
			step := selection.Step{Phase: one.Name, Action: action}
			switch {
			case one.OpenedAt != nil && action == event.Open, one.ClosedAt != nil:
				step.Ordered = &selection.Ordered{By: markup, At: *one.OpenedAt, Reason: markup}
			case one.State == selection.Pending:
				step.Refused = selection.ErrOutOfOrder.At(fault.Wrong("phase", "closes_after_opening", "…", "phase", one.Name, "before", one.Name, "state", one.State))
			}
			p.Steps = append(p.Steps, step)
		}
	}
	return p
}

// organizing is an installation whose rooms tell of a busy selection.
func organizing(t *testing.T, more map[string]bus.Endpoint) (*installation, *askedRooms) {
	t.Helper()
	h := bare(t, testkit.Log(t))
	s := busy(t)
	list := make([]nomination.Candidate, manyCandidates)
	oversight, conflicts := review.Oversight{}, []review.Conflict{}
	for i := range list {
		list[i] = nomination.Candidate{Number: i + 1, Name: fmt.Sprintf("%s候选人%d", markup, i+1), Employer: "陇运快递"}
		oversight.Candidates = append(oversight.Candidates, review.Spread{
			Candidate: i + 1, Sheets: manyJurors, Mean: "88.1234", Lowest: "70", Highest: "95", Spread: "25", OverLimit: i%7 == 0,
			Outliers: []review.Outlier{{Juror: "juror-3@example.org", Total: "70", Z: "-4.1"}},
		})
	}
	panel := review.Panel{ID: "experts", Assign: "all", Short: []int{3}}
	for n := range manyJurors {
		id := fmt.Sprintf("juror-%d@example.org", n)
		j := review.JurorProgress{Person: review.Person{ID: id, Name: fmt.Sprintf("%s评委%d", markup, n), Employer: markup}, Seat: n + 1}
		for i := range list {
			j.Candidates = append(j.Candidates, i+1)
		}
		j.Scored = j.Candidates[:n]
		j.Assigned, j.Submitted = manyCandidates, n
		panel.Jurors = append(panel.Jurors, j)
		oversight.Jurors = append(oversight.Jurors, review.Severity{Juror: id, Sheets: 40, Lean: "-1.5"})
		yes := true
		conflicts = append(conflicts, review.Conflict{
			Juror: id, Candidate: n + 1, Grounds: []review.Ground{{Source: "employer", Detail: markup}}, Pinned: &yes, Reason: markup, Recused: true,
		})
		h.identity.mu.Lock()
		h.identity.grants[fmt.Sprintf("juror-%d@example.org", n)] = []identity.Grant{{Slug: here, Role: identity.Juror, Scope: "experts"}}
		h.identity.mu.Unlock()
	}
	oversight.Alike = []review.Alike{{A: "juror-1@example.org", B: "juror-2@example.org", Candidates: 40, Scores: 120, Equal: 118}}
	hours := voting.Turnout{Slug: here, Ballots: 4711, Ways: []voting.TurnoutOfWay{{Way: "device"}, {Way: "roster"}}}
	for i := range 60 {
		hours.Hours = append(hours.Hours, voting.TurnoutHour{From: time.Date(2026, 5, 1, i, 0, 0, 0, time.UTC), Ballots: int64(10 + i*i%90)})
	}
	taken := time.Date(2026, 5, 2, 3, 0, 0, 0, time.UTC)
	script := map[string]bus.Endpoint{
		"selection/get_selection":   says(s, nil),
		"selection/list_selections": says([]selection.Selection{s}, nil),
		"selection/get_plan":        says(steps(s), nil),
		"nomination/get_progress": says(
			nomination.Progress{Entries: map[nomination.State]int{nomination.Submitted: 40}, Due: map[string]int{"hr": 12, "tax": 3}}, nil),
		"nomination/list_candidates": does(func(in nomination.ListCandidates) ([]nomination.Candidate, error) {
			return list[min(in.After, len(list)):], nil
		}),
		"nomination/find_entries":  says(fullList(), nil),
		"nomination/get_entry":     says(fullList().Entries[0], nil),
		"nomination/list_versions": says(fullVersions(), nil),
		"voting/get_turnout":       says(hours, nil),
		"review/get_panel":         says(panel, nil),
		"review/get_oversight":     says(oversight, nil),
		"review/list_conflicts":    says(conflicts, nil),
		"review/find_gaps": says([]review.Gap{{
			Panel: "experts", Juror: markup, Candidates: []int{7, 9},
			What: fault.Wrong("scores", "gap_sheet", "…", "panel", "experts", "juror", markup, "candidate", 7),
		}}, nil),
		"review/get_history": says([]review.Revision{{Juror: "juror-3@example.org", Sheet: review.Sheet{
			Scores: map[string]string{"deeds": "90"}, Comment: markup, Revision: 2, Submitted: true, At: taken,
		}}}, nil),
		"review/get_decision": says(review.Decision{Members: []review.Person{{ID: "a-1", Name: markup}}, Outcome: review.NoMotion}, nil),
		"identity/get_roster": says(identity.Roster{
			Slug: here, Members: 200, Coded: 150, Exports: 1, Mailed: identity.Mailed{Sent: 90, Failed: 1}, Failed: []identity.Failed{{Member: markup, Error: markup}},
			Lists: []identity.List{{Export: 1, At: taken, By: markup, Form: "xlsx", Codes: 60, LeftOut: 90, Reason: markup}},
		}, nil),
	}
	maps.Copy(script, more)
	asked := &askedRooms{n: map[string]int{}}
	h.serve(t, asked.count(h.scripted(script)))
	h.start(t, quickly)
	return h, asked
}

// fullEntry is the id of an entry with versions.
const fullEntry = "0192f0c1-2345-7abc-8def-000000000000"

// fullList is a page of 5,000 entries, with as many values to filter by as there may
// be.
func fullList() nomination.EntriesFound {
	at := time.Date(2026, 5, 2, 3, 0, 0, 0, time.UTC)
	found := nomination.EntriesFound{Total: 5000, Page: 1, Pages: 100}
	for i := range 50 {
		e := nomination.Entry{
			ID: fmt.Sprintf("0192f0c1-2345-7abc-8def-%012d", i), Slug: here, State: nomination.Submitted, Version: 3, CreatedAt: at,
			Nominee: nomination.Nominee{
				Name: fmt.Sprint(markup, "马晓燕", i), Employer: fmt.Sprint("陇运速递有限公司第", i, "营业部"), Region: "临夏回族自治州", RecommendedBy: "甘肃省邮政业工会",
				Deeds: strings.Repeat("风雨无阻，把每一件快递送到乡亲手里。", 270), Photo: strings.Repeat("ab", 32),
			},
			Opinions: []nomination.Opinion{{Department: "hr", Verdict: nomination.Fail, Reason: markup, By: markup, At: at, Version: 3}},
		}
		found.Entries = append(found.Entries, e)
	}
	for i := range 300 {
		found.Regions = append(found.Regions, nomination.Value{Text: fmt.Sprint("第", i, "县"), Count: i})
		found.RecommendedBy = append(found.RecommendedBy, nomination.Value{Text: fmt.Sprint("第", i, "县总工会"), Count: i})
	}
	return found
}

// fullVersions are ten corrections of a long story.
func fullVersions() (all []nomination.Version) {
	e := fullList().Entries[0]
	for n := 10; n > 0; n-- {
		v := nomination.Version{
			Number: n, Nominee: e.Nominee, Changed: []string{"deeds", "employer", "photo"}, By: markup, Reason: markup,
			TakenBack: e.Opinions, Opinions: []nomination.Opinion{},
		}
		v.Nominee.Deeds = strings.Repeat(fmt.Sprint("第", n, "次更正：", markup, "把每一件快递送到乡亲手里。"), 100)
		all = append(all, v)
	}
	return all
}

// organizerPages are all of them, with the most calls that each may cost beside
// who asks and which selection it is.
func organizerPages() map[string]int {
	return map[string]int{
		"": 7, "/phases": 1, "/phases/voting/close": 1, "/phases/review/close": 2, "/phases/nomination/close": 1,
		"/phases/vetting/close": 3, "/phases/notice/open": 1,
		"/panels": 2, "/panels/experts": 6, "/panels/experts/seats": 6, "/panels/experts/jurors/juror-3@example.org": 6, "/panels/experts/candidates/7": 7,
		"/panels/experts/candidates/7/further": 7, "/panels/experts/candidates/7/pin": 7, "/committee": 2,
		"/roster": 1, "/roster/codes": 0, "/roster/mail": 0, "/roster/replace": 0,
		"/entries": 1, "/entries?q=x&sort=-name&page=99": 1, "/entries/" + fullEntry: 2, "/entries/" + fullEntry + "/correct": 1, "/import": 2, "/photos": 2,
		"/people": 1, "/people/invite": 0, "/rulebook": 1, "/audit": 5, "/meeting": 2,
	}
}

// TestDeskOrganizer asks for each page of the organizer's, with 60 candidates and
// 31 jurors: few calls, a small page, and what people wrote is text.
func TestDeskOrganizer(t *testing.T) {
	h, asked := organizing(t, nil)
	h.desk(t, http.MethodGet, "/desk/s/"+here, organizer, nil) // the caches are filled
	for _, path := range slices.Sorted(maps.Keys(organizerPages())) {
		most := organizerPages()[path]
		asked.since()
		a := h.desk(t, http.MethodGet, "/desk/s/"+here+path, organizer, nil)
		if a.Status != http.StatusOK {
			t.Errorf("%s: %d %.500s", path, a.Status, a.Body)
			continue
		}
		calls := asked.since()
		delete(calls, "identity/authenticate")
		delete(calls, "selection/get_selection")
		n := 0
		for _, times := range calls {
			n += times
		}
		if n > most {
			t.Errorf("%s asks %d times, more than %d: %v", path, n, most, calls)
		}
		if strings.Contains(a.Body, markup) || strings.Contains(a.Body, "style=") {
			t.Errorf("%s: markup stands in the page", path)
		}
		if size := packed(t, a.Body); size > 120_000 {
			t.Errorf("%s weighs %d bytes", path, size)
		}
	}
	if a := h.desk(t, http.MethodGet, "/desk/s/"+here+"/panels/experts", organizer, nil); !strings.Contains(a.Body, "&lt;script&gt;") {
		t.Error("names are not there as text")
	}
}

// packed is the size of a page as it goes over the wire.
func packed(t *testing.T, page string) int {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(page)); err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	return b.Len()
}

// TestDeskOrganizer_waits tells each person what waits for them, and for whoever
// runs the selection what waits for all.
func TestDeskOrganizer_waits(t *testing.T) {
	h, _ := organizing(t, map[string]bus.Endpoint{
		"review/get_sheets": says(review.OwnSheets{List: []review.Assignment{
			{Candidate: "7"}, {Candidate: "8", Sheet: &review.Sheet{Submitted: true}, SecondLook: "look again"},
		}}, nil),
		"review/get_decision": says(review.Decision{Members: make([]review.Person, 5), Voted: 2, Outcome: review.Moved}, nil),
	})
	emails := map[string]string{}
	for _, p := range h.people() {
		emails[p.name] = p.email
	}
	for name, want := range map[string]struct{ has, not []string }{
		"organizer": {[]string{
			"12 entries to vet: ", "3 entries to vet", "sheets to submit: ", "1 letter with a code", "50 members have no code", "phases/voting/close",
			"4,711", "Turnout by day", "3 members have yet",
		}, []string{"for you"}},
		"auditor": {[]string{"12 entries to vet", "4,711"}, []string{"phases/voting/close/order"}},
		"vetter":  {[]string{"12 entries to vet"}, []string{"3 entries to vet", "4,711", "sheets to submit", "members have yet"}},
		"juror":   {[]string{"1 sheet for you to submit", "1 sheet sent back to you"}, []string{"entries to vet", "4,711", "sheets to submit"}},
		"member":  {[]string{"3 members have yet"}, []string{"entries to vet", "4,711", "sheets"}},
	} {
		a := h.desk(t, http.MethodGet, "/desk/s/"+here, emails[name], nil)
		for _, text := range want.has {
			if !strings.Contains(a.Body, text) {
				t.Errorf("%s is not told %q: %d", name, text, a.Status)
			}
		}
		for _, text := range want.not {
			if strings.Contains(a.Body, text) {
				t.Errorf("%s is told %q", name, text)
			}
		}
	}
}

// TestDeskOrganizer_phase orders changes: with a reason, of what was seen, and
// only where nothing is missing.
func TestDeskOrganizer_phase(t *testing.T) {
	var mu sync.Mutex
	var orders []selection.ChangePhase
	h, _ := organizing(t, map[string]bus.Endpoint{
		"selection/change_phase": does(func(in selection.ChangePhase) (selection.Selection, error) {
			mu.Lock()
			defer mu.Unlock()
			orders = append(orders, in)
			switch {
			case strings.TrimSpace(in.Reason) == "":
				return selection.Selection{}, selection.Invalid(in.Check()...)
			case in.Seen != selection.Opened:
				return selection.Selection{}, selection.ErrChanged
			}
			return selection.Selection{Slug: here, Phases: []selection.Phase{{Name: in.Phase, State: selection.Closed}}}, nil
		}),
	})
	page := "/desk/s/" + here + "/phases/voting/close"
	send := func(form url.Values) answer { return h.desk(t, http.MethodPost, page+"/order", organizer, form) }
	if a := send(url.Values{"seen": {"open"}, "reason": {" "}}); a.Status != http.StatusUnprocessableEntity || !strings.Contains(a.Body, `href="#reason"`) {
		t.Errorf("without a reason: %d %.300s", a.Status, a.Body)
	}
	if a := send(url.Values{"seen": {"opening"}, "reason": {"as announced"}}); a.Status != http.StatusConflict ||
		!strings.Contains(a.Body, "Somebody has changed this phase meanwhile") || !strings.Contains(a.Body, "as announced") {
		t.Errorf("of another state: %d", a.Status)
	}
	a := send(url.Values{"seen": {"open"}, "reason": {"as announced"}})
	if a.Status != http.StatusSeeOther || a.Header.Get("Location") != "/desk/s/"+here+"/phases" {
		t.Errorf("ordered: %d %s", a.Status, a.Header.Get("Location"))
	}
	want := selection.ChangePhase{Slug: here, Phase: "voting", Action: event.Close, Reason: "as announced", Seen: selection.Opened}
	if diff := cmp.Diff(want, orders[len(orders)-1]); diff != "" {
		t.Errorf("the order (-want +got):\n%s", diff)
	}
	// What is missing is named with who has yet to do it, and there is no button.
	a = h.desk(t, http.MethodGet, "/desk/s/"+here+"/phases/review/close", organizer, nil)
	if !strings.Contains(a.Body, "has 2 sheets to submit") || !strings.Contains(a.Body, "7, 9") || strings.Contains(a.Body, "/phases/review/close/order") {
		t.Errorf("missing sheets: %.2000s", a.Body)
	}
	a = h.desk(t, http.MethodGet, "/desk/s/"+here+"/phases/nomination/close", organizer, nil)
	if !strings.Contains(a.Body, "This has been done") || strings.Contains(a.Body, "/close/order") {
		t.Errorf("what the first did is not told: %.500s", a.Body)
	}
}

// TestDeskOrganizer_look looks at the organizer's pages in a browser.
func TestDeskOrganizer_look(t *testing.T) {
	h, _ := organizing(t, nil)
	ctx := browser.Open(t)
	browser.Run(t, ctx, "session", chromedp.Navigate(h.url+"/desk/sign-in"),
		chromedp.Evaluate[chromedp.Void](`document.cookie = "laurel_session=`+organizer+`; path=/"`))
	for name, path := range map[string]string{
		"dashboard": "", "phases": "/phases", "phase-close": "/phases/voting/close", "phase-missing": "/phases/review/close",
		"phase-done": "/phases/nomination/close",
		"panels":     "/panels", "panel": "/panels/experts", "seats": "/panels/experts/seats", "panel-juror": "/panels/experts/jurors/juror-3@example.org",
		"panel-candidate": "/panels/experts/candidates/7", "panel-further": "/panels/experts/candidates/7/further", "committee": "/committee",
		"entry-versions": "/entries/" + fullEntry, "entry-correct": "/entries/" + fullEntry + "/correct",
		"roster": "/roster", "codes": "/roster/codes", "codes-mail": "/roster/mail", "code-replace": "/roster/replace",
	} {
		browser.Look(t, ctx, "organizer-"+name, h.url+"/desk/s/"+here+path)
	}
}
