package print_test

import (
	"strings"
	"testing"

	"github.com/laurel-awards/laurel/services/gateway/internal/print"
	"github.com/laurel-awards/laurel/services/identity"
)

// What somebody wrote stands apart from the words around it, on paper too.
func TestWriteSlips_isolated(t *testing.T) {
	var out strings.Builder
	coded := identity.Coded{Member: "ס-17", Name: "שרה לוי", Constituency: "חיפה 3", Code: "K7M3-9TQX-2HFP"}
	title := "פרס 2026"
	err := print.WriteSlips(&out, "en", print.Slips{
		Title: map[string]string{"en": title}, Address: "https://awards.example.org/s/prize", Codes: []identity.Coded{coded},
	})
	if err != nil {
		t.Fatal(err)
	}
	_, body, _ := strings.Cut(out.String(), "<body>")
	for text, times := range map[string]int{title: 2, coded.Member: 1, coded.Name: 1, coded.Constituency: 1} {
		if n, apart := strings.Count(body, text), strings.Count(body, "<bdi>"+text+"</bdi>"); n != times || apart != times {
			t.Errorf("%s: %d times, %d isolated; want %d", text, n, apart, times)
		}
	}
}
