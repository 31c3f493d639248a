package bench

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
)

// What a phone loads with the ballot's page: the files that it names, and of the
// photos those of the cards near the screen, in the size for a sharp one.
var (
	named  = regexp.MustCompile(`(?:src|href)="(/static/[^"]+)"`)
	photos = regexp.MustCompile(`srcset="[^"]*?(/s/[^" ]+) 192w`)
	keyed  = regexp.MustCompile(`name="key" value="([^"]+)"`)
	picked = regexp.MustCompile(`name="pick" value="(\d+)"`)
)

// nearby is how many cards are on the first screen of a phone and a little below.
const nearby = 10

// visitor is a phone that counts what comes over its wire, heads and bodies.
type visitor struct {
	http.Client

	at    string
	bytes int
	has   map[string]bool // files that it keeps
}

// visit votes once by the pages, as a phone does without a script, and prints what
// that takes.
func (b *bench) visit(ctx context.Context) error {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return err
	}
	v := &visitor{Client: http.Client{Jar: jar}, at: "http://" + b.one.Listen, has: map[string]bool{}}
	here := "/s/" + b.slug
	page, err := v.load(ctx, here, nil)
	if err != nil {
		return err
	}
	first := v.bytes
	form := url.Values{}
	if key := keyed.FindStringSubmatch(page); key != nil {
		form.Set("key", key[1])
	}
	for _, m := range picked.FindAllStringSubmatch(page, picksPerBallot) {
		form.Add("pick", m[1])
	}
	for _, to := range []string{"/review", "/vote"} {
		if page, err = v.load(ctx, here+to, form); err != nil {
			return err
		}
	}
	if !strings.Contains(page, `id="code"`) {
		return fmt.Errorf("no receipt is on %s/voted", here)
	}
	fmt.Printf("The ballot's first screen on a phone takes %.0f kB, all until the receipt %.0f kB.\n", float64(first)/1000, float64(v.bytes)/1000)
	return nil
}

// load gets a page with what it names.
func (v *visitor) load(ctx context.Context, path string, form url.Values) (string, error) {
	page, err := v.get(ctx, path, form)
	if err != nil {
		return "", err
	}
	near := photos.FindAllStringSubmatch(page, nearby)
	for _, m := range append(named.FindAllStringSubmatch(page, -1), near...) {
		if v.has[m[1]] {
			continue
		}
		v.has[m[1]] = true
		if _, err := v.get(ctx, m[1], nil); err != nil {
			return "", err
		}
	}
	return page, nil
}

// get asks for one file, or sends a form, and counts what comes before it is
// unpacked.
func (v *visitor) get(ctx context.Context, path string, form url.Values) (string, error) {
	method, body := http.MethodGet, io.Reader(nil)
	if form != nil {
		method, body = http.MethodPost, strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(ctx, method, v.at+path, body)
	if err != nil {
		return "", err
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.Header.Set("Accept-Encoding", "gzip")
	res, err := v.Do(r)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	packed, err := io.ReadAll(res.Body)
	if err != nil {
		return "", err
	}
	v.bytes += len(packed)
	for name, values := range res.Header {
		v.bytes += (len(name) + len(": \r\n")) * len(values)
		v.bytes += len(strings.Join(values, ""))
	}
	if res.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: %s", path, res.Status)
	}
	return unpacked(packed, res.Header.Get("Content-Encoding"))
}

func unpacked(body []byte, encoding string) (string, error) {
	if encoding != "gzip" {
		return string(body), nil
	}
	r, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(r)
	return string(text), err
}
