package e2e_test

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/net/html"

	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/pkg/testkit/browser"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/script"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/selection"
)

// TestDesk_whole takes an empty installation through the whole courier selection
// on pages alone, as each person, from the link that it prints to the published
// result, which is that of the demo's script for the same entries, opinions,
// ballots and scores. Each kind of act is done once by clicks and keys in a
// browser; what is done hundreds of times goes on by the forms of the same pages,
// sent as they are rendered, by people who signed in on the page.
func TestDesk_whole(t *testing.T) {
	t.Parallel()
	dir := filepath.Clean(example)
	in, err := script.ReadInput(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := rehearse(t, in, 40)

	h := build(t, testkit.URL(t), nil)
	h.Input = in
	h.add(all, nil)
	h.start(t, all)
	s := &seated{h, t, browser.Open(t), ""}
	host := in.With(identity.Organizer)[0]
	s.do(h.printed(t), chromedp.Navigate(h.printed(t)+"&lang=en"))
	s.types("#email", host.Email)
	s.types("#name", host.Name)
	s.types("#password", script.Password)
	s.press("main form.ask button")

	// A new selection from a file, for those from an example have a notice of days.
	s.visit("/desk")
	s.press(`main a[href="/desk/new"]`)
	s.do("choose a file", chromedp.Click(chromedp.CSS(`input[name=from][value=file]`)),
		chromedp.SetUploadFiles(chromedp.CSS(`#file`), []string{whole(t, filepath.Join(dir, "rulebook.yaml"))}))
	s.press("main form.ask button")
	s.types("#slug", slug)
	s.press(`button[formaction$="/create"]`)
	if at := s.text(`location.pathname`); at != "/desk/s/"+slug {
		t.Fatalf("created, and at %s: %s", at, s.text(`document.querySelector("main").innerText`))
	}

	// People, by links that are handed over. The first is invited and comes by hand.
	organizer := h.visitor(t, "en")
	organizer.enters(host.Email, script.Password)
	vetters, jurors, members := in.With(identity.Vetter), in.With(identity.Juror), in.With(identity.Committee)
	s.visit(at("/people/invite"))
	s.types("#list", fmt.Sprintf("%s <%s>", vetters[0].Name, vetters[0].Email))
	s.do("seat", chromedp.SetValue(chromedp.CSS("#seat"), "vetter/"+vetters[0].Scope), chromedp.Click(chromedp.CSS("#hand_over")))
	s.press("main form.ask button")
	s.press(`form[action$="/invite/send"] button`)
	link := s.text(`document.querySelector(".link-text code").innerText`)
	s.visit("/desk")
	s.press(`form[action="/desk/sign-out"] button`)
	s.do("claim", chromedp.Navigate(link))
	s.types("#password", script.Password)
	s.press("main form button")
	links := map[string]string{}
	for _, seat := range [][]script.Member{vetters[1:2], vetters[2:3], vetters[3:], jurors, members, in.With(identity.Auditor)} {
		for email, link := range organizer.invites(seat[0].Role, seat[0].Scope, seat) {
			links[email] = link
		}
	}
	people := map[string]*clerk{vetters[0].Email: h.visitor(t, "en")}
	for _, m := range in.Staff {
		if link := links[m.Email]; link != "" {
			people[m.Email] = h.visitor(t, "en")
			people[m.Email].claims(link, m.Name)
		}
		if p := people[m.Email]; p != nil {
			p.enters(m.Email, script.Password)
		}
	}

	// Nomination opens; entries come in four steps, and one more photo.
	s.enter(host.Email, at("/phases/nomination/open"))
	s.types("#reason", "开始推荐")
	s.press("main form.ask button")
	organizer.stands(rulebook.PhaseNomination, "open")
	s.imports(t, filepath.Join(dir, "entries.xlsx"))
	s.photo(t, organizer)
	organizer.phase(rulebook.PhaseVetting, "open")

	// Vetting: the first entries by keys, in the browser.
	s.enter(vetters[0].Email, at("/vetting"))
	for range 3 {
		s.vet(t, in, vetters[0].Scope)
	}
	for _, v := range vetters {
		people[v.Email].vets(in, v.Scope)
	}
	organizer.phase(rulebook.PhaseNomination, "close")
	organizer.phase(rulebook.PhaseVetting, "close")

	// The vote: one ballot by clicks.
	organizer.phase(rulebook.PhaseVoting, "open")
	s.visit("/s/" + slug + "?lang=en")
	for _, number := range want.ballots[0] {
		pick := fmt.Sprintf(`#c%d .pick`, number)
		s.do("pick", chromedp.Evaluate[chromedp.Void](`document.querySelector("`+pick+`").scrollIntoView({ block: "center", behavior: "instant" })`),
			chromedp.Click(chromedp.CSS(pick))) // not under the bar at the foot
	}
	for _, shows := range []string{".order", ".ticket"} { // within the page
		s.do("send", chromedp.Click(chromedp.CSS(".cast-row .button")), chromedp.WaitVisible(chromedp.CSS(shows)))
	}
	s.until(`location.pathname.endsWith("/voted") && document.getElementById("code").innerText.trim()`)
	for i, picks := range want.ballots[1:] {
		voter := h.visitor(t, "zh-CN")
		voter.from = fmt.Sprintf("10.%d.%d.1", 64+i/200, i%200)
		voter.votes(picks)
		if i == 0 {
			if page := voter.get("/s/" + slug); !page.says("您已于") || page.says(`action="/s/`+slug+`/review"`) {
				t.Errorf("a second ballot: %d %s", page.Status, mainOf(page.Text))
			}
		}
	}
	organizer.phase(rulebook.PhaseVoting, "close")

	// The panel has its seats, and scores: one juror's first sheets by keys.
	seats := url.Values{"person": {}}
	for _, j := range jurors {
		seats.Add("person", j.Email)
	}
	organizer.fill(organizer.get(at("/panels/experts/seats")), "/seats/take", seats)
	organizer.phase(rulebook.PhaseReview, "open")
	s.enter(jurors[0].Email, at("/sheets/experts"))
	s.keys("n")
	for range 2 {
		s.score(want.sheets[jurors[0].Email])
	}
	for _, j := range jurors {
		people[j.Email].scores(want.sheets[j.Email])
	}
	organizer.phase(rulebook.PhaseReview, "close")

	// The committee meets.
	seats = url.Values{"person": {}}
	for _, m := range members {
		seats.Add("person", m.Email)
	}
	organizer.fill(organizer.get(at("/committee")), "/committee/take", seats)
	organizer.phase(rulebook.PhaseDecision, "open")
	s.enter(host.Email, at("/meeting/motion"))
	s.types("#motion", "审定评选结果")
	s.press("main form.ask button")
	s.enter(members[0].Email, at("/meeting"))
	s.press("#act-vote")
	s.do("for", chromedp.Click(chromedp.CSS(`input[value="for"]`)))
	s.press("main form.ask button")
	for i, m := range members[1:] {
		choice := map[bool]string{true: "abstain", false: "for"}[i == len(members)-2]
		people[m.Email].fill(people[m.Email].get(at("/meeting/vote")), "/meeting/vote/confirm", url.Values{"choice": {choice}})
	}
	s.enter(host.Email, at("/meeting/close"))
	s.press("main form.ask button")
	s.says("Adopted")
	organizer.phase(rulebook.PhaseDecision, "close")

	// Notice ends by the clock; then the result is published, and everybody reads it.
	organizer.orders(rulebook.PhaseNotice, "open")
	organizer.stands(rulebook.PhaseNotice, "closed")
	s.enter(host.Email, at("/publish"))
	s.types("#reason", "公示无异议")
	s.press("main form.ask button")
	s.says("The result is public")
	h.sameResult(t, want, organizer.get("/s/"+slug+"/results"))
}

// whole is the whole path of a file.
func whole(t *testing.T, path string) string {
	t.Helper()
	path, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// imports takes a file in, in four steps.
func (s *seated) imports(t *testing.T, path string) {
	t.Helper()
	s.visit(at("/import"))
	s.do("choose a file", chromedp.SetUploadFiles(chromedp.CSS(`input[type=file]`), []string{whole(t, path)}))
	s.press("main form.ask button")
	s.press(`form[action$="/check"] button`)
	s.press(`form[action$="/run"] button`)
	s.says("60 nominees were imported.")
}

// photo places a further photo, in a ZIP, by an entry's name.
func (s *seated) photo(t *testing.T, organizer *clerk) {
	t.Helper()
	entries := organizer.get(at("/entries?photo=without"))
	name := regexp.MustCompile(`<th scope="row"><a href="[^"]+"[^>]*>([^<]+)</a>`).FindStringSubmatch(entries.Text)
	if name == nil {
		t.Fatalf("no entries: %s", mainOf(entries.Text))
	}
	path := filepath.Join(t.TempDir(), "photos.zip")
	if err := os.WriteFile(path, zipped(t, file{html.UnescapeString(name[1]) + ".jpg", portrait(t, 300)}), 0o600); err != nil {
		t.Fatal(err)
	}
	s.visit(at("/photos"))
	s.do("choose files", chromedp.SetUploadFiles(chromedp.CSS(`#files`), []string{path}))
	s.press("main form.ask button")
	s.says("1 photo was placed.")
}

// vet gives the department's opinion on the next entry by keys.
func (s *seated) vet(t *testing.T, in script.Input, department string) {
	t.Helper()
	if s.text(`location.pathname`) == at("/vetting") {
		before := browser.Read[float64](t, s.ctx, `performance.timeOrigin`)
		s.keys("n")
		s.next(before)
	}
	name, employer := s.text(`document.querySelector("h1").innerText`), s.text(`document.querySelector(".facts dd").innerText`)
	before := browser.Read[float64](t, s.ctx, `performance.timeOrigin`)
	if r, refused := in.Refusal(department, name, employer); refused {
		s.types("#reason", r.Reason)
		s.press(".fails button.danger")
		return
	}
	s.keys("p")
	s.next(before)
}

// score fills in the sheet at hand by digits and Enter.
func (s *seated) score(as map[string]map[string]string) {
	s.t.Helper()
	s.until(`document.activeElement.id === "scores.deeds"`)
	scores := as[squeezed(s.text(`document.querySelector(".desk-read .prose").innerText`))]
	code := s.text(`document.querySelector("#sheet").dataset.code`)
	for _, criterion := range []string{"deeds", "service", "skill"} {
		s.until(fmt.Sprintf(`document.activeElement.id === "scores.%s"`, criterion))
		s.keys(scores[criterion] + "\r")
	}
	s.until(`document.querySelector("#saved").innerText.startsWith("Saved as a draft")`)
	s.keys("\r")
	s.until(fmt.Sprintf(`document.querySelector("#sheet")?.dataset.code !== %q`, code))
}

// ranked is what a page of results says of a candidate.
type ranked struct{ Rank, Name, Total, Award string }

// sameResult holds the public page, and what stands behind it, to the result of
// the rehearsal.
func (h *harness) sameResult(t *testing.T, want *rehearsal, page shown) {
	t.Helper()
	expected, err := want.API.Results(t.Context(), slug)
	if err != nil {
		t.Fatal(err)
	}
	got, err := h.API.Results(t.Context(), slug)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(expected, got,
		cmpopts.IgnoreFields(selection.Results{}, "PublishedAt"), cmpopts.IgnoreFields(selection.NoticeRun{}, "PostedAt", "ClosesAt")); diff != "" {
		t.Errorf("the result (-by the API +by pages):\n%s", diff)
	}
	var rows, shownRows []ranked
	for _, r := range expected.Ranking {
		row := ranked{fmt.Sprint(r.Rank), r.Name, r.Total, ""}
		for _, a := range expected.Awards {
			if a.ID == r.Award {
				row.Award = a.Title["en"]
			}
		}
		rows = append(rows, row)
	}
	row := regexp.MustCompile(`(?s)<td class="rank">(\d+)</td>\s*<th scope="row"><a[^>]*>([^<]*)</a>.*?<strong>([^<]*)</strong>` +
		`.*?<td class="which"[^>]*>([^<]*)</td>`)
	for _, found := range row.FindAllStringSubmatch(page.Text, -1) {
		shownRows = append(shownRows, ranked{found[1], html.UnescapeString(found[2]), found[3], html.UnescapeString(found[4])})
	}
	if diff := cmp.Diff(rows, shownRows); diff != "" {
		t.Errorf("the page of results (-by the API +by pages):\n%s", diff)
	}
	votes, err := want.API.Tally(t.Context(), slug)
	if err != nil {
		t.Fatal(err)
	}
	tally, err := h.API.Tally(t.Context(), slug)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(votes.Votes, tally.Votes); diff != "" || votes.Ballots != tally.Ballots {
		t.Errorf("%d ballots by the API, %d by pages; votes (-by the API +by pages):\n%s", votes.Ballots, tally.Ballots, diff)
	}
	if !slices.ContainsFunc(rows, func(r ranked) bool { return r.Award != "" }) {
		t.Error("nobody has won")
	}
}
