package e2e_test

import (
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/emersion/go-smtp"

	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/script"
	"github.com/laurel-awards/laurel/services/identity"
)

var wordingAt = at("/mail/wordings/invitation")

// wording tries and saves what an invitation says.
func (p *plain) wording(c *clerk) {
	p.t.Helper()
	page := c.get(wordingAt)
	f, _ := page.form(p.t, "/save", nil)
	if f == nil {
		return
	}
	answers := url.Values{}
	for _, one := range f.controls {
		if one.kind == "textarea" {
			answers.Set(one.name, one.value+"\n\n"+pasted)
		}
	}
	c.fill(page, "/try", answers)
	c.fill(page, "/save", answers)
}

// pasted is what is typed where "{{" begins a field.
var pasted = strings.ReplaceAll(typed, "{{.}} ", "")

// mail holds, releases, takes back and retries letters that a mail server puts
// off or does not take.
func (p *plain) mail(c *clerk) {
	p.t.Helper()
	p.post.Behave(testkit.Manners{Rcpt: func(to string) error {
		switch {
		case strings.HasPrefix(to, "later-"):
			return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 2, 1}, Message: "later"}
		case strings.HasPrefix(to, "never-"):
			return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "nobody " + pasted}
		}
		return nil
	}})
	list := []string{email("later-1"), email("later-2"), email("never-1")}
	page := c.fill(c.get(at("/people/invite")), "/people/invite/read", url.Values{"list": {strings.Join(list, "\n")}, "seat": {"auditor/"}})
	c.fill(page, "/people/invite/send", nil)
	c.fill(c.get("/desk/operators"), "/operators/give", url.Values{"email": {email("later-3")}})
	for _, own := range []struct{ at, letter string }{{at("/mail"), email("later-1")}, {"/desk/mail", email("later-3")}} {
		p.fate(c, own.at, own.letter, "deferred")
		page := c.fill(c.get(own.at), "/mail/change", url.Values{"do": {string(identity.HoldMail)}})
		letters := page.links(own.at + "/" + entryPattern)
		for _, letter := range letters {
			if page := c.get(letter); page.says(own.letter) {
				c.fill(page, "/withdraw", nil)
			}
		}
	}
	c.fill(c.get(at("/mail")), "/mail/change", url.Values{"do": {string(identity.ReleaseMail)}})
	p.fate(c, at("/mail"), email("never-1"), "dead")
	c.fill(c.get(at("/mail")), "/mail/change", url.Values{"do": {string(identity.RetryMail)}})
}

// fate waits until the page of letters tells what has become of one.
func (p *plain) fate(c *clerk, at, address, state string) {
	p.t.Helper()
	testkit.Eventually(p.t, testkit.Patience, func() error {
		page := c.get(at + "?q=" + address)
		if !strings.Contains(page.Text, `class="fate `+state+`"`) {
			return errors.New(mainOf(page.Text))
		}
		return nil
	})
}

// operators gives an office of the whole installation, takes it back, and shuts
// an account out and in.
func (p *plain) operators(c *clerk) {
	p.t.Helper()
	other := email("operator-2")
	c.fill(c.get("/desk/operators"), "/operators/give", url.Values{"email": {other}})
	p.joins(other, p.post.To(p.t, other, 1)[0].Link())
	c.fill(c.get("/desk/operators"), "/operators/revoke", url.Values{"email": {other}})
	for _, do := range []string{"disable", "enable"} {
		c.fill(c.get("/desk/operators/access"), "/access/change", url.Values{"email": {other}, "do": {do}})
	}
	if page := p.person().enters(other, script.Password); page.Path != "/desk" {
		p.t.Errorf("let in again: at %s %s", page.Path, mainOf(page.Text))
	}
}

// counted recounts the vote, strikes a candidate, and records what the lots are
// drawn from.
func (p *plain) counted(c *clerk) {
	p.t.Helper()
	c.fill(c.get(at("/checks")), "/checks/recount", nil)
	c.settled(at("/checks"), "progress max")
	entries := c.get(at("/entries?state=admitted")).links(at("/entries/") + entryPattern)
	c.fill(c.get(slices.Max(entries)+"/strike"), "/strike/confirm", nil)
	c.fill(c.get(at("/result/lot")), "/lot/record", nil)
}
