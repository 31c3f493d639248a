package testkit

import (
	"bytes"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"regexp"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"
)

// Post is an SMTP server on loopback that keeps the letters it takes.
type Post struct {
	URL string // smtp://…

	mu      sync.Mutex
	letters []Letter
	tries   int
	refuse  func(try int) error
	manners Manners
}

// Manners is what an SMTP server does at each command; it takes what has none.
type Manners struct {
	From func() error          // MAIL FROM
	Rcpt func(to string) error // RCPT TO
	Data func(l Letter) error  // the letter, before it is taken
	Done func(conn *smtp.Conn) // after it was taken and answered
}

// Letter is what somebody was sent.
type Letter struct {
	ID, To, Subject, Text string
	Media                 string // of the text
}

// NewPost starts the server; it ends with the test.
func NewPost(t testing.TB) *Post {
	t.Helper()
	p := &Post{}
	s := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &postSession{post: p, conn: c}, nil }))
	s.Domain = "localhost"
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go s.Serve(l) //nolint:errcheck // ends with Close
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("stop SMTP: %v", err)
		}
	})
	p.URL = "smtp://" + l.Addr().String()
	return p
}

// Refuse has the server answer letters with an error: fn is told which try it
// is, from 1, and gives nil where it is taken.
func (p *Post) Refuse(fn func(try int) error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refuse = fn
}

// Behave has the server do as m says.
func (p *Post) Behave(m Manners) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.manners = m
}

func (p *Post) does() Manners {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.manners
}

// Letters are those taken so far.
func (p *Post) Letters() []Letter {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]Letter{}, p.letters...)
}

// Tries is how often a letter was brought.
func (p *Post) Tries() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.tries
}

// To waits until so many letters went to an address, and gives them.
func (p *Post) To(t testing.TB, address string, n int) (letters []Letter) {
	t.Helper()
	Eventually(t, Patience, func() error {
		letters = nil
		for _, l := range p.Letters() {
			if l.To == address {
				letters = append(letters, l)
			}
		}
		if len(letters) < n {
			return fmt.Errorf("%d of %d letters to %s", len(letters), n, address)
		}
		return nil
	})
	return letters
}

var linkPattern = regexp.MustCompile(`https?://\S+/claim\?token=\S+`)

// Link is the link in a letter; empty: none.
func (l Letter) Link() string { return linkPattern.FindString(l.Text) }

type postSession struct {
	post  *Post
	conn  *smtp.Conn
	to    string
	taken bool // the last letter
}

func (s *postSession) Mail(string, *smtp.MailOptions) error {
	if from := s.post.does().From; from != nil {
		return from()
	}
	return nil
}

func (s *postSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = to
	if rcpt := s.post.does().Rcpt; rcpt != nil {
		return rcpt(to)
	}
	return nil
}

func (s *postSession) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	letter, err := read(raw, s.to)
	if err != nil {
		return err
	}
	p := s.post
	p.mu.Lock()
	p.tries++
	refuse, try := p.refuse, p.tries
	p.mu.Unlock()
	if refuse != nil {
		if err := refuse(try); err != nil {
			return err
		}
	}
	if data := p.does().Data; data != nil {
		if err := data(letter); err != nil {
			return err
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.letters, s.taken = append(p.letters, letter), true
	return nil
}

// Reset follows the answer about a letter, too.
func (s *postSession) Reset() {
	if done := s.post.does().Done; s.taken && done != nil {
		done(s.conn)
	}
	s.taken = false
}

func (s *postSession) Logout() error { return nil }

func read(raw []byte, to string) (Letter, error) {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return Letter{}, err
	}
	body := m.Body
	if m.Header.Get("Content-Transfer-Encoding") == "quoted-printable" {
		body = quotedprintable.NewReader(m.Body)
	}
	text, err := io.ReadAll(body)
	if err != nil {
		return Letter{}, err
	}
	media, _, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		return Letter{}, err
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	return Letter{ID: m.Header.Get("Message-Id"), To: to, Subject: subject, Text: string(text), Media: media}, err
}
