package bench

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// step is one request of a visit.
type step struct {
	name    string
	request func(v *browsing) []byte // the whole HTTP request
	status  int                      // that its answer must have
}

// browsing is what a visitor keeps between the steps of one visit.
type browsing struct {
	network string // as a proxy tells it
	seed    string
	cookies string // as they are sent
}

// head writes what every request of the visitor has.
func (v *browsing) head(method, path, more string) string {
	text := method + " " + path + " HTTP/1.1\r\nHost: bench\r\nAccept-Encoding: gzip\r\nAccept-Language: zh-CN,zh;q=0.9,en;q=0.8\r\n" +
		"X-Forwarded-For: " + v.network + "\r\n"
	if v.cookies != "" {
		text += "Cookie: " + v.cookies + "\r\n"
	}
	return text + more + "\r\n"
}

func (v *browsing) get(path string) []byte { return []byte(v.head(http.MethodGet, path, "")) }

func (v *browsing) post(path, form string) []byte {
	return append([]byte(v.head(http.MethodPost, path,
		"Content-Type: application/x-www-form-urlencoded\r\nSec-Fetch-Site: same-origin\r\nContent-Length: "+strconv.Itoa(len(form))+"\r\n")), form...)
}

// came is what steps took, and how many visits there were.
type came struct {
	load
	visits int
	steps  map[string][]time.Duration
	bytes  map[string]int // of one answer
}

// browse has visitors take the steps one after the other, over so many keep-alive
// connections, for a while. An answer of another status ends it with an error, but for
// 503 where that may be: it is counted as refused.
func browse(ctx context.Context, address string, steps []step, conns int, span time.Duration, refusable bool) (came, error) {
	g, ctx := errgroup.WithContext(ctx)
	all := make([]came, conns)
	start := time.Now()
	for i := range conns {
		g.Go(func() (err error) {
			all[i], err = browseOne(ctx, address, steps, start.Add(span), refusable)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return came{}, fmt.Errorf("%s: %w", steps[0].name, err)
	}
	out := came{steps: map[string][]time.Duration{}, bytes: map[string]int{}}
	for _, one := range all {
		for name, times := range one.steps {
			out.steps[name] = append(out.steps[name], times...)
			out.bytes[name] = max(out.bytes[name], one.bytes[name])
		}
		out.visits += one.visits
		out.refused += one.refused
	}
	if out.visits == 0 {
		return out, errors.New("no visit came to its end")
	}
	out.rate = float64(out.visits) / time.Since(start).Seconds()
	return out, nil
}

func browseOne(ctx context.Context, address string, steps []step, end time.Time, refusable bool) (out came, err error) {
	out = came{steps: map[string][]time.Duration{}, bytes: map[string]int{}}
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return out, err
	}
	defer conn.Close()
	in := bufio.NewReaderSize(conn, 1<<15)
next:
	for ctx.Err() == nil && time.Now().Before(end) {
		v := &browsing{network: network(randomID()), seed: fmt.Sprintf("%x", randomID())[:16]}
		for _, s := range steps {
			began := time.Now()
			if err := conn.SetDeadline(began.Add(answerLimit)); err != nil {
				return out, err
			}
			if _, err := conn.Write(s.request(v)); err != nil {
				return out, err
			}
			got, err := v.read(in)
			if err != nil {
				return out, err
			}
			if refusable && got.status == http.StatusServiceUnavailable {
				out.refused++
				continue next
			}
			if got.status != s.status {
				return out, fmt.Errorf("%s: status %d, want %d", s.name, got.status, s.status)
			}
			out.steps[s.name] = append(out.steps[s.name], time.Since(began))
			out.bytes[s.name] = got.bytes
		}
		out.visits++
	}
	return out, ctx.Err()
}

// answered is an answer as far as it matters here.
type answered struct {
	status, bytes int // head and body
}

// read reads an answer, and keeps its cookies, with as little work as can be.
func (v *browsing) read(in *bufio.Reader) (got answered, err error) {
	line, err := in.ReadSlice('\n')
	if err != nil {
		return got, err
	}
	got.bytes = len(line)
	if len(line) > 12 {
		got.status, _ = strconv.Atoi(string(line[9:12])) // else 0
	}
	length := -1
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return got, err
		}
		got.bytes += len(line)
		name, value, ok := bytes.Cut(bytes.TrimSpace(line), []byte(": "))
		if !ok {
			break
		}
		switch {
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.Atoi(string(value)); err != nil {
				return got, err
			}
		case bytes.EqualFold(name, []byte("Set-Cookie")):
			cookie, _, _ := strings.Cut(string(value), ";")
			if v.cookies != "" {
				v.cookies += "; "
			}
			v.cookies += cookie
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			length = inChunks
		}
	}
	if got.status == http.StatusNotModified || got.status == http.StatusNoContent {
		length = 0
	}
	if length == inChunks {
		n, err := chunks(in)
		got.bytes += n
		return got, err
	}
	if length < 0 {
		return got, errors.New("an answer without Content-Length")
	}
	got.bytes += length
	_, err = in.Discard(length)
	return got, err
}

// inChunks is the length of an answer that says it piece by piece.
const inChunks = -2

// chunks goes over a body in chunks (RFC 9112, section 7.1) without trailers.
func chunks(in *bufio.Reader) (n int, err error) {
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return n, err
		}
		size, err := strconv.ParseInt(string(bytes.TrimSpace(line)), 16, 32)
		if err != nil {
			return n, err
		}
		rest := int(size) + len("\r\n")
		n += len(line) + rest
		if _, err := in.Discard(rest); err != nil || size == 0 {
			return n, err
		}
	}
}

// sample takes the steps once and gives what was answered, byte for byte.
func sample(ctx context.Context, address string, steps []step) (raw [][]byte, err error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	var heard bytes.Buffer
	in := bufio.NewReader(io.TeeReader(conn, &heard))
	v := &browsing{network: network(randomID()), seed: "0123456789abcdef"}
	for _, s := range steps {
		if err := conn.SetDeadline(time.Now().Add(answerLimit)); err != nil {
			return nil, err
		}
		if _, err := conn.Write(s.request(v)); err != nil {
			return nil, err
		}
		got, err := v.read(in)
		if err == nil && got.status != s.status {
			err = fmt.Errorf("status %d, want %d: %.2000s", got.status, s.status, heard.Bytes())
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
		raw = append(raw, bytes.Clone(heard.Bytes()))
		heard.Reset()
	}
	return raw, nil
}
