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
	"slices"
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

// files are all bodies of the store, and what they hold; and what is in tmp/.
func files(t *testing.T, root string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || e.Name() == "lock" {
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

func put(t *testing.T, s blob.Store, text string) string {
	t.Helper()
	ref, err := s.Put(t.Context(), strings.NewReader(text), 100)
	if err != nil {
		t.Fatal(err)
	}
	return ref.Hash
}

// TestDir_In keeps the bodies of owners apart: what one removes, another has.
// What lay there before bodies had owners is read by all, and no owner removes it
// alone.
func TestDir_In(t *testing.T) {
	d, root := setup(t)
	old := put(t, d, "old")
	one, two := d.In("nomination"), d.In("voting")
	same := put(t, one, "same")
	if has, err := two.Has(t.Context(), same); has || err != nil {
		t.Errorf("another's: %v, %v", has, err)
	}
	put(t, two, "same")
	for range 2 {
		if err := one.Delete(t.Context(), same); err != nil {
			t.Fatal(err)
		}
	}
	if err := one.Delete(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	if err := one.Delete(t.Context(), "../../tmp"); !errors.Is(err, blob.ErrHash) {
		t.Errorf("remove: %v", err)
	}
	if _, _, err := one.Open(t.Context(), same); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("removed: %v", err)
	}
	if body, size, err := one.Open(t.Context(), old); err != nil || size != 3 {
		t.Errorf("from before: %v", err)
	} else if err := body.Close(); err != nil {
		t.Error(err)
	}
	if has, err := two.Has(t.Context(), old); !has || err != nil {
		t.Errorf("from before: %v, %v", has, err)
	}
	if all := files(t, root); len(all) != 2 || all["voting/"+same[:2]+"/"+same] != "same" {
		t.Errorf("files %v", all)
	}
}

// TestDir_Deposit keeps equal bodies apart.
func TestDir_Deposit(t *testing.T) {
	d, _ := setup(t)
	s := d.In(blob.Uploads)
	var names []string
	for range 2 {
		ref, err := s.Deposit(t.Context(), strings.NewReader("photo"), 5)
		if err != nil || ref.Size != 5 || blob.CheckHash(ref.Hash) != nil || ref.Hash == hash("photo") {
			t.Fatalf("%+v, %v", ref, err)
		}
		names = append(names, ref.Hash)
	}
	if err := s.Delete(t.Context(), names[0]); err != nil {
		t.Fatal(err)
	}
	body, _, err := s.Open(t.Context(), names[1])
	if err != nil {
		t.Fatalf("the other: %v", err)
	}
	if err := body.Close(); err != nil {
		t.Error(err)
	}
	if _, err := s.Deposit(t.Context(), strings.NewReader("photos"), 5); !errors.As(err, new(*blob.TooLargeError)) {
		t.Errorf("too large: %v", err)
	}
}

// TestDir_Sweep removes what is old and not needed, and nothing else: not what is
// young, not what is put again while it asks, and not another owner's.
func TestDir_Sweep(t *testing.T) {
	d, root := setup(t)
	s := d.In("nomination")
	age := func(owner, h string) {
		at := time.Now().Add(-2 * blob.Grace)
		if err := os.Chtimes(filepath.Join(root, owner, h[:2], h), at, at); err != nil {
			t.Fatal(err)
		}
	}
	var old []string
	for _, text := range []string{"needed", "garbage", "again"} {
		old = append(old, put(t, s, text))
		age("nomination", old[len(old)-1])
	}
	young := put(t, s, "young")
	age("voting", put(t, d.In("voting"), "garbage"))
	removed, err := s.Sweep(t.Context(), blob.Grace, func(_ context.Context, hashes []string) ([]string, error) {
		for _, h := range hashes {
			if h == young {
				t.Error("asked about what is young")
			}
			if h == old[2] {
				put(t, s, "again")
			}
		}
		return []string{old[0]}, nil
	})
	if err != nil || removed != 1 {
		t.Errorf("removed %d, %v", removed, err)
	}
	var left []string
	for _, text := range files(t, root) {
		left = append(left, text)
	}
	if slices.Sort(left); strings.Join(left, " ") != "again garbage needed young" {
		t.Errorf("left %v", left)
	}
	away := errors.New("the database is away")
	age("nomination", old[0])
	if _, err := s.Sweep(t.Context(), blob.Grace, func(context.Context, []string) ([]string, error) { return nil, away }); !errors.Is(err, away) {
		t.Errorf("error %v", err)
	}
	if has, err := s.Has(t.Context(), old[0]); !has || err != nil {
		t.Errorf("removed without an answer: %v, %v", has, err)
	}
	if n, err := d.In("nobody").Sweep(t.Context(), 0, blob.Nothing); n != 0 || err != nil {
		t.Errorf("of nobody: %d, %v", n, err)
	}
}

// TestRead holds a body to its hash, whoever wrote to the store, and to its size.
func TestRead(t *testing.T) {
	d, root := setup(t)
	h := put(t, d, "deeds")
	if got, err := blob.Read(t.Context(), d, h, 5); err != nil || string(got) != "deeds" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := blob.Read(t.Context(), d, h, 4); !errors.As(err, new(*blob.TooLargeError)) {
		t.Errorf("too large: %v", err)
	}
	if _, err := blob.Read(t.Context(), d, hash("absent"), 5); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("absent: %v", err)
	}
	for _, other := range []string{"Deeds", "deed", ""} {
		if err := os.WriteFile(filepath.Join(root, h[:2], h), []byte(other), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := blob.Read(t.Context(), d, h, 100); !errors.Is(err, blob.ErrChanged) {
			t.Errorf("%q: %v", other, err)
		}
	}
}
