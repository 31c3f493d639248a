package bench

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// answerLimit is how long one answer may take.
const answerLimit = 10 * time.Second

// load is what a target answered under load.
type load struct {
	rate     float64 // answers of success a second
	p50, p99 time.Duration
}

// target is who is asked: request appends the next whole HTTP request.
type target struct {
	name, address string
	request       func(dst []byte) []byte
}

// run asks over so many keep-alive connections for a while. Each connection has
// one request in flight. Any answer but 201 ends it with an error.
func (t target) run(ctx context.Context, conns int, span time.Duration) (load, error) {
	g, ctx := errgroup.WithContext(ctx)
	times := make([][]time.Duration, conns)
	start := time.Now()
	for i := range conns {
		g.Go(func() (err error) {
			times[i], err = t.one(ctx, start.Add(span))
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return load{}, fmt.Errorf("%s: %w", t.name, err)
	}
	took := time.Since(start)
	all := slices.Concat(times...)
	if len(all) == 0 {
		return load{}, fmt.Errorf("%s: no answer", t.name)
	}
	slices.Sort(all)
	at := func(part float64) time.Duration { return all[int(part*float64(len(all)-1))] }
	return load{float64(len(all)) / took.Seconds(), at(0.5), at(0.99)}, nil
}

func (t target) one(ctx context.Context, end time.Time) (times []time.Duration, err error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", t.address)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	in := bufio.NewReader(conn)
	var out []byte
	for ctx.Err() == nil && time.Now().Before(end) {
		out = t.request(out[:0])
		began := time.Now()
		if err := conn.SetDeadline(began.Add(answerLimit)); err != nil {
			return nil, err
		}
		if _, err := conn.Write(out); err != nil {
			return nil, err
		}
		if err := answer(in); err != nil {
			return nil, err
		}
		times = append(times, time.Since(began))
	}
	return times, ctx.Err()
}

// answer reads one HTTP/1.1 answer, with as little work as can be: the load
// shares the processors with those it measures.
func answer(in *bufio.Reader) error {
	status, err := in.ReadString('\n')
	if err != nil {
		return err
	}
	length := -1
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return err
		}
		if len(bytes.TrimSpace(line)) == 0 {
			break
		}
		if name, value, ok := bytes.Cut(line, []byte(":")); ok && strings.EqualFold(string(name), "Content-Length") {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return err
			}
		}
	}
	if length < 0 {
		return errors.New("an answer without Content-Length")
	}
	body, err := io.ReadAll(io.LimitReader(in, int64(length)))
	if err != nil {
		return err
	}
	if !strings.HasPrefix(status, "HTTP/1.1 201") {
		return fmt.Errorf("%s: %s", strings.TrimSpace(status), body)
	}
	return nil
}
