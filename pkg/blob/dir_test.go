package blob_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/laurel-awards/laurel/pkg/blob"
)

func setup(t *testing.T) (*blob.Dir, string) {
	t.Helper()
	root := filepath.Join(t.TempDir(), "blobs")
	d, err := blob.NewDir(root)
	if err != nil {
		t.Fatal(err)
	}
	return d, root
}

// files are all files of the store, and what they hold.
func files(t *testing.T, root string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		all[strings.TrimPrefix(path, root+"/")] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func read(t *testing.T, d *blob.Dir, hash string) string {
	t.Helper()
	body, size, err := d.Open(t.Context(), hash)
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	text, err := io.ReadAll(body)
	if err != nil || int64(len(text)) != size {
		t.Fatalf("read %d of %d bytes: %v", len(text), size, err)
	}
	return string(text)
}

func TestDir_Put(t *testing.T) {
	d, root := setup(t)
	for range 2 { // the second time it is there
		ref, err := d.Put(t.Context(), strings.NewReader("deeds"), 5)
		if err != nil {
			t.Fatal(err)
		}
		if want := (blob.Ref{Hash: hash("deeds"), Size: 5}); ref != want {
			t.Errorf("got %v, want %v", ref, want)
		}
	}
	if got := read(t, d, hash("deeds")); got != "deeds" {
		t.Errorf("read %q", got)
	}
	all := files(t, root)
	if want := hash("deeds")[:2] + "/" + hash("deeds"); len(all) != 1 || all[want] != "deeds" {
		t.Errorf("files %v", all)
	}
	for text, want := range map[string]bool{"deeds": true, "others": false} {
		if has, err := d.Has(t.Context(), hash(text)); err != nil || has != want {
			t.Errorf("has %s: %v, %v", text, has, err)
		}
	}
}

func TestDir_Put_nothingKept(t *testing.T) {
	broken := errors.New("broken")
	ended, end := context.WithCancel(t.Context())
	end()
	for name, c := range map[string]struct {
		ctx  context.Context
		body io.Reader
		want func(error) bool
	}{
		"too large": {t.Context(), strings.NewReader("123456"), func(err error) bool {
			e, ok := errors.AsType[*blob.TooLargeError](err)
			return ok && e.Limit == 5
		}},
		"broken reader": {t.Context(), iotest.ErrReader(broken), func(err error) bool { return errors.Is(err, broken) }},
		"cancelled":     {ended, strings.NewReader("1"), func(err error) bool { return errors.Is(err, context.Canceled) }},
	} {
		t.Run(name, func(t *testing.T) {
			d, root := setup(t)
			if _, err := d.Put(c.ctx, c.body, 5); !c.want(err) {
				t.Errorf("error %v", err)
			}
			if all := files(t, root); len(all) != 0 {
				t.Errorf("left %v", all)
			}
		})
	}
}

func TestDir_Put_atOnce(t *testing.T) {
	d, root := setup(t)
	same := bytes.Repeat([]byte("photo"), 100_000)
	var group errgroup.Group
	for range 16 {
		group.Go(func() error {
			ref, err := d.Put(t.Context(), bytes.NewReader(same), 1<<20)
			if err != nil {
				return err
			}
			body, size, err := d.Open(t.Context(), ref.Hash)
			if err != nil {
				return err
			}
			if size != int64(len(same)) {
				t.Errorf("%d bytes", size)
			}
			return body.Close()
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	if all := files(t, root); len(all) != 1 {
		t.Errorf("%d files", len(all))
	}
}

func TestDir_hashes(t *testing.T) {
	d, _ := setup(t)
	for _, h := range []string{"", "../../etc/passwd", strings.ToUpper(hash("x")), hash("x")[1:], hash("x") + "0", strings.Repeat("/", 64)} {
		if _, _, err := d.Open(t.Context(), h); !errors.Is(err, blob.ErrHash) {
			t.Errorf("open %q: %v", h, err)
		}
		if _, err := d.Has(t.Context(), h); !errors.Is(err, blob.ErrHash) {
			t.Errorf("has %q: %v", h, err)
		}
	}
	if _, _, err := d.Open(t.Context(), hash("absent")); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("absent: %v", err)
	}
}

func TestNewDir_sweeps(t *testing.T) {
	_, root := setup(t)
	for name, age := range map[string]time.Duration{"put-old": 25 * time.Hour, "put-new": time.Hour} {
		path := filepath.Join(root, "tmp", name)
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		at := time.Now().Add(-age)
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := blob.NewDir(root); err != nil {
		t.Fatal(err)
	}
	all := files(t, root)
	if _, kept := all["tmp/put-new"]; !kept || len(all) != 1 {
		t.Errorf("left %v", all)
	}
}
