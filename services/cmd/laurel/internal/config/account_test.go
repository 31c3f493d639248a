package config_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/config"
	"github.com/laurel-awards/laurel/services/identity"
)

// TestServer_SecondFactorRoles takes roles that there are, or the word none.
func TestServer_SecondFactorRoles(t *testing.T) {
	for name, c := range map[string]struct {
		set     []string
		want    []identity.Role
		refused string
	}{
		"not set":       {nil, nil, ""},
		"empty":         {[]string{" "}, nil, ""},
		"none":          {[]string{"none"}, []identity.Role{}, ""},
		"roles":         {[]string{"juror", " organizer", "juror"}, []identity.Role{identity.Juror, identity.Organizer}, ""},
		"no role":       {[]string{"king"}, nil, "king"},
		"none and some": {[]string{"none", "juror"}, nil, "only one"},
	} {
		got, err := config.Server{SecondFactor: c.set}.SecondFactorRoles()
		if (err != nil) != (c.refused != "") || err != nil && !strings.Contains(err.Error(), c.refused) {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
