package bundle

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Bounds of a bundle. Without them a file could have its reader take any amount of
// memory.
const (
	maxFile  = 1<<32 - 1 // bytes; a ZIP without further fields has no more
	maxParts = 64
	maxName  = 60 // bytes
)

// entry is a part's place in the ZIP.
type entry struct {
	name   string
	size   uint32 // bytes
	crc    uint32
	offset uint32 // of its heading
}

func (e entry) body() int64 { return int64(e.offset) + int64(len(e.local())) }
func (e entry) end() int64  { return e.body() + int64(e.size) }

// The bundle is a ZIP in the one form that it can have: parts sorted by name, stored
// as they are, dated 1 January 1980, no further fields, no remarks (APPNOTE.TXT 6.3.10,
// sections 4.3.7, 4.3.12 and 4.3.16). Whoever reads it writes its headings again and
// compares them, so no byte of them can be another one, and nothing can be unpacked
// into more than it takes.
const (
	zipVersion = 20
	firstDay   = 1<<5 | 1 // 1 January 1980

	endSize     = 22
	centralSize = 46
)

var order = binary.LittleEndian

func words(b []byte, words ...uint16) []byte {
	for _, w := range words {
		b = order.AppendUint16(b, w)
	}
	return b
}

// common is what both headings of a part have alike.
func (e entry) common(b []byte) []byte {
	const flags, stored, midnight = 0, 0, 0
	b = words(b, zipVersion, flags, stored, midnight, firstDay)
	for _, n := range []uint32{e.crc, e.size, e.size} {
		b = order.AppendUint32(b, n)
	}
	return words(b, uint16(len(e.name)), 0)
}

// local is the heading before the part.
func (e entry) local() []byte {
	return append(e.common([]byte("PK\x03\x04")), e.name...)
}

// central is the part's heading in the directory.
func (e entry) central(b []byte) []byte {
	b = e.common(words(append(b, "PK\x01\x02"...), zipVersion))
	const remark, disk, text = 0, 0, 0
	b = words(b, remark, disk, text)
	b = order.AppendUint32(b, 0) // attributes
	return append(order.AppendUint32(b, e.offset), e.name...)
}

// directory is what stands behind the parts.
func directory(entries []entry) []byte {
	var b []byte
	at := int64(0)
	for _, e := range entries {
		b, at = e.central(b), e.end()
	}
	size := len(b)
	b = words(append(b, "PK\x05\x06"...), 0, 0, uint16(len(entries)), uint16(len(entries)))
	b = order.AppendUint32(order.AppendUint32(b, uint32(size)), uint32(at))
	return words(b, 0)
}

// errZip says that a file is no ZIP in the form of a bundle.
var errZip = errors.New("not in the form of a bundle")

// list reads the headings of a bundle.
func list(file io.ReaderAt, size int64) ([]entry, error) {
	fail := func(format string, args ...any) ([]entry, error) {
		return nil, fmt.Errorf("%w: "+format, append([]any{errZip}, args...)...)
	}
	if size < endSize || size > maxFile {
		return fail("it has %d bytes", size)
	}
	end, err := readAt(file, size-endSize, endSize)
	if err != nil {
		return nil, err
	}
	n, length, at := int(order.Uint16(end[10:])), int64(order.Uint32(end[12:])), int64(order.Uint32(end[16:]))
	if n > maxParts || length > int64(n)*(centralSize+maxName) || at+length+endSize != size {
		return fail("it does not end as one; it was cut off or added to")
	}
	central, err := readAt(file, at, length+endSize)
	if err != nil {
		return nil, err
	}
	var entries []entry
	next := int64(0)
	for rest := central[:length]; len(entries) < n; {
		if len(rest) < centralSize {
			return fail("its directory is cut off")
		}
		width := int(order.Uint16(rest[28:]))
		if len(rest) < centralSize+width {
			return fail("its directory is cut off")
		}
		e := entry{string(rest[centralSize : centralSize+width]), order.Uint32(rest[24:]), order.Uint32(rest[16:]), uint32(next)}
		switch {
		case !validName(e.name):
			return fail("%.80q is no name of a part", e.name)
		case len(entries) > 0 && entries[len(entries)-1].name >= e.name:
			return fail("%s is there twice, or not in its place", e.name)
		case e.end() > at:
			return fail("%s is longer than the file", e.name)
		}
		local, err := readAt(file, next, e.body()-next)
		if err != nil {
			return nil, err
		}
		if !bytes.Equal(local, e.local()) {
			return fail("the heading before %s is not that of the directory", e.name)
		}
		entries, next, rest = append(entries, e), e.end(), rest[centralSize+width:]
	}
	if next != at || !bytes.Equal(central, directory(entries)) {
		return fail("its directory is not that of its parts")
	}
	return entries, nil
}

// validName tells the names that parts can have: they cannot lead out of a folder.
func validName(name string) bool {
	for i, c := range []byte(name) {
		switch {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
		case (c == '-' || c == '.') && i > 0 && i < len(name)-1:
		default:
			return false
		}
	}
	return name != "" && len(name) <= maxName
}

func readAt(file io.ReaderAt, at, n int64) ([]byte, error) {
	b := make([]byte, n)
	if _, err := io.ReadFull(io.NewSectionReader(file, at, n), b); err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	return b, nil
}
