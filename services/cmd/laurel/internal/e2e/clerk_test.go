package e2e_test

import (
	"bytes"
	"html"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/script"
)

// clerk works at the desks with a browser that has no scripts.
type clerk struct {
	t     *testing.T
	http  *http.Client
	base  string
	lang  string
	from  string          // network; empty: this machine
	types string          // what is typed in every field for text that has no answer
	sent  map[string]bool // addresses to which forms went; nil: nobody asks
}

// shown is what a clerk sees.
type shown struct {
	Status int
	Header http.Header
	Path   string
	Text   string // as HTML
}

// visitor opens a browser.
func (h *harness) visitor(t *testing.T, lang string) *clerk {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &clerk{t: t, http: &http.Client{Jar: jar}, base: "http://" + h.Listen, lang: lang}
}

// clerk signs somebody in on the page.
func (h *harness) clerk(t *testing.T, email, lang string) *clerk {
	t.Helper()
	c := h.visitor(t, lang)
	if s := c.send("/desk/sign-in/enter", url.Values{"email": {email}, "password": {script.Password}}); s.Status != http.StatusOK || s.Path != "/desk" {
		t.Fatalf("signed in: %d at %s: %s", s.Status, s.Path, s.Text)
	}
	return c
}

func (c *clerk) desk(path string) string { return "/desk/s/" + slug + "/" + path }

// get reads a page.
func (c *clerk) get(path string) shown {
	c.t.Helper()
	return c.do(http.MethodGet, path, "", nil)
}

// send sends a form, and follows where it leads.
func (c *clerk) send(path string, form url.Values) shown {
	c.t.Helper()
	return c.do(http.MethodPost, path, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
}

// file is one that a form sends.
type file struct {
	name string
	body []byte
}

// sendFiles sends a form with files.
func (c *clerk) sendFiles(path, field string, values map[string]string, files ...file) shown {
	c.t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for name, value := range values {
		if err := w.WriteField(name, value); err != nil {
			c.t.Fatal(err)
		}
	}
	for _, f := range files {
		part, err := w.CreateFormFile(field, f.name)
		if err != nil {
			c.t.Fatal(err)
		}
		if _, err := part.Write(f.body); err != nil {
			c.t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		c.t.Fatal(err)
	}
	return c.do(http.MethodPost, path, w.FormDataContentType(), &b)
}

func (c *clerk) do(method, path, media string, body io.Reader) shown {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.base+path, body)
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Accept-Language", c.lang)
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	if c.from != "" {
		req.Header.Set("X-Forwarded-For", c.from)
	}
	if media != "" {
		req.Header.Set("Content-Type", media)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	s := shown{resp.StatusCode, resp.Header, resp.Request.URL.Path, string(text)}
	if c.types != "" {
		c.harmless(s)
	}
	return s
}

// says tells whether a page shows a text.
func (s shown) says(text string) bool { return strings.Contains(html.UnescapeString(s.Text), text) }
