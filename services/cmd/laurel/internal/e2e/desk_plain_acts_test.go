package e2e_test

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/laurel-awards/laurel/services/identity"
)

// links are those of a page that match, each once.
func (s shown) links(pattern string) (all []string) {
	for _, found := range regexp.MustCompile(`href="(`+pattern+`)"`).FindAllStringSubmatch(s.Text, -1) {
		if !slices.Contains(all, found[1]) {
			all = append(all, found[1])
		}
	}
	return all
}

const entryPattern = `[0-9a-f-]{36}`

// vetting passes, fails and takes back, one by one and many at once.
func (p *plain) vetting() {
	p.t.Helper()
	c := p.people[p.Input.With(identity.Vetter)[0].Email]
	waiting := func() []string { return c.get(at("/vetting")).links(at("/vetting/") + entryPattern + `[^"]*`) }
	first := strings.ReplaceAll(waiting()[0], "&amp;", "&")
	c.fill(c.get(first), "/give", url.Values{"verdict": {"fail"}})
	c.fill(c.get(first), "/vetting/withdraw", nil)
	c.fill(c.get(first), "/give", url.Values{"verdict": {"fail"}})
	pass := url.Values{}
	list := c.get(at("/vetting"))
	for _, link := range waiting() {
		pass.Add("entry", regexp.MustCompile(entryPattern).FindString(link))
	}
	c.fill(c.fill(list, "/vetting/many", pass), "/many/give", url.Values{"verdict": {"pass"}})
}

var memberCode = regexp.MustCompile(`[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}`)

// roster takes the members in, and gives the code of one, and one that no
// organizer could have read.
func (p *plain) roster(c *clerk) (code, mailed string) {
	p.t.Helper()
	list := "member,name,email\n17,\"王芳<b>\"\"&\",wang@example.org\n18,李娜,li@example.org\n19,赵强,\n"
	c.fill(c.get(at("/roster")), "/roster/import", url.Values{"sheet": {""}}, file{"members.csv", []byte(list)})
	c.fill(c.get(at("/roster/mail")), "/mail/send", url.Values{"member": {""}})
	c.fill(c.get(at("/roster/codes")), "/codes/send", url.Values{"format": {"html"}})
	page := c.fill(c.get(at("/roster/replace")), "/replace/send", url.Values{"member": {"17"}})
	code = memberCode.FindString(page.Text)
	letter := p.post.To(p.t, "li@example.org", 1)[0]
	mailed = memberCode.FindString(letter.Text)
	if code == "" || mailed == "" {
		p.t.Fatalf("no code: %s\n%s", mainOf(page.Text), letter.Text)
	}
	return code, mailed
}

// seats gives the panel and the committee theirs, and tells who scores whom.
func (p *plain) seats(c *clerk) {
	p.t.Helper()
	var jurors, members []string
	for n := range 3 {
		jurors = append(jurors, email(fmt.Sprintf("juror-%d", n+1)))
	}
	for _, m := range p.Input.With(identity.Committee) {
		members = append(members, m.Email)
	}
	page := c.fill(c.get(at("/panels/experts/seats")), "/seats/take", url.Values{"person": jurors})
	c.fill(c.get(at("/committee")), "/committee/take", url.Values{"person": members})
	for _, juror := range page.links(at("/panels/experts/jurors/") + entryPattern) {
		page := c.get(juror)
		all := url.Values{"candidate": {}}
		for _, found := range regexp.MustCompile(`name="candidate" value="(\d+)"`).FindAllStringSubmatch(page.Text, -1) {
			all.Add("candidate", found[1])
		}
		c.fill(page, "/assign", all)
	}
	c.fill(c.get(at("/panels/experts/candidates/1/pin")), "/pin/send", url.Values{"juror": {jurors[0]}, "conflicted": {"yes"}})
}

// vote casts a ballot by a code, and asks for all that is told of it.
func (p *plain) vote(code string) {
	p.t.Helper()
	home := "/s/" + slug
	c := p.person()
	c.fill(c.get(home), home+"/find", nil)
	page := c.fill(c.get(home), home+"/code", url.Values{"code": {code}})
	page = c.fill(page, home+"/review", url.Values{"pick": {"1", "2"}, "q": {""}}) // words there would be searched for
	page = c.fill(page, home+"/vote", nil)
	receipt := regexp.MustCompile(`data-copy="([0-9A-Za-z-]+)"`).FindStringSubmatch(page.Text)
	if receipt == nil {
		p.t.Fatalf("no receipt: %s", mainOf(page.Text))
	}
	page = c.fill(c.get(home+"/statement"), "/statement/show", url.Values{"receipt": {receipt[1]}})
	c.fill(page, "/statement/file", nil)
	c.fill(c.get(home+"/receipt"), "/receipt/check", url.Values{"receipt": {receipt[1]}})
	c.fill(c.get("/forgot"), "/forgot/send", url.Values{"email": {email("juror-1")}})
	device := p.person()
	page = device.fill(device.get(home), home+"/review", url.Values{"pick": {"2", "3"}, "q": {""}})
	device.fill(page, home+"/vote", nil)
}

// sheets are saved, abstained from and recused, sent back and scored by one more;
// then a juror leaves.
func (p *plain) sheets(organizer *clerk) {
	p.t.Helper()
	scores := func(n int) url.Values {
		return url.Values{"scores.deeds": {fmt.Sprint(n)}, "scores.service": {fmt.Sprint(n)}, "scores.skill": {fmt.Sprint(n)}}
	}
	for n := range 3 {
		c := p.people[email(fmt.Sprintf("juror-%d", n+1))]
		mine := c.get(at("/sheets/experts")).links(at("/sheets/experts/") + `[0-9A-Z-]+`)
		if len(mine) < 3 {
			p.t.Fatalf("%d sheets", len(mine))
		}
		if n == 2 {
			c.fill(c.get(mine[len(mine)-1]+"/recuse"), "/recuse/confirm", nil)
			c.fill(c.get(mine[len(mine)-2]+"/abstain"), "/abstain/confirm", nil)
			mine = mine[:len(mine)-2]
		}
		for _, one := range mine {
			answers := scores(60 + 15*n)
			answers.Set("act", "save")
			c.fill(c.get(one), "/save", answers)
		}
		c.fill(c.get(at("/sheets/experts/review")), "/review/submit", nil)
	}
	page := organizer.get(at("/panels/experts/candidates/2/return"))
	organizer.fill(page, "/return/send", url.Values{"juror": {email("juror-2")}})
	page = organizer.get(at("/panels/experts/candidates/2/further"))
	organizer.fill(page, "/further/send", url.Values{"juror.email": {email("juror-4")}})
	for _, link := range organizer.get(at("/panels/experts")).links(at("/panels/experts/jurors/") + entryPattern) {
		if page := organizer.get(link); strings.Contains(page.Text, email("juror-1")) {
			organizer.fill(page, "/leave", url.Values{"sheets": {"keep"}})
		}
	}
}

// meeting puts a motion, votes on it and closes the vote.
func (p *plain) meeting(c *clerk) {
	p.t.Helper()
	c.fill(c.get(at("/meeting/motion")), "/motion/confirm", nil)
	for _, m := range p.Input.With(identity.Committee) {
		member := p.people[m.Email]
		member.fill(member.get(at("/meeting/vote")), "/vote/confirm", url.Values{"choice": {"for"}})
	}
	c.fill(c.get(at("/meeting/close")), "/close/confirm", nil)
}
