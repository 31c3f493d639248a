package server_test

import (
	"bytes"
	"encoding/json"
	"html"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	beginnings "github.com/laurel-awards/laurel/deploy/examples"
	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/pkg/testkit/browser"
	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/selection"
)

const draftID = "0192f0c1-2345-7abc-8def-0123456789ad"

// draftRoom keeps one draft as the selection service does.
type draftRoom struct {
	mu      sync.Mutex
	draft   selection.Draft // none: version 0
	created selection.CreateSelection
	given   string // text of the selection that is there
}

func (r *draftRoom) script() map[string]bus.Endpoint {
	return map[string]bus.Endpoint{
		"selection/start_draft": does(func(in selection.StartDraft) (selection.Draft, error) {
			if err := selection.Invalid(in.Check()...); err != nil {
				return selection.Draft{}, err
			}
			return r.write(0, in.Slug, in.Rulebook)
		}),
		"selection/list_drafts": does(func(struct{}) ([]selection.Draft, error) { return []selection.Draft{r.now()}, nil }),
		"selection/get_draft":   does(func(selection.OfDraft) (selection.Draft, error) { return r.now(), nil }),
		"selection/save_draft": does(func(in selection.SaveDraft) (selection.Draft, error) {
			if err := selection.Invalid(in.Check()...); err != nil {
				return selection.Draft{}, err
			}
			return r.write(in.Version, in.Slug, in.Rulebook)
		}),
		"selection/discard_draft": does(func(in selection.OfVersion) (selection.Draft, error) { return r.write(in.Version, "", "") }),
		"selection/finish_draft": does(func(in selection.OfVersion) (selection.Selection, error) {
			r.mu.Lock()
			defer r.mu.Unlock()
			if _, wrong := rulebook.Check([]byte(r.draft.Rulebook), time.Time{}); len(wrong) > 0 {
				return selection.Selection{}, fault.NewInvalid(rulebook.CodeInvalid, "the rulebook has mistakes", wrong...)
			}
			if r.draft.Slug == "taken" {
				return selection.Selection{}, selection.ErrSlugTaken
			}
			r.created = selection.CreateSelection{Slug: r.draft.Slug, Rulebook: r.draft.Rulebook}
			return selection.Selection{Slug: r.draft.Slug}, nil
		}),
		"selection/create_selection": says(selection.Selection{Slug: "courier-9"}, nil),
		"selection/get_given":        does(func(selection.Of) (selection.Given, error) { return selection.Given{Rulebook: r.given}, nil }),
	}
}

func (r *draftRoom) now() selection.Draft {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.draft
}

func (r *draftRoom) write(version int, slug, text string) (selection.Draft, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if version != 0 && version != r.draft.Version {
		return selection.Draft{}, selection.ErrDraftChanged
	}
	r.draft = selection.Draft{
		ID: draftID, Version: r.draft.Version + 1, Slug: slug, Rulebook: text, SavedBy: "王芳", SavedAt: time.Date(2026, 5, 4, 2, 0, 0, 0, time.UTC),
	}
	return r.draft, nil
}

// courierText is the text of the courier's example.
func courierText(t *testing.T) string {
	t.Helper()
	text, ok := beginnings.Rulebook("most-beautiful-courier")
	if !ok {
		t.Fatal("the example is not there")
	}
	return text
}

// drafting is an installation at whose desks a rulebook is written.
func drafting(t *testing.T) (*installation, *draftRoom) {
	t.Helper()
	h, r := bare(t, testkit.Log(t)), &draftRoom{given: "# 往届\n" + courierText(t)}
	script := r.script()
	script["selection/get_selection"] = says(frozen(t), nil)
	script["selection/list_selections"] = says([]selection.Selection{frozen(t)}, nil)
	h.serve(t, h.scripted(script))
	h.start(t, quickly)
	return h, r
}

const draftPage = "/desk/new/" + draftID

// sendDraft sends the form of a draft by one of its buttons.
func (h *installation) sendDraft(t *testing.T, button string, version string, text string, more url.Values) answer {
	t.Helper()
	form := url.Values{"version": {version}, "rulebook": {strings.ReplaceAll(text, "\n", "\r\n")}, "slug": {"courier-9"}} // as browsers send it
	for name, values := range more {
		form[name] = values
	}
	return h.desk(t, http.MethodPost, draftPage+"/"+button, organizer, form)
}

// TestDesk_new begins a selection from each source.
func TestDesk_new(t *testing.T) {
	h, r := drafting(t)
	start := func(from, file string) answer {
		var body bytes.Buffer
		w := multipart.NewWriter(&body)
		_ = w.WriteField("from", from)
		if file != "" {
			part, _ := w.CreateFormFile("file", "rules.yaml")
			_, _ = part.Write([]byte(file))
		}
		_ = w.Close()
		return h.ask(t, http.MethodPost, "/desk/new/start", "", body.String(), "Content-Type", w.FormDataContentType(),
			"Cookie", "laurel_session="+organizer, "Sec-Fetch-Site", "same-origin", "Accept-Language", "en")
	}
	for _, name := range beginnings.Names() {
		if a := start("example:"+name, ""); a.Status != http.StatusSeeOther || a.Header.Get("Location") != draftPage {
			t.Fatalf("%s: %d %s", name, a.Status, a.Body)
		}
		d := r.now()
		rules, wrong := rulebook.Check([]byte(d.Rulebook), time.Time{})
		if len(wrong) > 0 || !strings.HasPrefix(d.Slug, name+"-") || rules.Phases.Notice.ShortenedTo != 0 || strings.Contains(d.Rulebook, "publication:") {
			t.Errorf("%s: %s %v\n%s", name, d.Slug, wrong, d.Rulebook)
		}
	}
	r.given = strings.Replace(r.given, "phases: # no dates", "phases:\n  voting: {opens: \"2026-05-01 09:00\"}\n  # no dates", 1)
	if a := start("edition:"+here, ""); a.Status != http.StatusSeeOther {
		t.Fatalf("an edition: %d %s", a.Status, a.Body)
	}
	if d := r.now(); !strings.HasPrefix(d.Rulebook, "# 往届\n") || strings.Contains(d.Rulebook, "2026-05-01") ||
		!strings.Contains(d.Rulebook, "# for the demo alone") {
		t.Errorf("the next edition: %s", d.Rulebook)
	}
	if a := start("file", "\ufeff# mine\r\nlaurel: 1\r\n"); a.Status != http.StatusSeeOther || r.now().Rulebook != "# mine\nlaurel: 1\n" {
		t.Errorf("a file: %d %q", a.Status, r.now().Rulebook)
	}
	for what, a := range map[string]answer{
		"no file":    start("file", ""),
		"a large":    start("file", strings.Repeat("#", rulebook.MaxSize+1)),
		"no text":    start("file", "a\x00b"),
		"no such":    start("example:nothing", ""),
		"no example": start("example:skating", ""),
	} {
		if a.Status != http.StatusUnprocessableEntity || !strings.Contains(a.Body, `id="alert"`) {
			t.Errorf("%s: %d", what, a.Status)
		}
	}
}

// TestDesk_draft writes a rulebook by form and by text, without scripts.
func TestDesk_draft(t *testing.T) {
	h, r := drafting(t)
	text := "# the rules\n" + courierText(t)
	if _, err := r.write(0, "", text); err != nil {
		t.Fatal(err)
	}
	// The form changes its places, and the comments stay.
	a := h.sendDraft(t, "apply", "1", text, url.Values{
		"f:awards[0].seats": {"12"}, "f:edition": {"2"}, "f:timezone": {"Asia/Shanghai"}, "f:title.en": {"Couriers: a choice"},
	})
	want := strings.NewReplacer("seats: 10", "seats: 12", `"Most Beautiful Courier of Longyuan, 2nd edition"`, `"Couriers: a choice"`).Replace(text)
	if d := r.now(); a.Status != http.StatusSeeOther || d.Rulebook != want || d.Slug != "courier-9" || d.Version != 2 {
		t.Fatalf("%d: %s", a.Status, d.Rulebook)
	}
	// Where the text was changed, too, both changes stand.
	more := strings.Replace(want, "edition: 2", "edition: 3 # counted", 1)
	h.sendDraft(t, "apply", "2", more, url.Values{"f:awards[0].seats": {"13"}, "f:edition": {"2"}, "add": {"quotas"}})
	for _, has := range []string{"edition: 3 # counted", "seats: 13", "  - {}\n"} {
		if d := r.now(); !strings.Contains(d.Rulebook, has) {
			t.Fatalf("%s is not in %s", has, d.Rulebook)
		}
	}
	// An empty quota is wrong: at its field, and at its line.
	page := html.UnescapeString(h.desk(t, http.MethodGet, draftPage, organizer, nil).Body)
	for _, has := range []string{
		`id="f-quotas-3"`, "<code>quotas[3].attribute</code>", `href="#f-quotas-3-attribute"`, `id="f-quotas-3-attribute-wrong"`, "- {}</code>",
	} {
		if !strings.Contains(page, has) {
			t.Errorf("the page lacks %s", has)
		}
	}
	if regexp.MustCompile(`(rulekey|ruleword)\.[a-z]|>desk\.[a-z]`).MatchString(page) {
		t.Error("a text is not there")
	}
	if a := h.sendDraft(t, "create", "3", r.now().Rulebook, nil); a.Status != http.StatusUnprocessableEntity || r.created.Slug != "" {
		t.Errorf("created with a mistake: %d", a.Status)
	}
	h.sendDraft(t, "apply", "3", r.now().Rulebook, url.Values{"remove": {"quotas[3]"}})
	if d := r.now(); strings.Contains(d.Rulebook, "{}") || d.Version != 4 {
		t.Errorf("%s", d.Rulebook)
	}
	// A text that cannot be read is kept as it is.
	if a := h.sendDraft(t, "check", "4", "laurel: [\n", url.Values{"f:edition": {"9"}}); a.Status != http.StatusSeeOther || r.now().Rulebook != "laurel: [\n" {
		t.Errorf("%d: %q", a.Status, r.now().Rulebook)
	}
	page = h.desk(t, http.MethodGet, draftPage, organizer, nil).Body
	if !strings.Contains(page, "The text cannot be read yet") || !strings.Contains(page, "Line 1") {
		t.Error("the page does not say where the text cannot be read")
	}
	// What cannot begin now is a mistake; what is mostly not meant is told, and by the
	// API, too.
	doubtful := strings.NewReplacer("phases: # no dates", "phases:\n  voting: {opens: \"2026-05-01 09:00\"}\n  # no dates",
		"votes, weight: 40%", "votes, weight: 50%").Replace(text)
	h.sendDraft(t, "check", "5", doubtful, nil)
	page = h.desk(t, http.MethodGet, draftPage, organizer, nil).Body
	for _, has := range []string{"2026-05-01 09:00:00 has passed", "Worth another look", "the weights sum to 1.1, not to 1"} {
		if !strings.Contains(page, has) {
			t.Errorf("the page does not say %s", has)
		}
	}
	body, err := json.Marshal(gateway.CheckRulebook{Rulebook: doubtful})
	if err != nil {
		t.Fatal(err)
	}
	checked := h.ask(t, http.MethodPost, "/api/v1/rulebooks/check", organizer, string(body)).Body
	if _, after, _ := strings.Cut(checked, `"warnings"`); !strings.Contains(checked, `"time_past"`) || !strings.Contains(after, `"weights_sum"`) {
		t.Errorf("the API: %s", checked)
	}
	if body, err = json.Marshal(gateway.CreateSelection{Slug: "courier-9", Rulebook: doubtful}); err != nil {
		t.Fatal(err)
	}
	if a := h.ask(t, http.MethodPost, "/api/v1/selections", organizer, string(body)); a.Status != http.StatusCreated ||
		!strings.Contains(a.Body, `"weights_sum"`) {
		t.Errorf("created by the API: %d %s", a.Status, a.Body)
	}
	// A slug that cannot be and one that is had are told, and what was typed stays.
	if a := h.sendDraft(t, "check", "6", text, url.Values{"slug": {"No Slug"}}); a.Status != http.StatusUnprocessableEntity ||
		!strings.Contains(a.Body, `value="No Slug"`) || !strings.Contains(a.Body, "# the rules") {
		t.Errorf("a bad slug: %d", a.Status)
	}
	if a := h.sendDraft(t, "create", "6", text, url.Values{"slug": {"taken"}}); a.Status != http.StatusConflict && a.Status != http.StatusUnprocessableEntity {
		t.Errorf("a slug that is had: %d", a.Status)
	}
	a = h.sendDraft(t, "create", "7", text, nil)
	if a.Status != http.StatusSeeOther || a.Header.Get("Location") != "/desk/s/courier-9" || r.created.Rulebook != text {
		t.Errorf("created: %d %s %+v", a.Status, a.Header.Get("Location"), r.created)
	}
}

// TestDesk_draft_two shows the second who saves what the first has saved, line by
// line; nothing of either is lost.
func TestDesk_draft_two(t *testing.T) {
	h, r := drafting(t)
	text := courierText(t)
	if _, err := r.write(0, "", text); err != nil {
		t.Fatal(err)
	}
	h.sendDraft(t, "check", "1", strings.Replace(text, "seats: 20", "seats: 21", 1), nil)
	for _, button := range []string{"check", "apply", "create"} {
		a := h.sendDraft(t, button, "1", text, url.Values{"f:edition": {"7"}})
		if a.Status != http.StatusConflict || r.now().Version != 2 {
			t.Fatalf("%s: %d, version %d", button, a.Status, r.now().Version)
		}
		rows := regexp.MustCompile(`(?s)<tr class="(theirs|mine)">.*?<code>(.*?)</code>`).FindAllStringSubmatch(html.UnescapeString(a.Body), -1)
		var got []string
		for _, row := range rows {
			got = append(got, row[1]+": "+strings.TrimSpace(row[2]))
		}
		all := strings.Join(got, "\n")
		if !strings.Contains(all, "theirs: - {id: nominated") || !strings.Contains(all, "seats: 21}") || !strings.Contains(all, "mine: - {id: nominated") ||
			strings.Contains(all, "edition: 7") != (button != "check") || len(rows) > 4 {
			t.Errorf("%s: %s", button, all)
		}
		if !strings.Contains(a.Body, `name="version" value="2"`) {
			t.Errorf("%s: what is mine cannot be saved", button)
		}
	}
	if a := h.sendDraft(t, "check", "2", text, nil); a.Status != http.StatusSeeOther || r.now().Rulebook != text {
		t.Errorf("mine after all: %d", a.Status)
	}
	if a := h.desk(t, http.MethodPost, draftPage+"/discard/confirm", organizer, url.Values{"version": {"1"}}); a.Status != http.StatusConflict {
		t.Errorf("an earlier version is discarded: %d", a.Status)
	}
}

// TestDesk_draft_script types in a browser: text and form follow each other.
func TestDesk_draft_script(t *testing.T) {
	h, r := drafting(t)
	if _, err := r.write(0, "", courierText(t)); err != nil {
		t.Fatal(err)
	}
	ctx := browser.Open(t)
	browser.Run(t, ctx, "page", chromedp.Navigate(h.url+"/desk/sign-in"),
		chromedp.Evaluate[chromedp.Void](`document.cookie = "laurel_session=`+organizer+`; path=/"`), chromedp.Navigate(h.url+draftPage+"?lang=en"))
	until := func(what, expression string) {
		t.Helper()
		testkit.Eventually(t, testkit.Patience, func() error {
			if browser.Read[bool](t, ctx, expression) {
				return nil
			}
			return fault.New(fault.Conflict, "not_yet", what)
		})
	}
	field := `document.getElementById("f-awards-0-seats")`
	browser.Run(t, ctx, "type in the form", chromedp.Evaluate[chromedp.Void](
		field+`.value = "many"; `+field+`.dispatchEvent(new Event("change", {bubbles: true}))`))
	until("the text follows the form", `document.getElementById("rulebook").value.includes("seats: many}")`)
	until("the mistake is at the field", `document.getElementById("f-awards-0-seats-wrong") !== null`)
	until("the mistake is at the line", `(() => { const i = document.getElementById("rulebook").value.split("\n").findIndex((l) => l.includes("seats: many"));
		return document.querySelector(".draft-gutter").children[i].classList.contains("wrong") })()`)
	if !browser.Read[bool](t, ctx, `document.getElementById("rulebook").value.includes("# for the demo alone")`) {
		t.Error("a comment is lost")
	}
	browser.Run(t, ctx, "type in the text", chromedp.Evaluate[chromedp.Void](
		`(() => { const e = document.getElementById("rulebook"); e.value = e.value.replace("seats: many", "seats: 17").replace("quorum: 2/3", "quorum: 3/4");
		e.dispatchEvent(new Event("input", {bubbles: true})) })()`))
	until("the form follows the text", field+`.value === "17" && document.getElementById("f-decision-quorum").value === "3/4"`)
	until("the sentences follow", `document.getElementById("preview").textContent.includes("17 seats") && !document.querySelector(".draft-mistakes")`)
	browser.Run(t, ctx, "add an award", chromedp.Evaluate[chromedp.Void](`document.querySelector("button[name=add][value=awards]").click()`))
	until("there is an award more", `document.getElementById("f-awards-2-id") !== null && document.activeElement.id === "f-awards-2"`)
	if v := r.now().Version; v != 1 {
		t.Errorf("what is tried was saved: version %d", v)
	}
}

// TestDesk_draft_look looks at the pages of a new selection.
func TestDesk_draft_look(t *testing.T) {
	h, r := drafting(t)
	r.given = courierText(t)
	dated := strings.Replace(courierText(t), "phases: # no dates: the organizer opens and closes each by hand", `phases:
  nomination: {opens: "2026-04-20 09:00", closes: "2026-05-08 18:00"}
  vetting: {opens: "2026-05-01 09:00", closes: "2026-05-15 18:00"}
  voting: {opens: "2026-05-18 09:00", closes: "2026-05-31 22:00"}
  review: {opens: "2026-05-18 09:00"}
  decision: {closes: "2026-06-12 18:00"}`, 1)
	ctx := browser.Open(t)
	browser.Run(t, ctx, "session", chromedp.Navigate(h.url+"/desk/sign-in"),
		chromedp.Evaluate[chromedp.Void](`document.cookie = "laurel_session=`+organizer+`; path=/"`))
	write := func(text string) {
		if _, err := r.write(0, "most-beautiful-courier-3", text); err != nil {
			t.Fatal(err)
		}
	}
	write(strings.Replace(dated, "votes, weight: 40%", "votes, weight: 50%", 1))
	browser.Look(t, ctx, "new", h.url+"/desk/new")
	browser.Look(t, ctx, "draft", h.url+draftPage)
	write(strings.NewReplacer("seats: 10", "seats: ten", "max: 2}", "max: 2, most: 3}", "frequency: once", "frequency: hourly").Replace(dated))
	browser.Look(t, ctx, "draft-wrong", h.url+draftPage)
	write("laurel: [1\n")
	browser.Look(t, ctx, "draft-unreadable", h.url+draftPage)
	browser.Look(t, ctx, "rulebook", h.url+"/desk/s/"+here+"/rulebook")
}
