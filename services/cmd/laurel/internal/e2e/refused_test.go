package e2e_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/laurel-awards/laurel/pkg/testkit"
)

// bad is a request that must be refused.
type bad struct {
	name string
	request
	status int
	code   string
	fields []string          // that the problem must name
	params map[string]string // that it must have
	lines  []int             // of a document, that it must name
	allow  string            // header
}

// mistake is a request and what must answer it.
func mistake(name string, r request, status int, code string, fields ...string) bad {
	return bad{name: name, request: r, status: status, code: code, fields: fields}
}

// refused sends each and sees that the answer is a problem that names what is
// wrong, and that not a row in any database is different afterwards.
func (h *harness) refused(t *testing.T, stage string, cases ...bad) {
	t.Helper()
	before := h.quiet(t)
	for _, c := range cases {
		t.Run(stage+"/"+c.name, func(t *testing.T) {
			a := h.ask(t, c.request)
			if a.status != c.status || a.Status != c.status || a.Code != c.code || a.Detail == "" {
				t.Errorf("%d, want %d %s: %.2000s", a.status, c.status, c.code, a.body)
			}
			if media := a.header.Get("Content-Type"); media != "application/problem+json" {
				t.Errorf("content type %q", media)
			}
			for _, f := range c.fields {
				if !a.names(f) {
					t.Errorf("the problem does not name %s: %.2000s", f, a.body)
				}
			}
			for k, v := range c.params {
				if a.Params[k] != v {
					t.Errorf("%s is %q, want %q", k, a.Params[k], v)
				}
			}
			for _, l := range c.lines {
				if !slices.ContainsFunc(a.Errors, func(e fieldError) bool { return e.Line == l }) {
					t.Errorf("the problem does not name line %d: %.2000s", l, a.body)
				}
			}
			if allow := a.header.Get("Allow"); allow != c.allow {
				t.Errorf("Allow %q, want %q", allow, c.allow)
			}
			after := h.state(t)
			if diff := before.diff(after); diff != "" {
				t.Errorf("it changed something:\n%s", diff)
			}
			before = after
		})
	}
}

// quiet waits until nothing is on its way, and gives the state in which that is
// so: what one part has at rest may be work for another, so it is read again.
func (h *harness) quiet(t *testing.T) (s state) {
	t.Helper()
	testkit.Eventually(t, wait, func() error {
		s = h.state(t)
		if err := h.busy(t); err != nil {
			return err
		}
		if h.consumes() {
			h.delivered(t)
		}
		if diff := s.diff(h.state(t)); diff != "" {
			return fmt.Errorf("it goes on:\n%s", diff)
		}
		return nil
	})
	return s
}

// busy tells what is on its way in some part.
func (h *harness) busy(t *testing.T) error {
	t.Helper()
	for service, db := range h.databases(t) {
		var unsent, atWork int
		err := db.QueryRowContext(t.Context(), `
			SELECT (SELECT count(*) FROM outbox WHERE sent_at IS NULL),
			       (SELECT count(*) FROM job WHERE ended_at IS NULL AND (state = 'running' OR due_at <= clock_timestamp()))`).Scan(&unsent, &atWork)
		if err != nil || unsent+atWork > 0 {
			return fmt.Errorf("%s has %d events to send, %d jobs to do: %w", service, unsent, atWork, err)
		}
	}
	var uncounted, unpublished, unsealed int
	err := h.databases(t)["voting"].QueryRowContext(t.Context(), `
		SELECT (SELECT count(*) FROM batch WHERE first_index IS NULL), (SELECT count(*) FROM head WHERE published < next_index),
		       (SELECT count(*) FROM voting v JOIN head h ON h.selection = v.id WHERE v.closed_at IS NOT NULL AND h.sealed_at IS NULL)`).
		Scan(&uncounted, &unpublished, &unsealed)
	if err != nil || uncounted+unpublished+unsealed > 0 {
		return fmt.Errorf("%d batches are not in the tally, %d tallies not public, %d not sealed: %w", uncounted, unpublished, unsealed, err)
	}
	return nil
}

// consumes tells whether there is a selection whose deliveries can be asked
// for.
func (h *harness) consumes() bool { return h.Receipts() != nil }

// post is a request with a JSON body.
func post(path, token string, body any) request {
	return request{method: http.MethodPost, path: path, token: token, body: body}
}

func put(path, token string, body any) request {
	return request{method: http.MethodPut, path: path, token: token, body: body}
}

// with adds a header.
func (r request) with(key, value string) request {
	header := map[string]string{key: value}
	for k, v := range r.header {
		header[k] = v
	}
	r.header = header
	return r
}
