package api

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/laurel-awards/laurel/pkg/fault"
)

// FuzzBallot reads any body: either as the picks that a strict reading of the
// JSON finds, or as a problem of the client's that names a field.
func FuzzBallot(f *testing.F) {
	for _, s := range []string{
		`{"picks":[1,2,3]}`, ` {"picks" : [ ] } `, `{}`, `null`, `[1]`, `"picks"`, ``, `{"picks":null}`, `{"picks":[null]}`, `{"picks":["1"]}`,
		`{"picks":[1.0]}`, `{"picks":[1e0]}`, `{"picks":[-1]}`, `{"picks":[-0]}`, `{"picks":[9223372036854775808]}`, `{"picks":[1],"picks":[2]}`,
		`{"PICKS":[1]}`, `{"picks":[[1]]}`, `{"picks":{"0":1}}`, `{"picks":[1]}x`, `{"picks":[1]}{}`, `{"picks":[1,]}`, `{"picks":[1],}`, `{"picks":[1 2]}`,
		`{"pi\u0063ks":[1]}`, "\xef\xbb\xbf{}", `{"picks":[1],"base_votes":9000}`, strings.Repeat(`{"picks":[`, 20),
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", bytes.NewReader(body))
		r.Header.Set("Content-Type", "application/json; charset=utf-8")
		picks, err := readBallot(httptest.NewRecorder(), r)
		if err != nil {
			e := fault.From(err)
			if s := e.Kind.Status(); s < 400 || s > 499 || len(e.Fields) == 0 || e.Fields[0].Name == "" {
				t.Errorf("%q: %d %v", body, s, err)
			}
			return
		}
		var strict struct{ Picks []int }
		if err := json.Unmarshal(body, &strict); err != nil || !slices.Equal(strict.Picks, picks) {
			t.Errorf("%q was read as %v; it is %v, %v", body, picks, strict.Picks, err)
		}
		if len(body) > maxBody {
			t.Errorf("%d bytes were read", len(body))
		}
	})
}
