package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/blob"
	"github.com/laurel-awards/laurel/pkg/event"
	pacing "github.com/laurel-awards/laurel/pkg/pause"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/identity"
)

// TestUnowned takes a store back to before bodies had owners, with originals and
// spreadsheets in it, and starts the rooms again, killed a few times at it: every
// file that somebody may read is what it was, and nothing else is left.
func TestUnowned(t *testing.T) {
	t.Parallel()
	h := together(t)
	h.run(t, h.Create, h.Nominate)
	entries, err := h.Organizer().Entries(t.Context(), slug)
	if err != nil {
		t.Fatal(err)
	}
	const place = "GPS 36.06 103.83"
	original := photographed(t, place)
	if _, err := h.Organizer().SetPhoto(t.Context(), slug, entries[0].ID, original); err != nil {
		t.Fatal(err)
	}
	h.run(t, h.Vet, h.Vote, h.Score, h.Decide, h.Notice, h.Publish)
	before := h.readable(t)
	h.stop(t, all)

	root := filepath.Join(h.Dir, "blobs")
	h.disown(t, root)
	unowned, err := blob.NewDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, left := range []string{string(original), "member,name\n17,王芳\n"} {
		if _, err := unowned.Put(t.Context(), strings.NewReader(left), 1<<20); err != nil {
			t.Fatal(err)
		}
	}
	old := time.Now().Add(-3 * blob.Grace)
	for path := range stored(t, root) {
		if err := os.Chtimes(path, old, old); err != nil {
			t.Fatal(err)
		}
	}
	for n := range 4 {
		if err := h.Processes[all].Launch(t.Context()); err != nil {
			t.Fatal(err)
		}
		pacing.For(t.Context(), time.Duration(n)*400*time.Millisecond)
		h.kill(t, all)
	}
	h.start(t, all)
	testkit.Eventually(t, wait, func() error {
		folders, err := filepath.Glob(filepath.Join(root, "[0-9a-f][0-9a-f]"))
		if err == nil && len(folders) > 0 {
			err = fmt.Errorf("%d folders are left without an owner", len(folders))
		}
		return err
	})
	if diff := cmp.Diff(before, h.readable(t)); diff != "" {
		t.Errorf("what everybody may read (-before +after):\n%s", diff)
	}
	for path, body := range stored(t, root) {
		if strings.Contains(body, place) || strings.Contains(body, "王芳") {
			t.Errorf("%s is left", path)
		}
	}
}

// readable is every file of a published selection.
func (h *harness) readable(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	read := func(name string, get func(ctx context.Context) ([]byte, error)) {
		t.Helper()
		testkit.Eventually(t, wait, func() error { // what the gateway keeps of the selection may be of before
			body, err := get(t.Context())
			if err == nil && len(body) == 0 {
				err = errors.New("nothing is in it")
			}
			all[name] = string(body)
			return err
		})
	}
	for _, what := range gateway.Files() {
		read(string(what), func(ctx context.Context) ([]byte, error) { return h.API.Export(ctx, slug, what) })
	}
	read("leaves", func(ctx context.Context) ([]byte, error) { return h.API.Leaves(ctx, slug) })
	result, err := h.As(identity.Auditor).Result(t.Context(), slug)
	if err != nil {
		t.Fatal(err)
	}
	all["result"] = string(result.Ranking)
	candidates, err := h.API.Candidates(t.Context(), slug)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range candidates {
		if c.Photo != "" {
			a := h.ask(t, request{method: http.MethodGet, path: fmt.Sprintf("/s/%s/c/%d/photo/%s", slug, c.Number, c.Photo)})
			read("photo", func(context.Context) ([]byte, error) { return a.body, a.failed() })
		}
	}
	if all["photo"] == "" {
		t.Fatal("no picture is shown")
	}
	return all
}

// failed tells of an answer that is none.
func (a answer) failed() error {
	if a.status != http.StatusOK {
		return fmt.Errorf("%d %s", a.status, a.body)
	}
	return nil
}

// disown moves the rooms' bodies to where all lay once.
func (h *harness) disown(t *testing.T, root string) {
	t.Helper()
	for _, room := range event.Services() {
		for path := range stored(t, filepath.Join(root, room)) {
			name := filepath.Base(path)
			if blob.CheckHash(name) != nil {
				continue
			}
			to := filepath.Join(root, name[:2], name)
			if err := errors.Join(os.MkdirAll(filepath.Dir(to), 0o750), os.Rename(path, to)); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// stored is what lies in a directory, by path.
func stored(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	if err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		body, err := os.ReadFile(path)
		files[path] = string(body)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return files
}
