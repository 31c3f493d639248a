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
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/laurel-awards/laurel/pkg/pause"
)

const (
	answerLimit = 10 * time.Second // how long one answer may take
	ramp        = time.Second      // within which patient voters come
	mostRate    = 30_000           // requests a second that are made ahead
)

// load is what a target answered under load.
type load struct {
	rate     float64 // ballots taken a second
	p50, p99 time.Duration
	refused  int           // told to come again
	told     time.Duration // within which 99 of 100 of them were
}

// target is who is asked: request appends the next whole HTTP request.
type target struct {
	name, address string
	request       func(dst []byte) []byte
}

// times are of one connection.
type times struct{ taken, refused []time.Duration }

// run asks over so many keep-alive connections for a while. Each connection has
// one request in flight. Who is told to come again does so when told, if patient
// voters ask; any other answer but 201 ends it with an error.
func (t target) run(ctx context.Context, conns int, span time.Duration, patient bool) (load, error) {
	ahead := t.prepare(conns, span)
	g, ctx := errgroup.WithContext(ctx)
	all := make([]times, conns)
	start := time.Now()
	for i := range conns {
		g.Go(func() (err error) {
			if patient { // a crowd does not come in one instant
				pause.For(ctx, time.Duration(i)*ramp/time.Duration(conns))
			}
			all[i], err = t.one(ctx, ahead[i], start.Add(span), patient)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return load{}, fmt.Errorf("%s: %w", t.name, err)
	}
	took := time.Since(start)
	var taken, refused []time.Duration
	for _, one := range all {
		taken, refused = append(taken, one.taken...), append(refused, one.refused...)
	}
	if len(taken) == 0 {
		return load{}, fmt.Errorf("%s: no answer", t.name)
	}
	return load{
		float64(len(taken)) / took.Seconds(), quantile(taken, 0.5), quantile(taken, 0.99),
		len(refused), quantile(refused, 0.99),
	}, nil
}

func quantile(all []time.Duration, part float64) time.Duration {
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return all[int(part*float64(len(all)-1))]
}

// prepare makes each connection's requests ahead, as far as they may be needed:
// to sign credentials would take time from those who check them.
func (t target) prepare(conns int, span time.Duration) [][][]byte {
	ahead := make([][][]byte, conns)
	each := int(mostRate*span.Seconds())/conns + 1
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i := range conns {
		g.Go(func() error {
			for range each {
				ahead[i] = append(ahead[i], t.request(nil))
			}
			return nil
		})
	}
	_ = g.Wait() // nothing fails
	return ahead
}

func (t target) one(ctx context.Context, ahead [][]byte, end time.Time, patient bool) (times times, err error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", t.address)
	if err != nil {
		return times, err
	}
	defer conn.Close()
	in := bufio.NewReaderSize(conn, 1<<10)
	for n := 0; ctx.Err() == nil && time.Now().Before(end); n++ {
		var out []byte
		if n < len(ahead) {
			out = ahead[n]
		} else {
			out = t.request(nil)
		}
		began := time.Now()
		if err := conn.SetDeadline(began.Add(answerLimit)); err != nil {
			return times, err
		}
		if _, err := conn.Write(out); err != nil {
			return times, err
		}
		again, err := answer(in)
		took := time.Since(began)
		switch {
		case err != nil:
			return times, err
		case again == 0:
			times.taken = append(times.taken, took)
			continue
		case !patient:
			return times, errors.New("refused for now")
		}
		times.refused = append(times.refused, took)
		pause.For(ctx, min(again, time.Until(end)))
	}
	return times, ctx.Err()
}

// answer reads one HTTP/1.1 answer, with as little work as can be: the load
// shares the processors with those it measures. again is when the ballot may
// come again; 0: it was taken.
func answer(in *bufio.Reader) (again time.Duration, err error) {
	line, err := in.ReadSlice('\n')
	if err != nil {
		return 0, err
	}
	status := 0
	if _, code, ok := bytes.Cut(line, []byte(" ")); ok && len(code) > 3 {
		status, _ = strconv.Atoi(string(code[:3])) // else 0
	}
	length := -1
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		name, value, ok := bytes.Cut(bytes.TrimSpace(line), []byte(":"))
		if !ok {
			break
		}
		var number *int
		seconds := 0
		switch {
		case bytes.EqualFold(name, []byte("Content-Length")):
			number = &length
		case bytes.EqualFold(name, []byte("Retry-After")):
			number = &seconds
		default:
			continue
		}
		if *number, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
			return 0, err
		}
		again = max(again, time.Duration(seconds)*time.Second)
	}
	if length < 0 {
		return 0, errors.New("an answer without Content-Length")
	}
	if status == http.StatusCreated {
		_, err = in.Discard(length)
		return 0, err
	}
	body, err := io.ReadAll(io.LimitReader(in, int64(length)))
	if err == nil && (status != http.StatusServiceUnavailable || again == 0) {
		err = fmt.Errorf("%d: %s", status, strings.TrimSpace(string(body)))
	}
	return again, err
}
