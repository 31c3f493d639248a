package main

import (
	"bytes"
	_ "embed"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// While an upgrade rolls through a cluster, services of two versions call each
// other: a verb that is here must stay. Add the new ones by hand.
//
//go:embed testdata/verbs.txt
var golden string

func TestVerbs(t *testing.T) {
	clients, err := filepath.Glob("../../services/*/client.go")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, name := range clients {
		c, err := read(filepath.Dir(name))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range c.Methods {
			got = append(got, "rpc."+c.Package+".v1."+m.Verb)
		}
		want, err := c.write()
		if err != nil {
			t.Fatal(err)
		}
		if have, err := os.ReadFile(name); err != nil || !bytes.Equal(have, want) {
			t.Errorf("%s is stale (%v): go generate ./services/%s", name, err, c.Package)
		}
	}
	slices.Sort(got)
	if diff := cmp.Diff(strings.Fields(golden), got); diff != "" {
		t.Errorf("testdata/verbs.txt (-want +got):\n%s", diff)
	}
}

func TestVerb(t *testing.T) {
	for name, want := range map[string]string{"Authenticate": "authenticate", "PutMotion": "put_motion", "AssignByHand": "assign_by_hand"} {
		if got := verb(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func TestRead_refused(t *testing.T) {
	for name, methods := range map[string]string{
		"no context":      "Cast(in Cast) (Outcomes, error)",
		"no error":        "Cast(ctx context.Context, in Cast) Outcomes",
		"two inputs":      "Cast(ctx context.Context, a, b Cast) (Outcomes, error)",
		"another package": "Cast(ctx context.Context, in rulebook.Phase) (Outcomes, error)",
		"embedded":        "Other",
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			text := "package voting\n\ntype Service interface {\n" + methods + "\n}\n"
			if err := os.WriteFile(filepath.Join(dir, "voting.go"), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			if c, err := read(dir); err == nil {
				t.Errorf("taken: %+v", c)
			}
		})
	}
}
