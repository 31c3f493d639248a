package panel

import (
	"fmt"
	"regexp"
	"testing"
)

// TestNewCode draws what is not used, and grows where much is.
func TestNewCode(t *testing.T) {
	used := map[string]bool{}
	for i := range len(letters) * 500 {
		code := fmt.Sprintf("%c-%03d", letters[i%len(letters)], i/len(letters))
		if i%1000 == 0 {
			fresh, err := newCode(used)
			if err != nil || used[fresh] || !regexp.MustCompile(`^[A-Z]-\d{3}$`).MatchString(fresh) {
				t.Fatalf("of %d used, %q: %v", i, fresh, err)
			}
		}
		used[code] = true
	}
	if code, err := newCode(used); err != nil || !regexp.MustCompile(`^[A-Z]-\d{4}$`).MatchString(code) {
		t.Errorf("half are used: %q, %v", code, err)
	}
}
