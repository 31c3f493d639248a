// Package client speaks to Laurel's public API: as nobody, as a member of
// staff, or as a voter. Errors are the faults that the services answered.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/pause"
)

const (
	// connections are kept to a server; more callers wait for nothing, they
	// open more.
	connections = 256
	timeout     = 60 * time.Second
	maxAnswer   = 1 << 30 // bytes
)

// Client speaks to one server. It is safe for concurrent use.
type Client struct {
	base      string
	http      *http.Client
	token     string
	forwarded string
}

// New speaks to the server at base, such as http://127.0.0.1:8080.
func New(base string) *Client {
	transport := &http.Transport{MaxIdleConns: connections, MaxIdleConnsPerHost: connections, IdleConnTimeout: timeout}
	// A job that is done answers with itself, and leads to what it made.
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Client{base: base, http: &http.Client{Transport: transport, Timeout: timeout, CheckRedirect: stay}}
}

// WithToken is the client of a staff session or a voter's credential.
func (c *Client) WithToken(token string) *Client {
	d := *c
	d.token = token
	return &d
}

// From is the client as a proxy forwards it for an address.
func (c *Client) From(address string) *Client {
	d := *c
	d.forwarded = address
	return &d
}

// call sends in, JSON or []byte, and reads the answer into out, JSON or *[]byte.
func (c *Client) call(ctx context.Context, method, path string, in, out any, header ...string) error {
	var body io.Reader = http.NoBody
	media := "application/json"
	switch in := in.(type) {
	case nil:
	case []byte:
		body, media = bytes.NewReader(in), "application/octet-stream"
	default:
		data, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("client: %w", err)
		}
		body = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return fmt.Errorf("client: %w", err)
	}
	if in != nil {
		req.Header.Set("Content-Type", media)
	}
	c.sign(req)
	for pair := range slices.Chunk(header, 2) {
		req.Header.Set(pair[0], pair[1])
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return noAnswer("no answer from the server", err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return noAnswer("the answer broke off", err)
	}
	if resp.StatusCode >= http.StatusBadRequest {
		return problem(resp, data)
	}
	switch out := out.(type) {
	case nil:
		return nil
	case *[]byte:
		*out = data
		return nil
	}
	if err := json.Unmarshal(data, out); err != nil {
		return fmt.Errorf("client: answer to %s %s: %w", method, path, err)
	}
	return nil
}

// save writes a document to w as it comes, for as long as it comes. One that is
// still being made is waited for.
func (c *Client) save(ctx context.Context, path string, w io.Writer) error {
	for {
		after, err := c.fetch(ctx, path, w)
		if err != nil || after == 0 {
			return err
		}
		if !pause.For(ctx, after) {
			return noAnswer("the file is still being made", ctx.Err())
		}
	}
}

// document is save into memory.
func (c *Client) document(ctx context.Context, path string) ([]byte, error) {
	var b bytes.Buffer
	err := c.save(ctx, path, &b)
	return b.Bytes(), err
}

// fetch writes a document to w, or tells after how long to ask again.
func (c *Client) fetch(ctx context.Context, path string, w io.Writer) (after time.Duration, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+path, http.NoBody)
	if err != nil {
		return 0, fmt.Errorf("client: %w", err)
	}
	c.sign(req)
	patient := http.Client{Transport: c.http.Transport}
	resp, err := patient.Do(req)
	if err != nil {
		return 0, noAnswer("no answer from the server", err)
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode >= http.StatusBadRequest:
		data, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
		if err != nil {
			return 0, noAnswer("the answer broke off", err)
		}
		return 0, problem(resp, data)
	case resp.StatusCode == http.StatusAccepted:
		return max(retryAfter(resp), time.Second), nil
	}
	if _, err := io.Copy(w, resp.Body); err != nil {
		return 0, noAnswer("the answer broke off, or could not be kept", err)
	}
	return 0, nil
}

// sign says for whom a request is.
func (c *Client) sign(req *http.Request) {
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	if c.forwarded != "" {
		req.Header.Set("X-Forwarded-For", c.forwarded)
	}
}

// retryAfter is when the server wants to be asked again; 0 where it does not say.
func retryAfter(resp *http.Response) time.Duration {
	s, err := strconv.Atoi(resp.Header.Get("Retry-After"))
	if err != nil {
		return 0
	}
	return time.Duration(s) * time.Second
}

func noAnswer(message string, cause error) error {
	return fault.NewUnavailable("no_answer", message, time.Second).Because(cause)
}

// problem is the fault that an answer tells.
func problem(resp *http.Response, data []byte) error {
	var p struct {
		Code, Detail string
		Errors       []struct {
			Field, Code, Message string
			Params               map[string]string
			Line, Column         int
		}
		Params map[string]string
	}
	if err := json.Unmarshal(data, &p); err != nil || p.Code == "" { // of a proxy between
		return fault.New(kind(resp.StatusCode), "answer_unknown", "the server answered "+resp.Status).Because(err)
	}
	f := fault.New(kind(resp.StatusCode), p.Code, p.Detail)
	f.Params = p.Params
	for _, e := range p.Errors {
		f.Fields = append(f.Fields, fault.Field{Name: e.Field, Code: e.Code, Message: e.Message, Params: e.Params, Line: e.Line, Column: e.Column})
	}
	f.RetryAfter = retryAfter(resp)
	return f
}

func kind(status int) fault.Kind {
	for _, k := range fault.Kinds() {
		if k.Status() == status {
			return k
		}
	}
	return fault.Internal
}
