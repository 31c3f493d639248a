package e2e_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/script"
	"github.com/laurel-awards/laurel/services/identity"
)

// unsent are the forms of desks that are not sent here, with the reason.
var unsent = map[string]string{
	"POST /desk/account/passkey/begin":                        "a passkey is made by the browser's own programs",
	"POST /desk/account/passkey/finish":                       "the same",
	"POST /desk/sign-in/passkey":                              "the same",
	"POST /desk/new/{draft}/try":                              "the answers while one types; the buttons beside do the same",
	"POST /desk/s/{slug}/search/order":                        "only quotas that stay undecided have it: TestDesk_search sends it",
	"POST /desk/s/{slug}/search/cancel":                       "the same",
	"POST /desk/s/{slug}/meeting/recuse/confirm":              "who takes no part in this meeting's motion cannot vote on it: TestMeeting_change sends it",
	"POST /desk/s/{slug}/sign/confirm":                        "only a rulebook with sign_off has it: TestSign_page sends it",
	"POST /desk/s/{slug}/sign/refuse/confirm":                 "the same",
	"POST /desk/s/{slug}/objections/enter/send":               "the notice of this selection takes seconds: TestDesk_objections sends it",
	"POST /desk/s/{slug}/objections/{objection}/note/send":    "the same",
	"POST /desk/s/{slug}/objections/{objection}/exclude/send": "the same",
	"POST /desk/s/{slug}/objections/{objection}/decide/send":  "the same",
	"POST /desk/s/{slug}/checks/cancel":                       "it is on the page while a recount runs, which may end sooner",
}

// plain is an installation at whose desks people work without scripts, who type
// markup wherever they may type what they like.
type plain struct {
	*harness
	t      *testing.T
	post   *testkit.Post
	sent   map[string]bool
	people map[string]*clerk // by address
}

// person opens a browser.
func (p *plain) person() *clerk {
	c := p.visitor(p.t, "en")
	c.types, c.sent = typed, p.sent
	return c
}

// joins has somebody whom a link was handed over claim the account and sign in.
func (p *plain) joins(email, link string) *clerk {
	p.t.Helper()
	c := p.person()
	c.claims(link, cut(typed, 100))
	c.enters(email, script.Password)
	p.people[email] = c
	return c
}

// TestDesk_plain does every act of every desk without scripts, by its form as the
// page renders it, in one small selection from the setup link to the published
// result. In each field that takes words there is markup; afterwards everybody
// reads every page, and none has it but as text.
func TestDesk_plain(t *testing.T) {
	t.Parallel()
	post := testkit.NewPost(t)
	h := build(t, testkit.URL(t), nil)
	h.Env = append(h.Env, "SMTP_URL="+post.URL, "MAIL_FROM=Laurel <laurel@example.org>", "PUBLIC_URL=http://"+h.Listen, "SECOND_FACTOR_ROLES=none")
	h.Rules = strings.NewReplacer("voters: [device]", "voters: [device, roster]", "jurors: 3",
		"jurors: 3\n      assign: hand\n      sees_others: after_own\n      spread_limit: 10", "missing: refuse", "missing: skip",
		"composite:\n", "composite:\n  lot: {source: {zh: 当日收盘指数, en: The index at its close}}\n").Replace(h.Rules)
	h.add(all, nil)
	h.start(t, all)
	p := &plain{h, t, post, map[string]bool{}, map[string]*clerk{}}
	host := h.Input.With(identity.Organizer)[0].Email
	organizer := p.person()
	organizer.fill(organizer.get(strings.TrimPrefix(h.printed(t), organizer.base)), "/setup/create",
		url.Values{"email": {host}, "password": {script.Password}})
	p.people[host] = organizer
	p.account(host, organizer)
	p.draft(organizer)
	p.wording(organizer)
	p.staff(organizer)
	organizer.fill(organizer.get(wordingAt), "/reset", nil)
	p.mail(organizer)
	p.operators(organizer)
	organizer.phase(rulebook.PhaseNomination, "open")
	p.entries(organizer)
	organizer.phase(rulebook.PhaseVetting, "open")
	p.vetting()
	organizer.phase(rulebook.PhaseNomination, "close")
	organizer.phase(rulebook.PhaseVetting, "close")
	code, mailed := p.roster(organizer)
	p.seats(organizer)
	organizer.phase(rulebook.PhaseVoting, "open")
	organizer.phase(rulebook.PhaseReview, "open")
	p.vote(code)
	p.sheets(organizer)
	organizer.phase(rulebook.PhaseVoting, "close")
	voter := p.person() // codes that nobody else has read are asked about after the close, once all rooms know of it
	testkit.Eventually(t, wait, func() error {
		if s := voter.send("/s/"+slug+"/statement/code", url.Values{"code": {mailed}}); s.Status == http.StatusConflict {
			return errors.New(mainOf(s.Text))
		}
		return nil
	})
	voter.fill(voter.get("/s/"+slug+"/statement"), "/statement/code", url.Values{"code": {mailed}})
	p.counted(organizer)
	organizer.phase(rulebook.PhaseReview, "close")
	organizer.phase(rulebook.PhaseDecision, "open")
	p.meeting(organizer)
	organizer.phase(rulebook.PhaseDecision, "close")
	organizer.orders(rulebook.PhaseNotice, "open")
	organizer.stands(rulebook.PhaseNotice, "closed")
	organizer.fill(organizer.get(at("/publish")), "/publish/send", nil)
	follow := "/s/" + slug + "/notice/objection/follow/show" // TestDesk_objections has a code
	if s := voter.send(follow, url.Values{"code": {"<b>of nobody</b>"}}); s.Status != http.StatusNotFound {
		t.Errorf("a code of nobody: %d %s", s.Status, mainOf(s.Text))
	}
	p.sent[follow] = true
	p.swept()
	p.written()
	p.complete()
}

// complete sees that each form of the table was sent.
func (p *plain) complete() {
	p.t.Helper()
	doc, err := os.ReadFile("../../../../../docs/desks.md")
	if err != nil {
		p.t.Fatal(err)
	}
	routes := regexp.MustCompile("(?m)^\\| `(POST ([^`]+))`").FindAllStringSubmatch(string(doc), -1)
	if len(routes) < 50 {
		p.t.Fatalf("%d forms in the table", len(routes))
	}
	for _, r := range routes {
		pattern := regexp.MustCompile("^" + regexp.MustCompile(`\\\{[^}]*\\\}`).ReplaceAllString(regexp.QuoteMeta(r[2]), "[^/]+") + "$")
		done := false
		for address := range p.sent {
			address, _, _ = strings.Cut(address, "?")
			done = done || pattern.MatchString(address)
		}
		if _, exempt := unsent[r[1]]; done == exempt {
			p.t.Errorf("%s was sent without scripts: %t", r[1], done)
		}
	}
}

var namedPattern = regexp.MustCompile(`/[0-9a-f-]{36}|/[A-Z]-[0-9]+|/[0-9]+|/phases/[a-z]+/[a-z]+|/wordings/[a-z_]+`)

// did tells whether a form was sent to an address, or to the same of another
// entry, juror or phase.
func (p *plain) did(address string) bool {
	address, _, _ = strings.Cut(address, "?")
	kind := namedPattern.ReplaceAllString(address, "*")
	for sent := range p.sent {
		sent, _, _ = strings.Cut(sent, "?")
		if namedPattern.ReplaceAllString(sent, "*") == kind {
			return true
		}
	}
	return false
}

var codePattern = regexp.MustCompile(`<li>([0-9A-Za-z-]{8,})</li>`)

// account does what holders do with their own account.
func (p *plain) account(email string, c *clerk) {
	p.t.Helper()
	present := url.Values{"present": {script.Password}}
	c.fill(c.get("/desk/account/password"), "/password/change", url.Values{"present": {script.Password}, "password": {script.Password + "-2"}})
	c.fill(c.get("/desk/account/password"), "/password/change", url.Values{"present": {script.Password + "-2"}, "password": {script.Password}})
	p.person().enters(email, script.Password)
	p.person().enters(email, script.Password)
	c.fill(c.get(c.get("/desk/account").links(`/desk/account/sessions\?id=[^"]+`)[0]), "/sessions/confirm", nil)
	c.fill(c.get("/desk/account/sessions"), "/sessions/confirm", nil)

	page := c.fill(c.get("/desk/account/totp"), "/totp/begin", present)
	secret := regexp.MustCompile(`<code>([A-Z2-7 ]+)</code>`).FindStringSubmatch(page.Text)
	if secret == nil {
		p.t.Fatalf("no secret: %s", mainOf(page.Text))
	}
	code, err := totp.GenerateCode(strings.ReplaceAll(secret[1], " ", ""), time.Now())
	if err != nil {
		p.t.Fatal(err)
	}
	page = c.fill(page, "/totp/finish", url.Values{"code": {code}})
	recovery := codePattern.FindStringSubmatch(page.Text)
	if recovery == nil {
		p.t.Fatalf("no recovery codes: %s", mainOf(page.Text))
	}
	other := p.person()
	page = other.enters(email, script.Password)
	other.fill(page, "/second/prove", url.Values{"recovery": {recovery[1]}})
	other.fill(other.get("/desk"), "/desk/sign-out", nil)
	c.fill(c.get("/desk/account/recovery"), "/recovery/renew", present)
	factor := regexp.MustCompile(`href="(/desk/account/factors/[^"]+)"`).FindStringSubmatch(c.get("/desk/account").Text)
	if factor == nil {
		p.t.Fatalf("no factor: %s", mainOf(c.get("/desk/account").Text))
	}
	c.fill(c.get(factor[1]), "/remove", present)
}

// draft begins twice, and makes the selection of what is edited.
func (p *plain) draft(c *clerk) {
	p.t.Helper()
	begin := func(from string, files ...file) shown {
		return c.fill(c.get("/desk/new"), "/new/start", url.Values{"from": {from}}, files...)
	}
	page := begin("example:most-beautiful-courier")
	f, pressed := page.form(p.t, "/apply", nil)
	if s := c.press(page, f, pressed, f.filled(nil, pressed, typed), nil); s.Status >= 500 || !s.says("script") {
		p.t.Errorf("markup in the form of a rulebook: %d %s", s.Status, mainOf(s.Text))
	}
	f, pressed = page.form(p.t, "/check", nil)
	if s := c.press(page, f, pressed, f.filled(url.Values{"rulebook": {typed}}, pressed, typed), nil); s.Status >= 500 || !s.says("script") {
		p.t.Errorf("markup in a rulebook: %d %s", s.Status, mainOf(s.Text))
	}
	page = c.get(page.Path)
	c.fill(c.get(page.Path+"/discard"), "/discard/confirm", nil)
	c.types = "" // empty fields of a rulebook are none
	page = begin("file", file{"rules.yaml", []byte(p.Rules)})
	page = c.fill(page, "/check", nil)
	page = c.fill(page, "/apply", nil)
	c.fill(page, "/create", url.Values{"slug": {slug}})
	c.types = typed
}

// staff invites everybody: by a list, by a file, by mail, and again.
func (p *plain) staff(c *clerk) {
	p.t.Helper()
	people := slices.Clone(p.Input.Staff)
	for _, m := range people {
		if m.Role == identity.Juror || m.Role == identity.Organizer {
			continue
		}
		p.joins(m.Email, c.invites(m.Role, m.Scope, []script.Member{m})[m.Email])
	}
	rows := "name,email\n"
	for n := range 5 {
		rows += fmt.Sprintf("评委%d <b>&,%s\n", n+1, email(fmt.Sprintf("juror-%d", n+1)))
	}
	page := c.fill(c.get(at("/people/invite/file")), "/invite/file/read", url.Values{"seat": {"juror/experts"}}, file{"people.csv", []byte(rows)})
	c.fill(page, "/people/invite/send", nil)
	c.fill(c.get(at("/people?q="+email("juror-1"))), "/people/again", nil)
	for n := range 4 {
		who, letters := email(fmt.Sprintf("juror-%d", n+1)), 1
		if n == 0 {
			letters = 2
		}
		p.joins(who, p.post.To(p.t, who, letters)[letters-1].Link())
	}
	page = c.fill(c.get(at("/people?q="+email("juror-5"))), "/people/revoke", nil)
	c.fill(page, "/people/again", nil) // taken back
}

// entries takes a file and photos in.
func (p *plain) entries(c *clerk) {
	p.t.Helper()
	var rows [][]any
	for n := range 6 {
		rows = append(rows, []any{
			fmt.Sprintf("快递员%c", []rune("甲乙丙丁戊己")[n]), "男", fmt.Sprintf(`公司%d <b>"&`, n), "兰州市", "事迹" + typed + fmt.Sprint(n), `工号<i>"` + fmt.Sprint(n),
		})
	}
	c.fill(c.get(at("/entries/new")), "/new/send", url.Values{
		"name": {"快递员庚"}, "employer": {"公司 " + typed}, "region": {"兰州市"}, "deeds": {"事迹 " + typed}, "recommended_by": {"工会 " + typed}, "years": {"7"},
	})
	upload := func() shown {
		return c.fill(c.get(at("/import")), "/import/upload", nil, file{`推荐"><b>.xlsx`, workbook(p.t, rows...)})
	}
	c.fill(c.get(upload().Path+"/drop"), "/drop/confirm", nil)
	page := upload()
	page = c.fill(page, "/look", nil)
	page = c.fill(page, "/check", uses("name", "gender", "employer", "region", "deeds", "note"))
	page = c.fill(page, "/run", nil)
	c.settled(page.Path, "progress max")
	c.fill(c.get(at("/photos")), "/photos/add", nil, file{"z.zip", zipped(p.t, file{`谁"><script>hostile().jpg`, portrait(p.t, 300)})})
	page = c.settled(at("/photos"), "progress max")
	entry := regexp.MustCompile(`<option value="([0-9a-f-]{36})">`).FindStringSubmatch(page.Text)
	if entry == nil {
		p.t.Fatalf("no picture to place: %s", mainOf(page.Text))
	}
	page = c.fill(page, "/photos/place", url.Values{"entry": {entry[1]}})
	c.fill(page, "/photos/back", nil)
	links := regexp.MustCompile(`href="(`+at("/entries/")+`[0-9a-f-]{36})"`).FindAllStringSubmatch(c.get(at("/entries")).Text, -1)
	if len(links) != len(rows)+1 {
		p.t.Fatalf("%d entries", len(links))
	}
	c.fill(c.get(links[0][1]), "/withdraw", nil)
	c.fill(c.get(links[0][1]), "/restore", nil)
	c.fill(c.get(links[0][1]), "/withdraw", nil)
	c.fill(c.get(links[1][1]+"/correct"), "/correct/send", url.Values{"years": {"7"}, "recommended_by": {cut("工会 "+typed, 200)}})
}
