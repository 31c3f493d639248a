package mail

import (
	"strings"
	"testing"

	gomail "github.com/wneessen/go-mail"
)

// TestWrite fills the template of every kind, and no letter but those with links
// holds one.
func TestWrite(t *testing.T) {
	for _, k := range Kinds() {
		f := filling{
			Said: Said{By: "by@example.org", Slug: "s-1", Reason: "has left"}, Address: "to@example.org", Forgot: "https://l/forgot",
		}
		if k.hasLink() {
			f.Link = "https://l/claim?token=x"
		}
		text, err := write(k, f)
		if err != nil {
			t.Errorf("%s: %v", k, err)
			continue
		}
		if text.subject == "" || strings.Contains(text.subject, "\n") || !strings.Contains(text.body, "您好") || !strings.Contains(text.body, "Hello") {
			t.Errorf("%s: %+v", k, text)
		}
		if strings.Count(text.body, "to@example.org") != 2 || strings.Contains(text.body, "<no value>") {
			t.Errorf("%s: %s", k, text.body)
		}
		if got := strings.Count(text.body, "https://l/claim?token=x"); (got == 2) != k.hasLink() {
			t.Errorf("%s: %d links", k, got)
		}
	}
}

// TestPolicy demands TLS of every server but one on this machine.
func TestPolicy(t *testing.T) {
	for host, want := range map[string]gomail.TLSPolicy{
		"mail.example.org": gomail.TLSMandatory, "10.0.0.7": gomail.TLSMandatory, "localhost.example.org": gomail.TLSMandatory,
		"localhost": gomail.TLSOpportunistic, "127.0.0.1": gomail.TLSOpportunistic, "::1": gomail.TLSOpportunistic,
	} {
		if got := policy(host); got != want {
			t.Errorf("%s: %v", host, got)
		}
	}
}
