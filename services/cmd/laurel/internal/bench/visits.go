package bench

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/laurel-awards/laurel/pkg/pause"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/script"
)

// Visits is `laurel bench visit`.
type Visits struct {
	DataDir string        `default:"/var/tmp/laurel-bench" type:"path" help:"Where PostgreSQL and the servers keep their data; emptied first."`
	Input   string        `default:"deploy/examples/most-beautiful-courier" type:"path" help:"Folder of the selection that is visited."`
	Binary  string        `type:"path" help:"The laurel that is measured, to compare releases by the same yardstick. Default: this one."`
	Span    time.Duration `default:"2s" help:"How long each is asked at a time."`
	Rounds  int           `default:"5" help:"How often; figures and ratios are medians."`
	Conns   int           `default:"64" help:"Keep-alive connections, one request in flight on each."`
	Parts   []string      `default:"pages,visit,readers" help:"What is measured."`
	Readers int           `default:"16" help:"Who read the list without a pause while ballots are cast."`
}

// Run measures what everybody reads, a whole visit, and what readers leave of the
// ballots: each beside empty answers with the same headers and as many bytes, in
// turn.
func (c *Visits) Run(ctx context.Context) error {
	binary, err := os.Executable()
	if err != nil {
		return err
	}
	cast := &Cast{DataDir: c.DataDir, Input: c.Input, Span: c.Span, Rounds: c.Rounds}
	return cast.alone(ctx, cmp.Or(c.Binary, binary), func(b *bench) error { return c.run(ctx, b, binary) })
}

// run measures what b has, beside yardsticks of the binary.
func (c *Visits) run(ctx context.Context, b *bench, binary string) error {
	s, err := b.add(ctx, laurel, b.one)
	if err != nil {
		return err
	}
	b.binary = binary
	if err := b.yardsticks(ctx); err != nil {
		return err
	}
	v := &visits{Visits: c, bench: b, script: s}
	fmt.Printf("%-28s %10s %10s %10s %10s %10s\n", "", "a second", "p99", "bytes", "empty/s", "of empty")
	receipt, err := v.receipt(ctx)
	if err != nil {
		return err
	}
	for _, part := range []struct {
		name    string
		measure func(context.Context) error
	}{
		{"pages", func(ctx context.Context) error { return v.pages(ctx, receipt) }}, {"visit", v.whole}, {"readers", v.beside},
	} {
		if slices.Contains(c.Parts, part.name) {
			if err := part.measure(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// visits is the measure at work.
type visits struct {
	*Visits

	bench  *bench
	script *script.Script

	credential string // of a voter who has not voted
}

// pages are what is read most, each by voters who have been here before.
func (v *visits) pages(ctx context.Context, receipt string) error {
	page, api := "/s/"+v.bench.slug, "/api/v1/selections/"+v.bench.slug
	number := strconv.Itoa(v.script.Candidates[0].Number)
	for _, one := range []struct{ name, path string }{
		{"selection page", page},
		{"candidate page", page + "/c/" + number},
		{"API candidates", api + "/candidates"},
		{"API candidate", api + "/candidates/" + number},
		{"API tally", api + "/tally"},
		{"API receipt", api + "/receipts/" + receipt},
	} {
		steps := []step{{one.name, func(of *browsing) []byte {
			if strings.HasPrefix(one.path, page) {
				return v.again(of, one.path)
			}
			return of.get(one.path)
		}, http.StatusOK}}
		if err := v.measure(ctx, one.name, steps); err != nil {
			return err
		}
	}
	return nil
}

// again asks for a page as a voter does who has been here before.
func (v *visits) again(of *browsing, path string) []byte {
	of.cookies = "laurel_order=" + of.seed + "; laurel_voter=" + v.credential
	return of.get(path)
}

// receipt casts a ballot by the pages, and gives its receipt; its voter's credential
// is kept, and another one's is what voters have who have been here before.
func (v *visits) receipt(ctx context.Context) (string, error) {
	cookie := func(raw []byte, name string) string {
		_, value, _ := bytes.Cut(raw, []byte("Set-Cookie: "+name+"="))
		value, _, _ = bytes.Cut(value, []byte(";"))
		return string(value)
	}
	raw, err := sample(ctx, v.bench.one.Listen, v.steps(nil))
	if err != nil {
		return "", err
	}
	first, err := sample(ctx, v.bench.one.Listen, v.steps(nil)[:1])
	if err != nil {
		return "", err
	}
	v.credential = cookie(first[0], "laurel_voter")
	receipt, _, _ := strings.Cut(cookie(raw[2], "laurel_receipt"), ".")
	if receipt == "" || v.credential == "" {
		return "", errors.New("no receipt, or no credential, came with the pages")
	}
	return receipt, nil
}

// steps are those of a whole visit: the page with a credential, the files and photos
// that a phone loads with it, the ballot, and its receipt.
func (v *visits) steps(files []string) []step {
	page := "/s/" + v.bench.slug
	numbers := numbersOf(v.script)
	drawn := func() string {
		picks := url.Values{}
		for _, n := range draw(numbers) {
			picks.Add("pick", strconv.Itoa(n))
		}
		return picks.Encode()
	}
	steps := []step{{"page and credential", func(of *browsing) []byte { return of.get(page) }, http.StatusOK}}
	for _, file := range files {
		steps = append(steps, step{"files and photos", func(of *browsing) []byte { return of.get(file) }, http.StatusOK})
	}
	return append(steps,
		step{"review", func(of *browsing) []byte { return of.post(page+"/review", drawn()) }, http.StatusOK},
		step{"ballot", func(of *browsing) []byte { return of.post(page+"/vote", drawn()) }, http.StatusSeeOther},
		step{"receipt page", func(of *browsing) []byte { return of.get(page + "/voted") }, http.StatusOK})
}

// whole measures visits.
func (v *visits) whole(ctx context.Context) error {
	raw, err := sample(ctx, v.bench.one.Listen, v.steps(nil)[:1])
	if err != nil {
		return err
	}
	res, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(raw[0])), nil)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	text, err := unpacked(body, res.Header.Get("Content-Encoding"))
	if err != nil {
		return err
	}
	var files []string
	near := photos.FindAllStringSubmatch(text, nearby)
	for _, m := range append(named.FindAllStringSubmatch(text, -1), near...) {
		if !slices.Contains(files, m[1]) {
			files = append(files, m[1])
		}
	}
	steps := v.steps(files)
	return v.measure(ctx, fmt.Sprintf("visit of %d requests", len(steps)), steps)
}

// measure takes steps and as many empty ones in turn, and prints what came of it.
func (v *visits) measure(ctx context.Context, name string, steps []step) error {
	raw, err := sample(ctx, v.bench.one.Listen, steps)
	if err != nil {
		return err
	}
	empties := make([]step, len(steps))
	for i, s := range steps {
		path := "/like/" + strconv.Itoa(i)
		if err := v.like(ctx, path, raw[i]); err != nil {
			return err
		}
		empties[i] = step{s.name, func(of *browsing) []byte {
			request := s.request(of)
			line := bytes.IndexByte(request, '\r')
			method, _, _ := bytes.Cut(request[:line], []byte(" "))
			return append(fmt.Appendf(nil, "%s %s HTTP/1.1", method, path), request[line:]...)
		}, s.status}
	}
	var loads, of []load
	var last came
	all := came{steps: map[string][]time.Duration{}}
	for range v.Rounds {
		idle, err := browse(ctx, v.bench.targets[empty].address, empties, v.Conns, v.Span, false)
		if err != nil {
			return err
		}
		if last, err = browse(ctx, v.bench.one.Listen, steps, v.Conns, v.Span, false); err != nil {
			return err
		}
		loads, of = append(loads, last.load), append(of, idle.load)
		for name, times := range last.steps {
			all.steps[name] = append(all.steps[name], times...)
		}
	}
	row := func(name string, n float64, times []time.Duration, bytes int, more string) {
		fmt.Printf("%-28s %10.0f %8.1fms %10d %s\n", name, n, float64(quantile(times, 0.99).Microseconds())/1000, bytes, more)
	}
	beside := fmt.Sprintf("%10.0f %10.2f", rate(of), share(loads, of))
	if len(steps) == 1 {
		row(name, rate(loads), all.steps[steps[0].name], last.bytes[steps[0].name], beside)
		return nil
	}
	fmt.Printf("%-28s %10.0f %10s %10d %s\n", name, rate(loads), "", total(raw), beside)
	seen := map[string]bool{}
	for i, s := range steps {
		if !seen[s.name] {
			seen[s.name] = true
			row("  "+s.name, float64(len(all.steps[s.name]))/(float64(v.Rounds)*v.Span.Seconds()), all.steps[s.name], len(raw[i]), "")
		}
	}
	return nil
}

func total(raw [][]byte) (n int) {
	for _, one := range raw {
		n += len(one)
	}
	return n
}

// like has the yardstick answer what is asked at a path as it was answered.
func (v *visits) like(ctx context.Context, path string, raw []byte) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPut, "http://"+v.bench.targets[empty].address+path, bytes.NewReader(raw))
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	if err := res.Body.Close(); err != nil {
		return err
	}
	if res.StatusCode != http.StatusNoContent {
		return fmt.Errorf("yardstick: %s", res.Status)
	}
	return nil
}

// beside casts ballots alone and with readers, in turn.
func (v *visits) beside(ctx context.Context) error {
	var alone, with []load
	pages, refused := 0.0, 0
	reading := []step{{"reading", func(of *browsing) []byte { return v.again(of, "/s/"+v.bench.slug) }, http.StatusOK}}
	for range v.Rounds {
		l, err := v.bench.targets[laurel].run(ctx, v.Conns, v.Span, false)
		if err != nil {
			return err
		}
		alone = append(alone, l)
		read := make(chan error, 1)
		go func() {
			got, err := browse(ctx, v.bench.one.Listen, reading, v.Readers, v.Span, true)
			pages, refused = pages+got.rate, refused+got.refused
			read <- err
		}()
		pause.For(ctx, v.Span/20) // they are there
		l, err = v.bench.targets[laurel].run(ctx, v.Conns, v.Span*9/10, false)
		if err := errors.Join(err, <-read); err != nil {
			return err
		}
		with = append(with, l)
	}
	fmt.Printf("%d readers without a pause, of %.0f pages a second (%d told to come again), leave %.2f of %.0f ballots a second.\n",
		v.Readers, pages/float64(v.Rounds), refused, share(with, alone), rate(alone))
	return nil
}
