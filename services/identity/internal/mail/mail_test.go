package mail

import (
	"context"
	"net"
	"strings"
	"testing"

	gomail "github.com/wneessen/go-mail"

	"github.com/laurel-awards/laurel/pkg/testkit"
)

// TestWrite fills the template of every kind, and no letter but those with links
// holds one.
func TestWrite(t *testing.T) {
	for _, k := range Kinds() {
		f := filling{
			Said: Said{By: "by@example.org", Slug: "s-1", Reason: "has left"}, Address: "to@example.org", Forgot: "https://l/forgot",
		}
		if k.hasLink() {
			f.Link, f.Code = "https://l/claim?token=x", "K7M3-9TQX-2HFP"
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
