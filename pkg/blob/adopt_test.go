package blob_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/laurel-awards/laurel/pkg/blob"
)

// owners share a store in which bodies lie that were put before they had any.
var owners = []string{"identity", "nomination", "voting"}

// needs is what an owner's rows name.
func needs(owner string) blob.Keeps {
	all := map[string][]string{"nomination": {"photo", "both"}, "voting": {"both", "leaves"}}
	return func(_ context.Context, hashes []string) (needed []string, err error) {
		for _, text := range all[owner] {
			if h := hash(text); slices.Contains(hashes, h) {
				needed = append(needed, h)
			}
		}
		return needed, nil
	}
}

const original = "original with GPS"

// unowned is a store from before bodies had owners.
func unowned(t *testing.T) (*blob.Dir, string) {
	t.Helper()
	d, root := setup(t)
	for _, text := range []string{"photo", "both", "leaves", original, "roster"} {
		put(t, d, text)
		long(t, root, "", hash(text))
	}
	return d, root
}

// long makes a body so old that it may be removed.
func long(t *testing.T, root, owner, h string) {
	t.Helper()
	at := time.Now().Add(-3 * blob.Grace)
	if err := os.Chtimes(filepath.Join(root, owner, h[:2], h), at, at); err != nil {
		t.Fatal(err)
	}
}

// inOwn is the bodies of a store as "owner text", sorted.
func inOwn(t *testing.T, root string) (bodies []string) {
	t.Helper()
	for path, text := range files(t, root) {
		if dir := strings.Split(path, "/"); len(dir) > 1 && dir[len(dir)-1] != "adopted" && dir[0] != "tmp" {
			bodies = append(bodies, strings.Join(dir[:len(dir)-2], "")+" "+text)
		}
	}
	slices.Sort(bodies)
	return bodies
}

var (
	before = []string{" both", " leaves", " " + original, " photo", " roster"}
	after  = []string{"nomination both", "nomination photo", "voting both", "voting leaves"}
)

// TestDir_Adopt has each owner take over what it needs, again and again, each in
// processes of its own; while one has not done so, nothing is removed, and then
// all that nobody needs.
func TestDir_Adopt(t *testing.T) {
	d, root := unowned(t)
	adopt := func(owner string) (adopted, removed int) {
		t.Helper()
		adopted, removed, err := d.In(owner).Adopt(t.Context(), owners, needs(owner))
		if err != nil {
			t.Fatal(err)
		}
		return adopted, removed
	}
	for range 2 { // voting does not start for a while
		adopt("identity")
		adopt("nomination")
		if got, want := inOwn(t, root), slices.Concat(before, after[:2]); !slices.Equal(got, want) {
			t.Fatalf("before voting came: %q, want %q", got, want)
		}
	}
	young := put(t, d, "young")
	if adopted, removed := adopt("voting"); adopted != 2 || removed != 5 {
		t.Errorf("adopted %d, removed %d", adopted, removed)
	}
	if got, want := inOwn(t, root), append([]string{" young"}, after...); !slices.Equal(got, want) {
		t.Errorf("afterwards %q, want %q", got, want)
	}
	// What is young may still be named by a row, and is what is removed last.
	long(t, root, "", young)
	if adopted, removed := adopt("voting"); adopted != 0 || removed != 1 {
		t.Errorf("adopted %d, removed %d", adopted, removed)
	}
	if got := inOwn(t, root); !slices.Equal(got, after) {
		t.Errorf("at last %q", got)
	}
	if entries, err := filepath.Glob(filepath.Join(root, "[0-9a-f][0-9a-f]")); err != nil || len(entries) > 0 {
		t.Errorf("folders are left: %v, %v", entries, err)
	}
	asked := 0
	count := func(context.Context, []string) ([]string, error) { asked++; return nil, nil }
	if _, _, err := d.In("voting").Adopt(t.Context(), owners, count); err != nil || asked > 0 {
		t.Errorf("asked %d times about nothing: %v", asked, err)
	}
}

// TestDir_Adopt_late keeps what was put after an owner looked, until it has looked
// again: another process of an earlier version may have put it and named it since.
func TestDir_Adopt_late(t *testing.T) {
	d, root := unowned(t)
	for _, owner := range owners {
		if _, _, err := d.In(owner).Adopt(t.Context(), owners, needs(owner)); err != nil {
			t.Fatal(err)
		}
	}
	late := put(t, d, "leaves of tomorrow")
	at := time.Now().Add(-2 * blob.Grace)
	if err := os.Chtimes(filepath.Join(root, "voting", "adopted"), at, at); err != nil { // voting is down since
		t.Fatal(err)
	}
	between := at.Add(-blob.Grace / 2) // what it put just before it looked may be named just after
	if err := os.Chtimes(filepath.Join(root, late[:2], late), between, between); err != nil {
		t.Fatal(err)
	}
	if _, removed, err := d.In("identity").Adopt(t.Context(), owners, needs("identity")); err != nil || removed > 0 {
		t.Errorf("removed %d, %v", removed, err)
	}
	named := func(context.Context, []string) ([]string, error) { return []string{late}, nil }
	if _, removed, err := d.In("voting").Adopt(t.Context(), owners, named); err != nil || removed != 1 {
		t.Errorf("removed %d, %v", removed, err)
	}
	if got := inOwn(t, root); !slices.Contains(got, "voting leaves of tomorrow") {
		t.Errorf("it is lost: %q", got)
	}
}

// TestDir_Adopt_fails marks nothing where an owner could not be asked, or could
// not have what it needs.
func TestDir_Adopt_fails(t *testing.T) {
	d, root := unowned(t)
	away := errors.New("the database is away")
	last := d.In("voting")
	for _, owner := range owners[:2] {
		if _, _, err := d.In(owner).Adopt(t.Context(), owners, needs(owner)); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := last.Adopt(t.Context(), owners, func(context.Context, []string) ([]string, error) { return nil, away }); !errors.Is(err, away) {
		t.Errorf("error %v", err)
	}
	if err := os.WriteFile(filepath.Join(root, "voting"), nil, 0o600); err != nil { // no folder can be made there
		t.Fatal(err)
	}
	if _, _, err := last.Adopt(t.Context(), owners, needs("voting")); err == nil {
		t.Error("adopted into nothing")
	}
	if got := inOwn(t, root); !slices.Equal(got[:len(before)], before) {
		t.Errorf("left %q", got)
	}
}

// TestDir_Adopt_readOnly takes over, and then removes, files that nobody may
// write to, also where they cannot be linked and are copied.
func TestDir_Adopt_readOnly(t *testing.T) {
	for name, as := range map[string]func(*blob.Dir) *blob.Dir{"link": func(d *blob.Dir) *blob.Dir { return d }, "copy": (*blob.Dir).Unlinked} {
		t.Run(name, func(t *testing.T) {
			d, root := unowned(t)
			for path := range files(t, root) {
				if err := os.Chmod(filepath.Join(root, path), 0o400); err != nil {
					t.Fatal(err)
				}
			}
			for range 2 {
				for _, owner := range owners {
					if _, _, err := as(d).In(owner).Adopt(t.Context(), owners, needs(owner)); err != nil {
						t.Fatal(err)
					}
				}
			}
			if got := inOwn(t, root); !slices.Equal(got, after) {
				t.Errorf("left %q", got)
			}
		})
	}
}

// TestDir_Adopt_atOnce has two replicas of each room do it at the same time.
func TestDir_Adopt_atOnce(t *testing.T) {
	d, root := unowned(t)
	for range 3 {
		var g errgroup.Group
		for _, owner := range slices.Concat(owners, owners) {
			g.Go(func() error {
				_, _, err := d.In(owner).Adopt(t.Context(), owners, needs(owner))
				return err
			})
		}
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
	}
	if got := inOwn(t, root); !slices.Equal(got, after) {
		t.Errorf("left %q", got)
	}
}

// TestDir_Adopt_killed kills the process in the middle of it, at each body: the
// next one finishes.
func TestDir_Adopt_killed(t *testing.T) {
	if root := os.Getenv("LAUREL_TEST_ADOPT"); root != "" {
		adoptAndDie(t, root)
		return
	}
	d, root := unowned(t)
	for _, owner := range owners[:2] {
		if _, _, err := d.In(owner).Adopt(t.Context(), owners, needs(owner)); err != nil {
			t.Fatal(err)
		}
	}
	for n := range len(before) {
		process := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestDir_Adopt_killed$")
		process.Env = append(os.Environ(), "LAUREL_TEST_ADOPT="+root, fmt.Sprint("LAUREL_TEST_AT=", n))
		if err := process.Run(); err == nil {
			t.Fatal("it was not killed")
		}
		if got := inOwn(t, root); !slices.Equal(got[:len(before)], before) {
			t.Fatalf("killed at %d: %q", n, got)
		}
	}
	if _, removed, err := d.In("voting").Adopt(t.Context(), owners, needs("voting")); err != nil || removed != len(before) {
		t.Errorf("removed %d, %v", removed, err)
	}
	if got := inOwn(t, root); !slices.Equal(got, after) {
		t.Errorf("left %q", got)
	}
}

// adoptAndDie dies when it is asked about the folder of a number.
func adoptAndDie(t *testing.T, root string) {
	d, err := blob.NewDir(root)
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	_, _, _ = d.In("voting").Adopt(t.Context(), owners, func(ctx context.Context, hashes []string) ([]string, error) {
		if fmt.Sprint(asked) == os.Getenv("LAUREL_TEST_AT") {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		}
		asked++
		return needs("voting")(ctx, hashes)
	})
}
