package bundle_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/laurel-awards/laurel/services/nomination/internal/bundle"
)

// packed is a ZIP of files, by name.
func packed(t testing.TB, names ...string) []byte {
	t.Helper()
	return made(t, func(w *zip.Writer) {
		for _, name := range names {
			add(t, w, &zip.FileHeader{Name: name, Method: zip.Deflate}, "picture "+name)
		}
	})
}

func made(t testing.TB, fill func(w *zip.Writer)) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	fill(w)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func add(t testing.TB, w *zip.Writer, h *zip.FileHeader, body string) {
	t.Helper()
	f, err := w.CreateHeader(h)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write([]byte(body)); err != nil {
		t.Fatal(err)
	}
}

func TestOpen(t *testing.T) {
	gbk, err := simplifiedchinese.GBK.NewEncoder().String("照片/马晓燕.jpg")
	if err != nil {
		t.Fatal(err)
	}
	body := made(t, func(w *zip.Writer) {
		for _, h := range []*zip.FileHeader{
			{Name: "照片/"}, {Name: "照片/王强.jpg"}, {Name: gbk, NonUTF8: true}, {Name: "__MACOSX/照片/._王强.jpg"}, {Name: "照片/.DS_Store"}, {Name: "Thumbs.db"},
		} {
			if _, err := w.CreateHeader(h); err != nil {
				t.Fatal(err)
			}
		}
	})
	a, refusal := bundle.Open(bytes.NewReader(body), int64(len(body)))
	if refusal != nil {
		t.Fatal(refusal)
	}
	if diff := cmp.Diff([]bundle.Member{{Index: 1, Name: "照片/王强.jpg"}, {Index: 2, Name: "照片/马晓燕.jpg"}}, a.Members); diff != "" {
		t.Error(diff)
	}
}

// What is not within the bounds is refused by its name before it is unpacked.
func TestOpen_refused(t *testing.T) {
	link := &zip.FileHeader{Name: "x.jpg"}
	link.SetMode(fs.ModeSymlink | 0o777)
	device := &zip.FileHeader{Name: "x.jpg"}
	device.SetMode(fs.ModeNamedPipe | 0o666)
	many := make([]string, 100_000)
	for i := range many {
		many[i] = fmt.Sprintf("%d.jpg", i)
	}
	long := make([]string, 4000)
	for i := range long {
		long[i] = fmt.Sprintf("%d%s.jpg", i, strings.Repeat("长", 1000))
	}
	sized := func(sizes ...uint64) []byte {
		return made(t, func(w *zip.Writer) {
			for i, n := range sizes {
				if _, err := w.CreateRaw(&zip.FileHeader{Name: fmt.Sprintf("%d.jpg", i), Method: zip.Deflate, UncompressedSize64: n}); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
	whole := packed(t, "a.jpg")
	for name, c := range map[string]struct {
		body []byte
		code string
	}{
		"up":             {packed(t, "a.jpg", "../../etc/passwd"), "zip_path"},
		"up within":      {packed(t, "a/../../b.jpg"), "zip_path"},
		"absolute":       {packed(t, "/etc/passwd"), "zip_path"},
		"a drive":        {packed(t, `C:\a.jpg`), "zip_path"},
		"backslashes":    {packed(t, `..\a.jpg`), "zip_path"},
		"a link":         {made(t, func(w *zip.Writer) { add(t, w, link, "/etc/passwd") }), "zip_link"},
		"a pipe":         {made(t, func(w *zip.Writer) { add(t, w, device, "") }), "zip_special"},
		"encrypted":      {made(t, func(w *zip.Writer) { add(t, w, &zip.FileHeader{Name: "a.jpg", Flags: 1}, "x") }), "zip_encrypted"},
		"nested":         {packed(t, "a.jpg", "deep/b.ZIP"), "zip_nested"},
		"100,000 files":  {packed(t, many...), "zip_too_many"},
		"endless names":  {packed(t, long...), "zip_too_many"},
		"a bomb":         {sized(1<<30, 1<<30, 1<<30), "zip_bomb"},
		"one large bomb": {sized(1 << 62), "zip_bomb"},
		"sums that wrap": {sized(1<<63, 1<<63), "zip_bomb"},
		"empty":          {packed(t), "zip_empty"},
		"folders alone":  {packed(t, ".DS_Store"), "zip_empty"},
		"cut":            {whole[:len(whole)-10], "zip_broken"},
		"another method": {made(t, func(w *zip.Writer) {
			if _, err := w.CreateRaw(&zip.FileHeader{Name: "a.jpg", Method: 14}); err != nil {
				t.Fatal(err)
			}
		}), "zip_method"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, refusal := bundle.Open(bytes.NewReader(c.body), int64(len(c.body))); refusal == nil || refusal.Code != c.code {
				t.Errorf("%+v, want %s", refusal, c.code)
			}
		})
	}
}

// A file that unpacks to more than it says is read no further than its bound.
func TestArchive_Read(t *testing.T) {
	body := made(t, func(w *zip.Writer) {
		add(t, w, &zip.FileHeader{Name: "a.jpg", Method: zip.Deflate}, strings.Repeat("0", 50<<20))
	})
	a, refusal := bundle.Open(bytes.NewReader(body), int64(len(body)))
	if refusal != nil {
		t.Fatal(refusal)
	}
	got, err := a.Read(0, 1<<20)
	if err != nil || len(got) != 1<<20+1 {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}
