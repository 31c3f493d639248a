package table_test

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
	"testing"

	"github.com/laurel-awards/laurel/pkg/fault"
)

// lying is a workbook whose archive tells another size of its sheet than it
// unpacks to.
func lying(t *testing.T, book []byte, size uint64) []byte {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(book), int64(len(book)))
	must(t, err)
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range r.File {
		in, err := f.Open()
		must(t, err)
		body, err := io.ReadAll(in)
		must(t, err)
		var packed bytes.Buffer
		z, err := flate.NewWriter(&packed, flate.BestSpeed)
		must(t, err)
		_, err = z.Write(body)
		must(t, err)
		must(t, z.Close())
		told := uint64(len(body))
		if f.Name == "xl/worksheets/sheet1.xml" {
			told = size
		}
		part, err := w.CreateRaw(&zip.FileHeader{
			Name: f.Name, Method: zip.Deflate, CRC32: crc32.ChecksumIEEE(body), CompressedSize64: uint64(packed.Len()), UncompressedSize64: told,
		})
		must(t, err)
		_, err = part.Write(packed.Bytes())
		must(t, err)
	}
	must(t, w.Close())
	return out.Bytes()
}

// A part ends with the size that the archive says, and is refused where it has
// more or less; nothing is unpacked of one that says it is too large.
func TestReader_lyingSizes(t *testing.T) {
	o := small()
	o.Unzipped = 1 << 20
	few := raw(t, nil, rawSheet{name: "S", rows: times(2, `<row r="%[1]d"><c><v>1</v></c></row>`)})
	bomb := raw(t, nil, rawSheet{name: "S", rows: times(2000, `<row r="%[1]d"></row>`+strings.Repeat(" ", 1000))})
	for name, c := range map[string]struct {
		body []byte
		code string
	}{
		"large, and says so":             {bomb, "table_too_large"},
		"small, in truth large":          {lying(t, bomb, 1000), "table_unreadable"},
		"nothing, in truth large":        {lying(t, bomb, 0), "table_unreadable"},
		"the largest, in truth small":    {lying(t, few, 1<<63), "table_too_large"},
		"over the limit, in truth small": {lying(t, few, 2<<20), "table_too_large"},
		"large, in truth small":          {lying(t, few, 100_000), "table_unreadable"},
		"small, and says so":             {few, ""},
	} {
		rows, _, err := drain(t.Context(), c.body, o)
		code := ""
		if err != nil {
			code = fault.From(err).Code
		}
		if code != c.code {
			t.Errorf("%s: %d rows, %s, want %q", name, rows, fmt.Sprint(err), c.code)
		}
	}
}
