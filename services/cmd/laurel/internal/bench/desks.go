package bench

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/script"
	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/identity"
)

// Desks is `laurel bench desks`.
type Desks struct {
	DataDir string `default:"/var/tmp/laurel-bench" type:"path" help:"Where PostgreSQL and the server keep their data; emptied first."`
	Input   string `default:"deploy/examples/most-beautiful-courier" type:"path" help:"Folder of the selection with 60 candidates."`
	Entries int    `default:"5000" help:"Of the other selection."`
	Times   int    `default:"100" help:"How often each page is asked for."`
}

// What a page of the desks may take.
const (
	deskTime   = 100 * time.Millisecond
	listTime   = 200 * time.Millisecond // with 5,000 entries
	deskWeight = 120_000                // bytes, compressed, with what it links
)

// deskPage is a page and who reads it.
type deskPage struct {
	who  string // email
	path string
	most time.Duration
}

// Run brings one selection to its review, fills another with entries, and prints
// how long each page of the desks takes and what it weighs.
func (d *Desks) Run(ctx context.Context) error {
	binary, err := os.Executable()
	if err != nil {
		return err
	}
	cast := &Cast{DataDir: d.DataDir, Input: d.Input}
	return cast.alone(ctx, binary, func(b *bench) error { return d.run(ctx, b) })
}

func (d *Desks) run(ctx context.Context, b *bench) error {
	s, err := b.add(ctx, laurel, b.one)
	if err != nil {
		return err
	}
	if err := s.Close(ctx, rulebook.PhaseVoting); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{s.OpenReview, s.SeatCommittee} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	pages, err := d.pages(ctx, s)
	if err != nil {
		return err
	}
	full, err := d.fill(ctx, s)
	if err != nil {
		return err
	}
	return d.measure(ctx, "http://"+b.one.Listen, append(pages, full...))
}

// pages are those of the selection in review, each by one who works at it.
func (d *Desks) pages(ctx context.Context, s *script.Script) ([]deskPage, error) {
	entries, err := s.Organizer().Entries(ctx, s.Slug)
	if err != nil || len(entries) == 0 {
		return nil, errors.Join(err, errors.New("no entries"))
	}
	juror := s.Input.With(identity.Juror)[0]
	mine, err := s.As(identity.Juror).Assignments(ctx, s.Slug, juror.Scope)
	if err != nil || len(mine) == 0 {
		return nil, errors.Join(err, errors.New("nothing to score"))
	}
	for i, a := range mine[:len(mine)/2] {
		if _, err := s.As(identity.Juror).SaveSheet(ctx, s.Slug, juror.Scope, a.Candidate, gateway.SaveSheet{Comment: fmt.Sprint("draft ", i)}); err != nil {
			return nil, err
		}
	}
	of, panel := "/desk/s/"+s.Slug, "/panels/"+juror.Scope
	var all []deskPage
	add := func(role identity.Role, paths ...string) {
		for _, path := range paths {
			if !strings.HasPrefix(path, "/desk") {
				path = of + path
			}
			all = append(all, deskPage{s.Input.With(role)[0].Email, path, deskTime})
		}
	}
	add(identity.Organizer, "/desk", "/desk/account", "/desk/new", "", "/entries", "/entries/"+entries[0].ID, "/import", "/photos", "/phases",
		"/phases/review/close", "/people", "/people/invite", "/panels", panel, panel+"/seats", panel+"/candidates/1", panel+"/candidates/1/pin",
		"/committee", "/roster", "/rulebook", "/meeting", "/audit")
	add(identity.Vetter, "", "/vetting?show=all", "/vetting/"+entries[0].ID)
	add(identity.Juror, "", "/sheets/"+juror.Scope, "/sheets/"+juror.Scope+"/"+mine[0].Candidate,
		"/sheets/"+juror.Scope+"/review", "/sheets/"+juror.Scope+"/print")
	add(identity.Committee, "/meeting")
	add(identity.Auditor, "/audit")
	return all, nil
}

// fill imports the entries of another selection, and gives its lists.
func (d *Desks) fill(ctx context.Context, of *script.Script) ([]deskPage, error) {
	rules, err := of.Input.Edition(3)
	if err != nil {
		return nil, err
	}
	in := of.Input
	in.Entries = sheet(d.Entries)
	full := &script.Script{API: of.API, Input: in, Slug: of.Slug + "-full", Rules: rules, Progress: of.Progress}
	for _, step := range []func(context.Context) error{full.Create, full.Nominate} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	var all []deskPage
	for _, path := range []string{
		"", "/entries", "/entries?page=50", "/entries?sort=-name", "/entries?sort=employer&page=99", "/entries?q=%E9%A9%AC",
		"/entries?photo=without&state=submitted", "/photos",
	} {
		all = append(all, deskPage{of.Input.With(identity.Organizer)[0].Email, "/desk/s/" + full.Slug + path, listTime})
	}
	vetter := of.Input.With(identity.Vetter)[0]
	for _, path := range []string{"/vetting", "/vetting?search=%E9%A9%AC&order=name"} {
		all = append(all, deskPage{vetter.Email, "/desk/s/" + full.Slug + path, listTime})
	}
	return all, nil
}

// sheet is a file of entries, each with a story of some length.
func sheet(entries int) []byte {
	var b strings.Builder
	b.WriteString("姓名,性别,类别,工作单位,所在市州,主要事迹,推荐单位\n")
	regions := []string{"兰州市", "天水市", "定西市", "临夏州", "庆阳市"}
	story := strings.Repeat("风雨无阻，把每一件快递送到乡亲手里。", 20)
	for i := range entries {
		first, second := rune('一'+i/1000), rune('一'+i%1000)
		fmt.Fprintf(&b, "马%c%c,%s,快递员,陇运速递第%d营业部,%s,%s第%d个故事。,总工会\n",
			first, second, []string{"女", "男"}[i%2], i%300, regions[i%len(regions)], story, i)
	}
	return []byte(b.String())
}

// measure asks for the pages, and prints what is over its limit as such.
func (d *Desks) measure(ctx context.Context, site string, pages []deskPage) error {
	tokens := map[string]string{}
	asks := desks{site: site, client: &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	fmt.Printf("%-60s %8s %8s %8s %10s\n", "page", "p50", "p99", "limit", "bytes")
	over := 0
	for _, p := range pages {
		if tokens[p.who] == "" {
			token, err := asks.signIn(ctx, p.who)
			if err != nil {
				return err
			}
			tokens[p.who] = token
		}
		var took []time.Duration
		var weight int
		for i := range d.Times + 1 {
			began := time.Now()
			page, packed, err := asks.get(ctx, p.path, tokens[p.who])
			if err != nil {
				return err
			}
			if i == 0 { // what fills the caches, and is weighed
				if weight, err = asks.weigh(ctx, page, packed); err != nil {
					return err
				}
				continue
			}
			took = append(took, time.Since(began))
		}
		slices.Sort(took)
		half, most := took[len(took)/2], took[len(took)*99/100]
		verdict := ""
		if half > p.most || weight > deskWeight {
			verdict, over = "  OVER", over+1
		}
		fmt.Printf("%-60s %6.1fms %6.1fms %6dms %10d%s\n", shortened(p.path), ms(half), ms(most), p.most.Milliseconds(), weight, verdict)
	}
	fmt.Printf("%d of %d pages are over their limits.\n", over, len(pages))
	return nil
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// shortened is a path without what only tells ids apart.
var aUUID = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}`)

func shortened(path string) string { return aUUID.ReplaceAllString(path, "…") }

// desks asks for pages as a browser does, one after another on one connection.
type desks struct {
	site   string
	client *http.Client
	linked map[string]int // bytes
}

func (d *desks) signIn(ctx context.Context, email string) (token string, err error) {
	form := strings.NewReader("email=" + email + "&password=" + script.Password)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.site+"/desk/sign-in/enter", form)
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	resp, err := d.client.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	for _, c := range resp.Cookies() {
		if c.Name == gateway.SessionCookie {
			return c.Value, nil
		}
	}
	return "", fmt.Errorf("%s is not signed in: %s", email, resp.Status)
}

// get gives a page's text, and its bytes on the wire.
func (d *desks) get(ctx context.Context, path, token string) (text string, packed int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, d.site+path, nil)
	if err != nil {
		return "", 0, err
	}
	req.Header.Set("Accept-Encoding", "gzip")
	req.Header.Set("Cookie", gateway.SessionCookie+"="+token)
	resp, err := d.client.Do(req)
	if err != nil {
		return "", 0, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", path, resp.Status)
	}
	if err != nil || resp.Header.Get("Content-Encoding") != "gzip" {
		return string(body), len(body), err
	}
	plain, err := gzip.NewReader(strings.NewReader(string(body)))
	if err != nil {
		return "", 0, err
	}
	unpacked, err := io.ReadAll(plain)
	return string(unpacked), len(body), err
}

var linkedFile = regexp.MustCompile(`(?:src|href)="(/static/[^"]+)"`)

// weigh adds what a page links, which browsers keep afterwards.
func (d *desks) weigh(ctx context.Context, page string, packed int) (int, error) {
	if d.linked == nil {
		d.linked = map[string]int{}
	}
	for _, m := range linkedFile.FindAllStringSubmatch(page, -1) {
		if _, known := d.linked[m[1]]; !known {
			_, size, err := d.get(ctx, m[1], "")
			if err != nil {
				return 0, err
			}
			d.linked[m[1]] = size
		}
		packed += d.linked[m[1]]
	}
	return packed, nil
}
