// Package kept holds answers that many get: compressed once, with holes for what is
// each reader's own, and told by their tags to whoever has them already.
package kept

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/labstack/echo/v4"
)

// Page is an answer that is kept compressed: what all visitors see alike, with holes
// for what is each visitor's own. An answer is the kept parts with the fillings
// between them as they are, one gzip stream (RFC 1952) to whoever reads it: each
// part ends at a byte's edge and looks back at nothing before itself. So nothing
// of a visitor's is ever kept, and nothing is compressed for an answer.
type Page struct {
	parts []part
	holes []int // before each part but the first: which filling
	sum   [sha256.Size]byte
}

// part is a text between two holes.
type part struct {
	packed []byte // whole blocks of deflate (RFC 1951), none of them the last
	size   int    // of the text, in bytes
	crc    uint32
	shift  uint32 // what a CRC before it is multiplied by
}

// Filling is what goes into a hole: text, or what is kept itself.
type Filling struct {
	Text string
	Page *Page
}

// ErrMarks is a text in which a mark stands more than once.
var ErrMarks = errors.New("a mark stands in the text more than once")

// Keep compresses a text. Each of the marks stands for a hole in it, at most once;
// the filling for marks[i] is the one at i.
func Keep(text []byte, marks ...string) (*Page, error) {
	k := &Page{}
	type found struct{ at, mark int }
	var all []found
	for i, mark := range marks {
		switch bytes.Count(text, []byte(mark)) {
		case 0:
		case 1:
			all = append(all, found{bytes.Index(text, []byte(mark)), i})
		default:
			return nil, ErrMarks
		}
	}
	slices.SortFunc(all, func(a, b found) int { return a.at - b.at })
	sum, from := sha256.New(), 0
	for _, f := range append(all, found{at: len(text), mark: -1}) {
		one, err := pack(text[from:f.at])
		if err != nil {
			return nil, err
		}
		k.parts = append(k.parts, one)
		sum.Write(text[from:f.at])
		if f.mark >= 0 {
			fmt.Fprintf(sum, "\x00%d\x00", f.mark)
			k.holes = append(k.holes, f.mark)
			from = f.at + len(marks[f.mark])
		}
	}
	sum.Sum(k.sum[:0])
	return k, nil
}

// packLevel is worth its time where a page is made once for many.
const packLevel = 9

func pack(text []byte) (part, error) {
	p := part{size: len(text), crc: crc32.ChecksumIEEE(text), shift: shiftOf(len(text))}
	if len(text) == 0 {
		return p, nil
	}
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, packLevel)
	if err != nil {
		return p, err
	}
	if _, err := w.Write(text); err != nil {
		return p, err
	}
	if err := w.Flush(); err != nil { // an empty block ends it at a byte's edge
		return p, err
	}
	p.packed = bytes.Clone(out.Bytes())
	return p, nil
}

// Size is how many bytes it takes in memory.
func (k *Page) Size() int {
	size := 256
	for _, p := range k.parts {
		size += len(p.packed) + 64
	}
	return size
}

// stream is an answer that is put together.
type stream struct {
	out  []byte
	crc  uint32
	size uint32
}

// gzipHead and gzipEnd are what a stream begins with (no name, no time), and its
// last block, which is empty.
const (
	gzipHead = "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
	gzipEnd  = "\x01\x00\x00\xff\xff"
)

func (s *stream) kept(k *Page, fillings []Filling) {
	for i, p := range k.parts {
		if i > 0 {
			if f := fillings[k.holes[i-1]]; f.Page != nil {
				s.kept(f.Page, nil)
			} else {
				s.text(f.Text)
			}
		}
		s.out = append(s.out, p.packed...)
		s.crc, s.size = multiplied(p.shift, s.crc)^p.crc, s.size+uint32(p.size)
	}
}

// text adds a text as it is.
func (s *stream) text(text string) {
	for len(text) > 0 {
		block := text[:min(len(text), 1<<16-1)]
		text = text[len(block):]
		n := uint16(len(block))
		s.out = append(s.out, 0)
		s.out = binary.LittleEndian.AppendUint16(s.out, n)
		s.out = binary.LittleEndian.AppendUint16(s.out, ^n)
		at := len(s.out)
		s.out = append(s.out, block...)
		s.crc, s.size = crc32.Update(s.crc, crc32.IEEETable, s.out[at:]), s.size+uint32(n)
	}
}

// Append adds the filled page to dst as a gzip stream. There is a filling for
// every mark that it was kept with.
func (k *Page) Append(dst []byte, fillings ...Filling) []byte {
	s := stream{out: append(dst, gzipHead...)}
	s.kept(k, fillings)
	s.out = append(s.out, gzipEnd...)
	s.out = binary.LittleEndian.AppendUint32(s.out, s.crc)
	return binary.LittleEndian.AppendUint32(s.out, s.size)
}

// tag is the entity tag of the filled page. It is a weak one: the bytes are others
// where the reader takes no gzip.
func (k *Page) tag(fillings []Filling) string {
	h := sha256.New()
	h.Write(k.sum[:])
	for _, i := range k.holes {
		if f := fillings[i]; f.Page != nil {
			h.Write(f.Page.sum[:])
		} else {
			fmt.Fprintf(h, "%d %s", len(f.Text), f.Text)
		}
	}
	return tagOf(h.Sum(nil))
}

func tagOf(sum []byte) string { return `W/"` + hex.EncodeToString(sum[:12]) + `"` }

// answers are buffers for what is put together.
var answers = sync.Pool{New: func() any { b := make([]byte, 0, 1<<15); return &b }}

// Send answers with the filled page. One that is never the same twice has no tag.
func (k *Page) Send(c echo.Context, status int, media string, once bool, fillings ...Filling) error {
	ahead(c.Response().Header())
	if !once && fresh(c, k.tag(fillings)) {
		return c.NoContent(http.StatusNotModified)
	}
	buffer := answers.Get().(*[]byte)
	defer answers.Put(buffer)
	*buffer = k.Append((*buffer)[:0], fillings...)
	if takesGzip(c.Request()) {
		c.Response().Header().Set(echo.HeaderContentEncoding, "gzip")
		return blob(c, status, media, *buffer)
	}
	r, err := gzip.NewReader(bytes.NewReader(*buffer))
	if err != nil {
		return err
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	return blob(c, status, media, plain)
}

// leastPacked is the smallest answer that is compressed, in bytes.
const leastPacked = 1024

// quickLevel compresses what is sent once.
const quickLevel = 5

var packers = sync.Pool{New: func() any {
	w, _ := gzip.NewWriterLevel(io.Discard, quickLevel) // the level is a valid one
	return w
}}

// Send answers with a document, compressed where that is taken. One that may be
// kept has a tag, and whoever has it already is told so.
func Send(c echo.Context, status int, media string, body []byte) error {
	h := c.Response().Header()
	ahead(h)
	if status == http.StatusOK && !strings.Contains(h.Get("Cache-Control"), "no-store") {
		sum := sha256.Sum256(body)
		if fresh(c, tagOf(sum[:])) {
			return c.NoContent(http.StatusNotModified)
		}
	}
	if len(body) < leastPacked || !takesGzip(c.Request()) {
		return blob(c, status, media, body)
	}
	var out bytes.Buffer
	w := packers.Get().(*gzip.Writer)
	defer packers.Put(w)
	w.Reset(&out)
	if _, err := w.Write(body); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	h.Set(echo.HeaderContentEncoding, "gzip")
	return blob(c, status, media, out.Bytes())
}

// ahead says what every page's answer depends on and who may keep it, where nothing
// has been said before.
func ahead(h http.Header) {
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "private, no-cache")
	}
	h.Add(echo.HeaderVary, echo.HeaderAcceptEncoding)
}

func blob(c echo.Context, status int, media string, body []byte) error {
	h := c.Response().Header()
	h.Set(echo.HeaderContentLength, fmt.Sprint(len(body)))
	return c.Blob(status, media, body)
}

// fresh tells the answer's tag, and whether the reader has it already. The answer to
// a form is no document that somebody has.
func fresh(c echo.Context, tag string) bool {
	if method := c.Request().Method; method != http.MethodGet && method != http.MethodHead {
		return false
	}
	c.Response().Header().Set("ETag", tag)
	for known := range strings.SplitSeq(c.Request().Header.Get("If-None-Match"), ",") {
		if known = strings.TrimSpace(known); known == tag || known == strings.TrimPrefix(tag, "W/") || known == "*" {
			return true
		}
	}
	return false
}

// takesGzip tells whether a reader takes gzip: it is named, and not with a weight of
// nothing.
func takesGzip(r *http.Request) bool {
	for one := range strings.SplitSeq(r.Header.Get(echo.HeaderAcceptEncoding), ",") {
		name, weight, _ := strings.Cut(one, ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") {
			weight = strings.Trim(strings.TrimPrefix(strings.TrimSpace(weight), "q="), "0.")
			return weight != "" || !strings.Contains(one, ";")
		}
	}
	return false
}
