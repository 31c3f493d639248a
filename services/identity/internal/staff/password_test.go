package staff

import (
	"strings"
	"testing"
)

// TestCost has OWASP's cost where none is said.
func TestCost(t *testing.T) {
	phc, err := newHasher(Cost{}).hash(t.Context(), "correct horse battery")
	if err != nil || !strings.HasPrefix(phc, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Fatalf("%q, %v", phc, err)
	}
	for password, want := range map[string]bool{"correct horse battery": true, "correct horse": false} {
		if ok, err := matches(password, phc); err != nil || ok != want {
			t.Errorf("%q: %v, %v", password, ok, err)
		}
	}
}
