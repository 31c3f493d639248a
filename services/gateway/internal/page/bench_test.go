package page_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func BenchmarkPages(b *testing.B) {
	s := serve(b, newInstallation(b, courierRules(b), 60), "")
	for _, path := range []string{"", "/c/3", "/voted", "/rules"} {
		b.Run("page"+path, func(b *testing.B) {
			first := httptest.NewRecorder()
			s.Config.Handler.ServeHTTP(first, httptest.NewRequest(http.MethodGet, "/s/"+slug, nil))
			cookies := first.Result().Cookies()
			for b.Loop() {
				r := httptest.NewRequest(http.MethodGet, "/s/"+slug+path, nil)
				r.Header.Set("Accept-Encoding", "gzip")
				for _, c := range cookies {
					r.AddCookie(c)
				}
				w := httptest.NewRecorder()
				s.Config.Handler.ServeHTTP(w, r)
				if w.Code != http.StatusOK {
					b.Fatal(w.Code)
				}
				b.SetBytes(int64(w.Body.Len()))
			}
		})
	}
}
