package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// Config is how mail is sent.
type Config struct {
	URL       string      // smtp://USER:PASSWORD@HOST:PORT, or smtps:// for TLS from the start; empty: no mail is sent
	From      string      // sender: Laurel <laurel@example.org>
	PublicURL string      // where the links in letters lead
	TLS       *tls.Config // nil: the system's certificates
	// Patience is how long the server may take to be reached, and to take a letter;
	// nil: 20 seconds.
	Patience func() time.Duration
}

const (
	patience = 20 * time.Second
	sendTime = time.Minute // in all

	portSubmission = 587 // RFC 6409
	portTLS        = 465 // RFC 8314
)

// relay is the server that takes our mail.
type relay struct {
	patience  func() time.Duration
	host      string
	opts      []gomail.Option
	from      string
	publicURL string
}

// newRelay reads the settings.
func newRelay(cfg Config) (*relay, error) {
	u, err := url.Parse(cfg.URL)
	if err != nil || u.Hostname() == "" || u.Scheme != "smtp" && u.Scheme != "smtps" || u.Path != "" && u.Path != "/" {
		return nil, errors.New("SMTP_URL is not smtp://[USER:PASSWORD@]HOST[:PORT] or smtps://…") // which holds a password: it is not shown
	}
	if _, err := mail.ParseAddress(cfg.From); err != nil {
		return nil, fmt.Errorf("MAIL_FROM is not an address: %q", cfg.From)
	}
	if p, err := url.Parse(cfg.PublicURL); err != nil || p.Host == "" {
		return nil, errors.New("PUBLIC_URL is needed where SMTP_URL is set: links in letters lead there")
	}
	if cfg.Patience == nil {
		cfg.Patience = func() time.Duration { return patience }
	}
	port := portSubmission
	r := &relay{patience: cfg.Patience, host: u.Hostname(), from: cfg.From, publicURL: strings.TrimSuffix(cfg.PublicURL, "/")}
	if u.Scheme == "smtps" {
		port = portTLS
		r.opts = append(r.opts, gomail.WithSSL())
	} else {
		r.opts = append(r.opts, gomail.WithTLSPolicy(policy(r.host)))
	}
	if u.Port() != "" {
		if port, err = strconv.Atoi(u.Port()); err != nil {
			return nil, fmt.Errorf("SMTP_URL: port %q", u.Port())
		}
	}
	r.opts = append(r.opts, gomail.WithPort(port))
	if cfg.TLS != nil {
		own := cfg.TLS.Clone()
		own.ServerName = r.host
		r.opts = append(r.opts, gomail.WithTLSConfig(own))
	}
	if u.User != nil {
		password, _ := u.User.Password()
		r.opts = append(r.opts, gomail.WithUsername(u.User.Username()), gomail.WithPassword(password),
			gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover))
	}
	_, err = gomail.NewClient(r.host, r.opts...)
	return r, err
}

// policy demands TLS of every server but one on this machine.
func policy(host string) gomail.TLSPolicy {
	if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.IsLoopback() {
		return gomail.TLSOpportunistic
	}
	return gomail.TLSMandatory
}

// send hands a letter to the server. final tells of an error that no further try
// mends.
func (r *relay) send(ctx context.Context, id, to string, text text) (final bool, err error) {
	m := gomail.NewMsg()
	if err := errors.Join(m.From(r.from), m.To(to)); err != nil {
		return true, err
	}
	m.Subject(text.subject)
	m.SetMessageIDWithValue(id + "@laurel")
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: nobody answers
	m.SetBodyString(gomail.TypeTextPlain, text.body)
	client, err := gomail.NewClient(r.host, append(slices.Clip(r.opts), gomail.WithTimeout(r.patience()))...)
	if err != nil {
		return false, err
	}
	ctx, cancel := context.WithTimeout(ctx, sendTime)
	defer cancel()
	err = client.DialAndSendWithContext(ctx, m)
	var refused *gomail.SendError
	switch {
	case err == nil || m.IsDelivered(): // whatever came of saying goodbye
		return false, nil
	case !errors.As(err, &refused):
		return false, err
	}
	return judge(refused)
}

// judge tells whether a refusal is for good, and what is kept of it. A server that
// refuses the sender refuses no letter: its operator mends that. The words of one
// that has read the letter are not kept, for they may quote its link or code.
func judge(refused *gomail.SendError) (final bool, err error) {
	code, status := refused.ErrorCode(), refused.EnhancedStatusCode()
	switch refused.Reason {
	case gomail.ErrSMTPRcptTo, gomail.ErrSMTPData:
		return code >= 500, bare(refused)
	case gomail.ErrWriteContent, gomail.ErrSMTPDataClose, gomail.ErrAmbiguous:
		if code == 0 {
			return false, errors.New("the mail server broke off before it took the letter")
		}
		return code >= 500, fmt.Errorf("the mail server read the letter and refused it: %d %s", code, status)
	}
	return false, bare(refused)
}

// bare is a refusal without the letter's address and id, which its row has.
func bare(refused *gomail.SendError) error {
	words, _, _ := strings.Cut(refused.Error(), ", affected recipient(s): ")
	return errors.New(words)
}
