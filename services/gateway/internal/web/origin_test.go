package web_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/laurel-awards/laurel/services/gateway/internal/web"
)

func TestCrossOrigin(t *testing.T) {
	for name, test := range map[string]struct {
		method, public, header, value string
		refused                       bool
	}{
		"own page":                       {http.MethodPost, "", "Sec-Fetch-Site", "same-origin", false},
		"other site":                     {http.MethodPost, "", "Sec-Fetch-Site", "cross-site", true},
		"sister site":                    {http.MethodPost, "", "Sec-Fetch-Site", "same-site", true},
		"other site reads":               {http.MethodGet, "", "Sec-Fetch-Site", "cross-site", false},
		"old browser, own page":          {http.MethodPost, "", "Origin", "http://vote.example", false},
		"old browser, other site":        {http.MethodPost, "", "Origin", "https://evil.example", true},
		"old browser, sandboxed":         {http.MethodPost, "", "Origin", "null", true},
		"neither header":                 {http.MethodPost, "", "Accept", "text/html", false},
		"behind a proxy":                 {http.MethodPost, "https://public.example/", "Origin", "https://public.example", false},
		"behind a proxy, other site":     {http.MethodPost, "https://public.example", "Origin", "https://evil.example", true},
		"a public address that is wrong": {http.MethodPost, "ftp:/nowhere", "Origin", "https://evil.example", true},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(test.method, "http://vote.example/s/x/vote", nil)
			r.Header.Set(test.header, test.value)
			err := web.NewCrossOrigin(test.public).Check(r)
			if refused := errors.Is(err, web.ErrCrossOrigin); refused != test.refused {
				t.Errorf("refused: %v (%v), want %v", refused, err, test.refused)
			}
		})
	}
}
