package page

import (
	"slices"
	"testing"

	"github.com/laurel-awards/laurel/services/identity"
)

// Who can be a voter by identity's word, can be one on the pages.
func TestWays(t *testing.T) {
	var names, forms []string
	for _, w := range ways(nil) {
		names = append(names, w.traits().name)
		forms = append(forms, w.traits().form)
	}
	known := identity.Ways()
	slices.Sort(names)
	slices.Sort(known)
	if !slices.Equal(names, known) {
		t.Errorf("the pages know the ways %v, identity %v", names, known)
	}
	slices.Sort(forms)
	if len(slices.Compact(forms)) != len(names) {
		t.Errorf("two ways have the same form: %v", forms)
	}
}
