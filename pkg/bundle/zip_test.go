package bundle_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/laurel-awards/laurel/pkg/bundle"
	"github.com/laurel-awards/laurel/pkg/bundle/bundletest"
)

// packed writes parts with another program.
func packed(t *testing.T, method uint16, parts ...[2]string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, p := range parts {
		f, err := w.CreateHeader(&zip.FileHeader{Name: p[0], Method: method})
		if err == nil {
			_, err = io.WriteString(f, p[1])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// unpacked reads the parts with another program.
func unpacked(t *testing.T, file []byte) (parts [][2]string) {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.File {
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, [2]string{f.Name, string(text)})
	}
	return parts
}

// TestCheck_zip refuses files that are no bundle as a whole: parts that are missing,
// added, doubled, in another order, cut off, packed again, or made to grow.
func TestCheck_zip(t *testing.T) {
	t.Parallel()
	s := bundletest.New(t, 8)
	right := s.Zip(t)
	parts := unpacked(t, right)
	claims := func(field int, value uint32) []byte { // of the first part, in both its headings
		file := slices.Clone(right)
		central := bytes.Index(file, []byte("PK\x01\x02"))
		binary.LittleEndian.PutUint32(file[field:], value)
		binary.LittleEndian.PutUint32(file[central+2+field:], value)
		return file
	}
	const size, unpackedSize = 18, 22
	cases := map[string][]byte{
		"nothing":            nil,
		"no ZIP":             []byte(strings.Repeat("x", 4000)),
		"packed again":       packed(t, zip.Deflate, parts...),
		"stored again":       packed(t, zip.Store, parts...),
		"a bomb":             packed(t, zip.Deflate, [2]string{"leaves.txt", strings.Repeat("0", 40<<20)}),
		"a part that grows":  claims(unpackedSize, 1<<31),
		"a part that is all": claims(size, 1<<32-1),
		"more behind it":     append(slices.Clone(right), 0),
		"something before":   append([]byte("x"), right...),
		"twice":              slices.Concat(right, right),
	}
	for _, cut := range []int{1, 21, 22, 23, 400, len(right) / 2, len(right) - 4} {
		cases["cut off by "+strconv.Itoa(cut)] = right[:len(right)-cut]
	}
	for name, file := range cases {
		_, err := check(t, file, bundle.Options{})
		if f := (*bundle.Failure)(nil); !errors.As(err, &f) || f.Broken {
			t.Errorf("%s: %v", name, err)
		}
	}
	added, missing, unnamed := *s, *s, *s
	added.Parts = map[string]string{"extra.txt": "x"}
	missing.Parts, unnamed.Parts = map[string]string{}, map[string]string{}
	for name, text := range s.Parts {
		added.Parts[name] = text
		if name != bundle.VotesPart {
			missing.Parts[name] = text
			unnamed.Parts[name] = text
		}
	}
	missing.Absent = []bundle.Absent{{Name: bundle.VotesPart, Why: bundle.Withheld}}
	for name, want := range map[string]struct {
		*bundletest.Selection
		code string
	}{
		"votes are said to be kept back": {&missing, "bundle_part_missing"},
		"votes are nowhere":              {&unnamed, "bundle_part_unnamed"},
	} {
		_, err := check(t, want.Zip(t), bundle.Options{})
		if f := (*bundle.Failure)(nil); !errors.As(err, &f) || f.Code != want.code {
			t.Errorf("%s: %v", name, err)
		}
	}
	report, err := check(t, added.Zip(t), bundle.Options{})
	if err != nil || !slices.Contains(codes(report.Unchecked), "part_unknown") {
		t.Errorf("a part of a later version is not named: %v", err)
	}
}
