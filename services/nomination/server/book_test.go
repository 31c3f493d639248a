package server_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"testing"

	"github.com/xuri/excelize/v2"
)

// book is a sheet being typed, as organizers do: a merged title, an info row,
// the headings in row 3.
type book struct {
	t    testing.TB
	file *excelize.File
	next int
}

func newBook(t testing.TB) *book {
	t.Helper()
	b := &book{t, excelize.NewFile(), 1}
	t.Cleanup(func() { _ = b.file.Close() })
	b.row("第二届“陇原最美快递员”推荐人选汇总表")
	b.must(b.file.MergeCell("Sheet1", "A1", "J1"))
	b.row("填报单位：评选办", "", "", "", "", "", "填报日期：4月20日")
	b.row("序号", "姓 名", "性别", "类别", "工作单位", "所在\n市州", "从业年限（年）", "主要事迹", "推荐单位", "照片")
	return b
}

func (b *book) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *book) row(cells ...any) *book {
	b.t.Helper()
	b.must(b.file.SetSheetRow("Sheet1", fmt.Sprintf("A%d", b.next), &cells))
	b.next++
	return b
}

// picture stands in the last row's photo cell.
func (b *book) picture(body []byte, extension string) *book {
	b.t.Helper()
	picture := &excelize.Picture{Extension: extension, File: body, Format: &excelize.GraphicOptions{}}
	b.must(b.file.AddPictureFromBytes("Sheet1", fmt.Sprintf("J%d", b.next-1), picture))
	return b
}

// fake puts what is no picture in the place of one that is.
func (b *book) fake(body []byte) *book {
	b.t.Helper()
	holder := encoded(b.t, png.Encode, b.next)
	b.picture(holder, ".png")
	b.file.Pkg.Range(func(name, part any) bool {
		if old, ok := part.([]byte); ok && bytes.Equal(old, holder) {
			b.file.Pkg.Store(name, body)
		}
		return true
	})
	return b
}

func (b *book) bytes() []byte {
	b.t.Helper()
	out, err := b.file.WriteToBuffer()
	b.must(err)
	return out.Bytes()
}

func encoded(t testing.TB, encode func(w io.Writer, m image.Image) error, width int) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := encode(&out, image.NewGray(image.Rect(0, 0, width, 40))); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func toJPEG(w io.Writer, m image.Image) error { return jpeg.Encode(w, m, nil) }

// edited is a workbook with a text of a part replaced.
func edited(t *testing.T, book []byte, part, from, to string) []byte {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(book), int64(len(book)))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range r.File {
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		if f.Name == part {
			if !bytes.Contains(body, []byte(from)) {
				t.Fatalf("%s lacks %s: %s", part, from, body)
			}
			body = bytes.Replace(body, []byte(from), []byte(to), 1)
		}
		to, err := w.Create(f.Name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := to.Write(body); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
