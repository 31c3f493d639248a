package e2e_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"golang.org/x/net/html"

	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/pkg/testkit/browser"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/script"
	"github.com/laurel-awards/laurel/services/identity"
)

// rehearsal is a selection that the demo's script has run by the API, with all
// that was put into it.
type rehearsal struct {
	*script.Script

	ballots [][]int
	sheets  map[string]map[string]map[string]string // scores by criterion, of a juror's email and a story
}

// squeezed is a text without what a page may break it by.
func squeezed(text string) string { return strings.Join(strings.Fields(text), "") }

// rehearse runs an example by the API, in an installation of its own.
func rehearse(t *testing.T, in script.Input, voters int) *rehearsal {
	t.Helper()
	h := together(t)
	organizer := in.With(identity.Organizer)[0]
	if err := h.CreateOrganizer(t.Context(), organizer.Email, organizer.Name, script.Password); err != nil {
		t.Fatal(err)
	}
	h.Script = &script.Script{
		API: h.API, Input: in, Slug: slug, Rules: in.Rulebook, Seed: 2, Voters: voters, Again: 1,
		Progress: func(string, int) func() { return func() {} },
	}
	for _, step := range h.Steps() {
		if err := step.Run(t.Context()); err != nil {
			t.Fatalf("%s: %v", step.Name, err)
		}
	}
	r := &rehearsal{Script: h.Script, sheets: map[string]map[string]map[string]string{}}
	for _, picks := range h.Receipts() {
		r.ballots = append(r.ballots, picks)
	}
	for _, m := range in.With(identity.Juror) {
		mine, err := h.as(t, m.Email, script.Password).Assignments(t.Context(), slug, m.Scope)
		if err != nil {
			t.Fatal(err)
		}
		r.sheets[m.Email] = map[string]map[string]string{}
		for _, a := range mine {
			r.sheets[m.Email][squeezed(a.Deeds)] = a.Sheet.Scores
		}
		if len(r.sheets[m.Email]) != len(h.Candidates) {
			t.Fatalf("%d stories of %d candidates", len(r.sheets[m.Email]), len(h.Candidates))
		}
	}
	return r
}

// at is a page of a selection's desks.
func at(path string) string { return "/desk/s/" + slug + path }

// press clicks, and waits for the page that comes.
func (s *seated) press(selector string) {
	s.t.Helper()
	before := browser.Read[float64](s.t, s.ctx, `performance.timeOrigin`)
	s.do("press "+selector, chromedp.Click(chromedp.CSS(selector)))
	s.next(before)
}

// next waits for the page after one.
func (s *seated) next(before float64) {
	s.t.Helper()
	testkit.Eventually(s.t, testkit.Patience, func() error {
		now, err := chromedp.Run(s.ctx, chromedp.Evaluate[float64](`document.readyState === "complete" ? performance.timeOrigin : 0`))
		if err != nil || now == 0 || now == before {
			return errStill
		}
		return nil
	})
}

// types fills a field in by the keyboard, in the place of what stands there.
func (s *seated) types(selector, text string) {
	s.t.Helper()
	s.do("type into "+selector, chromedp.Click(chromedp.CSS(selector)),
		chromedp.Evaluate[chromedp.Void](`document.activeElement.select()`), chromedp.SendKeys(chromedp.CSS(selector), text))
}

// visit opens a page.
func (s *seated) visit(path string) {
	s.t.Helper()
	s.do(path, chromedp.Navigate("http://"+s.Listen+path))
	s.until(`true`)
}

// enter signs somebody in by the form; whoever is signed in signs out before.
func (s *seated) enter(email, path string) {
	s.t.Helper()
	s.visit("/desk")
	if s.text(`location.pathname`) == "/desk" {
		s.press(`form[action="/desk/sign-out"] button`)
	}
	s.visit("/desk/sign-in?to=" + url.QueryEscape(path))
	s.types("#email", email)
	s.types("#password", script.Password)
	s.press("main form.ask button")
	if at := s.text(`location.pathname`); at != path {
		s.t.Fatalf("%s signed in and is at %s: %s", email, at, s.text(`document.querySelector("main").innerText`))
	}
}

// says waits for a note on the page.
func (s *seated) says(text string) {
	s.t.Helper()
	s.until(`document.querySelector("main, body").innerText.includes(` + fmt.Sprintf("%q", text) + `)`)
}

var coursePattern = regexp.MustCompile(`(?s)<ol class="course">.*</ol>`)

// stands waits until the page of phases shows a phase in a state.
func (c *clerk) stands(phase, state string) {
	c.t.Helper()
	testkit.Eventually(c.t, wait, func() error {
		page := c.get(at("/phases"))
		course := regexp.MustCompile(`<li class="panel ([a-z]+)">`).FindAllStringSubmatch(coursePattern.FindString(page.Text), -1)
		i := slices.Index(rulebook.PhaseNames(), phase)
		if i >= len(course) || course[i][1] != state {
			return fmt.Errorf("%s is not %s: %d %v", phase, state, page.Status, course)
		}
		return nil
	})
}

// phase has a phase open or close, and waits until all rooms have heard of it.
func (c *clerk) phase(phase, action string) {
	c.t.Helper()
	c.orders(phase, action)
	c.stands(phase, map[string]string{"open": "open", "close": "closed"}[action])
}

// orders has a phase open or close, once nothing stands in the way.
func (c *clerk) orders(phase, action string) {
	c.t.Helper()
	var page shown
	order := at("/phases/" + phase + "/" + action + "/order")
	testkit.Eventually(c.t, wait, func() error {
		if page = c.get(at("/phases/" + phase + "/" + action)); !strings.Contains(page.Text, order) {
			return fmt.Errorf("%s %s: %s", action, phase, mainOf(page.Text))
		}
		return nil
	})
	answers := url.Values{}
	if c.types == "" {
		answers.Set("reason", "按评选方案进行")
	}
	if strings.Contains(page.Text, `name="acknowledge"`) {
		answers.Set("acknowledge", "yes")
	}
	c.fill(page, order, answers)
}

// invites people to a seat, and gives the links that are to be handed over, by
// address.
func (c *clerk) invites(role identity.Role, scope string, people []script.Member) map[string]string {
	c.t.Helper()
	list := make([]string, len(people))
	for i, m := range people {
		list[i] = fmt.Sprintf("%s <%s>", m.Name, m.Email)
	}
	page := c.fill(c.get(at("/people/invite")), "/people/invite/read", url.Values{
		"list": {strings.Join(list, "\n")}, "seat": {string(role) + "/" + scope}, "hand_over": {"yes"},
	})
	return c.handed(c.fill(page, "/people/invite/send", nil))
}

// handed are the links of a page that hands them over, by address.
func (c *clerk) handed(page shown) map[string]string {
	c.t.Helper()
	links := map[string]string{}
	link := regexp.MustCompile(`(?s)<span class="muted">([^<]+)</span></p>\s*<p class="link-text"><code>([^<]+)</code>`)
	for _, found := range link.FindAllStringSubmatch(page.Text, -1) {
		links[found[1]] = html.UnescapeString(found[2])
	}
	if len(links) == 0 {
		c.t.Fatalf("no links: %s", mainOf(page.Text))
	}
	return links
}

// claims opens a link, and claims the account by a name.
func (c *clerk) claims(link, name string) {
	c.t.Helper()
	page := c.get(strings.TrimPrefix(link, c.base))
	c.fill(page, "/claim/set", url.Values{"password": {script.Password}, "name": {name}})
}

// enters signs somebody in on the page.
func (c *clerk) enters(email, password string) shown {
	c.t.Helper()
	return c.fill(c.get("/desk/sign-in"), "/desk/sign-in/enter", url.Values{"email": {email}, "password": {password}})
}

// votes casts a ballot on the public page, from a network of the voter's own.
func (c *clerk) votes(picks []int) {
	c.t.Helper()
	page := c.fill(c.get("/s/"+slug), "/s/"+slug+"/review", picked(picks))
	page = c.fill(page, "/s/"+slug+"/vote", nil)
	if page.Path != "/s/"+slug+"/voted" || !strings.Contains(page.Text, `id="code"`) {
		c.t.Fatalf("voted: at %s %s", page.Path, mainOf(page.Text))
	}
}

func picked(picks []int) url.Values {
	answers := url.Values{"pick": {}}
	for _, p := range picks {
		answers.Add("pick", fmt.Sprint(p))
	}
	return answers
}

// vets gives a department's opinions: what it refuses one by one, the rest many
// at a time.
func (c *clerk) vets(in script.Input, department string) {
	c.t.Helper()
	waiting := regexp.MustCompile(`(?s)<a href="(` + at("/vetting/") + `([0-9a-f-]{36})[^"]*)"[^>]*>([^<]+)</a>\s*<p class="from"><span[^>]*>([^<]*)</span>`)
	for range 10 {
		page := c.get(at("/vetting"))
		found := waiting.FindAllStringSubmatch(page.Text, -1)
		if len(found) == 0 {
			return
		}
		pass := url.Values{}
		for _, f := range found {
			r, refused := in.Refusal(department, html.UnescapeString(f[3]), html.UnescapeString(f[4]))
			if !refused {
				pass.Add("entry", f[2])
				continue
			}
			c.fill(c.get(html.UnescapeString(f[1])), "/give", url.Values{"verdict": {r.Verdict}, "reason": {r.Reason}})
		}
		if len(pass) > 0 {
			page = c.fill(page, "/vetting/many", pass)
			c.fill(page, "/vetting/many/give", url.Values{"verdict": {"pass"}})
		}
	}
	c.t.Fatalf("%s does not come to an end: %s", department, mainOf(c.get(at("/vetting")).Text))
}

var (
	storyPattern = regexp.MustCompile(`(?s)<div class="prose">(.*?)</div>`)
	tagPattern   = regexp.MustCompile(`<[^>]*>`)
)

// story is what a sheet's page tells of its candidate.
func story(page string) string {
	found := storyPattern.FindStringSubmatch(page)
	if found == nil {
		return ""
	}
	return squeezed(html.UnescapeString(tagPattern.ReplaceAllString(found[1], "")))
}

// scores fills in sheets as somebody has scored before, by what each story tells.
func (c *clerk) scores(as map[string]map[string]string) {
	c.t.Helper()
	list := c.get(at("/sheets/experts"))
	codes := regexp.MustCompile(`href="(`+at("/sheets/experts/")+`[A-Z]-[0-9]+)"`).FindAllStringSubmatch(list.Text, -1)
	if len(codes) < len(as) {
		c.t.Fatalf("%d sheets for %d stories: %s", len(codes), len(as), mainOf(list.Text))
	}
	done := map[string]bool{}
	for _, code := range codes {
		if done[code[1]] {
			continue
		}
		done[code[1]] = true
		page := c.get(code[1])
		if strings.Contains(page.Text, "sheet-submitted") {
			continue
		}
		answers := url.Values{"act": {"save"}}
		for criterion, score := range as[story(page.Text)] {
			answers.Set("scores."+criterion, score)
		}
		if len(answers) < 2 {
			c.t.Fatalf("an unknown story: %s", story(page.Text))
		}
		c.fill(page, "/save", answers)
	}
	c.fill(c.get(at("/sheets/experts/review")), "/review/submit", nil)
}

// settled waits for a job that a page tells of.
func (c *clerk) settled(path, running string) (page shown) {
	c.t.Helper()
	testkit.Eventually(c.t, wait, func() error {
		if page = c.get(path); page.Status != http.StatusOK || strings.Contains(page.Text, running) {
			return errors.New("it runs: " + mainOf(page.Text))
		}
		return nil
	})
	return page
}
