package server_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/laurel-awards/laurel/pkg/fault"
	installation "github.com/laurel-awards/laurel/pkg/key"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/identity/server"
)

// TestKeys has replicas start with another credential key and another roster key,
// with which a member would be a new voter: they are not ready, name the key, and
// leave every member to the right one. A factor key that nothing was sealed with may
// be exchanged.
func TestKeys(t *testing.T) {
	r := setup(t)
	if out, err := r.load(t, identity.ImportRoster{Slug: "s-1"}, "member,name\n17,王芳\n"); err != nil || out.Added != 1 {
		t.Fatalf("%+v, %v", out, err)
	}
	code := r.codes(t, "s-1", "to try")[0].Code
	other := []byte(strings.Repeat("o", 32))
	start := func(change func(*server.Config)) *run.Running {
		cfg := config(server.Mail{})
		change(&cfg)
		deps := r.Deps
		deps.Bus = testkit.Connect(t, r.NATS, identity.Name)
		made, err := server.New(deps, cfg)
		if err != nil {
			t.Fatal(err)
		}
		return testkit.Start(t, made, deps)
	}
	for name, bad := range map[string]*run.Running{
		"credential": start(func(c *server.Config) { c.CredentialKey = other }),
		"roster":     start(func(c *server.Config) { c.RosterKey = other }),
	} {
		f := fault.From(bad.Ready(t.Context()))
		if !errors.Is(f, installation.ErrUnknown) || f.Params["keys"] != name || !strings.Contains(f.Message, "keys/"+name) {
			t.Errorf("another %s key: %v", name, f)
		}
	}
	for range 20 {
		got, err := r.ProveVoter(r.ctx, identity.ProveVoter{Slug: "s-1", Way: identity.WayRoster, Code: code})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := key.Verifier().Verify(got.Credential, "s-1", r.Clock.Now()); err != nil {
			t.Fatal(err)
		}
	}
	if err := start(func(c *server.Config) { c.FactorKey = other }).Ready(t.Context()); err != nil {
		t.Errorf("another factor key, with no factor: %v", err)
	}
}
