package mail

import (
	"context"
	"net"
	"strings"
	"testing"

	gomail "github.com/wneessen/go-mail"

	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/identity"
)

// TestWrite fills the text of every kind, and no letter but those with links holds
// one.
func TestWrite(t *testing.T) {
	q := &Queue{cfg: Config{PublicURL: "https://l/"}}
	for _, k := range Kinds() {
		for _, slug := range []string{"", "s-1"} {
			said := Said{By: "by@example.org", Slug: slug, Reason: "has left"}
			words, err := standard(k, slug)
			if err != nil {
				t.Fatal(err)
			}
			text, err := write(words, q.filling(k, said, "to@example.org", "K7M3-9TQX-2HFP"))
			if err != nil {
				t.Errorf("%s: %v", k, err)
				continue
			}
			if text.subject == "" || strings.Contains(text.subject, "\n") || !strings.Contains(text.body, "您好") || !strings.Contains(text.body, "Hello") {
				t.Errorf("%s: %+v", k, text)
			}
			if strings.Count(text.body, "to@example.org") != 2 || strings.Contains(text.body, "<no value>") || strings.Contains(text.body, "{{") {
				t.Errorf("%s: %s", k, text.body)
			}
			links := strings.Count(text.body, "https://l/claim?token=K7M3-9TQX-2HFP") + strings.Count(text.body, "https://l/s/"+slug+"#code=K7M3-9TQX-2HFP")
			if (links == 2) != k.hasLink() {
				t.Errorf("%s: %d links", k, links)
			}
		}
	}
}

// TestWrite_header fills a subject with what would be further headers: it stays one
// line, and what it is filled with is no template.
func TestWrite_header(t *testing.T) {
	words := identity.Words{Subject: "{{.By}} · {{.Slug}}", EN: "{{.By}}"}
	out, err := write(words, filling{Said: Said{By: "a@example.org\r\nBcc: b@example.org\x00", Slug: "{{.Code}}"}, Code: "K7M3-9TQX-2HFP"})
	if err != nil || out.subject != "a@example.org Bcc: b@example.org  · {{.Code}}" {
		t.Errorf("%+v, %v", out, err)
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

// TestRelay_plain finds a server elsewhere that offers no TLS, as one in the
// middle would: it gets neither a letter nor the password.
func TestRelay_plain(t *testing.T) {
	post := testkit.NewPost(t)
	cfg := Config{URL: "smtp://laurel:hunter2@mail.example.org", From: "laurel@example.org", PublicURL: "https://laurel.example.org"}
	r, err := newRelay(cfg)
	if err != nil {
		t.Fatal(err)
	}
	r.opts = append(r.opts, gomail.WithDialContextFunc(func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, strings.TrimPrefix(post.URL, "smtp://"))
	}))
	final, err := r.send(testkit.Context(t), "1", "to@example.org", text{"subject", "body"})
	if err == nil || final || !strings.Contains(err.Error(), "STARTTLS") || post.Tries() > 0 {
		t.Errorf("%v, final %v, %d letters", err, final, post.Tries())
	}
}
