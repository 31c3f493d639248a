package table

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
	"golang.org/x/text/transform"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/norm"
)

// charset is how a text is encoded.
type charset struct {
	name    string            // for a person
	coding  encoding.Encoding // nil is UTF-8 and GB18030
	mark    int64             // bytes of a byte-order mark, which are passed
	assumed bool              // neither the text nor a mark says so
}

// open gives the text in UTF-8 without its mark.
func (c charset) open(r io.ReadSeeker) (io.Reader, error) {
	if _, err := r.Seek(c.mark, io.SeekStart); err != nil {
		return nil, fmt.Errorf("rewind CSV: %w", err)
	}
	switch {
	case c.name == norm.GB18030:
		return norm.Decoder(r), nil
	case c.coding == nil:
		return r, nil
	}
	return transform.NewReader(r, c.coding.NewDecoder()), nil
}

// findCharset tells how a text is encoded: UTF-8; UTF-16 by its mark or by its
// NULs; else GB18030, of which GBK is a part, if every byte belongs to it and it
// does not look like another.
func findCharset(r io.ReadSeeker) (charset, error) {
	head := make([]byte, 1<<16)
	n, err := io.ReadFull(r, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return charset{}, fmt.Errorf("read CSV: %w", err)
	}
	head = head[:n]
	little := unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	big := unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	switch {
	case bytes.HasPrefix(head, []byte{0xFF, 0xFE, 0, 0}), bytes.HasPrefix(head, []byte{0, 0, 0xFE, 0xFF}):
		return decodable(r, charset{name: "UTF-32", coding: utf32.UTF32(utf32.LittleEndian, utf32.UseBOM)})
	case bytes.HasPrefix(head, []byte{0xFF, 0xFE}):
		return decodable(r, charset{name: "UTF-16", coding: little, mark: 2})
	case bytes.HasPrefix(head, []byte{0xFE, 0xFF}):
		return decodable(r, charset{name: "UTF-16", coding: big, mark: 2})
	case bytes.HasPrefix(head, []byte{0xEF, 0xBB, 0xBF}):
		return wholly8(r, charset{name: "UTF-8", mark: 3})
	case bytes.IndexByte(head, 0) >= 0:
		coding := little
		if bigEndian(head) {
			coding = big
		}
		return decodable(r, charset{name: "UTF-16", coding: coding, assumed: true})
	}
	return wholly8(r, charset{name: "UTF-8"})
}

// bigEndian tells which of the two UTF-16 a text is that has NULs: the one in
// which more characters separate cells or end lines.
func bigEndian(head []byte) bool {
	count := [2]int{}
	for i := 0; i+1 < len(head); i += 2 {
		for order := range 2 {
			if head[i+1-order] == 0 && bytes.IndexByte([]byte("\t\n\r\",; 0123456789"), head[i+order]) >= 0 {
				count[order]++
			}
		}
	}
	return count[1] > count[0]
}

// decodable refuses a text with bytes outside its encoding, or with control
// characters that no text has.
func decodable(r io.ReadSeeker, c charset) (charset, error) {
	text, err := c.open(r)
	if err != nil {
		return c, err
	}
	line, err := firstBad(text)
	if err != nil {
		return c, err
	}
	if line > 0 {
		return c, unreadable("the file is no text, or not in "+c.name,
			fault.Wrong("csv", "not_text", "is no text in {encoding}: save the table as CSV UTF-8 or as .xlsx", "encoding", c.name).In(line, 1))
	}
	return c, nil
}

// wholly8 takes UTF-8, and tries GB18030 where it is not and no mark says so.
func wholly8(r io.ReadSeeker, c charset) (charset, error) {
	text, err := c.open(r)
	if err != nil {
		return c, err
	}
	badLine, err := notUTF8(text)
	if err != nil || badLine == 0 {
		return c, err
	}
	other := charset{name: norm.GB18030, assumed: true}
	if text, err = other.open(r); err != nil {
		return c, err
	}
	undecodable, err := firstBad(text)
	if err != nil {
		return c, err
	}
	sample, err := beyondASCII(r)
	if err != nil {
		return c, err
	}
	guess := norm.Guess(sample)
	if c.mark == 0 && undecodable == 0 && guess == norm.GB18030 {
		return other, nil
	}
	wrong := fault.Wrong("csv", "not_utf8", "is not UTF-8; save it as UTF-8")
	if c.mark == 0 && guess != "" && guess != norm.GB18030 {
		wrong = fault.Wrong("csv", "other_encoding", "is not UTF-8 and looks like {encoding}, which is not read; save it as UTF-8", "encoding", guess)
	}
	return c, unreadable("the text is in neither UTF-8 nor GB18030", wrong.In(badLine, 1))
}

// firstBad gives the line of the first character that no text has: the one that
// stands for undecodable bytes, NUL. 0 if there is none.
func firstBad(r io.Reader) (line int, err error) {
	buf := make([]byte, 1<<16)
	line = 1
	for {
		n, err := r.Read(buf)
		for i, b := range buf[:n] {
			switch {
			case b == '\n':
				line++
			case b == 0, b == 0xEF && bytes.HasPrefix(buf[i:n], []byte("\uFFFD")):
				return line, nil
			}
		}
		if errors.Is(err, io.EOF) {
			return 0, nil
		}
		if err != nil {
			return 0, fmt.Errorf("read CSV: %w", err)
		}
	}
}

// maxSample bounds the lines that an encoding is guessed from, in bytes.
const maxSample = 1 << 18

// beyondASCII gives the first lines that have more than ASCII.
func beyondASCII(r io.ReadSeeker) ([]byte, error) {
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return nil, fmt.Errorf("rewind CSV: %w", err)
	}
	var sample []byte
	for br := bufio.NewReaderSize(r, 1<<16); len(sample) < maxSample; {
		line, err := br.ReadSlice('\n')
		if bytes.ContainsFunc(line, func(r rune) bool { return r >= utf8.RuneSelf }) {
			sample = append(sample, line...)
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) { // a long line comes in parts
			return nil, fmt.Errorf("read CSV: %w", err)
		}
	}
	return sample, nil
}

// notUTF8 gives the line of the first bytes that are not UTF-8; 0 if all are.
func notUTF8(r io.Reader) (line int, err error) {
	buf := make([]byte, 1<<16)
	line = 1
	kept := 0
	for {
		n, err := r.Read(buf[kept:])
		chunk := buf[:kept+n]
		ended := errors.Is(err, io.EOF)
		if err != nil && !ended {
			return 0, fmt.Errorf("read CSV: %w", err)
		}
		whole := len(chunk)
		if !ended {
			whole -= partial(chunk)
		}
		if !utf8.Valid(chunk[:whole]) {
			for rest := chunk[:whole]; ; {
				r, size := utf8.DecodeRune(rest)
				if r == utf8.RuneError && size <= 1 {
					return line, nil
				}
				if r == '\n' {
					line++
				}
				rest = rest[size:]
			}
		}
		if ended {
			return 0, nil
		}
		line += bytes.Count(chunk[:whole], []byte{'\n'})
		kept = copy(buf, chunk[whole:])
	}
}

// partial is how many bytes at the end begin a rune that is not yet whole.
func partial(b []byte) int {
	for i := 1; i < utf8.UTFMax && i <= len(b); i++ {
		if c := b[len(b)-i]; utf8.RuneStart(c) {
			if c >= utf8.RuneSelf && !utf8.FullRune(b[len(b)-i:]) {
				return i
			}
			return 0
		}
	}
	return 0
}
