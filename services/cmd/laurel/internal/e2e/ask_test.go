package e2e_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"testing"

	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/script"
	"github.com/laurel-awards/laurel/services/identity"
)

// request is one as somebody else's program would send it.
type request struct {
	method, path string
	token        string
	body         any // []byte as it is, else JSON
	header       map[string]string
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
	problem
}

// problem is RFC 9457's, with Laurel's members.
type problem struct {
	Status int
	Code   string
	Detail string
	Errors []fieldError
	Params map[string]string
}

// fieldError is a field at fault.
type fieldError struct {
	Field, Message string
	Line           int
}

// names tells whether a field is at fault.
func (p problem) names(field string) bool {
	return slices.ContainsFunc(p.Errors, func(e fieldError) bool { return e.Field == field })
}

func (h *harness) ask(t *testing.T, r request) answer {
	t.Helper()
	body, raw := r.body.([]byte)
	if !raw && r.body != nil {
		var err error
		if body, err = json.Marshal(r.body); err != nil {
			t.Fatal(err)
		}
	}
	req, err := http.NewRequestWithContext(t.Context(), r.method, "http://"+h.Listen+r.path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if r.body != nil {
		req.Header.Set("Content-Type", "application/json")
		if raw {
			req.Header.Set("Content-Type", "application/octet-stream")
		}
	}
	if r.token != "" {
		req.Header.Set("Authorization", "Bearer "+r.token)
	}
	for k, v := range r.header {
		req.Header.Set(k, v)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	a := answer{status: resp.StatusCode, header: resp.Header}
	if a.body, err = io.ReadAll(resp.Body); err != nil {
		t.Fatal(err)
	}
	if resp.Header.Get("Content-Type") == "application/problem+json" {
		if err := json.Unmarshal(a.body, &a.problem); err != nil {
			t.Fatalf("%s: %v", a.body, err)
		}
	}
	return a
}

// token signs the n-th member of staff with a role in.
func (h *harness) token(t *testing.T, role identity.Role, n int) string {
	t.Helper()
	for _, m := range h.Input.Staff {
		if m.Role != role {
			continue
		}
		if n--; n > 0 {
			continue
		}
		s, err := h.API.SignIn(t.Context(), m.Email, script.Password)
		if err != nil {
			t.Fatal(err)
		}
		return s.Token
	}
	t.Fatalf("there is no such %s", role)
	return ""
}

// of is a path of the API about the selection.
func of(path string) string { return "/api/v1/selections/" + slug + path }

// of is a path of the API about the installation's selection.
func (h *harness) of(path string) string { return "/api/v1/selections/" + h.Slug + path }

// receipt is that of a counted ballot, else empty.
func (a answer) receipt(t *testing.T) string {
	t.Helper()
	if a.status != http.StatusOK && a.status != http.StatusCreated {
		return ""
	}
	var counted struct{ Receipt string }
	if err := json.Unmarshal(a.body, &counted); err != nil {
		t.Errorf("%s: %v", a.body, err)
	}
	return counted.Receipt
}
